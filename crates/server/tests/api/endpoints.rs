//! Endpoints with several deployments, over HTTP, on both databases.

use crate::support::TestApp;
use crate::support::model::{IRIS, ROW, files, without_python};
use axum::http::Method;
use fettle_db::{on_both_databases, testing::TestDb};
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const CONFLICT: &str = "RESOURCE_CONFLICT";

struct Scored {
    status: u16,
    deployment: String,
    route: String,
    body: Value,
}

async fn score(app: &TestApp, headers: &[(&str, &str)]) -> Scored {
    let mut sent = vec![("content-type", "application/json")];
    sent.extend_from_slice(headers);
    let response = app.raw(Method::POST, "/endpoints/iris/invocations", &sent, ROW).await;
    let header = |name: &str| {
        let value = response.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (status, deployment, route) = (
        response.status().as_u16(),
        header("x-fettle-deployment"),
        header("x-fettle-route"),
    );
    assert_eq!(deployment, header("azureml-model-deployment"));
    assert!(!header("x-request-id").is_empty());
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    Scored {
        status,
        deployment,
        route,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

async fn set_traffic(app: &TestApp, split: Value) -> Value {
    app.put(&format!("{IRIS}/traffic"), json!({ "split": split }))
        .await
        .ok()
}

on_both_databases! { MIGRATIONS;
    async fn traffic_is_shared_out_and_can_be_asked_for_again(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let answer = score(&app, &[]).await;
        assert_eq!((answer.status, answer.deployment.as_str(), answer.route.as_str()), (200, "blue", "split"));
        assert_eq!(answer.body, json!({ "predictions": [1.0] }));

        let set = set_traffic(&app, json!({ "blue": 60, "green": 40 })).await;
        assert_eq!((&set["number"], &set["moved_percent"]), (&json!(2), &json!(40)));
        let mut green = 0;
        for n in 0..100 {
            let id = format!("request-{n}");
            let answer = score(&app, &[("x-request-id", &id)]).await;
            assert_eq!(answer.status, 200);
            let replayed = app.post(&format!("{IRIS}/traffic/route"), json!({ "request_id": id })).await.ok();
            assert_eq!(replayed["deployment"], answer.deployment.as_str());
            green += usize::from(answer.deployment == "green");
        }
        assert!((15..=65).contains(&green), "{green} of 100");

        // A deployment without traffic answers those who ask for it by name.
        set_traffic(&app, json!({ "blue": 100 })).await;
        for pin in ["x-fettle-deployment", "azureml-model-deployment"] {
            let answer = score(&app, &[(pin, "green")]).await;
            assert_eq!((answer.deployment.as_str(), answer.route.as_str()), ("green", "pin"));
            assert_eq!(answer.body, json!({ "predictions": [2.0] }));
        }
        let answer = score(&app, &[("x-fettle-deployment", "grey")]).await;
        assert_eq!((answer.status, &answer.body["error_code"]), (404, &json!(ABSENT)));
        assert!(answer.body["message"].as_str().is_some_and(|text| text.contains("it has blue, green")));
    }

    async fn rules_and_sticky_keys_decide_before_the_request_id(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let body = json!({
            "split": { "blue": 50, "green": 50 },
            "rules": [{ "header": "x-tenant", "exact": "acme", "deployment": "green" }],
            "sticky": { "header": "x-user" },
        });
        app.put(&format!("{IRIS}/traffic"), body).await.ok();
        let answer = score(&app, &[("x-tenant", "acme")]).await;
        assert_eq!((answer.deployment.as_str(), answer.route.as_str()), ("green", "rule"));
        let first = score(&app, &[("x-user", "u1")]).await.deployment;
        for _ in 0..20 {
            assert_eq!(score(&app, &[("x-user", "u1")]).await.deployment, first);
        }
    }

    async fn bad_traffic_is_refused_and_changes_nothing(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let traffic = format!("{IRIS}/traffic");
        for (split, part) in [
            (json!({ "blue": 90, "green": 9 }), "must sum to 100, they sum to 99 (blue=90, green=9)"),
            (json!({ "blue": 90, "grey": 10 }), "no deployment `grey`"),
            (json!({ "blue": 110, "green": -10 }), "whole number between 0 and 100"),
            (json!({}), "there are none"),
        ] {
            app.put(&traffic, json!({ "split": split })).await.refused(INVALID, part);
        }
        app.put(&traffic, json!({ "split": { "blue": 99.5 } })).await.refused(INVALID, "split");
        let stale = json!({ "split": { "green": 100 }, "expected_number": 7 });
        app.put(&traffic, stale).await.refused(CONFLICT, "it is 1");
        let dry = app.put(&traffic, json!({ "split": { "green": 100 }, "dry_run": true })).await.ok();
        assert_eq!((&dry["dry_run"], &dry["moved_percent"]), (&json!(true), &json!(100)));
        assert_eq!(app.get(&traffic, &[]).await.ok()["number"], 1);
        app.get("/api/fettle/v1/endpoints/none/traffic", &[]).await.refused(ABSENT, "no endpoint `none`");
    }

    async fn a_broken_model_never_becomes_ready_and_gets_no_traffic(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let mut broken = files(0.0, 0.0);
        "not a model".clone_into(&mut broken[1].1);
        let version = app.register("blue", &broken).await;
        let body = json!({ "name": "red", "model_uri": format!("models:/blue/{version}"), "executor": "native" });
        app.post(&format!("{IRIS}/deployments"), body).await.ok();
        let red = app.wait_for_state("iris", "red", "failed").await;
        assert!(red["reason"].as_str().is_some_and(|why| why.contains("model.lgb")), "{red}");
        let traffic = json!({ "split": { "blue": 90, "red": 10 } });
        app.put(&format!("{IRIS}/traffic"), traffic).await.refused(CONFLICT, "`red` is not ready");
        let mirror = json!({ "mirror": { "deployment": "red", "percent": 10 } });
        app.put(&format!("{IRIS}/traffic"), mirror).await.refused(CONFLICT, "`red` is not ready");

        // An example that the model cannot answer is as bad.
        let mut unanswerable = files(3.0, 4.0);
        r#"{"dataframe_split": {"columns": ["y"], "data": [[1]]}}"#.clone_into(&mut unanswerable[2].1);
        let version = app.register("blue", &unanswerable).await;
        let body = json!({ "model_uri": format!("models:/blue/{version}") });
        // An update that fails leaves the model that answers in place.
        app.patch(&format!("{IRIS}/deployments/blue"), body).await.ok();
        let blue = app.wait_for_state("iris", "blue", "failed").await;
        assert!(blue["reason"].as_str().is_some_and(|why| why.contains("input example")), "{blue}");
        assert_eq!(blue["serving"], json!({ "model_version": "1", "current": false }));
        assert_eq!(score(&app, &[]).await.body, json!({ "predictions": [1.0] }));
    }

    async fn an_update_swaps_the_model_in_place(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let version = app.register("blue", &files(7.0, 8.0)).await;
        let body = json!({ "model_uri": format!("models:/blue/{version}") });
        app.patch(&format!("{IRIS}/deployments/blue"), body.clone()).await.ok();
        let current = |found: &Value| found["state"] == "ready" && found["serving"]["current"] == true;
        let blue = app.wait_for_deployment("iris", "blue", current).await;
        assert_eq!((&blue["revision"], &blue["model_version"], &blue["executor"]), (&json!(2), &json!("2"), &json!("native")));
        assert_eq!(score(&app, &[]).await.body, json!({ "predictions": [7.0] }));
        // The same again is nothing new.
        app.patch(&format!("{IRIS}/deployments/blue"), body).await.ok();
        let blue = app.wait_for_deployment("iris", "blue", current).await;
        assert_eq!(blue["revision"], 2);
    }

    async fn rollback_restores_what_routed_before(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        set_traffic(&app, json!({ "blue": 50, "green": 50 })).await;
        let at_half = app.get(&format!("{IRIS}/traffic"), &[]).await.ok();
        set_traffic(&app, json!({ "green": 100 })).await;
        let back = app.post(&format!("{IRIS}/rollback"), json!({ "note": "green is slow" })).await.ok();
        assert_eq!((&back["number"], &back["restores"], &back["cause"]), (&json!(4), &json!(2), &json!("rollback")));
        assert_eq!(back["slots"], at_half["slots"], "the same keys go where they went");
        let back = app.post(&format!("{IRIS}/rollback"), json!({})).await.ok();
        assert_eq!((&back["restores"], &back["split"]), (&json!(1), &json!({ "blue": 100 })));
        app.post(&format!("{IRIS}/rollback"), json!({})).await.refused(CONFLICT, "no earlier traffic state");
        let there = app.post(&format!("{IRIS}/rollback"), json!({ "number": 3 })).await.ok();
        assert_eq!(there["split"], json!({ "green": 100 }));
        app.post(&format!("{IRIS}/rollback"), json!({ "number": 99 })).await.refused(ABSENT, "no traffic state 99");
        assert_eq!(score(&app, &[]).await.deployment, "green");

        let history = app.get(&format!("{IRIS}/traffic/history"), &[("max_results", "4")]).await.ok();
        let numbers: Vec<&Value> = history["states"].as_array().expect("a list").iter().map(|state| &state["number"]).collect();
        assert_eq!(numbers, [6, 5, 4, 3]);
        let token = history["next_page_token"].as_str().expect("a token");
        let rest = app.get(&format!("{IRIS}/traffic/history"), &[("page_token", token)]).await.ok();
        assert_eq!(rest["states"].as_array().map(Vec::len), Some(2));
        let audit = app.get("/api/fettle/v1/audit", &[]).await.ok();
        assert_eq!((&audit["entries"][0]["action"], &audit["entries"][0]["detail"]["number"]), (&json!("set_traffic"), &json!(6)));
    }

    async fn deployments_in_use_stay(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let blue = format!("{IRIS}/deployments/blue");
        app.delete(&blue, json!({})).await.refused(CONFLICT, "100 % of the traffic");
        let body = json!({ "split": { "green": 100 }, "mirror": { "deployment": "blue", "percent": 5 } });
        app.put(&format!("{IRIS}/traffic"), body).await.ok();
        app.delete(&blue, json!({})).await.refused(CONFLICT, "mirrored");
        app.put(&format!("{IRIS}/traffic"), json!({ "mirror": null })).await.ok();
        app.delete(&blue, json!({})).await.ok();
        app.delete(&blue, json!({})).await.refused(ABSENT, "no deployment `blue`");
        app.wait_for(IRIS, |found| found["deployments"].as_array().map(Vec::len) == Some(1)).await;
        app.post(&format!("{IRIS}/rollback"), json!({})).await.refused(CONFLICT, "no deployment `blue`");
        let again = json!({ "name": "green", "model_uri": "models:/green/1" });
        app.post(&format!("{IRIS}/deployments"), again).await.refused("RESOURCE_ALREADY_EXISTS", "`green`");
        app.delete(IRIS, json!({})).await.ok();
        assert_eq!(score(&app, &[]).await.status, 404);
    }

    async fn a_server_that_starts_takes_up_what_was_stored(db: Db) {
        let app = TestApp::blue_and_green(db.clone()).await;
        set_traffic(&app, json!({ "blue": 20, "green": 80 })).await;
        // Another server of the same store, over the same artifacts.
        let other = app.beside(db, without_python()).await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while score(&other, &[]).await.status != 200 {
            assert!(std::time::Instant::now() < deadline, "the second server does not answer");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        for n in 0..20 {
            let id = format!("request-{n}");
            let id = [("x-request-id", id.as_str())];
            other.wait_for(IRIS, |found| found["state"] == "ready").await;
            assert_eq!(score(&app, &id).await.deployment, score(&other, &id).await.deployment);
        }
        // What one changes, the other hears of.
        set_traffic(&app, json!({ "green": 100 })).await;
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while score(&other, &[("x-request-id", "request-7")]).await.deployment != "green" {
            assert!(std::time::Instant::now() < end, "the second server does not follow");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// The store as it was before endpoints had several deployments, with one of that time in it.
async fn upgrade(test: TestDb) {
    test.db
        .write(|tx| {
            tx.execute(
                "INSERT INTO endpoints (id, workspace_id, name, created_at, updated_at) VALUES (7, 1, 'old', 5, 5)",
                &[],
            )?;
            tx.execute(
                "INSERT INTO deployments (workspace_id, endpoint_id, name, model_uri, model_name, model_version,
                     artifact_uri, executor, replicas, traffic, created_at)
                 VALUES (1, 7, 'default', 'models:/m@champion', 'm', 3, 's3://bucket/m', 'python', 2, 100, 5)",
                &[],
            )
        })
        .await
        .expect("an endpoint of old");
    let db = fettle_db::Db::open(&test.uri, MIGRATIONS, 0)
        .await
        .expect("the store is brought up to date");
    let app = TestApp::with(db, without_python()).await;
    let found = app.get("/api/fettle/v1/endpoints/old", &[]).await.ok();
    assert_eq!(
        (
            &found["traffic"]["number"],
            &found["traffic"]["split"],
            &found["traffic"]["slots"]
        ),
        (&json!(1), &json!({ "default": 100 }), &json!({ "default": "0-99" }))
    );
    let deployment = &found["deployments"][0];
    assert_eq!(
        [
            "model_uri",
            "model_version",
            "executor",
            "replicas_min",
            "replicas_max",
            "revision",
            "follows"
        ]
        .map(|field| deployment[field].clone()),
        [
            json!("models:/m@champion"),
            json!("3"),
            json!("python"),
            json!(2),
            json!(2),
            json!(1),
            json!(false)
        ]
    );
    app.delete("/api/fettle/v1/endpoints/old", json!({})).await.ok();
}

fn before_several_deployments() -> &'static [fettle_db::Migration] {
    let index = MIGRATIONS.iter().position(|migration| migration.name == "endpoints");
    &MIGRATIONS[..index.expect("the migration of endpoints")]
}

#[tokio::test]
async fn an_older_sqlite_store_keeps_its_endpoints() {
    upgrade(TestDb::sqlite(before_several_deployments()).await).await;
}

#[tokio::test]
async fn an_older_postgres_store_keeps_its_endpoints() {
    upgrade(TestDb::postgres(before_several_deployments()).await).await;
}

//! Traffic that moves by itself: rollouts, followed aliases, mirrors; and the switch that stops it all.

use crate::support::TestApp;
use crate::support::model::{IRIS, files, without_python};
use axum::http::Method;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const CONFLICT: &str = "RESOURCE_CONFLICT";
const ROLLOUTS: &str = "/api/fettle/v1/endpoints/iris/rollouts";
const GOOD: &str = r#"{"dataframe_split": {"columns": ["x"], "data": [[0.25], [0.75]]}}"#;
const BAD: &str = r#"{"dataframe_split": {"columns": ["y"], "data": [[1]]}}"#;

async fn deploy(app: &TestApp, name: &str, model_uri: &str) {
    let body = json!({ "name": name, "model_uri": model_uri, "executor": "native" });
    app.post(&format!("{IRIS}/deployments"), body).await.ok();
}

async fn score(app: &TestApp, body: &str, headers: &[(&str, &str)]) -> (u16, Value, String) {
    let mut sent = vec![("content-type", "application/json")];
    sent.extend_from_slice(headers);
    let response = app.raw(Method::POST, "/endpoints/iris/invocations", &sent, body).await;
    let fallback = response
        .headers()
        .get("x-fettle-fallback")
        .and_then(|value| value.to_str().ok());
    let (status, fallback) = (response.status().as_u16(), fallback.unwrap_or_default().to_owned());
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default(), fallback)
}

async fn roll_out(app: &TestApp, policy: Value) -> String {
    let rollout = app
        .post(ROLLOUTS, json!({ "to": "green", "policy": policy }))
        .await
        .ok();
    format!("{ROLLOUTS}/{}", rollout["id"].as_str().expect("an id"))
}

async fn split(app: &TestApp) -> Value {
    app.get(&format!("{IRIS}/traffic"), &[]).await.ok()["split"].take()
}

on_both_databases! { MIGRATIONS;
    async fn a_rollout_goes_from_step_to_step_and_is_one_change_to_go_back_from(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let policy = json!({ "steps": [{ "percent": 10, "wait": "20s" }, { "percent": 50, "pause": true }, { "percent": 100 }] });
        let rollout = roll_out(&app, policy).await;
        app.wait_for(&rollout, |found| found["step"] == 1).await;
        assert_eq!(split(&app).await, json!({ "blue": 90, "green": 10 }));
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "blue": 100 } })).await.refused(CONFLICT, "is under way");
        app.post(ROLLOUTS, json!({ "to": "green", "policy": { "steps": [{ "percent": 100 }] } })).await.refused(CONFLICT, "is under way");
        app.clock.set(1000 + 20_000);
        app.wait_for(&rollout, |found| found["step"] == 2).await;
        app.clock.set(1000 + 29_000);
        let held = app.wait_for(&rollout, |found| found["reason"] == "waits to be promoted").await;
        assert_eq!(held["state"], "running");
        app.post(&format!("{rollout}/promote"), json!({})).await.ok();
        let done = app.wait_for(&rollout, |found| found["state"] == "succeeded").await;
        let events: Vec<&Value> = done["events"].as_array().expect("a list").iter().map(|event| &event["event"]).collect();
        assert_eq!(events, ["started", "step", "step", "step", "succeeded"]);
        assert_eq!(split(&app).await, json!({ "green": 100 }));
        app.post(&format!("{rollout}/abort"), json!({})).await.refused(CONFLICT, "it succeeded");
        let back = app.post(&format!("{IRIS}/rollback"), json!({})).await.ok();
        assert_eq!((&back["split"], &back["restores"]), (&json!({ "blue": 100 }), &json!(1)));
    }

    async fn a_check_that_fails_takes_the_traffic_back_with_the_reason(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let policy = json!({
            "steps": [{ "percent": 10, "wait": "1h" }, { "percent": 100 }],
            "checks": [{ "check": "error_rate", "max": 0.2 }],
            "requests_min": 10,
        });
        let rollout = roll_out(&app, policy).await;
        app.wait_for(&rollout, |found| found["step"] == 1).await;
        // The counters begin with the step, which a server sees within its poll.
        let pin = [("x-fettle-deployment", "green")];
        let observed = |found: &Value| found["observed"]["requests"].as_u64().unwrap_or_default();
        loop {
            score(&app, GOOD, &pin).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            if observed(&app.get(&rollout, &[]).await.ok()) > 0 {
                break;
            }
        }
        for _ in 0..40 {
            assert_eq!(score(&app, BAD, &pin).await.0, 400);
        }
        let ended = app.wait_for(&rollout, |found| found["state"] == "rolled_back").await;
        assert!(ended["reason"].as_str().is_some_and(|why| why.starts_with("error_rate is 0.")), "{ended}");
        assert_eq!(split(&app).await, json!({ "blue": 100 }));
        let history = app.get(&format!("{IRIS}/traffic/history"), &[]).await.ok();
        assert_eq!((&history["states"][0]["cause"], &history["states"][0]["note"]), (&json!("rollout"), &ended["reason"]));
    }

    async fn a_rollout_is_paused_resumed_aborted_and_yields_to_a_rollback(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let policy = json!({ "steps": [{ "percent": 10, "wait": "10s" }, { "percent": 50, "wait": "1h" }, { "percent": 100 }] });
        let rollout = roll_out(&app, policy.clone()).await;
        app.wait_for(&rollout, |found| found["step"] == 1).await;
        app.post(&format!("{rollout}/pause"), json!({ "reason": "lunch" })).await.ok();
        app.clock.set(1000 + 15_000);
        tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
        let paused = app.get(&rollout, &[]).await.ok();
        assert_eq!((&paused["state"], &paused["step"], &paused["reason"]), (&json!("paused"), &json!(1), &json!("lunch")));
        app.post(&format!("{rollout}/resume"), json!({})).await.ok();
        app.post(&format!("{rollout}/resume"), json!({})).await.refused(CONFLICT, "not paused");
        let aborted = app.post(&format!("{rollout}/abort"), json!({ "reason": "wrong model" })).await.ok();
        assert_eq!((&aborted["state"], &aborted["reason"]), (&json!("aborted"), &json!("wrong model")));
        assert_eq!(split(&app).await, json!({ "blue": 100 }));

        let rollout = roll_out(&app, policy).await;
        app.wait_for(&rollout, |found| found["step"] == 1).await;
        let back = app.post(&format!("{IRIS}/rollback"), json!({ "note": "alarm" })).await.ok();
        assert_eq!(back["split"], json!({ "blue": 100 }));
        let ended = app.get(&rollout, &[]).await.ok();
        assert_eq!((&ended["state"], &ended["reason"]), (&json!("rolled_back"), &json!("alarm")));
    }

    async fn bad_rollouts_are_refused(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let whole = json!({ "steps": [{ "percent": 100 }] });
        for (body, code, part) in [
            (json!({ "policy": whole }), INVALID, "'to'"),
            (json!({ "to": "green" }), INVALID, "'policy' is missing"),
            (json!({ "to": "grey", "policy": whole }), ABSENT, "no deployment `grey`"),
            (json!({ "to": "blue", "policy": whole }), CONFLICT, "has all the traffic already"),
            (json!({ "to": "green", "policy": { "steps": [{ "percent": 50 }] } }), INVALID, "100 %"),
            (json!({ "to": "green", "policy": { "steps": [{ "weight": 5 }] } }), INVALID, "weight"),
        ] {
            app.post(ROLLOUTS, body).await.refused(code, part);
        }
        let drift = json!({ "steps": [{ "percent": 100 }], "checks": [{ "check": "drift", "monitor": "inputs" }] });
        app.post(ROLLOUTS, json!({ "to": "green", "policy": drift })).await.refused(ABSENT, "no monitor `inputs`");
        app.get(&format!("{ROLLOUTS}/7"), &[]).await.refused(ABSENT, "no rollout `7`");
    }

    async fn a_deployment_that_cannot_start_is_rolled_back_before_it_gets_anything(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let mut broken = files(0.0, 0.0);
        "not a model".clone_into(&mut broken[1].1);
        let version = app.register("green", &broken).await;
        deploy(&app, "red", &format!("models:/green/{version}")).await;
        let body = json!({ "to": "red", "policy": { "steps": [{ "percent": 100 }] } });
        let rollout = app.post(ROLLOUTS, body).await.ok();
        let rollout = format!("{ROLLOUTS}/{}", rollout["id"].as_str().expect("an id"));
        let ended = app.wait_for(&rollout, |found| found["state"] == "rolled_back").await;
        assert!(ended["reason"].as_str().is_some_and(|why| why.contains("could not be started")), "{ended}");
        assert_eq!(app.get(&format!("{IRIS}/traffic"), &[]).await.ok()["number"], 1);
    }

    async fn another_server_goes_on_where_one_was_lost(db: Db) {
        let app = TestApp::blue_and_green(db.clone()).await;
        let policy = json!({ "steps": [{ "percent": 10, "wait": "5s" }, { "percent": 100 }] });
        let rollout = roll_out(&app, policy).await;
        app.wait_for(&rollout, |found| found["step"] == 1).await;
        let other = app.beside(db, without_python()).await;
        // Not a word of farewell: the first server's tasks end with it.
        drop(app);
        other.clock.set(1000 + 6_000);
        other.wait_for(&rollout, |found| found["state"] == "succeeded").await;
        assert_eq!(split(&other).await, json!({ "green": 100 }));
    }

    async fn a_deployment_follows_its_alias(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let alias = |version: &str| json!({ "name": "blue", "alias": "champion", "version": version });
        app.post("registered-models/alias", alias("1")).await.ok();
        deploy(&app, "champion", "models:/blue@champion").await;
        app.wait_for_state("iris", "champion", "ready").await;
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "champion": 100 } })).await.ok();
        // Without a policy the new version takes over in place, once it is ready.
        let second = app.register("blue", &files(5.0, 6.0)).await;
        app.post("registered-models/alias", alias(&second)).await.ok();
        app.wait_for_deployment("iris", "champion", |found| found["serving"] == json!({ "model_version": "2", "current": true })).await;
        assert_eq!(score(&app, GOOD, &[]).await.1, json!({ "predictions": [5.0, 6.0] }));

        // With one it is rolled out beside the old.
        let policy = json!({ "steps": [{ "percent": 50, "pause": true }, { "percent": 100 }] });
        app.patch(IRIS, json!({ "policy": policy })).await.ok();
        let third = app.register("blue", &files(7.0, 8.0)).await;
        app.post("registered-models/alias", alias(&third)).await.ok();
        let found = app.wait_for(IRIS, |found| found["rollout"]["step"] == 1).await;
        assert_eq!(found["rollout"]["to"], "champion-v3");
        assert_eq!(split(&app).await, json!({ "champion": 50, "champion-v3": 50 }));
        let id = found["rollout"]["id"].as_str().expect("an id");
        app.post(&format!("{ROLLOUTS}/{id}/promote"), json!({ "full": true })).await.ok();
        assert_eq!(split(&app).await, json!({ "champion-v3": 100 }));
        let follows = |found: &Value, name: &str| {
            let deployments = found["deployments"].as_array().expect("a list");
            deployments.iter().find(|each| each["name"] == name).map(|each| each["follows"].clone())
        };
        let found = app.get(IRIS, &[]).await.ok();
        assert_eq!(follows(&found, "champion-v3"), Some(json!(true)));
        assert_eq!(follows(&found, "champion"), Some(json!(false)), "it stays, to go back to");

        // A version that cannot start moves nothing.
        let mut broken = files(0.0, 0.0);
        "not a model".clone_into(&mut broken[1].1);
        let fourth = app.register("blue", &broken).await;
        app.post("registered-models/alias", alias(&fourth)).await.ok();
        app.wait_for(ROLLOUTS, |found| found["rollouts"][0]["state"] == "rolled_back").await;
        assert_eq!(split(&app).await, json!({ "champion-v3": 100 }));
        let plain = json!({ "name": "red", "model_uri": "models:/blue/1", "follow": true });
        app.post(&format!("{IRIS}/deployments"), plain).await.refused(INVALID, "with an alias");
    }

    async fn mirrored_requests_are_compared(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let body = json!({ "mirror": { "deployment": "green", "percent": 50 } });
        app.put(&format!("{IRIS}/traffic"), body).await.ok();
        for n in 0..60 {
            assert_eq!(score(&app, GOOD, &[("x-request-id", &format!("r{n}"))]).await.0, 200);
            tokio::task::yield_now().await;
        }
        let mirror = format!("{IRIS}/mirror");
        let count = |found: &Value, field: &str| found["pairs"][0][field].as_u64().unwrap_or_default();
        let all = |found: &Value| count(found, "disagreed") + count(found, "dropped") >= 15;
        let found = app.wait_for(&mirror, all).await;
        assert_eq!((count(&found, "agreed"), count(&found, "failed")), (0, 0), "{found}");
        assert_eq!(count(&found, "rows_disagreed") * 2, count(&found, "rows"), "one of two rows is answered alike");
        let sample = &found["samples"][0];
        assert_eq!((&sample["deployment"], &sample["mirrored_to"], &sample["request"]), (&json!("blue"), &json!("green"), &json!(GOOD)));
        assert_eq!((&sample["answer"], &sample["mirrored_answer"]), (&json!("{\"predictions\": [1.0, 10.0]}"), &json!("{\"predictions\": [2.0, 10.0]}")));
        let metrics = app.raw(Method::GET, "/metrics", &[], "").await;
        let text = axum::body::to_bytes(metrics.into_body(), usize::MAX).await.expect("a body");
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains("fettle_mirror_requests_total{endpoint=\"iris\",deployment=\"blue\",mirrored_to=\"green\",outcome=\"disagreed\"}"));
        assert!(text.contains("fettle_scoring_requests_total{endpoint=\"iris\",deployment=\"blue\",model=\"blue\",version=\"1\",code=\"200\"} 60"), "{text}");
    }

    async fn a_disabled_endpoint_answers_with_its_fallback(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        app.post(&format!("{IRIS}/enable"), json!({})).await.refused(CONFLICT, "not disabled");
        app.post(&format!("{IRIS}/disable"), json!({})).await.refused(INVALID, "'reason'");
        app.post(&format!("{IRIS}/disable"), json!({ "reason": "alarm" })).await.ok();
        let (status, body, _) = score(&app, GOOD, &[]).await;
        assert_eq!((status, body["message"].as_str().is_some_and(|text| text.contains("alarm"))), (503, true));

        let rules = json!({ "rules": { "rules": [{ "when": "x > 0.5", "answer": "high" }], "otherwise": "low" } });
        for (fallback, predictions) in [
            (json!({ "constant": 0.5 }), json!([0.5, 0.5])),
            (rules, json!(["low", "high"])),
            (json!({ "deployment": "green" }), json!([2.0, 10.0])),
        ] {
            let name = fallback.as_object().and_then(|map| map.keys().next().cloned()).unwrap_or_default();
            let found = app.post(&format!("{IRIS}/disable"), json!({ "reason": "alarm", "fallback": fallback })).await.ok();
            assert_eq!((&found["state"], &found["fallback"]), (&json!("disabled"), &fallback));
            for headers in [&[][..], &[("x-fettle-deployment", "blue")]] {
                assert_eq!(score(&app, GOOD, headers).await, (200, json!({ "predictions": predictions }), name.clone()));
            }
        }
        app.delete(&format!("{IRIS}/deployments/green"), json!({})).await.refused(CONFLICT, "fallback");
        let found = app.post(&format!("{IRIS}/enable"), json!({})).await.ok();
        assert_eq!(found["state"], "ready");
        assert_eq!(score(&app, GOOD, &[]).await, (200, json!({ "predictions": [1.0, 10.0] }), String::new()));
        for (fallback, part) in [
            (json!({ "rules": { "rules": [{ "when": "x >", "answer": 1 }], "otherwise": 0 } }), "is not a condition"),
            (json!({ "answer": 1 }), "answer"),
        ] {
            app.patch(IRIS, json!({ "fallback": fallback })).await.refused(INVALID, part);
        }
        app.patch(IRIS, json!({ "fallback": { "deployment": "grey" } })).await.refused(ABSENT, "`grey`");
        let audit = app.get("/api/fettle/v1/audit", &[]).await.ok();
        let actions: Vec<&str> = audit["entries"].as_array().expect("a list").iter().filter_map(|entry| entry["action"].as_str()).collect();
        assert_eq!(actions[..5], ["enable", "disable", "disable", "disable", "disable"]);
    }

    async fn the_checklist_says_what_is_missing_with_its_evidence(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let items = |found: &Value| -> Vec<(bool, String)> {
            let items = found["items"].as_array().expect("a list").iter();
            items.map(|item| (item["passed"] == true, item["evidence"].to_string())).collect()
        };
        let first = app.get(&format!("{IRIS}/check"), &[]).await.ok();
        let passed: Vec<bool> = items(&first).iter().map(|(passed, _)| *passed).collect();
        assert_eq!(passed[..5], [true, true, true, false, false], "{first:#}");
        assert!(items(&first)[0].1.contains("models:/blue/1, from run "), "{first:#}");
        for _ in 0..1000 {
            score(&app, GOOD, &[]).await;
        }
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "green": 100 } })).await.ok();
        app.post(&format!("{IRIS}/rollback"), json!({})).await.ok();
        let second = app.get(&format!("{IRIS}/check"), &[]).await.ok();
        let passed: Vec<bool> = items(&second).iter().map(|(passed, _)| *passed).collect();
        assert_eq!(passed[..5], [true, true, true, true, true], "{second:#}");
        assert!(items(&second)[4].1.contains("restored state 1"), "{second:#}");
    }
}

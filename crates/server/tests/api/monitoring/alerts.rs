use super::{START_MS, app, fettle, refused};
use crate::support::{
    TestApp,
    receiver::{Receiver, Reply},
};
use axum::http::Method;
use fettle_db::{Db, on_both_databases, params};
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
/// How long a server that is not alone waits for what the others have counted.
const OTHERS: i64 = 15 * SECOND;

/// Ten seconds of an endpoint, as another server writes them down.
pub async fn point(db: &Db, endpoint: &'static str, at_ms: i64, requests: i64, latency_ms: i64, replicas: i64) {
    let statuses = if requests > 0 {
        vec![(200, requests, latency_ms)]
    } else {
        vec![]
    };
    points(db, endpoint, "default", at_ms, &statuses, replicas).await;
}

/// Of each status: how many requests, and how long each took.
async fn points(
    db: &Db,
    endpoint: &'static str,
    deployment: &'static str,
    at_ms: i64,
    statuses: &[(u16, i64, i64)],
    replicas: i64,
) {
    let of_status = |(status, requests, latency_ms): &(u16, i64, i64)| {
        let latency_us = latency_ms * 1000;
        let point = json!({
            "requests": requests, "latency_sum_us": requests * latency_us, "latency_min_us": latency_us,
            "latency_max_us": latency_us, "histogram": [],
        });
        (status.to_string(), point)
    };
    let figures = Value::Object(statuses.iter().map(of_status).collect()).to_string();
    db.write(move |tx| {
        tx.execute(
            "INSERT INTO operational_points (workspace_id, endpoint, at_ms, deployment, instance, figures, replicas)
             VALUES (1, ?1, ?2, ?5, 'elsewhere', ?3, ?4)",
            params![endpoint, at_ms, &figures, replicas, deployment],
        )
    })
    .await
    .expect("a point");
}

async fn make_receiver(app: &TestApp, name: &str, url: &str, kind: &str) {
    let body = json!({ "name": name, "kind": kind, "url": url });
    app.post(&fettle("alert-receivers"), body).await.ok();
}

/// Looks at the rule when all that is of a time has been written; answers with its state.
async fn look(app: &TestApp, rule: &str, at_ms: i64) -> String {
    app.clock.set(at_ms + OTHERS);
    let path = fettle(&format!("alert-rules/{rule}/evaluate"));
    app.post(&path, json!({})).await.ok()["state"]
        .as_str()
        .expect("a state")
        .to_owned()
}

on_both_databases! { MIGRATIONS;
    async fn document_as_rule_fires_is_told_and_resolves(db: Db) {
        let app = app(db.clone()).await;
        let receiver = Receiver::start().await;
        make_receiver(&app, "oncall", &receiver.url, "webhook").await;
        let rule = json!({
            "name": "model-high-latency", "description": "Alert when model prediction latency exceeds threshold",
            "condition": "avg HttpResponseTime > 5000",
            "scopes": ["/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/churn"],
            "evaluationFrequency": "1m", "windowSize": "5m", "severity": 2, "actions": ["oncall"],
        });
        let made = app.post(&fettle("alert-rules"), rule).await.ok();
        assert_eq!((&made["condition"], &made["window_size"]), (&json!("Average HttpResponseTime > 5000"), &json!("PT5M")));

        assert_eq!(look(&app, "model-high-latency", START_MS).await, "inactive", "nothing is known");
        point(&db, "churn", START_MS, 4, 100, 1).await;
        point(&db, "other", START_MS, 4, 9000, 1).await;
        assert_eq!(look(&app, "model-high-latency", START_MS + MINUTE).await, "inactive");
        point(&db, "churn", START_MS + MINUTE, 40, 6000, 1).await;
        assert_eq!(look(&app, "model-high-latency", START_MS + 2 * MINUTE).await, "firing");
        assert_eq!(look(&app, "model-high-latency", START_MS + 3 * MINUTE).await, "firing", "told once");
        let later = START_MS + 8 * MINUTE;
        point(&db, "churn", later - MINUTE, 40, 10, 1).await;
        assert_eq!(look(&app, "model-high-latency", later).await, "resolved");

        let told = receiver.wait_for(2).await;
        let told: Vec<Value> = told.iter().map(|message| serde_json::from_str(&message.body).expect("JSON")).collect();
        assert_eq!(told[0]["version"], "4");
        assert_eq!((&told[0]["status"], &told[1]["status"]), (&json!("firing"), &json!("resolved")));
        let labels = json!({ "alertname": "model-high-latency", "endpoint": "churn", "severity": "2" });
        assert_eq!(told[0]["alerts"][0]["labels"], labels);
        let value: f64 = told[0]["alerts"][0]["annotations"]["value"].as_str().expect("a value").parse().expect("a number");
        assert!((value - 5463.64).abs() < 0.01, "{value}");
        assert_eq!(told[1]["alerts"][0]["endsAt"], "2026-01-01T00:08:15Z");

        let alerts = app.get(&fettle("alerts"), &[("state", "resolved")]).await.ok();
        let id = alerts["alerts"][0]["id"].as_str().expect("an id");
        let alert = app.get(&fettle(&format!("alerts/{id}")), &[]).await.ok();
        let history: Vec<&Value> = alert["history"].as_array().expect("a list").iter().map(|step| &step["to"]).collect();
        assert_eq!(history, [&json!("resolved"), &json!("firing")]);
        let metrics = app.raw(Method::GET, "/metrics", &[], "").await;
        assert_eq!(metrics.status(), 200);
    }

    async fn a_rule_without_a_scope_tells_endpoints_apart(db: Db) {
        let app = app(db.clone()).await;
        let receiver = Receiver::start().await;
        make_receiver(&app, "team", &receiver.url, "slack").await;
        let rule = json!({ "name": "gone", "condition": "max Replicas < 1", "for": "90s", "actions": ["team"], "window_size": "1m" });
        app.post(&fettle("alert-rules"), rule).await.ok();
        for turn in 0..6 {
            let at_ms = START_MS + turn * MINUTE;
            point(&db, "a", at_ms, 0, 0, 0).await;
            point(&db, "b", at_ms, 0, 0, i64::from(turn < 2)).await;
            point(&db, "c", at_ms, 0, 0, 2).await;
            look(&app, "gone", at_ms + SECOND).await;
        }
        let alerts = app.get(&fettle("alerts"), &[]).await.ok();
        let mut states: Vec<(&str, &str)> = alerts["alerts"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|alert| (alert["labels"]["endpoint"].as_str().expect("text"), alert["state"].as_str().expect("text")))
            .collect();
        states.sort_unstable();
        assert_eq!(states, [("a", "firing"), ("b", "firing")]);
        let told = receiver.wait_for(2).await;
        let message: Value = serde_json::from_str(&told[0].body).expect("JSON");
        assert_eq!(message["attachments"][0]["color"], "danger");
        assert_eq!(message["text"], "[FIRING:1] gone (a)");
    }

    async fn values_of_dimensions_have_alerts_of_their_own(db: Db) {
        let app = app(db.clone()).await;
        let dimensions = json!([
            { "name": "revisionName", "operator": "Exclude", "values": ["canary"] },
            { "name": "statusCodeClass", "operator": "Include", "values": ["5xx"] },
        ]);
        let rule = json!({ "name": "broken", "condition": "total Requests > 2", "scopes": ["churn", "fraud"], "dimensions": dimensions });
        let made = app.post(&fettle("alert-rules"), rule).await.ok();
        assert_eq!(made["condition"], "Total Requests > 2 where deployment excludes canary and status_class includes 5xx");
        assert_eq!(made["target"]["dimensions"][0], "endpoint includes churn or fraud");
        let slow = json!({ "name": "slow", "condition": "max HttpResponseTime > 100 where status includes 200 and deployment includes *" });
        app.post(&fettle("alert-rules"), slow).await.ok();
        points(&db, "churn", "blue", START_MS, &[(200, 40, 10), (500, 2, 900), (503, 1, 900)], 1).await;
        points(&db, "churn", "green", START_MS, &[(200, 40, 500), (500, 2, 900)], 1).await;
        points(&db, "churn", "canary", START_MS, &[(500, 9, 10)], 1).await;
        points(&db, "fraud", "blue", START_MS, &[(404, 9, 10)], 1).await;
        points(&db, "other", "blue", START_MS, &[(500, 9, 10)], 1).await;
        assert_eq!(look(&app, "broken", START_MS).await, "firing");
        assert_eq!(look(&app, "slow", START_MS).await, "firing");
        let alerts = app.get(&fettle("alerts"), &[]).await.ok();
        let mut labels: Vec<&Value> = alerts["alerts"].as_array().expect("a list").iter().map(|alert| &alert["labels"]).collect();
        labels.sort_by_key(|labels| labels["alertname"].to_string());
        assert_eq!(labels, [
            &json!({ "alertname": "broken", "severity": "2", "endpoint": "churn", "deployment": "blue", "status_class": "5xx" }),
            &json!({ "alertname": "slow", "severity": "2", "endpoint": "churn", "deployment": "green", "status": "200" }),
        ]);
        let series = app.get(&fettle("operational-metrics"), &[("endpoint", "churn"), ("metric", "ServerErrors,Replicas"), ("since", "10m"), ("interval", "10m")]).await.ok();
        let last = |place: usize| series["metrics"][place]["points"].as_array().expect("a list").last().expect("a step")["value"].clone();
        assert_eq!((last(0), last(1)), (json!(14.0), json!(3.0)));
    }

    async fn what_other_servers_counted_last_is_waited_for(db: Db) {
        let app = app(db.clone()).await;
        let rule = json!({ "name": "errors", "condition": "avg ErrorRate > 0.4", "endpoint": "churn", "window_size": "1m" });
        app.post(&fettle("alert-rules"), rule).await.ok();
        points(&db, "churn", "blue", START_MS, &[(200, 10, 10)], 1).await;
        let later = START_MS + MINUTE - 10 * SECOND;
        points(&db, "churn", "blue", later, &[(500, 10, 10)], 1).await;
        app.clock.set(later + OTHERS - SECOND);
        let now = || async { app.post(&fettle("alert-rules/errors/evaluate"), json!({})).await.ok()["state"].clone() };
        assert_eq!(now().await, "inactive", "a third server may have counted more");
        app.clock.set(later + OTHERS);
        assert_eq!(now().await, "firing");
    }

    async fn a_window_of_a_minute_is_of_a_minute(db: Db) {
        let app = app(db.clone()).await;
        let rule = json!({ "name": "busy", "condition": "total Requests > 0", "endpoint": "churn", "window_size": "1m" });
        app.post(&fettle("alert-rules"), rule).await.ok();
        for step in 0..18 {
            point(&db, "churn", START_MS + step * 10 * SECOND, 1, 10, 1).await;
        }
        // Wherever in ten seconds the minutes begin: each has six steps, and together they have all.
        for phase in [0, 1, 9] {
            for minute in 1..3 {
                look(&app, "busy", START_MS + minute * MINUTE - 10 * SECOND + phase * SECOND).await;
                let alerts = app.get(&fettle("alerts"), &[]).await.ok();
                assert_eq!(alerts["alerts"][0]["value"], json!(6.0), "minute {minute}, second {phase}");
            }
        }
    }

    async fn several_rules_are_made_together_or_not_at_all(db: Db) {
        let app = app(db.clone()).await;
        let rule = |name: &str, condition: &str| json!({ "name": name, "condition": condition });
        let (slow, down) = (rule("slow", "avg HttpResponseTime > 5000"), rule("down", "avg Replicas < 1"));
        for (second, part) in [
            (rule("odd", "avg Nonsense > 1"), "rules[1]: "),
            (json!({ "name": "odd", "condition": "avg Replicas < 1", "actions": ["nobody"] }), "nobody"),
            (slow.clone(), "`slow` already exists"),
        ] {
            let batch = json!({ "rules": [slow, second] });
            let answer = app.put(&fettle("alert-rules"), batch).await;
            assert!(answer.status == 400 && answer.body["detail"].as_str().is_some_and(|text| text.contains(part)), "{}", answer.body);
            assert_eq!(app.get(&fettle("alert-rules"), &[]).await.ok()["rules"], json!([]));
        }
        app.put(&fettle("alert-rules"), json!({ "rules": [slow, down] })).await.ok();
        let stricter = rule("slow", "avg HttpResponseTime > 100");
        refused(&app.put(&fettle("alert-rules"), json!({ "rules": [stricter] })).await, 400, "already exists");
        let put = app.put(&fettle("alert-rules"), json!({ "rules": [stricter, rule("new", "total Requests > 9")], "replace": true })).await.ok();
        assert_eq!(put["rules"][0]["threshold"], json!(100.0));
        assert_eq!(app.get(&fettle("alert-rules"), &[]).await.ok()["rules"].as_array().map(Vec::len), Some(3));
    }

    async fn silences_keep_quiet_and_end(db: Db) {
        let app = app(db.clone()).await;
        let receiver = Receiver::start().await;
        make_receiver(&app, "oncall", &receiver.url, "webhook").await;
        let rule = json!({ "name": "down", "condition": "avg Replicas < 1", "actions": ["oncall"], "window_size": "1m" });
        app.post(&fettle("alert-rules"), rule).await.ok();
        let silence = json!({ "matchers": [{ "name": "endpoint", "value": "ch.*", "isRegex": true }], "duration": "10m", "comment": "moving" });
        let silence = app.post(&fettle("alert-silences"), silence).await.ok();
        for turn in 0..3 {
            point(&db, "churn", START_MS + turn * MINUTE, 0, 0, 0).await;
            assert_eq!(look(&app, "down", START_MS + turn * MINUTE).await, "firing");
        }
        let alerts = app.get(&fettle("alerts"), &[]).await.ok();
        assert_eq!((&alerts["alerts"][0]["silenced"], &alerts["alerts"][0]["told"]), (&json!(true), &Value::Null));
        assert_eq!(app.get(&fettle("alert-silences"), &[]).await.ok()["silences"][0]["active"], true);

        let id = silence["id"].as_str().expect("an id");
        app.delete(&fettle(&format!("alert-silences/{id}")), json!({})).await.ok();
        look(&app, "down", START_MS + 2 * MINUTE + SECOND).await;
        assert_eq!(receiver.wait_for(1).await.len(), 1, "told once the silence is over");

        // Deleting the rule ends what fires, and says so.
        app.delete(&fettle("alert-rules/down"), json!({})).await.ok();
        let told = receiver.wait_for(2).await;
        assert!(told[1].body.contains("\"status\":\"resolved\""), "{}", told[1].body);
    }

    async fn messages_are_sent_again_until_they_are_taken(db: Db) {
        let app = app(db.clone()).await;
        let receiver = Receiver::start().await;
        receiver.answer([Reply::Status(503)]);
        make_receiver(&app, "oncall", &receiver.url, "webhook").await;
        let rule = json!({ "name": "down", "condition": "avg Replicas < 1", "actions": ["oncall"], "window_size": "1m" });
        app.post(&fettle("alert-rules"), rule).await.ok();
        point(&db, "churn", START_MS, 0, 0, 0).await;
        look(&app, "down", START_MS).await;
        receiver.wait_for(1).await;
        app.clock.set(START_MS + MINUTE);
        assert_eq!(receiver.wait_for(2).await.len(), 2);
        let test = app.post(&fettle("alert-receivers/oncall/test"), json!({})).await.ok();
        assert_eq!((&test["success"], &test["response_status"]), (&json!(true), &json!(200)));
    }

    async fn bad_rules_and_receivers_are_refused(db: Db) {
        let app = app(db).await;
        for (body, part) in [
            (json!({ "name": "r" }), "condition"),
            (json!({ "name": "r", "condition": "avg Nonsense > 1" }), "HttpResponseTime"),
            (json!({ "name": "r", "condition": "avg Requests > 1", "actions": ["nobody"] }), "nobody"),
            (json!({ "name": "r", "condition": "avg Requests > 1", "window_size": "P1M" }), "window_size"),
            (json!({ "name": "r", "condition": "avg Requests > 1", "colour": "red" }), "colour"),
        ] {
            refused(&app.post(&fettle("alert-rules"), body).await, 400, part);
        }
        for (body, part) in [
            (json!({ "name": "x" }), "kind"),
            (json!({ "name": "x", "kind": "pigeon" }), "kind"),
            (json!({ "name": "x", "kind": "webhook" }), "url"),
            (json!({ "name": "x", "kind": "webhook", "url": "http://10.0.0.1/" }), "non-public"),
            (json!({ "name": "x", "kind": "email", "to": ["a@example.org"] }), "--smtp-url"),
        ] {
            refused(&app.post(&fettle("alert-receivers"), body).await, 400, part);
        }
        refused(&app.get(&fettle("alert-rules/none"), &[]).await, 404, "none");
        refused(&app.get(&fettle("alerts/none"), &[]).await, 400, "id");
        refused(&app.get(&fettle("alerts"), &[("state", "on")]).await, 400, "state");
        let rule = json!({ "name": "twice", "condition": "total Requests > 1" });
        app.post(&fettle("alert-rules"), rule.clone()).await.ok();
        refused(&app.post(&fettle("alert-rules"), rule).await, 400, "already exists");
    }
}

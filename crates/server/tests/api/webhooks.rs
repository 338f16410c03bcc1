//! Webhooks, from the change of a model to a receiver and its signature check.

use crate::support::TestApp;
use crate::support::receiver::{Receiver, Reply};
use base64::{Engine, engine::general_purpose::STANDARD};
use fettle_db::{Db, on_both_databases, params};
use fettle_server::{Egress, Settings, WebhookSettings, schema::MIGRATIONS, secrets::SecretKeys};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc, time::Duration};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Longer than a lease.
const LATER_MS: i64 = 120_000;

/// The server may send to the receivers of these tests, and to nobody else.
fn settings() -> Settings {
    let egress = Egress {
        allow_http: true,
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..Egress::default()
    };
    Settings {
        webhooks: WebhookSettings {
            egress,
            retries_max: 2,
            ..WebhookSettings::default()
        },
        secret_keys: Arc::new(SecretKeys::new(KEY, None).expect("a valid key")),
        ..Settings::default()
    }
}

async fn app(db: Db) -> TestApp {
    TestApp::with(db, settings()).await
}

fn event(entity: &str, action: &str) -> Value {
    json!({ "entity": entity, "action": action })
}

async fn subscribe(app: &TestApp, url: &str, events: Value) -> String {
    let body = json!({ "name": "hook", "url": url, "events": events, "secret": "top" });
    let webhook = app.post("webhooks", body).await.ok();
    webhook["webhook"]["webhook_id"].as_str().expect("an id").to_owned()
}

async fn subscribe_to_models(app: &TestApp, url: &str) -> String {
    subscribe(app, url, json!([event("REGISTERED_MODEL", "CREATED")])).await
}

async fn create_model(app: &TestApp, name: &str) {
    app.post("registered-models/create", json!({ "name": name })).await.ok();
}

async fn deliveries(app: &TestApp, webhook_id: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let path = format!("/api/fettle/v1/webhooks/{webhook_id}/deliveries");
    let answer = app.get(&path, query).await.ok();
    answer["deliveries"].as_array().expect("a list").clone()
}

/// Waits until the only delivery is in `state` and, if it is pending, waits for its next attempt.
async fn settled(app: &TestApp, webhook_id: &str, state: &str, attempts: i64) -> Value {
    for _ in 0..1000 {
        let all = deliveries(app, webhook_id, &[]).await;
        if all.len() == 1
            && all[0]["state"] == state
            && all[0]["attempt_count"] == attempts
            && all[0]["last_attempt"]["attempt"] == attempts
        {
            return all[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!(
        "{state} after {attempts}: {:#?}",
        deliveries(app, webhook_id, &[]).await
    );
}

on_both_databases! { MIGRATIONS;
    async fn webhooks_are_made_changed_and_deleted(db: Db) {
        let app = app(db).await;
        let url = "http://127.0.0.1:9/x";
        let events = json!([
            event("PROMPT_ALIAS", "CREATED"), event("MODEL_VERSION", "CREATED"), event("PROMPT_ALIAS", "CREATED"),
        ]);
        let made = app.post("webhooks", json!({ "name": "A.b_c-d", "url": url, "events": events, "secret": "hunter2" })).await.ok();
        let id = made["webhook"]["webhook_id"].as_str().expect("an id").to_owned();
        let expected = json!({ "webhook": {
            "webhook_id": id, "name": "A.b_c-d", "url": url, "status": "ACTIVE",
            "events": [event("MODEL_VERSION", "CREATED"), event("PROMPT_ALIAS", "CREATED")],
            "creation_timestamp": 1000, "last_updated_timestamp": 1000,
        }});
        assert_eq!(made, expected);
        assert_eq!(app.get(&format!("webhooks/{id}"), &[]).await.ok(), expected);

        app.clock.set(2000);
        let path = format!("webhooks/{id}");
        let change = json!({ "name": "b", "description": "d", "status": "DISABLED", "events": [event("PROMPT", "CREATED")] });
        let changed = app.patch(&path, change).await.ok();
        assert_eq!(changed, json!({ "webhook": {
            "webhook_id": id, "name": "b", "description": "d", "url": url, "status": "DISABLED",
            "events": [event("PROMPT", "CREATED")], "creation_timestamp": 1000, "last_updated_timestamp": 2000,
        }}));
        // What is empty stays as it is, but for the description and the secret.
        let emptied = app.patch(&path, json!({ "name": "", "description": "", "url": "", "secret": "", "events": [] })).await.ok();
        assert_eq!(emptied["webhook"]["name"], "b");
        assert_eq!(emptied["webhook"]["url"], url);
        assert_eq!(emptied["webhook"]["description"], Value::Null);
        assert_eq!(emptied["webhook"]["status"], "DISABLED");

        for number in 0..3 {
            app.clock.set(3000 + number);
            app.post("webhooks", json!({ "name": format!("w{number}"), "url": url, "events": events })).await.ok();
        }
        let page = app.get("webhooks", &[("max_results", "3")]).await.ok();
        let names: Vec<&Value> = page["webhooks"].as_array().expect("a list").iter().map(|w| &w["name"]).collect();
        assert_eq!(names, ["w2", "w1", "w0"]);
        let rest = app.get("webhooks", &[("max_results", "3"), ("page_token", page["next_page_token"].as_str().expect("a token"))]).await.ok();
        assert_eq!(rest["webhooks"].as_array().map(Vec::len), Some(1));
        assert_eq!(rest["next_page_token"], Value::Null);

        assert_eq!(app.delete(&path, json!({})).await.ok(), json!({}));
        for gone in [app.get(&path, &[]).await, app.delete(&path, json!({})).await, app.patch(&path, json!({})).await] {
            gone.refused("RESOURCE_DOES_NOT_EXIST", &format!("Webhook with ID {id} not found."));
        }
        app.post(&format!("{path}/test"), json!({})).await.refused("RESOURCE_DOES_NOT_EXIST", "not found");
        let audit = app.get("/api/fettle/v1/audit", &[]).await.ok();
        let actions: Vec<&Value> = audit["entries"].as_array().expect("a list").iter().map(|entry| &entry["action"]).collect();
        assert_eq!(actions, ["delete", "create", "create", "create", "update", "update", "create"]);
    }

    async fn bad_webhooks_are_refused(db: Db) {
        let app = app(db).await;
        let good = json!({ "name": "a", "url": "http://127.0.0.1:9/", "events": [event("PROMPT", "CREATED")] });
        for (field, value, part) in [
            ("name", json!(""), "Missing value for required parameter 'name'"),
            ("name", json!("-a"), "Webhook name '-a' is invalid."),
            ("name", json!("x".repeat(64)), "less than 63 characters"),
            ("name", json!(5), "'name'"),
            ("url", json!(null), "Missing value for required parameter 'url'"),
            ("url", json!("   "), "cannot be empty or just whitespace"),
            ("url", json!("ftp://x/"), "Invalid webhook URL scheme: 'ftp'. Allowed schemes are: https, http."),
            ("url", json!("nope"), "Invalid webhook URL scheme: ''"),
            ("url", json!("http://"), "must include a hostname"),
            ("url", json!("http://[::1"), "Invalid webhook URL"),
            ("url", json!("http://10.0.0.1/"), "must not resolve to a non-public IP address"),
            ("url", json!("http://169.254.169.254/latest"), "must not resolve to a non-public IP address"),
            ("url", json!("http://localhost/"), "must not resolve to a non-public IP address"),
            ("url", json!("http://nowhere.invalid/"), "Cannot resolve Webhook URL hostname 'nowhere.invalid'"),
            ("url", json!("http://a\u{0}b/"), "url"),
            ("url", json!(format!("http://127.0.0.1/{}", "x".repeat(2048))), "maximum length"),
            ("events", json!(null), "Missing value for required parameter 'events'"),
            ("events", json!([]), "must be a non-empty list"),
            ("events", json!("x"), "'events'"),
            ("events", json!([{}]), "events[0].entity"),
            ("events", json!([event("BOGUS", "CREATED")]), "events[0].entity"),
            ("events", json!([event("PROMPT", "BOGUS")]), "events[0].action"),
            ("events", json!([event("PROMPT", "DELETED")]), "Invalid action 'deleted' for entity 'prompt'. Valid actions are: ['created']"),
            ("description", json!("x".repeat(100_001)), "maximum length"),
            ("secret", json!("x".repeat(10_001)), "maximum length"),
        ] {
            let mut body = good.clone();
            body[field] = value;
            app.post("webhooks", body).await.refused("INVALID_PARAMETER_VALUE", part);
        }
        let made = app.post("webhooks", good).await.ok();
        let path = format!("webhooks/{}", made["webhook"]["webhook_id"].as_str().expect("an id"));
        for change in [json!({ "name": "-" }), json!({ "url": "ftp://x" }), json!({ "events": [{}] }), json!({ "url": "http://10.0.0.1/" })] {
            let answer = app.patch(&path, change).await;
            assert_eq!((answer.status, &answer.body["error_code"]), (400, &json!("INVALID_PARAMETER_VALUE")), "{}", answer.request);
        }
        for (query, part) in [(("max_results", "-1"), "between 1 and 1000"), (("max_results", "1001"), "between 1 and 1000"), (("page_token", "zz"), "page token")] {
            app.get("webhooks", &[query]).await.refused("INVALID_PARAMETER_VALUE", part);
        }
        assert_eq!(app.get("webhooks", &[("max_results", "0")]).await.ok()["webhooks"].as_array().map(Vec::len), Some(1));
    }

    async fn every_change_is_told_in_mlflows_bytes(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        let all: Vec<Value> = [
            ("REGISTERED_MODEL", "CREATED"), ("MODEL_VERSION", "CREATED"), ("MODEL_VERSION_TAG", "SET"),
            ("MODEL_VERSION_TAG", "DELETED"), ("MODEL_VERSION_ALIAS", "CREATED"), ("MODEL_VERSION_ALIAS", "DELETED"),
            ("PROMPT", "CREATED"), ("PROMPT_VERSION", "CREATED"), ("PROMPT_TAG", "SET"), ("PROMPT_TAG", "DELETED"),
            ("PROMPT_VERSION_TAG", "SET"), ("PROMPT_VERSION_TAG", "DELETED"), ("PROMPT_ALIAS", "CREATED"),
            ("PROMPT_ALIAS", "DELETED"),
        ].map(|(entity, action)| event(entity, action)).to_vec();
        subscribe(&app, &receiver.url, json!(all)).await;
        let is_prompt = json!({ "key": "mlflow.prompt.is_prompt", "value": "true" });
        let text_type = json!({ "key": "_mlflow_prompt_type", "value": "text" });
        // Each call with what MLflow 3.17.2 sent for it; none for changes that have no event.
        let changes: Vec<(&str, &str, Value, Option<&str>)> = vec![
            ("POST", "registered-models/create", json!({"name": "m"}),
                Some(r#"{"entity": "registered_model", "action": "created", "timestamp": "T", "data": {"name": "m", "tags": {}, "description": ""}}"#)),
            ("POST", "registered-models/create", json!({"name": "m2", "description": "dé", "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}),
                Some(r#"{"entity": "registered_model", "action": "created", "timestamp": "T", "data": {"name": "m2", "tags": {"a": "1", "b": "2"}, "description": "d\u00e9"}}"#)),
            ("POST", "registered-models/set-tag", json!({"name": "m", "key": "k", "value": "v"}), None),
            ("POST", "model-versions/create", json!({"name": "m", "source": "s3://b/x", "tags": [{"key": "a", "value": "1"}], "description": "q"}),
                Some(r#"{"entity": "model_version", "action": "created", "timestamp": "T", "data": {"name": "m", "version": "1", "source": "s3://b/x", "run_id": null, "tags": {"a": "1"}, "description": "q"}}"#)),
            ("POST", "model-versions/create", json!({"name": "m", "source": "s3://b/x"}),
                Some(r#"{"entity": "model_version", "action": "created", "timestamp": "T", "data": {"name": "m", "version": "2", "source": "s3://b/x", "run_id": null, "tags": {}, "description": null}}"#)),
            ("POST", "model-versions/create", json!({"name": "m2", "source": "models:/m/1"}),
                Some(r#"{"entity": "model_version", "action": "created", "timestamp": "T", "data": {"name": "m2", "version": "1", "source": "models:/m/1", "run_id": null, "tags": {}, "description": null}}"#)),
            ("POST", "model-versions/set-tag", json!({"name": "m", "version": "1", "key": "k", "value": "v"}),
                Some(r#"{"entity": "model_version_tag", "action": "set", "timestamp": "T", "data": {"name": "m", "version": "1", "key": "k", "value": "v"}}"#)),
            ("DELETE", "model-versions/delete-tag", json!({"name": "m", "version": "1", "key": "k"}),
                Some(r#"{"entity": "model_version_tag", "action": "deleted", "timestamp": "T", "data": {"name": "m", "version": "1", "key": "k"}}"#)),
            ("DELETE", "model-versions/delete-tag", json!({"name": "m", "version": "1", "key": "absent"}),
                Some(r#"{"entity": "model_version_tag", "action": "deleted", "timestamp": "T", "data": {"name": "m", "version": "1", "key": "absent"}}"#)),
            ("POST", "registered-models/alias", json!({"name": "m", "version": "2", "alias": "ch"}),
                Some(r#"{"entity": "model_version_alias", "action": "created", "timestamp": "T", "data": {"name": "m", "alias": "ch", "version": "2"}}"#)),
            ("DELETE", "registered-models/alias", json!({"name": "m", "alias": "ch"}),
                Some(r#"{"entity": "model_version_alias", "action": "deleted", "timestamp": "T", "data": {"name": "m", "alias": "ch"}}"#)),
            ("DELETE", "registered-models/alias", json!({"name": "m", "alias": "absent"}),
                Some(r#"{"entity": "model_version_alias", "action": "deleted", "timestamp": "T", "data": {"name": "m", "alias": "absent"}}"#)),
            ("POST", "registered-models/create", json!({"name": "p", "tags": [is_prompt, {"key": "x", "value": "y"}, text_type]}),
                Some(r#"{"entity": "prompt", "action": "created", "timestamp": "T", "data": {"name": "p", "tags": {"x": "y"}, "description": ""}}"#)),
            ("POST", "model-versions/create", json!({"name": "p", "source": "dummy-source", "description": "c", "tags": [is_prompt, {"key": "mlflow.prompt.text", "value": "Hi {{n}}"}, text_type, {"key": "z", "value": "1"}]}),
                Some(r#"{"entity": "prompt_version", "action": "created", "timestamp": "T", "data": {"name": "p", "version": "1", "template": "Hi {{n}}", "tags": {"z": "1"}, "description": "c"}}"#)),
            ("POST", "registered-models/set-tag", json!({"name": "p", "key": "k", "value": "v"}),
                Some(r#"{"entity": "prompt_tag", "action": "set", "timestamp": "T", "data": {"name": "p", "key": "k", "value": "v"}}"#)),
            ("DELETE", "registered-models/delete-tag", json!({"name": "p", "key": "k"}),
                Some(r#"{"entity": "prompt_tag", "action": "deleted", "timestamp": "T", "data": {"name": "p", "key": "k"}}"#)),
            ("POST", "model-versions/set-tag", json!({"name": "p", "version": "1", "key": "k", "value": "v"}),
                Some(r#"{"entity": "prompt_version_tag", "action": "set", "timestamp": "T", "data": {"name": "p", "version": "1", "key": "k", "value": "v"}}"#)),
            ("DELETE", "model-versions/delete-tag", json!({"name": "p", "version": "1", "key": "k"}),
                Some(r#"{"entity": "prompt_version_tag", "action": "deleted", "timestamp": "T", "data": {"name": "p", "version": "1", "key": "k"}}"#)),
            ("POST", "registered-models/alias", json!({"name": "p", "version": "1", "alias": "prod"}),
                Some(r#"{"entity": "prompt_alias", "action": "created", "timestamp": "T", "data": {"name": "p", "alias": "prod", "version": "1"}}"#)),
            ("DELETE", "registered-models/alias", json!({"name": "p", "alias": "prod"}),
                Some(r#"{"entity": "prompt_alias", "action": "deleted", "timestamp": "T", "data": {"name": "p", "alias": "prod"}}"#)),
            ("POST", "model-versions/transition-stage", json!({"name": "m", "version": "1", "stage": "Staging"}), None),
        ];
        let mut expected = Vec::new();
        for (method, path, body, told) in changes {
            let answer = if method == "POST" { app.post(path, body).await } else { app.delete(path, body).await };
            answer.ok();
            expected.extend(told.map(|told| told.replace("\"T\"", "\"1970-01-01T00:00:01+00:00\"")));
        }
        let received = receiver.wait_for(expected.len()).await;
        let told: HashSet<String> = received.iter().map(|message| message.body.clone()).collect();
        assert_eq!(told, expected.into_iter().collect());
        let ids: HashSet<&str> = received.iter().map(|message| message.header("x-mlflow-delivery-id")).collect();
        assert_eq!(ids.len(), received.len());
        for message in &received {
            assert_eq!(message.header("content-type"), "application/json");
            assert_eq!(message.header("x-mlflow-timestamp"), "1");
            let signed = format!("{}.1.{}", message.header("x-mlflow-delivery-id"), message.body);
            let (version, signature) = message.header("x-mlflow-signature").split_once(',').expect("a version");
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"top");
            let signature = STANDARD.decode(signature).expect("base64");
            assert!(version == "v1" && ring::hmac::verify(&key, signed.as_bytes(), &signature).is_ok());
        }
    }

    async fn a_change_that_is_refused_tells_nothing(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        let id = subscribe_to_models(&app, &receiver.url).await;
        create_model(&app, "m").await;
        app.post("registered-models/create", json!({ "name": "m" })).await.refused("RESOURCE_ALREADY_EXISTS", "m");
        receiver.wait_for(1).await;
        assert_eq!(deliveries(&app, &id, &[]).await.len(), 1);
        // Whoever is disabled or deleted, or asked for something else, hears nothing.
        app.patch(&format!("webhooks/{id}"), json!({ "status": "DISABLED" })).await.ok();
        create_model(&app, "m2").await;
        assert_eq!(deliveries(&app, &id, &[]).await.len(), 1);
    }

    async fn what_fails_is_tried_again(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        receiver.answer([Reply::RetryAfter(503, "90"), Reply::Status(429)]);
        let id = subscribe_to_models(&app, &receiver.url).await;
        create_model(&app, "m").await;
        let pending = settled(&app, &id, "pending", 1).await;
        assert_eq!(pending["last_attempt"]["response_status"], 503);
        assert_eq!(pending["last_attempt"]["response_body"], "busy");
        assert_eq!(pending["event"], "registered_model.created");
        // The receiver asked for 90 seconds.
        app.clock.set(80_000);
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(receiver.received().len(), 1);
        app.clock.set(100_000);
        settled(&app, &id, "pending", 2).await;
        app.clock.set(200_000);
        let done = settled(&app, &id, "succeeded", 3).await;
        assert_eq!(done["next_attempt_at"], Value::Null);
        assert_eq!(done["created_at"], "1970-01-01T00:00:01Z");
        let received = receiver.received();
        let ids: HashSet<&str> = received.iter().map(|message| message.header("x-mlflow-delivery-id")).collect();
        assert_eq!((received.len(), ids.len()), (3, 1), "one id for all attempts");
        assert_eq!(received[2].header("x-mlflow-timestamp"), "200");
        assert_eq!(received[2].body, received[0].body);

        let path = format!("/api/fettle/v1/webhooks/{id}/deliveries/{}", done["delivery_id"].as_str().expect("an id"));
        let whole = app.get(&path, &[]).await.ok();
        assert_eq!(whole["payload"], received[0].json());
        let statuses: Vec<&Value> = whole["attempts"].as_array().expect("a list").iter().map(|a| &a["response_status"]).collect();
        assert_eq!(statuses, [503, 429, 200]);
        assert_eq!(deliveries(&app, &id, &[("state", "failed")]).await.len(), 0);
        assert_eq!(deliveries(&app, &id, &[("state", "succeeded")]).await.len(), 1);
        let answer = app.get(&format!("/api/fettle/v1/webhooks/{id}/deliveries"), &[("state", "x")]).await;
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("INVALID_PARAMETER_VALUE")));
    }

    async fn attempts_end_and_a_failed_delivery_can_be_replayed(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        receiver.answer([Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
        let id = subscribe_to_models(&app, &receiver.url).await;
        create_model(&app, "m").await;
        for (attempts, state) in [(1, "pending"), (2, "pending"), (3, "failed")] {
            settled(&app, &id, state, attempts).await;
            app.clock.set(attempts * LATER_MS);
        }
        let failed = deliveries(&app, &id, &[]).await.remove(0);
        let path = format!("/api/fettle/v1/webhooks/{id}/deliveries/{}", failed["delivery_id"].as_str().expect("an id"));
        app.post(&format!("{path}/replay"), json!({})).await.ok();
        settled(&app, &id, "succeeded", 4).await;
        assert_eq!(receiver.received().len(), 4);
        // What has arrived can be asked for again, too, and is refused for good when the receiver says so.
        receiver.answer([Reply::Status(404)]);
        app.post(&format!("{path}/replay"), json!({})).await.ok();
        settled(&app, &id, "failed", 5).await;
        // A redirect is not followed.
        receiver.answer([Reply::Redirect("http://127.0.0.1:9/".to_owned())]);
        app.post(&format!("{path}/replay"), json!({})).await.ok();
        let refused = settled(&app, &id, "failed", 6).await;
        assert_eq!(refused["last_attempt"]["response_status"], 307);

        receiver.answer([Reply::Hang]);
        app.post(&format!("{path}/replay"), json!({})).await.ok();
        receiver.wait_for(7).await;
        let answer = app.post(&format!("{path}/replay"), json!({})).await;
        assert_eq!((answer.status, &answer.body["code"]), (409, &json!("RESOURCE_CONFLICT")), "{}", answer.body);
        for path in [format!("/api/fettle/v1/webhooks/{id}/deliveries/nope"), "/api/fettle/v1/webhooks/nope/deliveries".to_owned()] {
            assert_eq!(app.get(&path, &[]).await.status, 404);
        }
    }

    async fn a_delivery_survives_the_one_that_was_sending_it(db: Db) {
        let receiver = Receiver::start().await;
        receiver.answer([Reply::Hang]);
        let first = app(db.clone()).await;
        let id = subscribe_to_models(&first, &receiver.url).await;
        create_model(&first, "m").await;
        receiver.wait_for(1).await;
        drop(first);
        let second = app(db).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(receiver.received().len(), 1, "the lease has not ended");
        second.clock.set(LATER_MS);
        let received = receiver.wait_for(2).await;
        assert_eq!(received[0].header("x-mlflow-delivery-id"), received[1].header("x-mlflow-delivery-id"));
        for _ in 0..100 {
            if deliveries(&second, &id, &[("state", "succeeded")]).await.len() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the delivery is not settled");
    }

    async fn replicas_share_the_work(db: Db) {
        let receiver = Receiver::start().await;
        let replicas = [app(db.clone()).await, app(db.clone()).await, app(db).await];
        let id = subscribe_to_models(&replicas[0], &receiver.url).await;
        for number in 0..60 {
            create_model(&replicas[number % 3], &format!("m{number}")).await;
        }
        receiver.wait_for(60).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        let received = receiver.received();
        let names: HashSet<String> = received.iter().map(|message| message.json()["data"]["name"].to_string()).collect();
        assert_eq!((received.len(), names.len()), (60, 60), "each once");
        let page = replicas[1].get(&format!("/api/fettle/v1/webhooks/{id}/deliveries"), &[("max_results", "50")]).await.ok();
        assert_eq!(page["deliveries"].as_array().map(Vec::len), Some(50));
        let token = page["next_page_token"].as_str().expect("a token");
        assert_eq!(deliveries(&replicas[1], &id, &[("max_results", "50"), ("page_token", token)]).await.len(), 10);
    }

    async fn a_slow_receiver_does_not_hold_up_the_others(db: Db) {
        let app = app(db).await;
        let (slow, quick) = (Receiver::start().await, Receiver::start().await);
        slow.answer(vec![Reply::Hang; 100]);
        subscribe_to_models(&app, &slow.url).await;
        subscribe_to_models(&app, &quick.url).await;
        for number in 0..30 {
            create_model(&app, &format!("m{number}")).await;
        }
        quick.wait_for(30).await;
        assert!((1..=4).contains(&slow.received().len()), "a few at once, and no more");
    }

    async fn old_deliveries_go(db: Db) {
        let receiver = Receiver::start().await;
        let first = app(db.clone()).await;
        let id = subscribe_to_models(&first, &receiver.url).await;
        create_model(&first, "m").await;
        settled(&first, &id, "succeeded", 1).await;
        drop(first);
        let later = TestApp::at(db, settings(), 8 * 24 * 60 * 60 * 1000).await;
        for _ in 0..200 {
            if deliveries(&later, &id, &[]).await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the delivery is kept for ever");
    }

    async fn a_webhook_that_is_away_holds_a_bounded_number(db: Db) {
        let mut settings = settings();
        settings.webhooks.pending_max = 3;
        let first = TestApp::with(db.clone(), settings.clone()).await;
        let id = subscribe_to_models(&first, "http://127.0.0.1:9/nobody").await;
        for name in ["a", "b", "c", "d", "e"] {
            create_model(&first, name).await;
        }
        // What is too much is given up soon after a start, and every half minute from then on.
        let second = TestApp::with(db, settings).await;
        for _ in 0..500 {
            if deliveries(&second, &id, &[("state", "failed")]).await.len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let failed = deliveries(&second, &id, &[("state", "failed")]).await;
        let errors: Vec<&Value> = failed.iter().map(|delivery| &delivery["last_attempt"]["error"]).collect();
        assert_eq!(errors, ["more than 3 deliveries were waiting for this receiver"; 2]);
        assert_eq!(deliveries(&second, &id, &[("state", "pending")]).await.len(), 3);
        let path = format!("/api/fettle/v1/webhooks/{id}/deliveries/{}/replay", failed[0]["delivery_id"].as_str().expect("an id"));
        second.post(&path, json!({})).await.ok();
    }

    async fn a_test_call_shows_what_came_back(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        let id = subscribe(&app, &receiver.url, json!([event("PROMPT_VERSION", "CREATED"), event("MODEL_VERSION", "CREATED")])).await;
        let path = format!("webhooks/{id}/test");
        assert_eq!(app.post(&path, json!({})).await.ok(), json!({ "result": { "success": true, "response_status": 200, "response_body": "heard" } }));
        let first = receiver.received().remove(0);
        assert_eq!(
            first.body,
            r#"{"entity": "model_version", "action": "created", "timestamp": "1970-01-01T00:00:01+00:00", "data": {"name": "example_model", "version": "1", "source": "models:/123", "run_id": "abcd1234abcd5678", "tags": {"example_key": "example_value"}, "description": "An example model version"}}"#
        );
        assert!(first.header("x-mlflow-signature").starts_with("v1,"));
        app.post(&path, json!({ "event": event("BUDGET_POLICY", "EXCEEDED") })).await.ok();
        assert_eq!(receiver.received()[1].json()["data"]["current_spend"], 105.5);
        receiver.answer([Reply::Status(404), Reply::Redirect("http://127.0.0.1:9/".to_owned())]);
        assert_eq!(app.post(&path, json!({})).await.ok(), json!({ "result": { "success": false, "response_status": 404, "response_body": "heard" } }));
        let redirected = app.post(&path, json!({})).await.ok();
        assert_eq!((&redirected["result"]["success"], &redirected["result"]["response_status"]), (&json!(false), &json!(307)));
        app.post(&path, json!({ "event": event("PROMPT", "DELETED") })).await.refused("INVALID_PARAMETER_VALUE", "Invalid action 'deleted'");
        app.post(&path, json!({ "event": {} })).await.refused("INVALID_PARAMETER_VALUE", "event.entity");
        app.patch(&format!("webhooks/{id}"), json!({ "url": "http://127.0.0.1:1/x" })).await.ok();
        let unreachable = app.post(&path, json!({})).await.ok();
        let message = unreachable["result"]["error_message"].as_str().expect("a message");
        assert!(unreachable["result"]["success"] == false && message.contains("cannot be reached"), "{unreachable}");
        assert_eq!(deliveries(&app, &id, &[]).await.len(), 0, "a test leaves no trace");
    }

    async fn secrets_stay_secret(db: Db) {
        let app = app(db.clone()).await;
        let receiver = Receiver::start().await;
        let body = json!({ "name": "w", "url": receiver.url, "events": [event("REGISTERED_MODEL", "CREATED")], "secret": "hunter2-hunter2" });
        let made = app.post("webhooks", body).await.ok();
        let id = made["webhook"]["webhook_id"].as_str().expect("an id").to_owned();
        app.patch(&format!("webhooks/{id}"), json!({ "secret": "hunter2-changed" })).await.ok();
        create_model(&app, "m").await;
        receiver.wait_for(1).await;
        for shown in [made, app.get("webhooks", &[]).await.ok(), app.get("/api/fettle/v1/audit", &[]).await.ok()] {
            assert!(!shown.to_string().contains("hunter2"), "{shown}");
        }
        let sealed: Vec<Vec<u8>> = db.read(|tx| tx.query("SELECT secret FROM webhooks", params![], |row| row.get(0))).await.expect("a row");
        assert!(sealed[0].len() > 30 && !sealed[0].windows(7).any(|window| window == b"hunter2"));

        // A server with another key does not send without a signature, and says why.
        drop(app);
        let other_key = SecretKeys::new("AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", None).expect("a valid key");
        let other = TestApp::with(db.clone(), Settings { secret_keys: Arc::new(other_key), ..settings() }).await;
        create_model(&other, "m2").await;
        for _ in 0..500 {
            let pending = deliveries(&other, &id, &[("state", "pending")]).await;
            if let Some(error) = pending.first().and_then(|pending| pending["last_attempt"]["error"].as_str()) {
                assert!(error.contains("FETTLE_SECRET_KEY"), "{error}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(receiver.received().len(), 1);
        other.post(&format!("webhooks/{id}/test"), json!({})).await.refused("INVALID_PARAMETER_VALUE", "FETTLE_SECRET_KEY");

        // Without any key nothing is kept in plain text instead.
        let keyless = TestApp::with(db, Settings { secret_keys: Arc::default(), ..settings() }).await;
        let body = json!({ "name": "w", "url": receiver.url, "events": [event("PROMPT", "CREATED")], "secret": "s" });
        keyless.post("webhooks", body).await.refused("INVALID_PARAMETER_VALUE", "FETTLE_SECRET_KEY");
    }

    async fn a_host_that_moves_inside_is_not_connected_to(db: Db) {
        // The name was public when the webhook was made; what it stands for now is found out at the connection.
        let app = app(db.clone()).await;
        let id = subscribe_to_models(&app, "http://127.0.0.1:9/").await;
        db.write(|tx| tx.execute("UPDATE webhooks SET url = 'http://localhost:9/'", &[])).await.expect("a row");
        create_model(&app, "m").await;
        let refused = settled(&app, &id, "failed", 1).await;
        let error = refused["last_attempt"]["error"].as_str().expect("a reason");
        assert!(error.contains("non-public IP address"), "{error}");
    }
}

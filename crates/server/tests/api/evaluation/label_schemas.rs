//! `label-schemas/...`

use super::{ABSENT, INVALID, TAKEN, v3};
use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

async fn create(app: &TestApp, name: &str, kind: &str, input: Value) -> Value {
    let body = json!({ "experiment_id": "0", "name": name, "type": kind, "input": input });
    app.post(&v3("label-schemas/create"), body).await.ok()["label_schema"].take()
}

on_both_databases! { MIGRATIONS;
    async fn questions_are_asked_and_changed(db: Db) {
        let app = TestApp::new(db).await;
        let input = json!({ "categorical": { "options": ["a", "b"], "multi_select": true } });
        let schema = create(&app, "cat", "EXPECTATION", input.clone()).await;
        let id = schema["schema_id"].clone();
        assert!(id.as_str().is_some_and(|id| id.starts_with("ls-") && id.len() == 35), "{id}");
        assert_eq!((&schema["input"], &schema["type"]), (&input, &json!("EXPECTATION")));
        assert_eq!((&schema["enable_comment"], &schema["is_default"]), (&json!(false), &json!(false)));
        assert!(schema.get("instruction").is_none());
        let numeric = create(&app, "num", "FEEDBACK", json!({ "numeric": { "min_value": 0 } })).await;
        assert_eq!(numeric["input"], json!({ "numeric": { "min_value": 0.0 } }));

        app.clock.set(2000);
        let update = async |change: Value| {
            let mut body = change;
            body["schema_id"] = id.clone();
            app.patch(&v3("label-schemas/update"), body).await
        };
        let changed = update(json!({ "name": "kitty", "instruction": "hm", "enable_comment": true })).await.ok();
        let changed = &changed["label_schema"];
        assert_eq!((&changed["name"], &changed["instruction"], &changed["last_updated_at"]), (&json!("kitty"), &json!("hm"), &json!(2000)));
        update(json!({ "input": { "categorical": { "options": ["c"], "multi_select": true } } })).await.ok();
        update(json!({ "input": { "categorical": { "options": ["c"] } } })).await.refused(INVALID, "multi_select");
        update(json!({ "input": { "text": {} } })).await.refused(INVALID, "cannot be changed after creation");
        update(json!({ "name": "num" })).await.refused(TAKEN, "already exists");
        update(json!({ "name": "" })).await.refused(INVALID, "non-empty");

        let by_name = [("experiment_id", "0"), ("name", "kitty")];
        let found = app.get(&v3("label-schemas/get-by-name"), &by_name).await.ok();
        assert_eq!(found["label_schema"]["schema_id"], id);
        app.delete(&v3("label-schemas/delete"), json!({ "schema_id": id })).await.ok();
        app.delete(&v3("label-schemas/delete"), json!({ "schema_id": id })).await.ok();
        app.get(&v3("label-schemas/get-by-name"), &by_name).await.refused(ABSENT, "'kitty'");
    }

    async fn every_experiment_has_one_question(db: Db) {
        let app = TestApp::new(db).await;
        let list = async || app.get(&v3("label-schemas/list"), &[("experiment_id", "0")]).await.ok();
        let first = list().await;
        let default = &first["label_schemas"][0];
        assert_eq!((&default["name"], &default["is_default"]), (&json!("Feedback"), &json!(true)));
        assert_eq!((&default["input"], &first["next_page_token"]), (&json!({ "text": {} }), &json!("")));
        assert_eq!(list().await, first, "it is made once");
        let id = &default["schema_id"];
        app.delete(&v3("label-schemas/delete"), json!({ "schema_id": id })).await.refused(INVALID, "default question");
        app.patch(&v3("label-schemas/update"), json!({ "schema_id": id, "name": "x" })).await.refused(INVALID, "default question");
        create(&app, "x", "FEEDBACK", json!({ "text": {} })).await;
        let query = [("experiment_id", "0"), ("max_results", "1")];
        let page = app.get(&v3("label-schemas/list"), &query).await.ok();
        assert_eq!(page["label_schemas"][0]["name"], "x", "newest first");
        assert_ne!(page["next_page_token"], "");
        app.get(&v3("label-schemas/list"), &[("experiment_id", "99")]).await.refused(ABSENT, "id=99");
    }

    async fn bad_questions_are_refused(db: Db) {
        let app = TestApp::new(db).await;
        let refused = async |body: Value, code: &str, part: &str| {
            let mut body = body;
            body["experiment_id"] = json!("0");
            app.post(&v3("label-schemas/create"), body).await.refused(code, part);
        };
        let text = json!({ "text": {} });
        create(&app, "x", "FEEDBACK", text.clone()).await;
        refused(json!({ "name": "x", "type": "FEEDBACK", "input": text }), TAKEN, "already exists").await;
        refused(json!({ "name": " feedback ", "type": "FEEDBACK", "input": text }), INVALID, "reserved").await;
        refused(json!({ "name": "y", "input": text }), INVALID, "`type`").await;
        refused(json!({ "name": "y", "type": "BOGUS", "input": text }), INVALID, "`type`").await;
        refused(json!({ "name": "y", "type": 1 }), INVALID, "`input`").await;
        refused(json!({ "name": "y", "type": 1, "input": { "text": {}, "numeric": {} } }), INVALID, "exactly one").await;
        refused(json!({ "name": "y", "type": 1, "input": "t" }), INVALID, "'input'").await;
        refused(json!({ "name": "n".repeat(251), "type": 1, "input": text }), INVALID, "at most 250").await;
    }
}

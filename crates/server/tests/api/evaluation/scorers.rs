//! `scorers/...`

use super::{ABSENT, INVALID, v3};
use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

async fn register(app: &TestApp, name: &str) -> Value {
    let body = json!({ "experiment_id": "0", "name": name, "serialized_scorer": "{}" });
    app.post(&v3("scorers/register"), body).await.ok()
}

async fn list(app: &TestApp, path: &str, query: &[(&str, &str)]) -> Vec<(String, i64)> {
    let answer = app.get(&v3(path), query).await.ok();
    let scorers = answer["scorers"].as_array().cloned().unwrap_or_default();
    let named = |scorer: &Value| {
        let name = scorer["scorer_name"].as_str().expect("a name").to_owned();
        (name, scorer["scorer_version"].as_i64().expect("a version"))
    };
    scorers.iter().map(named).collect()
}

fn pair(name: &str, version: i64) -> (String, i64) {
    (name.to_owned(), version)
}

on_both_databases! { MIGRATIONS;
    async fn a_scorer_has_versions(db: Db) {
        let app = TestApp::new(db).await;
        let first = register(&app, "s").await;
        let second = register(&app, "s").await;
        register(&app, "b").await;
        assert_eq!((&first["version"], &second["version"]), (&json!(1), &json!(2)));
        assert_eq!(first["scorer_id"], second["scorer_id"]);
        assert_eq!(first["experiment_id"], "0");
        let of = [("experiment_id", "0"), ("name", "s")];
        assert_eq!(list(&app, "scorers/list", &of[..1]).await, [pair("b", 1), pair("s", 2)]);
        assert_eq!(list(&app, "scorers/list", &[]).await, [pair("b", 1), pair("s", 2)]);
        let several = [("experiment_ids", "0"), ("experiment_ids", "99")];
        assert_eq!(list(&app, "scorers/list", &several).await, [pair("b", 1), pair("s", 2)]);
        assert_eq!(list(&app, "scorers/versions", &of).await, [pair("s", 1), pair("s", 2)]);
        let newest = app.get(&v3("scorers/get"), &of).await.ok();
        assert_eq!((&newest["scorer"]["scorer_version"], &newest["scorer"]["experiment_id"]), (&json!(2), &json!(0)));
        let old = app.get(&v3("scorers/get"), &[of[0], of[1], ("version", "1")]).await.ok();
        assert_eq!(old["scorer"]["scorer_version"], 1);

        let delete = json!({ "experiment_id": "0", "name": "s", "version": 1 });
        app.delete(&v3("scorers/delete"), delete.clone()).await.ok();
        app.delete(&v3("scorers/delete"), delete).await.refused(ABSENT, "and version 1 not found");
        assert_eq!(list(&app, "scorers/versions", &of).await, [pair("s", 2)]);
        app.delete(&v3("scorers/delete"), json!({ "experiment_id": "0", "name": "s" })).await.ok();
        app.get(&v3("scorers/get"), &of).await.refused(ABSENT, "Scorer with name 's' not found");
        app.get(&v3("scorers/versions"), &of).await.refused(ABSENT, "Scorer with name 's' not found");
    }

    async fn scorers_that_cannot_be_kept_are_refused(db: Db) {
        let app = TestApp::new(db).await;
        let refused = async |experiment: &str, name: &str, serialized: &str, code: &str, part: &str| {
            let body = json!({ "experiment_id": experiment, "name": name, "serialized_scorer": serialized });
            app.post(&v3("scorers/register"), body).await.refused(code, part);
        };
        refused("", "s", "{}", INVALID, "experiment_id").await;
        refused("0", " ", "{}", INVALID, "only whitespace").await;
        refused("0", "s", "{", INVALID, "valid JSON").await;
        refused("0", "s", "[]", INVALID, "JSON object").await;
        refused("0", "s", r#"{"call_source": "return 1"}"#, INVALID, "@scorer decorator").await;
        refused("99", "s", "{}", ABSENT, "id=99").await;
        refused("abc", "s", "{}", INVALID, "Invalid experiment ID").await;
        let both = [("experiment_id", "0"), ("experiment_ids", "0")];
        app.get(&v3("scorers/list"), &both).await.refused(INVALID, "both");
        app.get(&v3("scorers/list"), &[("experiment_id", "99")]).await.refused(ABSENT, "id=99");
        app.post("experiments/delete", json!({ "experiment_id": "0" })).await.ok();
        refused("0", "s", "{}", INVALID, "must be in the 'active' state").await;
    }

    async fn a_scorer_runs_on_new_traces_never(db: Db) {
        let app = TestApp::new(db).await;
        let scorer = register(&app, "s").await;
        let id = scorer["scorer_id"].as_str().expect("an id");
        let set = async |rate: Value, filter: Value| {
            let body = json!({ "experiment_id": "0", "name": "s", "sample_rate": rate, "filter_string": filter });
            app.send(axum::http::Method::PUT, &v3("scorers/online-config"), Some(body)).await
        };
        set(json!(0), Value::Null).await.ok();
        let config = set(json!("0"), json!("status = 'OK'")).await.ok();
        assert_eq!((&config["config"]["sample_rate"], &config["config"]["scorer_id"]), (&json!(0.0), &json!(id)));
        let configs = app.get(&v3("scorers/online-configs"), &[("scorer_ids", id)]).await.ok();
        assert_eq!(configs, json!({ "configs": [config["config"]] }));
        set(json!(0.5), Value::Null).await.refused(INVALID, "does not use a gateway model");
        set(json!(0), json!("nope")).await.refused(INVALID, "nope");
        set(json!(2), Value::Null).await.refused(INVALID, "between 0.0 and 1.0");
        set(json!("abc"), Value::Null).await.refused(INVALID, "sample_rate");
        let none = app.get(&v3("scorers/online-configs"), &[("scorer_ids", "x")]).await.ok();
        assert_eq!(none, json!({ "configs": [] }));
    }
}

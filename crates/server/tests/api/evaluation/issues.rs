//! `issues`

use super::{ABSENT, INVALID, v3};
use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

async fn create(app: &TestApp, name: &str, mut body: Value) -> String {
    body["experiment_id"] = json!("0");
    body["name"] = json!(name);
    body["description"] = json!("d");
    let answer = app.post(&v3("issues"), body).await.ok();
    answer["issue"]["issue_id"].as_str().expect("an id").to_owned()
}

async fn search(app: &TestApp, body: Value) -> Vec<String> {
    let answer = app.post(&v3("issues/search"), body).await.ok();
    let issues = answer["issues"].as_array().cloned().unwrap_or_default();
    let name = |issue: &Value| issue["name"].as_str().expect("a name").to_owned();
    issues.iter().map(name).collect()
}

on_both_databases! { MIGRATIONS;
    async fn issues_are_kept_changed_and_found(db: Db) {
        let app = TestApp::new(db).await;
        let full = json!({
            "status": "resolved", "severity": "low", "root_causes": ["a", "b"], "categories": ["c"], "source_run_id": "r",
            "created_by": "me",
        });
        let id = create(&app, "full", full.clone()).await;
        assert!(id.starts_with("iss-") && id.len() == 36, "{id}");
        let issue = app.get(&v3(&format!("issues/{id}")), &[]).await.ok();
        for (key, value) in full.as_object().expect("an object") {
            assert_eq!(issue["issue"][key], *value, "{key}");
        }
        app.clock.set(2000);
        let plain = create(&app, "plain", json!({})).await;
        create(&app, "high", json!({ "severity": "high" })).await;
        assert_eq!(search(&app, json!({ "experiment_id": "0" })).await, ["high", "full", "plain"]);
        let check = async |filter: &str, expected: &[&str]| {
            assert_eq!(search(&app, json!({ "filter_string": filter })).await, expected, "{filter}");
        };
        check("status = 'resolved'", &["full"]).await;
        check("status = resolved AND source_run_id != 'x'", &["full"]).await;
        check("status != 'resolved'", &["high", "plain"]).await;
        let counted = app.post(&v3("issues/search"), json!({ "include_trace_count": true, "max_results": 1 })).await.ok();
        assert_eq!(counted["issues"][0]["trace_count"], 0);
        assert_ne!(counted["next_page_token"], "");

        let path = v3(&format!("issues/{plain}"));
        let change = json!({ "issue_id": plain, "status": "rejected", "severity": "medium", "name": "" });
        let changed = app.patch(&path, change).await.ok();
        assert_eq!((&changed["issue"]["status"], &changed["issue"]["name"]), (&json!("rejected"), &json!("plain")));
        app.patch(&path, json!({ "status": "pending" })).await.refused(INVALID, "issue_id");
        app.patch(&path, json!({ "issue_id": plain, "status": "BOGUS" })).await.refused(INVALID, "BOGUS");
        app.get(&v3("issues/x"), &[]).await.refused(ABSENT, "'x'");
        app.post(&v3("issues"), json!({ "experiment_id": "99", "name": "n", "description": "d" })).await.refused(ABSENT, "id=99");
        app.post(&v3("issues"), json!({ "experiment_id": "0", "name": "n" })).await.refused(INVALID, "description");
        for body in [json!({ "filter_string": "name = 'n'" }), json!({ "max_results": 0 }), json!({ "page_token": "zz" })] {
            app.post(&v3("issues/search"), body).await.refused(INVALID, "");
        }
    }
}

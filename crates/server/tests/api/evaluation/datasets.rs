//! `datasets/...`, and `experiments/search-datasets` beside it

use super::{ABSENT, INVALID, v3};
use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

async fn create(app: &TestApp, body: Value) -> String {
    let answer = app.post(&v3("datasets/create"), body).await.ok();
    answer["dataset"]["dataset_id"].as_str().expect("an id").to_owned()
}

async fn get(app: &TestApp, id: &str) -> Value {
    app.get(&v3(&format!("datasets/{id}")), &[]).await.ok()["dataset"].take()
}

async fn upsert(app: &TestApp, id: &str, records: Value) -> Value {
    let body = json!({ "records": records.to_string() });
    app.post(&v3(&format!("datasets/{id}/records")), body).await.ok()
}

async fn records(app: &TestApp, id: &str, query: &[(&str, &str)]) -> (Vec<Value>, Option<String>) {
    let answer = app.get(&v3(&format!("datasets/{id}/records")), query).await.ok();
    let text = answer["records"].as_str().expect("records");
    let token = answer["next_page_token"].as_str().map(str::to_owned);
    (serde_json::from_str(text).expect("a list"), token)
}

/// Names found, in their order.
async fn search(app: &TestApp, body: Value) -> Vec<String> {
    let answer = app.post(&v3("datasets/search"), body).await.ok();
    let datasets = answer["datasets"].as_array().cloned().unwrap_or_default();
    let name = |dataset: &Value| dataset["name"].as_str().expect("a name").to_owned();
    datasets.iter().map(name).collect()
}

on_both_databases! { MIGRATIONS;
    async fn a_dataset_is_created_tagged_tied_and_deleted(db: Db) {
        let app = TestApp::new(db).await;
        let tags = json!({ "mlflow.user": "ann", "k": "v" }).to_string();
        let body = json!({ "name": "ds", "experiment_ids": ["0"], "tags": tags });
        let created = app.post(&v3("datasets/create"), body).await.ok();
        let dataset = &created["dataset"];
        let id = dataset["dataset_id"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("d-") && id.len() == 34, "{id}");
        assert_eq!(dataset["experiment_ids"], json!(["0"]));
        assert_eq!(dataset["created_by"], "ann");
        assert_eq!(dataset["digest"].as_str().map(str::len), Some(8));
        assert!(dataset.get("schema").is_none() && dataset.get("profile").is_none());

        let tags = json!({ "n": 3, "b": true, "k": "w", "none": null }).to_string();
        app.patch(&v3(&format!("datasets/{id}/tags")), json!({ "tags": tags })).await.ok();
        app.delete(&v3(&format!("datasets/{id}/tags/n")), json!({})).await.ok();
        app.delete(&v3(&format!("datasets/{id}/tags/n")), json!({})).await.ok();
        let dataset = get(&app, &id).await;
        let tags: Value = serde_json::from_str(dataset["tags"].as_str().expect("text")).expect("JSON");
        assert_eq!(tags, json!({ "mlflow.user": "ann", "k": "w", "b": "True" }));
        assert!(dataset.get("experiment_ids").is_none(), "only the answer to `create` has it");

        let other = app.post("experiments/create", json!({ "name": "other" })).await.ok();
        let other = other["experiment_id"].as_str().expect("an id").to_owned();
        let ties = json!({ "experiment_ids": [other, "0"] });
        app.post(&v3(&format!("datasets/{id}/add-experiments")), ties).await.ok();
        let path = v3(&format!("datasets/{id}/experiment-ids"));
        assert_eq!(app.get(&path, &[]).await.ok(), json!({ "experiment_ids": ["0", other] }));
        let ties = json!({ "experiment_ids": ["0", "5555", "abc"] });
        app.post(&v3(&format!("datasets/{id}/remove-experiments")), ties).await.ok();
        assert_eq!(app.get(&path, &[]).await.ok(), json!({ "experiment_ids": [other] }));

        app.delete(&v3(&format!("datasets/{id}")), json!({})).await.ok();
        app.delete(&v3(&format!("datasets/{id}")), json!({})).await.ok();
        app.get(&v3(&format!("datasets/{id}")), &[]).await.refused(ABSENT, "not found");
        assert_eq!(app.get(&path, &[]).await.ok(), json!({}));
        let audit = app.get("/api/fettle/v1/audit", &[]).await.ok();
        let actions: Vec<&str> = audit["entries"].as_array().expect("entries").iter().rev()
            .filter(|entry| entry["entity_id"] == *id)
            .map(|entry| entry["action"].as_str().expect("text")).collect();
        assert_eq!(actions, ["create", "set_tags", "delete_tag", "add_experiments", "remove_experiments", "delete"]);
    }

    async fn records_with_equal_inputs_are_one(db: Db) {
        let app = TestApp::new(db).await;
        let id = create(&app, json!({ "name": "ds" })).await;
        let batch = json!([
            { "inputs": { "q": "a", "n": 1 }, "expectations": { "e": "x" }, "tags": { "mlflow.user": "bob" },
              "source": { "source_type": "human", "source_data": { "user": "u" } } },
            { "inputs": { "n": 1, "q": "a" }, "expectations": { "e2": [1, 2] }, "outputs": { "o": 1.5 } },
            { "inputs": { "q": "é", "f": 1.0 }, "source": { "source_type": "TRACE", "source_data": { "trace_id": "tr-1" } } },
            { "outputs": null },
        ]);
        assert_eq!(upsert(&app, &id, batch).await, json!({ "inserted_count": 3, "updated_count": 1 }));
        let (found, token) = records(&app, &id, &[]).await;
        assert_eq!((found.len(), token), (3, None));
        let merged = &found[0];
        assert_eq!(merged["expectations"], json!({ "e": "x", "e2": [1, 2] }));
        assert_eq!(merged["outputs"], json!({ "o": 1.5 }));
        assert_eq!(merged["source"], json!({ "source_type": "HUMAN", "source_data": { "user": "u" } }));
        assert_eq!((&merged["created_by"], &merged["source_type"]), (&json!("bob"), &json!("HUMAN")));
        assert_eq!(found[1]["source_id"], "tr-1");
        assert_eq!(found[1]["outputs"], json!({}), "a record without outputs has empty ones");
        assert!(found[2].get("outputs").is_none() && found[2]["inputs"] == json!({}));

        let dataset = get(&app, &id).await;
        assert_eq!(
            dataset["schema"],
            r#"{"inputs": {"n": "integer", "q": "string", "f": "float"}, "outputs": {"o": "float"}, "expectations": {"e": "string", "e2": "array"}, "version": "1.0"}"#
        );
        assert_eq!((&dataset["profile"], &dataset["last_updated_by"]), (&json!(r#"{"num_records": 3}"#), &json!("bob")));

        let (page, token) = records(&app, &id, &[("max_results", "2")]).await;
        assert_eq!(page, found[..2]);
        let token = token.expect("a token");
        let (page, token) = records(&app, &id, &[("max_results", "2"), ("page_token", &token)]).await;
        assert_eq!((page.as_slice(), token), (&found[2..], None));

        let ids: Vec<&Value> = found.iter().map(|record| &record["dataset_record_id"]).collect();
        let path = v3(&format!("datasets/{id}/records"));
        let gone = app.delete(&path, json!({ "dataset_record_ids": [ids[0], "dr-nope"] })).await.ok();
        assert_eq!(gone, json!({ "deleted_count": 1 }));
        assert_eq!(get(&app, &id).await["profile"], r#"{"num_records": 2}"#);
        let gone = app.delete(&path, json!({ "dataset_record_ids": [ids[1], ids[2]] })).await.ok();
        assert_eq!(gone, json!({ "deleted_count": 2 }));
        assert_eq!(get(&app, &id).await["profile"], "null");
    }

    async fn bad_records_and_datasets_are_refused(db: Db) {
        let app = TestApp::new(db).await;
        let create_path = v3("datasets/create");
        app.post(&create_path, json!({})).await.refused(INVALID, "'name'");
        app.post(&create_path, json!({ "name": "x", "tags": "{" })).await.refused(INVALID, "'tags'");
        app.post(&create_path, json!({ "name": "x", "experiment_ids": ["99"] })).await.refused(ABSENT, "id=99");
        app.post(&create_path, json!({ "name": "x", "experiment_ids": ["abc"] })).await.refused(ABSENT, "id=abc");
        let id = create(&app, json!({ "name": "ds" })).await;
        let path = v3(&format!("datasets/{id}/records"));
        for (records, part) in [("[", "JSON list"), ("{}", "JSON list"), ("[1]", "records[0]"), (r#"[{"inputs":[1]}]"#, "inputs")] {
            app.post(&path, json!({ "records": records })).await.refused(INVALID, part);
        }
        app.post(&path, json!({})).await.refused(INVALID, "'records'");
        app.get(&path, &[("page_token", "zzz")]).await.refused(INVALID, "page token");
        app.get(&path, &[("max_results", "-1")]).await.refused(INVALID, "max_results");
        let absent = v3("datasets/d-nope/records");
        app.post(&absent, json!({ "records": "[]" })).await.refused(ABSENT, "d-nope");
        assert_eq!(app.get(&absent, &[]).await.ok(), json!({ "records": "[]" }));
        let nothing = app.delete(&absent, json!({ "dataset_record_ids": ["x"] })).await.ok();
        assert_eq!(nothing, json!({ "deleted_count": 0 }));
        let tags = json!({ "tags": "{}" });
        app.patch(&v3("datasets/d-nope/tags"), tags).await.refused(ABSENT, "d-nope");
        let ties = json!({ "experiment_ids": ["99"] });
        app.post(&v3(&format!("datasets/{id}/add-experiments")), ties).await.refused(ABSENT, "id=99");
    }

    async fn datasets_are_searched(db: Db) {
        let app = TestApp::new(db).await;
        for (time, name, user) in [(1, "b", "ann"), (2, "a", "bob"), (3, "c", "ann")] {
            app.clock.set(time);
            let tags = json!({ "mlflow.user": user, "my tag": name }).to_string();
            create(&app, json!({ "name": name, "experiment_ids": ["0"], "tags": tags })).await;
        }
        create(&app, json!({ "name": "untied" })).await;
        let check = async |filter: &str, expected: &[&str]| {
            let found = search(&app, json!({ "experiment_ids": ["0"], "filter_string": filter })).await;
            assert_eq!(found, expected, "{filter}");
        };
        check("", &["c", "a", "b"]).await;
        check("name IN ('a', 'c')", &["c", "a"]).await;
        check("created_by = 'ann' AND created_time > 1", &["c"]).await;
        check("name ILIKE 'B'", &["b"]).await;
        check("tags.`my tag` != 'a'", &["c", "b"]).await;
        let order = json!({ "experiment_ids": ["0"], "order_by": ["name DESC"] });
        assert_eq!(search(&app, order).await, ["c", "b", "a"]);
        assert_eq!(search(&app, json!({ "filter_string": "name = 'untied'" })).await, ["untied"]);
        assert!(search(&app, json!({ "experiment_ids": ["abc"] })).await.is_empty());

        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let query = [("max_results", "1"), ("experiment_ids", "0"), ("page_token", token.as_str())];
            let page = app.get(&v3("datasets/search"), &query).await.ok();
            all.push(page["datasets"][0]["name"].as_str().expect("a name").to_owned());
            let Some(next) = page["next_page_token"].as_str() else { break };
            next.clone_into(&mut token);
        }
        assert_eq!(all, ["c", "a", "b"]);
        for body in [
            json!({ "filter_string": "name = 'a' OR name = 'b'" }), json!({ "order_by": ["bogus"] }),
            json!({ "max_results": 0 }), json!({ "max_results": 50001 }), json!({ "page_token": "zzz" }),
        ] {
            app.post(&v3("datasets/search"), body).await.refused(INVALID, "");
        }
    }

    async fn the_datasets_that_runs_used_are_summed_up(db: Db) {
        let app = TestApp::new(db).await;
        let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
        let run_id = &run["run"]["info"]["run_id"];
        for (name, tags) in [("a", json!([{ "key": "mlflow.data.context", "value": "train" }])), ("b", json!([]))] {
            let dataset = json!({ "name": name, "digest": "1", "source_type": "local", "source": "{}" });
            let body = json!({ "run_id": run_id, "datasets": [{ "dataset": dataset, "tags": tags }] });
            app.post("runs/log-inputs", body).await.ok();
        }
        let path = "/ajax-api/2.0/mlflow/experiments/search-datasets";
        assert_eq!(
            app.post(path, json!({ "experiment_ids": ["0", "9999"] })).await.ok(),
            json!({ "dataset_summaries": [
                { "experiment_id": "0", "name": "a", "digest": "1", "context": "train" },
                { "experiment_id": "0", "name": "b", "digest": "1" },
            ] })
        );
        app.post(path, json!({})).await.refused(INVALID, "at least one experiment_id");
        app.post(path, json!({ "experiment_ids": vec!["0"; 21] })).await.refused(INVALID, "more than 20");
        app.post(path, json!({ "experiment_ids": ["abc"] })).await.refused(INVALID, "Invalid experiment ID 'abc'");
    }
}

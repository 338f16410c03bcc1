//! Experiments and runs over HTTP, on both databases.

use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const EXISTS: &str = "RESOURCE_ALREADY_EXISTS";

async fn create_experiment(app: &TestApp, name: &str) -> String {
    let answer = app.post("experiments/create", json!({ "name": name })).await.ok();
    answer["experiment_id"].as_str().expect("an id").to_owned()
}

async fn create_run(app: &TestApp, name: &str, start_time: i64) -> String {
    let body = json!({ "experiment_id": "0", "run_name": name, "start_time": start_time });
    let answer = app.post("runs/create", body).await.ok();
    answer["run"]["info"]["run_id"].as_str().expect("an id").to_owned()
}

async fn run(app: &TestApp, id: &str) -> Value {
    app.get("runs/get", &[("run_id", id)]).await.ok()["run"].take()
}

async fn log(app: &TestApp, id: &str, metrics: Value) {
    app.post("runs/log-batch", json!({ "run_id": id, "metrics": metrics }))
        .await
        .ok();
}

/// Names of the runs that a search finds, in its order.
async fn search(app: &TestApp, filter: &str, order_by: &[&str]) -> Vec<String> {
    let body = json!({ "experiment_ids": ["0"], "filter": filter, "order_by": order_by });
    run_names(&app.post("runs/search", body).await.ok())
}

fn run_names(answer: &Value) -> Vec<String> {
    let runs = answer["runs"].as_array().cloned().unwrap_or_default();
    runs.iter()
        .map(|run| run["info"]["run_name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Pairs of step and value of a history.
async fn history(app: &TestApp, id: &str, key: &str) -> Vec<(i64, Value)> {
    let answer = app
        .get("metrics/get-history", &[("run_id", id), ("metric_key", key)])
        .await
        .ok();
    let points = answer["metrics"].as_array().cloned().unwrap_or_default();
    points
        .iter()
        .map(|point| (point["step"].as_i64().expect("a step"), point["value"].clone()))
        .collect()
}

on_both_databases! { MIGRATIONS;
    async fn an_experiment_lives_and_dies_with_its_runs(db: Db) {
        let app = TestApp::new(db).await;
        let body = json!({ "name": "iris", "tags": [{ "key": "team", "value": "a" }] });
        let id = app.post("experiments/create", body).await.ok()["experiment_id"].as_str().expect("an id").to_owned();
        assert_eq!(id, "1");
        let expected = json!({ "experiment": {
            "experiment_id": "1", "name": "iris", "artifact_location": "mlflow-artifacts:/1", "lifecycle_stage": "active",
            "creation_time": 1000, "last_update_time": 1000, "workspace": "default", "tags": [{ "key": "team", "value": "a" }],
        }});
        assert_eq!(app.get("experiments/get", &[("experiment_id", &id)]).await.ok(), expected);
        assert_eq!(app.get("experiments/get-by-name", &[("experiment_name", "iris")]).await.ok(), expected);
        app.post("experiments/create", json!({ "name": "iris" })).await.refused(EXISTS, "iris");

        let body = json!({ "experiment_id": id });
        let run_id = app.post("runs/create", body.clone()).await.ok()["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
        app.clock.set(2000);
        app.post("experiments/delete", body.clone()).await.ok();
        let deleted = app.get("experiments/get", &[("experiment_id", &id)]).await.ok()["experiment"].take();
        assert_eq!((&deleted["lifecycle_stage"], &deleted["last_update_time"]), (&json!("deleted"), &json!(2000)));
        assert_eq!(run(&app, &run_id).await["info"]["lifecycle_stage"], "deleted");
        app.post("experiments/delete", body.clone()).await.refused(ABSENT, "id=1");
        app.post("runs/create", body.clone()).await.refused(INVALID, "'active' state");
        app.post("experiments/create", json!({ "name": "iris" })).await.refused(EXISTS, "iris");

        app.post("experiments/restore", body.clone()).await.ok();
        assert_eq!(run(&app, &run_id).await["info"]["lifecycle_stage"], "active");
        app.post("experiments/restore", body).await.refused(ABSENT, "id=1");
    }

    async fn experiments_are_renamed_tagged_and_found(db: Db) {
        let app = TestApp::new(db).await;
        for (time, name) in [(10, "alpha"), (20, "beta"), (30, "gamma")] {
            app.clock.set(time);
            create_experiment(&app, name).await;
        }
        app.post("experiments/update", json!({ "experiment_id": "1", "new_name": "beta" })).await.refused("BAD_REQUEST", "beta");
        app.post("experiments/update", json!({ "experiment_id": "1", "new_name": "omega" })).await.ok();
        let tag = json!({ "experiment_id": "2", "key": "k", "value": "v" });
        app.post("experiments/set-experiment-tag", tag).await.ok();
        let found = async |filter: &str, order: &[&str]| -> Vec<String> {
            let body = json!({ "max_results": 100, "filter": filter, "order_by": order });
            let answer = app.post("experiments/search", body).await.ok();
            let all = answer["experiments"].as_array().cloned().unwrap_or_default();
            all.iter().map(|experiment| experiment["name"].as_str().expect("a name").to_owned()).collect()
        };
        assert_eq!(found("", &["name"]).await, ["Default", "beta", "gamma", "omega"]);
        assert_eq!(found("", &[]).await, ["Default", "gamma", "beta", "omega"]);
        assert_eq!(found("name LIKE '%eta'", &[]).await, ["beta"]);
        assert_eq!(found("name ILIKE 'OM%'", &[]).await, ["omega"]);
        assert_eq!(found("tags.k = 'v'", &[]).await, ["beta"]);
        assert_eq!(found("creation_time > 10 AND creation_time < 1000", &[]).await, ["gamma", "beta"]);
        app.post("experiments/delete-experiment-tag", json!({ "experiment_id": "2", "key": "k" })).await.ok();
        app.post("experiments/delete-experiment-tag", json!({ "experiment_id": "2", "key": "k" })).await.refused(ABSENT, "k");
        assert!(found("tags.k = 'v'", &[]).await.is_empty());
    }

    async fn a_run_keeps_what_is_logged(db: Db) {
        let app = TestApp::new(db).await;
        let id = create_run(&app, "first", 5).await;
        app.post("runs/log-batch", json!({
            "run_id": id,
            "metrics": [{ "key": "m", "value": 1.5, "timestamp": 7, "step": 1 }, { "key": "m", "value": 0.5, "timestamp": 3, "step": 2 },
                        { "key": "n", "value": "NaN", "timestamp": 1 }, { "key": "i", "value": "-Infinity", "timestamp": "1" }],
            "params": [{ "key": "p", "value": "1" }, { "key": "ü p/x", "value": "" }],
            "tags": [{ "key": "t", "value": "a" }, { "key": "t", "value": "b" }],
        })).await.ok();
        let run = run(&app, &id).await;
        assert_eq!(run["data"]["metrics"], json!([
            { "key": "i", "value": -f64::MAX, "timestamp": 1, "step": 0 },
            { "key": "m", "value": 0.5, "timestamp": 3, "step": 2 },
            { "key": "n", "value": "NaN", "timestamp": 1, "step": 0 },
        ]));
        assert_eq!(run["data"]["params"], json!([{ "key": "p", "value": "1" }, { "key": "ü p/x", "value": "" }]));
        assert_eq!(run["data"]["tags"], json!([{ "key": "mlflow.runName", "value": "first" }, { "key": "t", "value": "b" }]));
        assert_eq!(run["info"]["artifact_uri"], format!("mlflow-artifacts:/0/{id}/artifacts"));
        assert_eq!(run["info"]["run_uuid"], run["info"]["run_id"]);

        let param = |value: &str| json!({ "run_id": id, "key": "p", "value": value });
        app.post("runs/log-parameter", param("1")).await.ok();
        app.post("runs/log-parameter", param("2")).await.refused(INVALID, "Changing param values is not allowed. Param with key='p' was already logged with value='1'");
        app.post("runs/log-batch", json!({ "run_id": id, "params": [{ "key": "p", "value": "2" }], "tags": [{ "key": "t", "value": "c" }] }))
            .await
            .refused(INVALID, "Params were already logged");
        app.post("runs/delete-tag", json!({ "run_id": id, "key": "t" })).await.ok();
        app.post("runs/delete-tag", json!({ "run_id": id, "key": "t" })).await.refused(ABSENT, "t");
    }

    async fn names_and_states_follow_updates(db: Db) {
        let app = TestApp::new(db).await;
        let id = create_run(&app, "first", 5).await;
        let answer = app.post("runs/update", json!({ "run_id": id, "status": "FINISHED", "end_time": 9, "run_name": "second" })).await.ok();
        assert_eq!(answer["run_info"]["status"], "FINISHED");
        assert_eq!((&answer["run_info"]["end_time"], &answer["run_info"]["run_name"]), (&json!(9), &json!("second")));
        assert_eq!(run(&app, &id).await["data"]["tags"], json!([{ "key": "mlflow.runName", "value": "second" }]));
        app.post("runs/set-tag", json!({ "run_uuid": id, "key": "mlflow.runName", "value": "third" })).await.ok();
        assert_eq!(run(&app, &id).await["info"]["run_name"], "third");
        app.post("runs/update", json!({ "run_id": id, "status": "BOGUS" })).await.ok();
        assert_eq!(run(&app, &id).await["info"]["status"], "FINISHED");

        app.post("runs/delete", json!({ "run_id": id })).await.ok();
        app.post("runs/set-tag", json!({ "run_id": id, "key": "a", "value": "b" })).await.refused(INVALID, "'active' state");
        assert!(search(&app, "", &[]).await.is_empty());
        app.post("runs/restore", json!({ "run_id": id })).await.ok();
        assert_eq!(search(&app, "", &[]).await, ["third"]);
        let tags = json!([{ "key": "mlflow.runName", "value": "y" }]);
        app.post("runs/create", json!({ "experiment_id": "0", "run_name": "x", "tags": tags })).await.refused(INVALID, "mlflow.runName");
    }

    async fn searches_filter_order_and_page(db: Db) {
        let app = TestApp::new(db).await;
        for (index, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
            let id = create_run(&app, name, 100 + index as i64).await;
            let value = match name { "d" => json!("NaN"), _ => json!(index) };
            if name != "e" {
                log(&app, &id, json!([{ "key": "loss", "value": value, "timestamp": 1 }])).await;
            }
            app.post("runs/log-parameter", json!({ "run_id": id, "key": "kind", "value": if index % 2 == 0 { "even" } else { "Odd" } })).await.ok();
        }
        assert_eq!(search(&app, "", &[]).await, ["e", "d", "c", "b", "a"]);
        // Values first, then NaN, then missing, in both directions.
        assert_eq!(search(&app, "", &["metrics.loss ASC"]).await, ["a", "b", "c", "d", "e"]);
        assert_eq!(search(&app, "", &["metrics.loss DESC"]).await, ["c", "b", "a", "d", "e"]);
        assert_eq!(search(&app, "metrics.loss >= 1", &["start_time"]).await, ["b", "c"]);
        assert_eq!(search(&app, "metrics.loss != 1", &["start_time"]).await, ["a", "c", "d"]);
        assert_eq!(search(&app, "params.kind = 'even' and metrics.loss < 2", &[]).await, ["a"]);
        assert_eq!(search(&app, "params.kind ILIKE 'odd'", &[]).await, ["d", "b"]);
        assert_eq!(search(&app, "params.kind LIKE 'odd'", &[]).await, [""; 0]);
        assert_eq!(search(&app, "params.none != 'x'", &[]).await, [""; 0]);
        assert_eq!(search(&app, "params.none IS NULL AND attributes.start_time > 103", &[]).await, ["e"]);
        assert_eq!(search(&app, "run_name LIKE '_' AND user_id = ''", &["run_name DESC"]).await, ["e", "d", "c", "b", "a"]);

        let mut found = Vec::new();
        let mut token = Value::Null;
        loop {
            let body = json!({ "experiment_ids": ["0"], "max_results": 2, "page_token": token, "order_by": ["run_name"] });
            let page = app.post("runs/search", body).await.ok();
            found.extend(run_names(&page));
            token = page["next_page_token"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!(found, ["a", "b", "c", "d", "e"]);
        assert_eq!(app.post("runs/search", json!({ "experiment_ids": [] })).await.ok(), json!({}));
    }

    async fn histories_are_kept_once_each_and_survive_folding(db: Db) {
        let app = TestApp::new(db).await;
        let id = create_run(&app, "r", 1).await;
        // More than a fold takes, in batches that overlap and run backwards.
        let batch = |first: i64| -> Value { (first..first + 1000).map(|step| json!({ "key": "m", "value": step, "timestamp": step, "step": step })).collect() };
        for first in (0..50).rev().map(|index| index * 800) {
            log(&app, &id, batch(first)).await;
        }
        let total = 40_200;
        for _ in 0..2 {
            let points = history(&app, &id, "m").await;
            assert_eq!(points.len(), total);
            assert!(points.iter().enumerate().all(|(index, (step, value))| *step == index as i64 && value.as_f64() == Some(index as f64)));
            // The second look is at folded blocks.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        let sampled = app.get("metrics/get-history-bulk-interval", &[("run_ids", &id), ("metric_key", "m"), ("max_results", "4")]).await.ok();
        let steps: Vec<i64> = sampled["metrics"].as_array().expect("points").iter().map(|point| point["step"].as_i64().expect("a step")).collect();
        assert_eq!(steps, [0, 10_050, 20_100, 40_199]);
        let page = app.get("metrics/get-history", &[("run_id", &id), ("metric_key", "m"), ("max_results", "25000")]).await.ok();
        let token = page["next_page_token"].as_str().expect("a token");
        let rest = app.get("metrics/get-history", &[("run_id", &id), ("metric_key", "m"), ("max_results", "25000"), ("page_token", token)]).await.ok();
        assert_eq!(rest["metrics"].as_array().map(Vec::len), Some(total - 25_000));
        assert!(rest["next_page_token"].is_null());
    }

    async fn inputs_and_outputs_are_linked_once(db: Db) {
        let app = TestApp::new(db).await;
        let id = create_run(&app, "r", 1).await;
        let dataset = json!({ "name": "d", "digest": "1", "source_type": "local", "source": "x", "schema": "s" });
        let inputs = json!({ "run_id": id, "datasets": [{ "dataset": dataset, "tags": [{ "key": "mlflow.data.context", "value": "train" }] }], "models": [{ "model_id": "m-1" }] });
        app.post("runs/log-inputs", inputs.clone()).await.ok();
        app.post("runs/log-inputs", inputs).await.ok();
        app.post("runs/outputs", json!({ "run_id": id, "models": [{ "model_id": "m-2", "step": "4" }] })).await.ok();
        let run = run(&app, &id).await;
        assert_eq!(run["inputs"]["dataset_inputs"], json!([{ "dataset": dataset, "tags": [{ "key": "mlflow.data.context", "value": "train" }] }]));
        assert_eq!(run["inputs"]["model_inputs"], json!([{ "model_id": "m-1" }]));
        assert_eq!(run["outputs"]["model_outputs"], json!([{ "model_id": "m-2", "step": 4 }]));
        assert_eq!(search(&app, "dataset.name = 'd' AND dataset.context = 'train'", &[]).await, ["r"]);
        assert_eq!(search(&app, "dataset.digest LIKE '2%'", &[]).await, [""; 0]);
    }

    async fn bad_requests_are_refused_by_name(db: Db) {
        let app = TestApp::new(db).await;
        let id = create_run(&app, "r", 1).await;
        let point = |field: &str, value: Value| {
            let mut point = json!({ "key": "m", "value": 1, "timestamp": 1 });
            point[field] = value;
            json!({ "run_id": id, "metrics": [{ "key": "ok", "value": 1, "timestamp": 1 }, point] })
        };
        for (path, body, code, part) in [
            ("experiments/create", json!({}), INVALID, "'name'"),
            ("experiments/create", json!({ "name": 5 }), INVALID, "'name'"),
            ("experiments/create", json!({ "name": "x".repeat(501) }), INVALID, "'name'"),
            ("experiments/create", json!({ "name": "a\0b" }), INVALID, "'name'"),
            ("experiments/create", json!({ "name": "x", "artifact_location": "s3://b/../c" }), INVALID, "'artifact_location'"),
            ("experiments/create", json!([1]), INVALID, "JSON object"),
            ("experiments/search", json!({}), INVALID, "'max_results'"),
            ("experiments/search", json!({ "max_results": 0 }), INVALID, "'max_results'"),
            ("experiments/search", json!({ "max_results": 5, "filter": "name > 'a'" }), INVALID, "'>'"),
            ("runs/create", json!({ "experiment_id": "x" }), INVALID, "'x'"),
            ("runs/create", json!({ "experiment_id": "99" }), ABSENT, "99"),
            ("runs/create", json!({ "experiment_id": "0", "tags": [{ "value": "v" }] }), INVALID, "'tags[0].key'"),
            ("runs/log-metric", json!({ "run_id": id, "key": "m", "timestamp": 1 }), INVALID, "'value'"),
            ("runs/log-metric", json!({ "run_id": id, "key": "m", "value": "abc", "timestamp": 1 }), INVALID, "'value'"),
            ("runs/log-metric", json!({ "run_id": "none", "key": "m", "value": 1, "timestamp": 1 }), ABSENT, "none"),
            ("runs/log-metric", json!({ "key": "m", "value": 1, "timestamp": 1 }), INVALID, "'run_id'"),
            ("runs/log-metric", json!({ "run_id": "../x", "key": "m", "value": 1, "timestamp": 1 }), INVALID, "'run_id'"),
            ("runs/log-batch", point("key", json!("a//b")), INVALID, "'metrics[1].key'"),
            ("runs/log-batch", point("value", Value::Null), INVALID, "'metrics[1].value'"),
            ("runs/log-batch", point("timestamp", json!(-1)), INVALID, "'metrics[1].timestamp'"),
            ("runs/log-batch", point("step", json!(1.5)), INVALID, "metrics[1].step"),
            ("runs/log-batch", json!({ "run_id": id, "params": [{ "key": "a", "value": "1" }, { "key": "a", "value": "1" }] }), INVALID, "Duplicate parameter keys"),
            ("runs/log-batch", json!({ "run_id": id, "metrics": vec![json!({ "key": "m", "value": 1, "timestamp": 1 }); 1001] }), INVALID, "at most 1000 metrics"),
            ("runs/search", json!({ "experiment_ids": ["0"], "filter": "metrics.a = 1 OR metrics.b = 2" }), INVALID, "filter"),
            ("runs/search", json!({ "experiment_ids": ["0"], "max_results": 50001 }), INVALID, "'max_results'"),
            ("runs/search", json!({ "experiment_ids": ["0"], "page_token": "!!" }), INVALID, "page token"),
            ("runs/search", json!({ "experiment_ids": "0" }), INVALID, "experiment_ids"),
            ("runs/log-inputs", json!({ "run_id": id, "datasets": [{}] }), INVALID, "'datasets[0].dataset'"),
            ("runs/outputs", json!({ "run_id": id }), INVALID, "'models'"),
            ("runs/log-model", json!({ "run_id": id, "model_json": "{" }), INVALID, "'model_json'"),
        ] {
            app.post(path, body).await.refused(code, part);
        }
        assert!(run(&app, &id).await["data"]["metrics"].is_null(), "what is refused leaves nothing behind");
        app.get("runs/get", &[]).await.refused(INVALID, "'run_id'");
        app.get("metrics/get-history", &[("run_id", &id)]).await.refused(INVALID, "'metric_key'");
        app.get("metrics/get-history-bulk-interval", &[("run_ids", &id), ("metric_key", "m"), ("start_step", "1")]).await.refused(INVALID, "both");
        app.get("/api/2.0/mlflow/nothing/here", &[]).await.refused("ENDPOINT_NOT_FOUND", "nothing/here");
    }

    async fn every_change_leaves_an_audit_entry(db: Db) {
        let app = TestApp::new(db).await;
        create_experiment(&app, "e").await;
        app.post("experiments/create", json!({ "name": "e" })).await.refused(EXISTS, "e");
        let id = create_run(&app, "r", 1).await;
        app.post("runs/set-tag", json!({ "run_id": id, "key": "k", "value": "v" })).await.ok();
        app.post("runs/delete", json!({ "run_id": id })).await.ok();
        let audit = app.get("/api/fettle/v1/audit", &[("max_results", "3")]).await.ok();
        let actions: Vec<&str> = audit["entries"].as_array().expect("entries").iter().map(|entry| entry["action"].as_str().expect("an action")).collect();
        assert_eq!(actions, ["delete", "set_tag", "create"]);
        assert_eq!(audit["entries"][1]["entity_id"], id);
        assert_eq!(audit["entries"][1]["detail"], json!({ "key": "k", "value": "v" }));
        assert_eq!(audit["entries"][1]["at"], "1970-01-01T00:00:01Z");
        let token = audit["next_page_token"].as_str().expect("a token");
        let rest = app.get("/api/fettle/v1/audit", &[("page_token", token)]).await.ok();
        assert_eq!(rest["entries"].as_array().map(Vec::len), Some(1), "the refused change left none");
        let problem = app.get("/api/fettle/v1/audit", &[("max_results", "0")]).await;
        assert_eq!((problem.status, &problem.body["status"]), (400, &json!(400)));
        assert!(problem.body["detail"].as_str().expect("a detail").contains("'max_results'"));
    }
}

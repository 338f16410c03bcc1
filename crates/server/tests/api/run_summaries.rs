//! What is kept of a run beside it tells the same as the run itself, whatever is changed. On both databases.

use crate::support::TestApp;
use fettle_db::{Db, on_both_databases};
use fettle_server::{Settings, schema::MIGRATIONS};
use serde_json::{Value, json};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(5);

async fn app(db: &Db) -> TestApp {
    let settings = Settings {
        ranking_pause: PAUSE,
        ..Settings::default()
    };
    TestApp::with(db.clone(), settings).await
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    db.read(move |tx| tx.query_one(sql, &[], |row| row.get(0)))
        .await
        .expect("a count")
}

async fn wait_until_kept(db: &Db) {
    for _ in 0..2000 {
        if count(
            db,
            "SELECT COUNT(*) FROM runs r JOIN run_summaries s ON s.id = r.id WHERE r.ranked = 1",
        )
        .await
            == 1
        {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    panic!("no summary is kept");
}

/// The run alone and in a list.
async fn told(app: &TestApp, run_id: &str) -> [Value; 2] {
    let single = app.get("runs/get", &[("run_id", run_id)]).await.ok();
    let list = app.post("runs/search", json!({ "experiment_ids": ["0"] })).await.ok();
    [single["run"].clone(), list["runs"][0].clone()]
}

async fn log(app: &TestApp, run_id: &str, step: i64) {
    let metric = json!({ "run_id": run_id, "key": "loss", "value": 0.5, "timestamp": step, "step": step });
    app.post("runs/log-metric", metric).await.ok();
}

on_both_databases! { MIGRATIONS;
    async fn a_change_is_told_at_once(db: Db) {
        let app = app(&db).await;
        let created = app.post("runs/create", json!({ "experiment_id": "0", "tags": [{ "key": "a", "value": "1" }] })).await.ok();
        let run_id = created["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
        let id = run_id.as_str();
        let dataset = json!({ "name": "d", "digest": "1", "source_type": "local", "source": "x", "schema": "{}" });
        for (step, (path, body, expected)) in (1..).zip([
            ("runs/log-metric", json!({ "run_id": id, "key": "acc", "value": "NaN", "timestamp": 1 }), "\"acc\""),
            ("runs/log-parameter", json!({ "run_id": id, "key": "depth", "value": "3" }), "\"depth\""),
            ("runs/set-tag", json!({ "run_id": id, "key": "a", "value": "second \"a\"" }), "second"),
            ("runs/set-tag", json!({ "run_id": id, "key": "b", "value": "third" }), "third"),
            ("runs/delete-tag", json!({ "run_id": id, "key": "b" }), "\"a\""),
            ("runs/log-batch", json!({ "run_id": id, "params": [{ "key": "leaves", "value": "9" }], "metrics": [{ "key": "f1", "value": 1, "timestamp": 1 }] }), "leaves"),
            ("runs/update", json!({ "run_id": id, "run_name": "renamed" }), "renamed"),
            ("runs/update", json!({ "run_id": id, "status": "FINISHED", "end_time": 77 }), "FINISHED"),
            ("runs/log-inputs", json!({ "run_id": id, "datasets": [{ "dataset": dataset, "tags": [{ "key": "mlflow.data.context", "value": "training" }] }] }), "training"),
            ("runs/delete", json!({ "run_id": id }), "deleted"),
            ("runs/restore", json!({ "run_id": id }), "active"),
        ]) {
            if path != "runs/restore" {
                log(&app, id, step).await;
                wait_until_kept(&db).await;
            }
            app.post(path, body).await.ok();
            let [single, _] = told(&app, id).await;
            assert!(single.to_string().contains(expected), "{path}: {single}");
            if path == "runs/delete" {
                continue;
            }
            let kept = told(&app, id).await;
            db.write(|tx| tx.execute("DELETE FROM run_summaries", &[])).await.expect("forgotten");
            assert_eq!(kept, told(&app, id).await, "{path}");
        }
    }

    async fn a_summary_tells_what_the_run_tells(db: Db) {
        let app = app(&db).await;
        let created = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
        let run_id = created["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
        log(&app, &run_id, 1).await;
        wait_until_kept(&db).await;
        let kept = told(&app, &run_id).await;
        db.write(|tx| tx.execute("UPDATE runs SET ranked = 0", &[])).await.expect("outdated");
        assert_eq!(kept, told(&app, &run_id).await);
    }

    async fn runs_with_model_inputs_and_very_large_ones_are_read_anew(db: Db) {
        let app = app(&db).await;
        let created = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
        let run_id = created["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
        log(&app, &run_id, 1).await;
        wait_until_kept(&db).await;
        let model = app.post("logged-models", json!({ "experiment_id": "0" })).await.ok();
        let model_id = &model["model"]["info"]["model_id"];
        app.post("runs/log-inputs", json!({ "run_id": run_id, "models": [{ "model_id": model_id }] })).await.ok();
        let [single, listed] = told(&app, &run_id).await;
        assert_eq!(&single["inputs"]["model_inputs"][0]["model_id"], model_id);
        assert!(listed["inputs"]["model_inputs"].is_null(), "lists leave them out");
        while count(&db, "SELECT COUNT(*) FROM runs WHERE ranked = 0").await > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        assert_eq!(count(&db, "SELECT COUNT(*) FROM run_summaries").await, 0);
        assert_eq!(told(&app, &run_id).await, [single, listed]);
    }
}

use super::{START_MS, app, download, fettle, refused, send};
use crate::support::{TestApp, model};
use axum::http::Method;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};

const PROFILE: &str = "application/vnd.fettle.profile";

on_both_databases! { MIGRATIONS;
    async fn a_profile_goes_from_one_server_to_another(db: Db) {
        let app = app(db).await;
        let mut csv = "age,plan\n".to_owned();
        for row in 0..500 {
            let _ = writeln!(csv, "{},{}", row % 70, ["basic", "full"][row % 2]);
        }
        let made = send(&app, "baselines/upload?model_name=churn&model_version=3", "text/csv", csv).await.ok();
        let path = format!("baselines/{}/profile", made["id"].as_str().expect("an id"));
        let profile = download(&app, &path).await;
        let of_other = "baselines/upload?model_name=churn&model_version=4";
        let uploaded = send(&app, of_other, PROFILE, &profile).await.ok();
        assert_eq!((&uploaded["rows"], &uploaded["source"]), (&json!(500), &json!("uploaded profile")));
        assert_eq!(uploaded["columns"], made["columns"]);
        let again = format!("baselines/{}/profile", uploaded["id"].as_str().expect("an id"));
        assert_eq!(download(&app, &again).await, profile);

        refused(&send(&app, of_other, PROFILE, &profile[..profile.len() / 2]).await, 400, "no profile");
        refused(&send(&app, of_other, PROFILE, "age,plan\n1,basic\n").await, 400, "no profile");
        refused(&app.get(&fettle("baselines/999/profile"), &[]).await, 404, "999");
    }

    async fn new_versions_get_the_baseline_that_their_run_names(db: Db) {
        let app = app(db).await;
        let folder = app.artifacts.path();
        std::fs::create_dir_all(folder.join("sets")).expect("a folder");
        std::fs::write(folder.join("sets/train.csv"), "age\n1\n2\n3\n").expect("a file");
        let in_store = json!({ "uri": "mlflow-artifacts:/sets/train.csv" });
        let of_dataset = version_of(&app, "dataset", "local", &in_store, json!([])).await;
        let made = settled(&app, &of_dataset).await;
        assert_eq!((&made["state"], &made["rows"]), (&json!("ready"), &json!(3)), "{made}");
        assert_eq!(made["source"], "training dataset mlflow-artifacts:/sets/train.csv");
        assert_eq!(made["model_version"], "1");
        let made = app.get(&fettle(&format!("baselines/{}", made["id"].as_str().expect("an id"))), &[]).await.ok();
        assert_eq!(made["columns"][0]["name"], "age");

        // A tag of the version goes before the run's dataset.
        let tag = |value: &str| json!([{ "key": "fettle.baseline", "value": value }]);
        let none = version_of(&app, "none", "local", &in_store, tag("none")).await;
        assert_eq!(listed(&app, &none).await, json!([]));
        let late = version_of(&app, "late", "local", &in_store, tag("mlflow-artifacts:/sets/late.csv")).await;
        wait_until(&app, &late, |baseline| baseline["reason"].is_string()).await;
        assert_eq!(listed(&app, &late).await[0]["state"], "pending", "clients may log the file a moment later");
        std::fs::write(folder.join("sets/late.csv"), "age\n4\n5\n").expect("a file");
        app.clock.set(START_MS + 60_000);
        assert_eq!(settled(&app, &late).await["rows"], 2);

        // What cannot be read is said, and nothing outside of the artifact store is.
        let secret = tempfile::Builder::new().suffix(".csv").tempfile().expect("a file");
        std::fs::write(&secret, "age\n1\n").expect("written");
        let secret = secret.path();
        let above = format!("../../../{}", secret.file_name().expect("a name").display());
        let code = json!({ "tags": { "mlflow.source.name": "train.py" } });
        for (name, kind, source, tags, reason) in [
            ("code", "code", code, json!([]), "'code'"),
            ("path", "local", json!({ "uri": secret }), json!([]), "not kept by this server"),
            ("file", "local", json!({ "uri": format!("file://{}", secret.display()) }), json!([]), "not kept by this server"),
            ("up", "local", json!({}), tag(&above), "path"),
            ("web", "http", json!({ "url": "http://127.0.0.1:1/train.csv" }), json!([]), "http"),
            ("captured", "local", json!({}), tag("mlflow-artifacts:/capture/a.csv"), "no place for artifacts"),
            ("empty", "local", json!({}), tag(""), "empty"),
        ] {
            let version = version_of(&app, name, kind, &source, tags).await;
            let failed = settled(&app, &version).await;
            assert_eq!(failed["state"], "failed", "{failed}");
            assert!(failed["reason"].as_str().is_some_and(|text| text.contains(reason)), "{failed}");
            let path = format!("baselines/{}/profile", failed["id"].as_str().expect("an id"));
            refused(&app.get(&fettle(&path), &[]).await, 409, "is not there");
        }
    }

    async fn captured_requests_are_no_artifacts(db: Db) {
        let app = TestApp::at(db, model::without_python(), START_MS).await;
        let folder = app.artifacts.path().join("capture/churn");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("rows.parquet"), "PAR1").expect("a file");
        for (method, path) in [
            (Method::GET, "artifacts/capture/churn/rows.parquet"),
            (Method::GET, "artifacts/%63apture/churn/rows.parquet"),
            (Method::GET, "artifacts?path=capture/churn"),
            (Method::PUT, "artifacts/capture/churn/rows.parquet"),
            (Method::DELETE, "artifacts/capture"),
            (Method::GET, "presigned/capture/churn/rows.parquet"),
        ] {
            let uri = format!("/api/2.0/mlflow-artifacts/{path}");
            let answer = app.raw(method.clone(), &uri, &[], "x").await;
            assert_eq!(answer.status(), 403, "{method} {path}");
        }
        assert!(folder.join("rows.parquet").exists());
        let root = app.raw(Method::GET, "/api/2.0/mlflow-artifacts/artifacts", &[], "").await;
        let listed = axum::body::to_bytes(root.into_body(), usize::MAX).await.expect("a body");
        assert!(!String::from_utf8_lossy(&listed).contains("capture"));
        // Nor do they become those of an experiment.
        let experiment = json!({ "name": "spy", "artifact_location": "mlflow-artifacts:/capture/churn" });
        let made = app.post("experiments/create", experiment).await.ok();
        let run = app.post("runs/create", json!({ "experiment_id": made["experiment_id"] })).await.ok();
        let run_id = run["run"]["info"]["run_id"].as_str().expect("an id");
        let listed = app.get("artifacts/list", &[("run_id", run_id)]).await;
        assert_eq!(listed.status, 400, "{}", listed.body);
    }
}

/// A version of a model by this name, of a run that was given a dataset.
async fn version_of(app: &TestApp, name: &str, source_type: &str, source: &Value, tags: Value) -> String {
    let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
    let info = &run["run"]["info"];
    let dataset = json!({ "name": name, "digest": name, "source_type": source_type, "source": source.to_string() });
    let context = json!([{ "key": "mlflow.data.context", "value": "training" }]);
    let inputs = json!({ "run_id": info["run_id"], "datasets": [{ "dataset": dataset, "tags": context }] });
    app.post("runs/log-inputs", inputs).await.ok();
    app.post("registered-models/create", json!({ "name": name })).await.ok();
    let source = format!("{}/model", info["artifact_uri"].as_str().expect("an address"));
    let new = json!({ "name": name, "source": source, "run_id": info["run_id"], "tags": tags });
    app.post("model-versions/create", new).await.ok();
    name.to_owned()
}

async fn listed(app: &TestApp, model: &str) -> Value {
    app.get(&fettle("baselines"), &[("model_name", model)]).await.ok()["baselines"].clone()
}

/// The version's one baseline, once it is as wanted.
async fn wait_until(app: &TestApp, model: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let baselines = listed(app, model).await;
        if is_wanted(&baselines[0]) {
            return baselines[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}", listed(app, model).await)
}

async fn settled(app: &TestApp, model: &str) -> Value {
    wait_until(app, model, |baseline| {
        baseline["state"] == "ready" || baseline["state"] == "failed"
    })
    .await
}

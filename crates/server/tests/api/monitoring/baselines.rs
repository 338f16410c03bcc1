use super::{START_MS, app, download, fettle, refused, send};
use crate::support::{TestApp, model};
use axum::http::Method;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::json;
use std::fmt::Write as _;

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

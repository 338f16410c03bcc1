//! Models that are scored without Python: LightGBM text with one split.

use super::TestApp;
use fettle_db::Db;
use fettle_gateway::Options;
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};

const PATIENCE: Duration = Duration::from_secs(20);

/// Settings under which models run natively, and only so.
pub fn without_python() -> fettle_server::Settings {
    fettle_server::Settings {
        scoring: Options {
            python: Some("/nonexistent/python".into()),
            ..Options::default()
        },
        models_folder: tempfile::tempdir().expect("a temporary folder").keep(),
        ..fettle_server::Settings::default()
    }
}

/// A model that answers `low` where `x` is at most 0.5, and `high` above.
pub fn files(low: f64, high: f64) -> Vec<(&'static str, String)> {
    let model = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n\
         objective=regression\nfeature_names=x\nfeature_infos=[0:1]\n\nTree=0\nnum_leaves=2\nnum_cat=0\n\
         split_feature=0\nsplit_gain=1\nthreshold=0.5\ndecision_type=2\nleft_child=-1\nright_child=-2\n\
         leaf_value={low} {high}\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
    );
    let mlmodel = "flavors:\n  lightgbm:\n    data: model.lgb\n    lgb_version: 4.7.0\n    model_class: lightgbm.basic.Booster\n  \
                   python_function:\n    data: model.lgb\n    loader_module: mlflow.lightgbm\nmlflow_version: 3.17.2\n\
                   saved_input_example_info:\n  artifact_path: input_example.json\n  serving_input_path: \
                   serving_input_example.json\n  type: dataframe\nsignature:\n  inputs: '[{\"type\": \"double\", \"name\": \
                   \"x\", \"required\": true}]'\n  outputs: null\n  params: null\n";
    let example = r#"{"dataframe_split": {"columns": ["x"], "data": [[0.25]]}}"#;
    vec![
        ("MLmodel", mlmodel.to_owned()),
        ("model.lgb", model),
        ("serving_input_example.json", example.to_owned()),
    ]
}

pub const IRIS: &str = "/api/fettle/v1/endpoints/iris";
pub const ROW: &str = r#"{"dataframe_split": {"columns": ["x"], "data": [[0.25]]}}"#;

impl TestApp {
    /// An app with the endpoint `iris`, behind which `blue` answers 1 with all the traffic, and `green` 2 with none.
    pub async fn blue_and_green(db: Db) -> Self {
        let app = Self::with(db, without_python()).await;
        for (name, low) in [("blue", 1.0), ("green", 2.0)] {
            app.register(name, &files(low, 10.0)).await;
        }
        app.post("/api/fettle/v1/endpoints", json!({ "name": "iris" }))
            .await
            .ok();
        for name in ["blue", "green"] {
            let body = json!({ "name": name, "model_uri": format!("models:/{name}/1"), "executor": "native" });
            app.post(&format!("{IRIS}/deployments"), body).await.ok();
            app.wait_for_state("iris", name, "ready").await;
        }
        app
    }

    /// Registers a version of `name` with these files, and gives its number.
    pub async fn register(&self, name: &str, files: &[(&'static str, String)]) -> String {
        let run = self.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
        let info = &run["run"]["info"];
        let (run_id, artifacts) = (
            info["run_id"].as_str().expect("an id"),
            info["artifact_uri"].as_str().expect("a URI"),
        );
        let below = artifacts
            .trim_start_matches("mlflow-artifacts:/")
            .trim_start_matches('/');
        let folder: PathBuf = self.artifacts.path().join(below).join("model");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (file, text) in files {
            std::fs::write(folder.join(file), text).expect("a file");
        }
        self.post("registered-models/create", json!({ "name": name })).await;
        let body = json!({ "name": name, "source": format!("{artifacts}/model"), "run_id": run_id });
        let made = self.post("model-versions/create", body).await.ok();
        made["model_version"]["version"]
            .as_str()
            .expect("a number as text")
            .to_owned()
    }

    /// Waits until `holds` is true of what is at `path`, and gives it.
    #[track_caller]
    pub fn wait_for<'a>(
        &'a self,
        path: &'a str,
        holds: impl Fn(&Value) -> bool + 'a,
    ) -> impl Future<Output = Value> + 'a {
        let asked_by = std::panic::Location::caller();
        async move {
            let end = std::time::Instant::now() + PATIENCE;
            loop {
                let found = self.get(path, &[]).await.ok();
                if holds(&found) {
                    return found;
                }
                assert!(std::time::Instant::now() < end, "{asked_by}: {found:#}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Waits until a deployment is in a state.
    #[track_caller]
    pub fn wait_for_state<'a>(
        &'a self,
        endpoint: &'a str,
        deployment: &'a str,
        state: &'a str,
    ) -> impl Future<Output = Value> + 'a {
        self.wait_for_deployment(endpoint, deployment, move |found| found["state"] == state)
    }

    #[track_caller]
    pub fn wait_for_deployment<'a>(
        &'a self,
        endpoint: &'a str,
        deployment: &'a str,
        holds: impl Fn(&Value) -> bool + 'a,
    ) -> impl Future<Output = Value> + 'a {
        let asked_by = std::panic::Location::caller();
        async move {
            let path = format!("/api/fettle/v1/endpoints/{endpoint}");
            let end = std::time::Instant::now() + PATIENCE;
            loop {
                let found = self.get(&path, &[]).await.ok();
                let deployments = found["deployments"].as_array().cloned().unwrap_or_default();
                if let Some(found) = deployments
                    .into_iter()
                    .find(|each| each["name"] == deployment && holds(each))
                {
                    return found;
                }
                assert!(std::time::Instant::now() < end, "{asked_by}: {found:#}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

//! The Python the tests use and the model folders it writes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use fettle_gateway::{Deployment, ExecutorChoice, ModelFolder, Options, ScoreResponse, Supervision};
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A Python with mlflow, scikit-learn and skops.
pub fn python() -> PathBuf {
    let named = std::env::var_os("FETTLE_TEST_PYTHON");
    named
        .expect("set FETTLE_TEST_PYTHON to a Python with mlflow, scikit-learn and skops; `cargo xtask test` does")
        .into()
}

static TURNS: RwLock<()> = RwLock::const_new(());

/// For tests that measure time: nothing else starts Python meanwhile.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    TURNS.write().await
}

pub async fn together() -> RwLockReadGuard<'static, ()> {
    TURNS.read().await
}

/// The folder of one of the models of `models.py`, which are written once for each state of the scripts.
pub fn model(name: &str) -> ModelFolder {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        (
            python(),
            include_str!("../models.py"),
            include_str!("../cases/generate.py"),
        )
            .hash(&mut hasher);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("models-{:x}", hasher.finish()));
        if !folder.exists() {
            write_models(&folder);
        }
        folder
    });
    ModelFolder::open(folder.join(name)).unwrap()
}

/// Written aside and renamed, so that test binaries running at once do not see half of it.
fn write_models(folder: &Path) {
    let aside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models.py");
    let output = Command::new(python()).arg(script).arg(aside.path()).output().unwrap();
    assert!(
        output.status.success(),
        "models.py: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    if std::fs::rename(aside.path(), folder).is_err() {
        assert!(folder.exists(), "the models could not be put in place");
    }
}

pub fn options(executor: ExecutorChoice) -> Options {
    Options {
        executor,
        python: Some(python()),
        supervision: Supervision {
            backoff_first: Duration::from_millis(20),
            ..Supervision::default()
        },
        ..Options::default()
    }
}

pub async fn deploy(name: &str, options: Options) -> Deployment {
    Deployment::start(model(name), options).await.unwrap()
}

pub async fn score(deployment: &Deployment, body: impl Into<Bytes>) -> ScoreResponse {
    deployment.score(Some("application/json"), body.into()).await
}

pub fn json(response: &ScoreResponse) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// A request of one row for the model `moody`.
pub fn row(x: f64) -> String {
    json!({"dataframe_split": {"columns": ["x"], "data": [[x]]}}).to_string()
}

/// The first value of a metric.
pub fn metric(deployment: &Deployment, name: &str) -> f64 {
    let text = deployment.metrics();
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("no {name} in {text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

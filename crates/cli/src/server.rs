//! `fettle server`

use crate::{logs, shutdown};
use anyhow::{Context, Result, anyhow, bail};
use fettle_blobs::Blobs;
use fettle_db::{Db, StoreUri};
use fettle_server::{App, Clock, Settings, router, schema};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

pub(crate) const EXAMPLE: &str = "Examples:
  fettle server
  fettle server --host 0.0.0.0 --backend-store-uri postgresql://mlflow@db/mlflow --artifacts-destination /srv/artifacts";

/// Where everything goes when nothing was said.
const DATA_FOLDER: &str = "fettle-data";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on
    #[arg(long, short = 'h', default_value = "127.0.0.1", env = "MLFLOW_HOST")]
    host: String,
    /// Port to listen on
    #[arg(long, short = 'p', default_value_t = 5000, env = "MLFLOW_PORT")]
    port: u16,
    /// Store of experiments, runs and models: sqlite:///FILE or postgresql://USER@HOST/DATABASE
    /// [default: sqlite:///fettle-data/fettle.db]
    #[arg(long, env = "MLFLOW_BACKEND_STORE_URI", value_name = "URI")]
    backend_store_uri: Option<String>,
    /// Folder in which artifacts are kept [default: fettle-data/artifacts]
    #[arg(long, env = "MLFLOW_ARTIFACTS_DESTINATION", value_name = "FOLDER")]
    artifacts_destination: Option<String>,
    /// Where new experiments say their artifacts are; the default sends them through this server
    #[arg(
        long,
        env = "MLFLOW_DEFAULT_ARTIFACT_ROOT",
        value_name = "URI",
        default_value = "mlflow-artifacts:/"
    )]
    default_artifact_root: String,
    /// Python with mlflow and the models' libraries, for endpoints [default: FETTLE_PYTHON, the active virtual
    /// environment, or python3]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    logs::start();
    tokio::runtime::Runtime::new()?.block_on(start(args))
}

async fn start(args: Args) -> Result<()> {
    let store = match &args.backend_store_uri {
        Some(uri) => StoreUri::parse(uri).map_err(|e| anyhow!("--backend-store-uri: {e}"))?,
        None => StoreUri::Sqlite(Path::new(DATA_FOLDER).join("fettle.db")),
    };
    let artifacts = match &args.artifacts_destination {
        Some(destination) => folder(destination)?,
        None => Path::new(DATA_FOLDER).join("artifacts"),
    };
    let clock = Clock::system();
    let db = Db::open(&store, schema::MIGRATIONS, clock.now_ms())
        .await
        .with_context(|| format!("the store {store}"))?;
    let blobs = Blobs::folder(&artifacts).context("--artifacts-destination")?;
    // Endpoints' models are copied here; the folder goes when the server stops.
    let models = tempfile::TempDir::with_prefix("fettle-models-")?;
    let settings = Settings {
        default_artifact_root: args.default_artifact_root,
        models_folder: models.path().to_owned(),
        python: args.python,
        ..Settings::default()
    };
    let app = App::open(db, blobs, clock, settings)
        .await
        .map_err(|e| anyhow!("{e}"))?;

    let listener = TcpListener::bind((args.host.as_str(), args.port))
        .await
        .with_context(|| format!("cannot listen on {}:{}", args.host, args.port))?;
    let address = listener.local_addr()?;
    tracing::info!(
        store = %store,
        artifacts = %artifacts.display(),
        "Fettle listens on http://{address} (store {store}, artifacts in {})",
        artifacts.display()
    );
    shutdown::serve(listener, router(app)).await
}

/// A folder as MLflow users write it: a path or a `file:` address.
fn folder(destination: &str) -> Result<PathBuf> {
    if let Some(path) = destination.strip_prefix("file://") {
        return Ok(PathBuf::from(path));
    }
    if destination.contains("://") {
        bail!("--artifacts-destination: `{destination}` is not a folder; object stores are not supported yet");
    }
    Ok(PathBuf::from(destination.strip_prefix("file:").unwrap_or(destination)))
}

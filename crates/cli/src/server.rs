//! `fettle server`

use crate::{
    beside::{self, Beside},
    gateway_secret::GatewaySecretArgs,
    logs,
    mlflow_flags::MlflowFlags,
    monitoring_args::MonitoringArgs,
    runtime,
    security::SecurityArgs,
    shutdown,
    size::size,
    webhook_args,
    worker_args::WorkerArgs,
};
use anyhow::{Context, Result, anyhow, bail};
use clap::{ArgAction, builder::BoolishValueParser};
use fettle_blobs::{Environment, Stores};
use fettle_db::{Db, StoreUri};
use fettle_server::{
    App, ArtifactAccess, Clock, Offer, Settings, router, schema, serve_inference_grpc, serve_otlp_grpc,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
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
    /// Port on which spans are taken from OpenTelemetry exporters over gRPC; off unless given
    #[arg(long, value_name = "PORT", env = "FETTLE_OTLP_GRPC_PORT")]
    otlp_grpc_port: Option<u16>,
    /// Store of experiments, runs and models: sqlite:///FILE or postgresql://USER@HOST/DATABASE
    /// [default: sqlite:///fettle-data/fettle.db]
    #[arg(long, env = "MLFLOW_BACKEND_STORE_URI", value_name = "URI")]
    backend_store_uri: Option<String>,
    /// Where artifacts are kept: a folder, s3://BUCKET/.., gs://BUCKET/.., wasbs:// or abfss://CONTAINER@ACCOUNT.HOST/..,
    /// az://CONTAINER/.. [default: fettle-data/artifacts]
    #[arg(long, env = "MLFLOW_ARTIFACTS_DESTINATION", value_name = "URI")]
    artifacts_destination: Option<String>,
    /// Where new experiments say their artifacts are [default: mlflow-artifacts:/, which sends them through this
    /// server; the folder mlruns with --no-serve-artifacts]
    #[arg(long, env = "MLFLOW_DEFAULT_ARTIFACT_ROOT", value_name = "URI")]
    default_artifact_root: Option<String>,
    /// Send artifacts through this server, between clients and --artifacts-destination [default: true]
    #[arg(
        long,
        env = "MLFLOW_SERVE_ARTIFACTS",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_value = "true",
        default_missing_value = "true",
        hide_default_value = true,
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new()
    )]
    serve_artifacts: bool,
    /// Leave artifacts to clients, which need access to --default-artifact-root themselves
    #[arg(long)]
    no_serve_artifacts: bool,
    /// Offer nothing but the artifact proxy
    #[arg(
        long,
        env = "MLFLOW_ARTIFACTS_ONLY",
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    artifacts_only: bool,
    /// Path below which everything is served, as /mlflow
    #[arg(long, env = "MLFLOW_STATIC_PREFIX", value_name = "PATH", default_value = "", hide_default_value = true, value_parser = static_prefix)]
    static_prefix: String,
    /// Largest JSON request, in bytes or as 64MiB; artifacts have no limit
    #[arg(long, env = "FETTLE_BODY_LIMIT", value_name = "SIZE", default_value = "64MiB", value_parser = size)]
    body_limit: usize,
    /// Whether artifacts of a cloud go through this server (proxy), are fetched from the cloud by signed addresses
    /// (presign), or as the client asks (auto)
    #[arg(long, env = "FETTLE_ARTIFACT_ACCESS", value_name = "POLICY", default_value_t = ArtifactAccess::Auto)]
    artifact_access: ArtifactAccess,
    /// Seconds for which a signed address of a download is good
    #[arg(long, env = "MLFLOW_PRESIGNED_DOWNLOAD_URL_TTL_SECONDS", value_name = "SECONDS", default_value_t = 300,
        value_parser = clap::value_parser!(u64).range(1..=604_800))]
    presigned_download_ttl: u64,
    /// Port on which endpoints answer the Open Inference Protocol over gRPC; off unless given
    #[arg(long, value_name = "PORT", env = "FETTLE_INFERENCE_GRPC_PORT")]
    inference_grpc_port: Option<u16>,
    #[command(flatten)]
    gateways: GatewaySecretArgs,
    #[command(flatten)]
    workers: WorkerArgs,
    #[command(flatten)]
    security: SecurityArgs,
    #[command(flatten)]
    webhooks: webhook_args::WebhookArgs,
    #[command(flatten)]
    monitoring: MonitoringArgs,
    #[command(flatten)]
    mlflow: MlflowFlags,
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    logs::start();
    runtime::of_server()?.block_on(start(args))
}

async fn start(args: Args) -> Result<()> {
    args.mlflow.check(args.backend_store_uri.as_deref())?;
    let security = args.security.security()?;
    let gateway_secrets = args.gateways.secrets()?;
    let offer = args.offer()?;
    let store = match &args.backend_store_uri {
        Some(uri) => StoreUri::parse(uri).map_err(|e| anyhow!("--backend-store-uri: {e}"))?,
        None => StoreUri::Sqlite(Path::new(DATA_FOLDER).join("fettle.db")),
    };
    let environment = Environment::of_process();
    let artifacts = match &args.artifacts_destination {
        Some(destination) => destination.clone(),
        None => Path::new(DATA_FOLDER).join("artifacts").display().to_string(),
    };
    let clock = Clock::system();
    let db = Db::open(&store, schema::MIGRATIONS, clock.now_ms())
        .await
        .with_context(|| format!("the store {store}"))?;
    let blobs = Stores::open(&artifacts, &environment)
        .await
        .context("--artifacts-destination")?;
    let destination = blobs.name().to_owned();
    // Endpoints' models are copied here; the folder goes when the server stops.
    let models = tempfile::TempDir::with_prefix("fettle-models-")?;
    let settings = Settings {
        default_artifact_root: args.default_artifact_root()?,
        body_limit: args.body_limit,
        static_prefix: args.static_prefix.clone(),
        security,
        offer,
        artifact_access: args.artifact_access,
        presigned_download_ttl: Duration::from_secs(args.presigned_download_ttl),
        artifact_environment: environment,
        models_folder: models.path().to_owned(),
        scoring: args.workers.options(),
        webhooks: args.webhooks.settings(),
        capture: args.monitoring.capture(&data_folder(&store)),
        alerts: args
            .monitoring
            .alerts(&format!("http://{}:{}{}", args.host, args.port, args.static_prefix)),
        gateway_secrets,
        secret_keys: webhook_args::secret_keys(&store)?,
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
        artifacts = %destination,
        "Fettle listens on http://{address}{} (store {store}, artifacts in {})",
        args.static_prefix,
        destination
    );
    let otlp = beside::bind(&args.host, args.otlp_grpc_port, "--otlp-grpc-port").await?;
    let inference = beside::bind(&args.host, args.inference_grpc_port, "--inference-grpc-port").await?;
    let otlp = otlp.map(|listener| {
        let app = app.clone();
        Beside::start("OTLP over gRPC", |stopped| {
            serve_otlp_grpc(app, listener, stopped.wait())
        })
    });
    let inference = inference.map(|listener| {
        let app = app.clone();
        Beside::start("the Open Inference Protocol over gRPC", |stopped| {
            serve_inference_grpc(app, listener, stopped.wait())
        })
    });
    let served = shutdown::serve(listener, router(app.clone())).await;
    app.close().await;
    for service in otlp.into_iter().chain(inference) {
        service.stop().await?;
    }
    served
}

/// Where what belongs to a store is kept on this machine: beside it, if it is a file.
fn data_folder(store: &StoreUri) -> PathBuf {
    match store {
        StoreUri::Sqlite(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
        StoreUri::Postgres(_) => PathBuf::from(DATA_FOLDER),
    }
}

impl Args {
    fn offer(&self) -> Result<Offer> {
        match (self.serve_artifacts && !self.no_serve_artifacts, self.artifacts_only) {
            (true, false) => Ok(Offer::Everything),
            (true, true) => Ok(Offer::ArtifactsOnly),
            (false, false) => Ok(Offer::NoArtifacts),
            (false, true) => bail!("--artifacts-only and --no-serve-artifacts leave nothing to serve"),
        }
    }

    fn default_artifact_root(&self) -> Result<String> {
        match &self.default_artifact_root {
            Some(root) => Ok(root.clone()),
            None if self.offer()? == Offer::NoArtifacts => {
                Ok(format!("file://{}", std::path::absolute("mlruns")?.display()))
            }
            None => Ok("mlflow-artifacts:/".to_owned()),
        }
    }
}

fn static_prefix(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    if !text.starts_with('/') {
        return Err("it must begin with `/`".to_owned());
    }
    if text.ends_with('/') {
        return Err("it must not end with `/`".to_owned());
    }
    // A path that a client's library would write otherwise could never be asked for.
    match text
        .chars()
        .find(|&c| !(c.is_ascii_alphanumeric() || "/-_.~".contains(c)))
    {
        Some(c) => Err(format!("it must not contain `{c}`")),
        None if text.contains("//") => Err("it must not contain `//`".to_owned()),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_paths() {
        for prefix in ["", "/mlflow", "/a/b-c_d.e"] {
            assert_eq!(static_prefix(prefix).as_deref(), Ok(prefix));
        }
        for prefix in ["mlflow", "/", "/mlflow/", "/a//b", "/{a}", "/a b", "/*", "/a?b", "/%41"] {
            assert!(static_prefix(prefix).is_err(), "{prefix}");
        }
    }
}

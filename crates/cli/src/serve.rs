//! `fettle serve`: one model, answered for over HTTP, without a store.

use crate::{client::ServerArgs, logs, model_source::Model, shutdown};
use anyhow::{Context, Result};
use fettle_gateway::{Deployment, ExecutorChoice, ModelFolder, Options, scoring_router};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;

pub(crate) const EXAMPLE: &str = "Examples:
  fettle serve -m models:/iris-classifier/1 -p 5001
  fettle serve -m models:/iris-classifier@champion --executor native
  fettle serve -m ./model";

/// How long requests in progress may take when the server stops.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Model to serve: models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE, runs:/RUN_ID/PATH or a folder
    #[arg(long, short = 'm', value_name = "URI")]
    model_uri: String,
    /// Address to listen on
    #[arg(long, short = 'h', default_value = "127.0.0.1", env = "MLFLOW_HOST")]
    host: String,
    /// Port to listen on
    #[arg(long, short = 'p', default_value_t = 5001)]
    port: u16,
    /// What runs the model: native (no Python), python, or auto: native if it is proven to answer as Python does
    #[arg(long, default_value = "auto", value_name = "EXECUTOR")]
    executor: String,
    /// Python with mlflow and the model's libraries [default: FETTLE_PYTHON, the active virtual environment, or python3]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Python worker processes
    #[arg(long, short = 'w', default_value_t = 1)]
    workers: usize,
    /// Taken for the sake of `mlflow models serve`; models run in the Python given with --python
    #[arg(long, value_name = "NAME", hide = true)]
    env_manager: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    logs::start();
    tokio::runtime::Runtime::new()?.block_on(start(args))
}

async fn start(args: Args) -> Result<()> {
    let executor: ExecutorChoice = args.executor.parse().map_err(|e| anyhow::anyhow!("--executor: {e}"))?;
    if args.env_manager.as_deref().is_some_and(|manager| manager != "local") {
        tracing::warn!("--env-manager is ignored: the model runs in the Python given with --python");
    }
    let model = Model::fetch(&args.model_uri, || args.server.client()).await?;
    let folder = ModelFolder::open(&model.folder).with_context(|| format!("`{}` is not a model", args.model_uri))?;
    let options = Options {
        model_name: model.name.clone(),
        model_version: model.version.clone(),
        executor,
        python: args.python,
        replicas: args.workers,
        ..Options::default()
    };
    // The port is taken first: a wrong one should not cost a model's start.
    let listener = TcpListener::bind((args.host.as_str(), args.port))
        .await
        .with_context(|| format!("cannot listen on {}:{}", args.host, args.port))?;
    let deployment = Arc::new(Deployment::start(folder, options).await?);
    tracing::info!(
        model.uri = args.model_uri,
        executor = deployment.report().executor.name(),
        "Fettle serves {} on http://{} with the executor `{}`: {}",
        args.model_uri,
        listener.local_addr()?,
        deployment.report().executor.name(),
        deployment.report().why
    );
    shutdown::serve(listener, scoring_router(Arc::clone(&deployment))).await?;
    deployment.drain(DRAIN).await;
    Ok(())
}

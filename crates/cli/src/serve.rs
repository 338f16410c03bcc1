//! `fettle serve`: one model, answered for over HTTP, without a store.

use crate::{
    beside::{self, Beside},
    client::ServerArgs,
    logs,
    model_source::Model,
    runtime, shutdown,
    worker_args::{ScalingArgs, WorkerArgs},
};
use anyhow::{Context, Result};
use fettle_gateway::{
    Deployment, EnvironmentManager, ExecutorChoice, ModelFolder, Options, StartingRouter,
    open_inference::{Single, serve_grpc},
};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;

pub(crate) const EXAMPLE: &str = "Examples:
  fettle serve -m models:/iris-classifier/1 -p 5001
  fettle serve -m models:/iris-classifier@champion --executor native
  fettle serve -m ./model --grpc-port 5002
  fettle serve -m ./model --executor python --min-workers 0 --max-workers 4";

/// How long requests in progress may take when the server stops.
const DRAIN: Duration = Duration::from_secs(20);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Model to serve: models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE, runs:/RUN_ID/PATH, an
    /// address in a cloud (s3://, gs://, wasbs://, abfss://) or a folder
    #[arg(long, short = 'm', value_name = "URI")]
    model_uri: String,
    /// Address to listen on
    #[arg(long, short = 'h', default_value = "127.0.0.1", env = "MLFLOW_HOST")]
    host: String,
    /// Port to listen on
    #[arg(long, short = 'p', default_value_t = 5001)]
    port: u16,
    /// What runs the model: native (no Python), onnx (ONNX Runtime), python, or auto: onnx for ONNX models, native if
    /// it is proven to answer as Python does
    #[arg(long, default_value = "auto", value_name = "EXECUTOR")]
    executor: String,
    /// Port on which the Open Inference Protocol is answered over gRPC; off unless given
    #[arg(long, value_name = "PORT", env = "FETTLE_INFERENCE_GRPC_PORT")]
    grpc_port: Option<u16>,
    #[command(flatten)]
    workers: WorkerArgs,
    /// As --env-manager local, for command lines of `mlflow models serve`
    #[arg(long, conflicts_with = "env_manager", help_heading = "Python workers")]
    no_conda: bool,
    /// Not needed: an environment that is made has mlflow
    #[arg(long, hide = true)]
    install_mlflow: bool,
    #[command(flatten)]
    scaling: ScalingArgs,
    #[command(flatten)]
    server: ServerArgs,
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    logs::start();
    runtime::of_server()?.block_on(start(args))
}

async fn start(args: Args) -> Result<()> {
    let executor: ExecutorChoice = args.executor.parse().map_err(|e| anyhow::anyhow!("--executor: {e}"))?;
    let mut options = Options {
        executor,
        scaling: args.scaling.scaling()?,
        ..args.workers.options()
    };
    if args.no_conda {
        options.environments.manager = Some(EnvironmentManager::Local);
    }
    // The ports are taken first: a wrong one should not cost a model's start.
    let listener = TcpListener::bind((args.host.as_str(), args.port))
        .await
        .with_context(|| format!("cannot listen on {}:{}", args.host, args.port))?;
    let grpc = beside::bind(&args.host, args.grpc_port, "--grpc-port").await?;
    let address = listener.local_addr()?;
    let starting = StartingRouter::default();
    let served = shutdown::serve(listener, starting.router());
    tokio::pin!(served);
    tracing::info!(
        "Loading {}; http://{address}/readyz says when it answers",
        args.model_uri
    );
    let (_model, deployment) = tokio::select! {
        started = load(&args, options) => started?,
        stopped = &mut served => return stopped,
    };
    starting.started(Arc::clone(&deployment));
    tracing::info!(
        model.uri = args.model_uri,
        executor = deployment.report().executor.name(),
        "Fettle serves {} on http://{address} with the executor `{}`",
        args.model_uri,
        deployment.report().executor.name()
    );
    let grpc = grpc.map(|listener| {
        let bytes_max = deployment.options().body_bytes_max;
        let single = Single(Arc::clone(&deployment));
        Beside::start("the Open Inference Protocol over gRPC", |stopped| {
            serve_grpc(single, listener, bytes_max, stopped.wait())
        })
    });
    served.await?;
    deployment.drain(DRAIN).await;
    if let Some(grpc) = grpc {
        grpc.stop().await?;
    }
    Ok(())
}

/// The model is kept as long as its deployment: a download goes with it.
async fn load(args: &Args, options: Options) -> Result<(Model, Arc<Deployment>)> {
    let model = Model::fetch(&args.model_uri, || args.server.client()).await?;
    let folder = ModelFolder::open(&model.folder).with_context(|| format!("`{}` is not a model", args.model_uri))?;
    let options = Options {
        model_name: model.name.clone(),
        model_version: model.version.clone(),
        ..options
    };
    let deployment = Deployment::start(folder, options).await?;
    Ok((model, Arc::new(deployment)))
}

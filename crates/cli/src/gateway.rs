//! `fettle gateway`

use crate::{
    beside::{self, Beside},
    client,
    gateway_secret::GatewaySecretArgs,
    logs, runtime, shutdown,
    worker_args::WorkerArgs,
};
use anyhow::{Context, Result, anyhow};
use fettle_server::{Clock, GatewaySettings, StandaloneGateway};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};
use tokio::net::TcpListener;

pub(crate) const EXAMPLE: &str = "Examples:
  fettle gateway --control-plane http://127.0.0.1:5000
  fettle gateway --control-plane https://fettle.example.com --gateway-secret-file /run/secrets/fettle-gateway \\
    --host 0.0.0.0 -p 8080 --folder /var/lib/fettle-gateway";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of the server whose endpoints are to be answered
    #[arg(long, value_name = "URL", env = "MLFLOW_TRACKING_URI")]
    control_plane: String,
    /// Address to listen on
    #[arg(long, short = 'h', default_value = "127.0.0.1", env = "MLFLOW_HOST")]
    host: String,
    /// Port to listen on
    #[arg(long, short = 'p', default_value_t = 5001)]
    port: u16,
    /// Port on which endpoints answer the Open Inference Protocol over gRPC; off unless given
    #[arg(long, value_name = "PORT", env = "FETTLE_INFERENCE_GRPC_PORT")]
    inference_grpc_port: Option<u16>,
    /// Where models and what the control plane said last are kept, so that the gateway also starts while that one is
    /// away [default: a temporary folder]
    #[arg(long, value_name = "FOLDER", env = "FETTLE_GATEWAY_FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    secret: GatewaySecretArgs,
    #[command(flatten)]
    workers: WorkerArgs,
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

pub(crate) fn run(args: Args) -> Result<()> {
    logs::start();
    runtime::of_server()?.block_on(start(args))
}

async fn start(args: Args) -> Result<()> {
    let temporary = match args.folder {
        Some(_) => None,
        None => Some(tempfile::TempDir::with_prefix("fettle-gateway-")?),
    };
    let named = args.folder.clone();
    let folder = named.unwrap_or_else(|| {
        temporary
            .as_ref()
            .map_or_else(PathBuf::new, |folder| folder.path().to_owned())
    });
    // Held until the process ends: two gateways would take each other's models away.
    let _lock = lock(&folder)?;
    let settings = GatewaySettings {
        control_plane: args.control_plane.clone(),
        authorization: client::authorization()?,
        secret: args.secret.secrets()?.into_iter().next(),
        folder,
        scoring: args.workers.options(),
    };
    // The port is taken first: a wrong one should not cost the models' start.
    let listener = TcpListener::bind((args.host.as_str(), args.port))
        .await
        .with_context(|| format!("cannot listen on {}:{}", args.host, args.port))?;
    let grpc = beside::bind(&args.host, args.inference_grpc_port, "--inference-grpc-port").await?;
    let gateway = StandaloneGateway::open(settings, Clock::system())
        .await
        .map_err(|error| anyhow!("{error}"))?;
    tracing::info!(
        "Fettle's gateway listens on http://{} (control plane {})",
        listener.local_addr()?,
        args.control_plane
    );
    let grpc = grpc.map(|listener| {
        let gateway = gateway.clone();
        Beside::start("the Open Inference Protocol over gRPC", |stopped| {
            gateway.serve_grpc(listener, stopped.wait())
        })
    });
    let served = shutdown::serve(listener, gateway.router()).await;
    if let Some(grpc) = grpc {
        grpc.stop().await?;
    }
    gateway.close().await;
    served
}

fn lock(folder: &Path) -> Result<File> {
    std::fs::create_dir_all(folder).with_context(|| format!("--folder {}", folder.display()))?;
    let path = folder.join("lock");
    let file = File::create(&path).with_context(|| format!("{}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(anyhow!("--folder {}: another gateway uses it", folder.display())),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("{}", path.display())),
    }
}

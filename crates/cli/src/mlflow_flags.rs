//! Flags that `mlflow server` has and this server does not need, so that a command line or unit file need not change.
//! What would be wrong to ignore is refused.

use anyhow::{Result, bail};
use clap::ArgAction;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Flags of `mlflow server` that are not needed here")]
pub(crate) struct MlflowFlags {
    /// One process answers on all cores
    #[arg(long, short = 'w', env = "MLFLOW_WORKERS", value_name = "N", hide_env = true)]
    workers: Option<String>,
    /// Versions and runs are in one store; this must name the same
    #[arg(long, env = "MLFLOW_REGISTRY_STORE_URI", value_name = "URI", hide_env = true)]
    registry_store_uri: Option<String>,
    /// There is no gunicorn
    #[arg(
        long,
        env = "MLFLOW_GUNICORN_OPTS",
        value_name = "OPTIONS",
        hide_env = true,
        allow_hyphen_values = true
    )]
    gunicorn_opts: Option<String>,
    /// There is no uvicorn
    #[arg(
        long,
        env = "MLFLOW_UVICORN_OPTS",
        value_name = "OPTIONS",
        hide_env = true,
        allow_hyphen_values = true
    )]
    uvicorn_opts: Option<String>,
    /// There is no waitress
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    waitress_opts: Option<String>,
    /// Metrics are always at /metrics
    #[arg(long, env = "MLFLOW_EXPOSE_PROMETHEUS", value_name = "FOLDER", hide_env = true)]
    expose_prometheus: Option<String>,
    /// Set FETTLE_LOG=debug instead
    #[arg(long, action = ArgAction::SetTrue)]
    dev: bool,
    /// Secrets are not cached
    #[arg(long, value_name = "SECONDS")]
    secrets_cache_ttl: Option<u32>,
    /// Secrets are not cached
    #[arg(long, value_name = "N")]
    secrets_cache_max_size: Option<u32>,

    #[arg(long, hide = true)]
    app_name: Option<String>,
    #[arg(long, env = "MLFLOW_READ_REPLICA_BACKEND_STORE_URI", hide = true)]
    read_replica_backend_store_uri: Option<String>,
    #[arg(long, env = "MLFLOW_TRACE_ARCHIVAL_CONFIG", hide = true)]
    trace_archival_config: Option<String>,
    #[arg(long, env = "MLFLOW_WORKSPACE_STORE_URI", hide = true)]
    workspace_store_uri: Option<String>,
    #[arg(long, action = ArgAction::SetTrue, hide = true)]
    enable_workspaces: bool,
    #[arg(long, action = ArgAction::SetTrue, hide = true)]
    disable_workspaces: bool,
}

impl MlflowFlags {
    /// Says in the log what is not needed; fails for what a user would count on.
    pub(crate) fn check(&self, backend_store_uri: Option<&str>) -> Result<()> {
        for (given, flag, why) in [
            (self.app_name.is_some(), "--app-name", "access control is not there yet"),
            (
                self.enable_workspaces,
                "--enable-workspaces",
                "workspaces are not there yet",
            ),
            (
                self.workspace_store_uri.is_some(),
                "--workspace-store-uri",
                "workspaces are not there yet",
            ),
            (
                self.read_replica_backend_store_uri.is_some(),
                "--read-replica-backend-store-uri",
                "reads go to the backend store",
            ),
            (
                self.trace_archival_config.is_some(),
                "--trace-archival-config",
                "traces stay in the backend store",
            ),
            (
                self.registry_store_uri
                    .as_deref()
                    .is_some_and(|uri| Some(uri) != backend_store_uri),
                "--registry-store-uri",
                "models and runs are in one store, so it must be the same as --backend-store-uri",
            ),
        ] {
            if given {
                bail!("{flag} is not supported: {why}");
            }
        }
        for (given, flag, why) in [
            (
                self.workers.is_some(),
                "--workers",
                "one process answers on all cores; start more of them on one PostgreSQL store if that is not enough",
            ),
            (self.gunicorn_opts.is_some(), "--gunicorn-opts", "there is no gunicorn"),
            (self.uvicorn_opts.is_some(), "--uvicorn-opts", "there is no uvicorn"),
            (self.waitress_opts.is_some(), "--waitress-opts", "there is no waitress"),
            (
                self.expose_prometheus.is_some(),
                "--expose-prometheus",
                "metrics are always at /metrics",
            ),
            (self.dev, "--dev", "set FETTLE_LOG=debug for a talkative log"),
            (
                self.secrets_cache_ttl.is_some() || self.secrets_cache_max_size.is_some(),
                "--secrets-cache-*",
                "secrets are not cached",
            ),
        ] {
            if given {
                tracing::info!("{flag} is not needed: {why}");
            }
        }
        Ok(())
    }
}

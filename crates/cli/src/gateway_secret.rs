//! The secret that gateways and their control plane share.

use anyhow::{Context, Result, anyhow, bail};
use fettle_server::GatewaySecret;
use std::path::PathBuf;

/// No option of the command line: other users of a machine see those.
const VARIABLE: &str = "FETTLE_GATEWAY_SECRET";

#[derive(Debug, clap::Args)]
pub(crate) struct GatewaySecretArgs {
    /// File with the secret that gateways and their control plane share; the variable FETTLE_GATEWAY_SECRET may hold it
    /// instead
    #[arg(long, value_name = "FILE", env = "FETTLE_GATEWAY_SECRET_FILE")]
    gateway_secret_file: Option<PathBuf>,
}

impl GatewaySecretArgs {
    /// The first one is used by a gateway; a control plane takes any.
    pub(crate) fn secrets(&self) -> Result<Vec<GatewaySecret>> {
        let Some(file) = &self.gateway_secret_file else {
            let text = std::env::var(VARIABLE).unwrap_or_default();
            return GatewaySecret::parse_all(&text).map_err(|error| anyhow!("{VARIABLE}: {error}"));
        };
        let from = format!("--gateway-secret-file {}", file.display());
        let text = std::fs::read_to_string(file).with_context(|| from.clone())?;
        let secrets = GatewaySecret::parse_all(&text).map_err(|error| anyhow!("{from}: {error}"))?;
        if secrets.is_empty() {
            bail!("{from}: the file is empty");
        }
        Ok(secrets)
    }
}

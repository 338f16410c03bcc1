//! The flags by which a server decides who may talk to it from a browser, named as those of `mlflow server`.

use anyhow::{Result, anyhow};
use clap::{ArgAction, builder::BoolishValueParser};
use fettle_server::Security;

#[derive(Debug, clap::Args)]
pub(crate) struct SecurityArgs {
    /// Names under which this server may be asked, with commas; `*` stands for any text, and any port is fine unless
    /// one is named [default: this machine and private addresses]
    #[arg(long, env = "MLFLOW_SERVER_ALLOWED_HOSTS", value_name = "HOSTS")]
    allowed_hosts: Option<String>,
    /// Other origins whose pages may use this server, with commas; `*` stands for any text [default: pages of this
    /// machine]
    #[arg(long, env = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", value_name = "ORIGINS")]
    cors_allowed_origins: Option<String>,
    /// Who may show the page in a frame: SAMEORIGIN, DENY, or NONE for everyone
    #[arg(
        long,
        env = "MLFLOW_SERVER_X_FRAME_OPTIONS",
        value_name = "VALUE",
        default_value = "SAMEORIGIN"
    )]
    x_frame_options: String,
    /// Check neither hosts nor origins; for tests only
    #[arg(
        long,
        env = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    disable_security_middleware: bool,
}

impl SecurityArgs {
    pub(crate) fn security(&self) -> Result<Security> {
        if self.disable_security_middleware {
            tracing::warn!("Hosts and origins are not checked: any web page can use this server");
            return Ok(Security::disabled());
        }
        for (flag, value) in [
            ("--allowed-hosts", &self.allowed_hosts),
            ("--cors-allowed-origins", &self.cors_allowed_origins),
        ] {
            if value.as_deref() == Some("*") {
                tracing::warn!("{flag} is `*`: any web page can use this server");
            }
        }
        Security::new(
            self.allowed_hosts.as_deref(),
            self.cors_allowed_origins.as_deref(),
            &self.x_frame_options,
        )
        .map_err(|e| anyhow!("--x-frame-options: {e}"))
    }
}

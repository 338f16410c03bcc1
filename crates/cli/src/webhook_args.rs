//! How `fettle server` sends webhooks, and what it encrypts their secrets with.

use anyhow::{Context, Result};
use fettle_db::StoreUri;
use fettle_server::{Egress, WebhookSettings, secrets};
use std::{sync::Arc, time::Duration};

/// MLflow's variable: a Fernet key is 32 bytes in base64, too.
const MLFLOW_VARIABLE: &str = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY";
/// Beside the store on a laptop.
const KEY_FILE: &str = "secret.key";

#[derive(Debug, clap::Args)]
pub(crate) struct WebhookArgs {
    /// Let webhooks go by http too, and not by https only
    #[arg(long, env = "FETTLE_WEBHOOK_ALLOW_HTTP", value_parser = clap::builder::FalseyValueParser::new())]
    webhook_allow_http: bool,
    /// Hosts to which webhooks may go although their addresses are not public: HOST or *.DOMAIN, with commas between
    #[arg(
        long,
        env = "FETTLE_WEBHOOK_ALLOWED_HOSTS",
        value_name = "HOST,..",
        value_delimiter = ','
    )]
    webhook_allowed_hosts: Vec<String>,
    /// Seconds that a webhook's receiver has to answer
    #[arg(
        long,
        env = "MLFLOW_WEBHOOK_REQUEST_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(1..=300)
    )]
    webhook_timeout: u64,
    /// How often a webhook's delivery is tried again: at growing intervals, 15 times take six hours
    #[arg(
        long,
        env = "MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES",
        value_name = "COUNT",
        default_value_t = 15,
        value_parser = clap::value_parser!(u32).range(0..=100)
    )]
    webhook_max_retries: u32,
    /// Webhook requests at once
    #[arg(
        long,
        env = "MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS",
        value_name = "COUNT",
        default_value_t = 10,
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    webhook_workers: u16,
    /// MLflow's way to say --webhook-allow-http: `http,https`
    #[arg(long, hide = true, env = "MLFLOW_WEBHOOK_ALLOWED_SCHEMES", value_delimiter = ',')]
    webhook_allowed_schemes: Vec<String>,
    /// MLflow's way to allow every host
    #[arg(long, hide = true, env = "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS", value_parser = clap::builder::FalseyValueParser::new())]
    webhook_allow_private_ips: bool,
}

impl WebhookArgs {
    pub(crate) fn settings(&self) -> WebhookSettings {
        let hosts = self.webhook_allowed_hosts.iter().map(|host| host.trim().to_owned());
        let schemes = &self.webhook_allowed_schemes;
        WebhookSettings {
            egress: Egress {
                allow_http: self.webhook_allow_http || schemes.iter().any(|scheme| scheme.trim() == "http"),
                allow_private: self.webhook_allow_private_ips,
                allowed_hosts: hosts.filter(|host| !host.is_empty()).collect(),
            },
            timeout: Duration::from_secs(self.webhook_timeout),
            retries_max: self.webhook_max_retries,
            concurrency: usize::from(self.webhook_workers),
            ..WebhookSettings::default()
        }
    }
}

/// The keys that the environment names or, for a store that is a file, a key in a file beside it. They are no option of
/// the command line: other users of a machine see those.
pub(crate) fn secret_keys(store: &StoreUri) -> Result<Arc<secrets::SecretKeys>> {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|value: &String| !value.trim().is_empty())
    };
    let named = [secrets::VARIABLE, MLFLOW_VARIABLE]
        .into_iter()
        .find_map(|name| set(name).map(|value| (name, value)));
    let (name, configured) = named.unwrap_or((secrets::VARIABLE, String::new()));
    let file = match store {
        StoreUri::Sqlite(path) => Some(path.with_file_name(KEY_FILE)),
        StoreUri::Postgres(_) => None,
    };
    let keys = secrets::SecretKeys::new(&configured, file).with_context(|| format!("the variable {name}"))?;
    Ok(Arc::new(keys))
}

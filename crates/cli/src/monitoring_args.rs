//! How `fettle server` records requests and tells of alerts.

use fettle_server::{AlertSettings, CaptureSettings};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct MonitoringArgs {
    /// Where captured requests wait to be taken to the artifact store; a folder that outlives the server
    /// [default: capture beside a store that is a file, else fettle-data/capture]
    #[arg(long, env = "FETTLE_CAPTURE_FOLDER", value_name = "FOLDER")]
    capture_folder: Option<PathBuf>,
    /// Seconds after which captured requests are taken to the artifact store
    #[arg(long, env = "FETTLE_CAPTURE_ROLL", value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    capture_roll: u64,
    /// Mail server for alerts: smtp://HOST:PORT, smtps://USER:PASSWORD@HOST or smtp://..?tls=required
    #[arg(long, env = "FETTLE_SMTP_URL", value_name = "URL", hide_env_values = true)]
    smtp_url: Option<String>,
    /// Who mail about alerts comes from, such as "Fettle <fettle@example.org>"
    #[arg(long, env = "FETTLE_SMTP_FROM", value_name = "ADDRESS")]
    smtp_from: Option<String>,
    /// Where people open the page, for links in messages [default: the address that is listened on]
    #[arg(long, env = "FETTLE_EXTERNAL_URL", value_name = "URL")]
    external_url: Option<String>,
}

impl MonitoringArgs {
    pub(crate) fn capture(&self, data_folder: &Path) -> CaptureSettings {
        let mut settings = CaptureSettings {
            folder: Some(
                self.capture_folder
                    .clone()
                    .unwrap_or_else(|| data_folder.join("capture")),
            ),
            ..CaptureSettings::default()
        };
        settings.limits.segment_age = std::time::Duration::from_secs(self.capture_roll);
        settings
    }

    pub(crate) fn alerts(&self, listens_on: &str) -> AlertSettings {
        AlertSettings {
            smtp_url: self.smtp_url.clone(),
            smtp_from: self.smtp_from.clone(),
            external_url: Some(self.external_url.clone().unwrap_or_else(|| listens_on.to_owned())),
        }
    }
}

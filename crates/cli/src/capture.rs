//! `fettle capture`: what is recorded of an endpoint's requests.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{cell, encoded},
};
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what is recorded of an endpoint, and for how long it is kept
    #[command(after_help = "Example:\n  fettle capture show --endpoint churn")]
    Show(Show),
    /// Change what is recorded of an endpoint
    #[command(after_help = "Example:\n  fettle capture set --endpoint churn --sampling-rate 0.2 --retention P90D")]
    Set(Set),
    /// Write the captured rows of some time to a Parquet file
    #[command(after_help = "Example:\n  fettle capture export --endpoint churn --since P7D -o out.parquet")]
    Export(Export),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Set {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// Share of the requests that is recorded, between 0 and 1; failures are always
    #[arg(long)]
    sampling_rate: Option<f64>,
    /// How long records are kept: P30D, or forever
    #[arg(long)]
    retention: Option<String>,
    /// Record at all
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// From when on: how long ago (1h, P7D) or a time of RFC 3339
    #[arg(long, default_value = "P7D")]
    since: String,
    /// Until when
    #[arg(long)]
    until: Option<String>,
    /// The Parquet file to write
    #[arg(long, short = 'o', value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Show(args) => {
                let settings = args.server.client()?.get(&path(&args.endpoint), &[]).await?;
                print(&args.output, &settings)
            }
            Command::Set(args) => {
                let body = json!({
                    "sampling_rate": args.sampling_rate,
                    "retention": args.retention,
                    "enabled": args.enabled,
                });
                let settings = args.server.client()?.put(&path(&args.endpoint), &body).await?;
                print(&args.output, &settings)
            }
            Command::Export(args) => {
                let path = format!("{}/export", path(&args.endpoint));
                let mut query = vec![("since", args.since.as_str())];
                query.extend(args.until.as_deref().map(|until| ("until", until)));
                let client = args.server.client()?;
                client.download_from(&path, &query, &args.output).await?;
                eprintln!("Wrote {}", args.output.display());
                Ok(())
            }
        }
    })
}

fn path(endpoint: &str) -> String {
    format!("/api/fettle/v1/endpoints/{}/capture", encoded(endpoint))
}

fn print(output: &OutputArgs, settings: &Value) -> Result<()> {
    let fields = ["endpoint", "enabled", "sampling_rate", "retention"];
    let row: Vec<String> = fields.iter().map(|field| cell(&settings[*field])).collect();
    output.print(&fields, &[row], settings)
}

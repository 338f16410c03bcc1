//! `fettle predict`: rows from a file through an endpoint.

use crate::{client::ServerArgs, printing::encoded};
use anyhow::{Context, Result, bail};
use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

pub(crate) const EXAMPLE: &str = "Examples:
  fettle predict --endpoint iris -i rows.csv
  fettle predict --endpoint iris -i request.json --deployment green
  head -3 rows.csv | fettle predict --endpoint iris -i -
  echo '{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}' | fettle predict --endpoint iris -i -";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// CSV with a header line, JSON in one of MLflow's forms, or Parquet; - reads standard input
    #[arg(long, short = 'i', value_name = "FILE")]
    input: PathBuf,
    /// Ask this deployment, whatever the traffic says
    #[arg(long)]
    deployment: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let body = read(&args.input)?;
    let path = format!("/endpoints/{}/invocations", encoded(&args.endpoint));
    let pin = args.deployment.as_deref().map(|name| ("x-fettle-deployment", name));
    let headers: Vec<(&str, &str)> = [("content-type", content_type(&body))].into_iter().chain(pin).collect();
    let response = args.server.client()?.post_bytes(&path, &headers, body).await?;
    let mut out = std::io::stdout().lock();
    out.write_all(&response)?;
    Ok(writeln!(out)?)
}

/// Told by the content: standard input has no name, and files have any.
fn content_type(body: &[u8]) -> &'static str {
    if body.starts_with(b"PAR1") {
        return "application/vnd.apache.parquet";
    }
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => "application/json",
        _ => "text/csv",
    }
}

fn read(input: &Path) -> Result<Vec<u8>> {
    if input.as_os_str() != "-" {
        return std::fs::read(input).with_context(|| format!("{}", input.display()));
    }
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    if body.is_empty() {
        bail!("standard input is empty");
    }
    Ok(body)
}

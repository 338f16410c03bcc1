//! `fettle ground-truth`: what really happened.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{cell, encoded, rows},
};
use anyhow::Result;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Upload labels: a file with correlationid, row_index, label and label_time
    #[command(after_help = "Example:\n  fettle ground-truth upload --endpoint churn labels.parquet")]
    Upload(Upload),
    /// Show the labels of one request, with their history
    #[command(after_help = "Example:\n  fettle ground-truth show --endpoint churn 4f0e9d5e0c9b6f1f")]
    Show(Show),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Upload {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// Parquet, CSV, JSON or JSON Lines
    file: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// Correlation id of the request
    correlation_id: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Upload(args) => {
                let answer = args
                    .server
                    .client()?
                    .post_file(&path(&args.endpoint), &[], &args.file)
                    .await?;
                let row = ["rows", "new"].map(|field| cell(&answer[field]));
                args.output.print(&["rows", "new"], &[row.to_vec()], &answer)
            }
            Command::Show(args) => {
                let query = [("correlation_id", args.correlation_id.as_str())];
                let answer = args.server.client()?.get(&path(&args.endpoint), &query).await?;
                let fields = ["correlation_id", "row_index", "label", "label_time", "current"];
                args.output.print(&fields, &rows(&answer["labels"], &fields), &answer)
            }
        }
    })
}

fn path(endpoint: &str) -> String {
    format!("/api/fettle/v1/endpoints/{}/ground-truth", encoded(endpoint))
}

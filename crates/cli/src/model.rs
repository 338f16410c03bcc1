//! `fettle model`: what Fettle knows of registered model versions besides what MLflow does.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{cell, rows},
};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

const PATH: &str = "/api/fettle/v1/models/parity";
const FIELDS: [&str; 5] = ["kind", "rows", "both_refuse", "differing", "max_relative_difference"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how a version's native scoring compared with Python's when it was last deployed
    #[command(
        after_help = "Examples:\n  fettle model parity models:/iris/1\n  fettle model parity models:/iris@champion -o json"
    )]
    Parity(Parity),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Parity {
    /// Model version: models:/NAME/VERSION, models:/NAME@ALIAS or models:/NAME/STAGE
    #[arg(value_name = "URI")]
    model_uri: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) async fn run(command: Command) -> Result<()> {
    let Command::Parity(args) = command;
    let found = args
        .server
        .client()?
        .get(PATH, &[("model_uri", &args.model_uri)])
        .await?;
    let report = &found["report"];
    if report.is_null() {
        bail!(
            "version {} of `{}` has not been compared: deploy it with the executor `auto` or `native`",
            cell(&found["version"]),
            cell(&found["name"])
        );
    }
    if args.output.is_for_people() {
        println!(
            "Version {} of {}, compared {} by Fettle {}: {}",
            cell(&found["version"]),
            cell(&found["name"]),
            cell(&found["compared_at"]),
            cell(&found["gateway_version"]),
            cell(&report["verdict"])
        );
    }
    args.output.print(&FIELDS, &rows(&kinds(report), &FIELDS), &found)
}

/// The kinds of rows that were compared, each with its name.
fn kinds(report: &Value) -> Value {
    let kinds = report["kinds"].as_object().into_iter().flatten();
    let named = |(name, counts): (&String, &Value)| {
        let mut kind = counts.clone();
        kind["kind"] = json!(name);
        kind
    };
    kinds.map(named).collect()
}

//! `fettle endpoint`: models that a server answers for under stable names.

use crate::{
    client::{Client, ServerArgs},
    output::OutputArgs,
};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PATH: &str = "/api/fettle/v1/endpoints";
const POLL: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an endpoint for a model and wait until it answers
    #[command(after_help = "Example:\n  fettle endpoint create flight-delay -m models:/flight-delay@champion")]
    Create(Create),
    /// List all endpoints
    #[command(after_help = "Example:\n  fettle endpoint list -o json")]
    List(List),
    /// Show one endpoint: what runs its model, and why
    #[command(after_help = "Example:\n  fettle endpoint show flight-delay")]
    Show(Named),
    /// Delete an endpoint; requests in progress are answered
    #[command(after_help = "Example:\n  fettle endpoint delete flight-delay")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Name of the endpoint: it answers at /endpoints/NAME/invocations
    name: String,
    /// Model to serve: models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE or runs:/RUN_ID/PATH
    #[arg(long, short = 'm', value_name = "URI")]
    model_uri: String,
    /// What runs the model: native (no Python), python, or auto: native if it is proven to answer as Python does
    #[arg(long, default_value = "auto")]
    executor: String,
    /// Python worker processes, if the model runs in Python
    #[arg(long, default_value_t = 1)]
    replicas: u32,
    /// How many seconds to wait for the model to start; 0 does not wait
    #[arg(long, default_value_t = 300)]
    wait: u64,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Name of the endpoint
    name: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Create(args) => create(args).await,
            Command::List(args) => {
                let answer = args.server.client()?.get(PATH, &[]).await?;
                let endpoints = answer["endpoints"].as_array().cloned().unwrap_or_default();
                print(&args.output, &endpoints, &answer)
            }
            Command::Show(args) => {
                let endpoint = args.server.client()?.get(&path(&args.name), &[]).await?;
                print(&args.output, std::slice::from_ref(&endpoint), &endpoint)
            }
            Command::Delete(args) => {
                args.server.client()?.delete(&path(&args.name)).await?;
                eprintln!("Deleted endpoint `{}`", args.name);
                Ok(())
            }
        }
    })
}

async fn create(args: Create) -> Result<()> {
    let client = args.server.client()?;
    let body = json!({
        "name": args.name,
        "model_uri": args.model_uri,
        "executor": args.executor,
        "replicas": args.replicas,
    });
    let mut endpoint = client.post(PATH, &body).await?;
    if args.wait > 0 {
        endpoint = wait_until_started(&client, &args.name, Duration::from_secs(args.wait)).await?;
    }
    print(&args.output, std::slice::from_ref(&endpoint), &endpoint)
}

async fn wait_until_started(client: &Client, name: &str, patience: Duration) -> Result<Value> {
    let end = Instant::now() + patience;
    loop {
        let endpoint = client.get(&path(name), &[]).await?;
        match endpoint["state"].as_str() {
            Some("ready") => return Ok(endpoint),
            Some("failed") => bail!(
                "endpoint `{name}` was made, but its model did not start: {}",
                endpoint["deployments"][0]["reason"]
                    .as_str()
                    .unwrap_or("no reason was given")
            ),
            _ if Instant::now() > end => bail!("endpoint `{name}` was made and is still starting after {patience:?}"),
            _ => sleep(POLL).await,
        }
    }
}

fn path(name: &str) -> String {
    format!(
        "{PATH}/{}",
        percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
    )
}

fn print(output: &OutputArgs, endpoints: &[Value], whole: &Value) -> Result<()> {
    let cell = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows: Vec<Vec<String>> = endpoints
        .iter()
        .flat_map(|endpoint| {
            endpoint["deployments"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|deployment| {
                    let named = [&endpoint["name"], &endpoint["state"], &deployment["model_uri"]].map(cell);
                    let version = deployment["model_version"].as_str().unwrap_or("-").to_owned();
                    let executor = cell(&deployment["executor"]);
                    let traffic = format!("{}%", deployment["traffic"]);
                    let reason = deployment["reason"].as_str().unwrap_or("-").to_owned();
                    named.into_iter().chain([version, executor, traffic, reason]).collect()
                })
        })
        .collect();
    output.print(
        &["name", "state", "model", "version", "executor", "traffic", "reason"],
        &rows,
        whole,
    )
}

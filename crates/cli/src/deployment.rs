//! `fettle deployment`: the models behind an endpoint.

use crate::{
    client::{Client, ServerArgs},
    endpoint::{below, path},
    output::OutputArgs,
    printing::{cell, encoded},
    size::size_u64,
};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(200);
pub(crate) const HEADERS: [&str; 8] = [
    "name", "state", "model", "version", "executor", "replicas", "traffic", "reason",
];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put a model behind an endpoint and wait until it answers; it gets no traffic yet
    #[command(
        after_help = "Example:\n  fettle deployment create green --endpoint iris --model models:/iris/2 --min-replicas 0 --max-replicas 10"
    )]
    Create(Create),
    /// Change what a deployment runs; the model that answers goes on until the new one is ready
    #[command(after_help = "Example:\n  fettle deployment update blue --endpoint iris --model models:/iris/3")]
    Update(Create),
    /// Take a deployment away that gets no traffic
    #[command(after_help = "Example:\n  fettle deployment delete green --endpoint iris")]
    Delete(Delete),
    /// List the deployments of an endpoint
    #[command(after_help = "Example:\n  fettle deployment list --endpoint iris -o tsv")]
    List(List),
}

/// What a deployment runs.
#[derive(Debug, clap::Args)]
pub(crate) struct SpecArgs {
    /// Model to serve: models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/STAGE or runs:/RUN_ID/PATH
    #[arg(long, short = 'm', visible_alias = "model-uri", value_name = "URI")]
    pub(crate) model: Option<String>,
    /// What runs the model: native (no Python), onnx (ONNX Runtime), python, or auto: onnx for ONNX models, native if it
    /// is proven to answer as Python does
    #[arg(long)]
    executor: Option<String>,
    /// Worker processes, if the model runs in Python
    #[arg(long, conflicts_with_all = ["min_replicas", "max_replicas"])]
    replicas: Option<u32>,
    /// The least number of them
    #[arg(long)]
    min_replicas: Option<u32>,
    /// The greatest number of them
    #[arg(long)]
    max_replicas: Option<u32>,
    /// Requests that one replica works on at once
    #[arg(long)]
    concurrency: Option<u32>,
    /// Variable of the workers' environment; give it once for each
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE", value_parser = variable)]
    environment: Vec<(String, String)>,
    /// Seconds from a request to its answer; then 504 [default: the server's, as of the ones below]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// Requests that may wait for a worker; more get 429
    #[arg(long, value_name = "REQUESTS")]
    queue: Option<u32>,
    /// Whether requests may share a call of the model
    #[arg(long, value_name = "BOOL")]
    batching: Option<bool>,
    /// Rows of a call that requests share
    #[arg(long, value_name = "ROWS")]
    batch_rows_max: Option<u32>,
    /// What the number of replicas follows: concurrency, request_rate or cpu
    #[arg(long, value_name = "METRIC")]
    scale_on: Option<String>,
    /// Seconds over which it is averaged
    #[arg(long, value_name = "SECONDS")]
    scale_window: Option<u32>,
    /// Seconds that a request may wait for the first worker
    #[arg(long, value_name = "SECONDS")]
    cold_start_timeout: Option<u32>,
    /// Let a worker allocate no more memory than this, as 4GiB
    #[arg(long, value_name = "SIZE", value_parser = size_u64)]
    worker_memory_max: Option<u64>,
    /// Replace a worker that holds more memory, as 2GiB, once another is ready
    #[arg(long, value_name = "SIZE", value_parser = size_u64)]
    worker_resident_max: Option<u64>,
    /// Replace a worker that has answered so many requests, once another is ready
    #[arg(long, value_name = "REQUESTS")]
    worker_requests_max: Option<u32>,
    /// Whether to move with the alias in the model's address [default: yes, if it has one]
    #[arg(long, value_name = "BOOL")]
    follow: Option<bool>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Name of the deployment
    name: String,
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    #[command(flatten)]
    spec: SpecArgs,
    /// How many seconds to wait for the model to start; 0 does not wait
    #[arg(long, default_value_t = 300)]
    wait: u64,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    /// Name of the deployment
    name: String,
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl SpecArgs {
    /// What was said; the rest is the server's to choose, or stays as it was.
    pub(crate) fn body(&self) -> Value {
        let mut body = Map::new();
        let mut say = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                body.insert(field.to_owned(), value);
            }
        };
        say("model_uri", self.model.as_ref().map(|uri| json!(uri)));
        say("executor", self.executor.as_ref().map(|executor| json!(executor)));
        say("replicas", self.replicas.map(|count| json!(count)));
        say("replicas_min", self.min_replicas.map(|count| json!(count)));
        say("replicas_max", self.max_replicas.map(|count| json!(count)));
        say("concurrency", self.concurrency.map(|count| json!(count)));
        say("follow", self.follow.map(|follow| json!(follow)));
        let limits: Map<String, Value> = [
            ("timeout_seconds", self.timeout.map(|seconds| json!(seconds))),
            ("queue", self.queue.map(|count| json!(count))),
            ("batching", self.batching.map(|batching| json!(batching))),
            ("batch_rows_max", self.batch_rows_max.map(|rows| json!(rows))),
            ("scale_on", self.scale_on.as_ref().map(|metric| json!(metric))),
            ("scale_window_seconds", self.scale_window.map(|seconds| json!(seconds))),
            (
                "cold_start_seconds",
                self.cold_start_timeout.map(|seconds| json!(seconds)),
            ),
            (
                "worker_memory_bytes_max",
                self.worker_memory_max.map(|bytes| json!(bytes)),
            ),
            (
                "worker_resident_bytes_max",
                self.worker_resident_max.map(|bytes| json!(bytes)),
            ),
            (
                "worker_requests_max",
                self.worker_requests_max.map(|count| json!(count)),
            ),
        ]
        .into_iter()
        .filter_map(|(field, value)| Some((field.to_owned(), value?)))
        .collect();
        say("limits", (!limits.is_empty()).then(|| limits.into()));
        let variables: Map<String, Value> = self
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        say("environment", (!variables.is_empty()).then(|| variables.into()));
        body.into()
    }
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create(args).await,
        Command::Update(args) => update(args).await,
        Command::Delete(args) => delete(args).await,
        Command::List(args) => list(args).await,
    }
}

async fn create(args: Create) -> Result<()> {
    if args.spec.model.is_none() {
        bail!("name the model of the deployment with --model, such as models:/iris/1");
    }
    let mut body = args.spec.body();
    body["name"] = json!(args.name);
    let client = args.server.client()?;
    let endpoint = client.post(&below(&args.endpoint, "deployments"), &body).await?;
    settle(&client, args, endpoint).await
}

async fn update(args: Create) -> Result<()> {
    let client = args.server.client()?;
    let path = deployment_path(&args.endpoint, &args.name);
    let endpoint = client.patch(&path, &args.spec.body()).await?;
    settle(&client, args, endpoint).await
}

async fn delete(args: Delete) -> Result<()> {
    let path = deployment_path(&args.endpoint, &args.name);
    args.server.client()?.delete(&path).await?;
    eprintln!("Deleted deployment `{}` of endpoint `{}`", args.name, args.endpoint);
    Ok(())
}

async fn list(args: List) -> Result<()> {
    let endpoint = args.server.client()?.get(&path(&args.endpoint), &[]).await?;
    let deployments = endpoint["deployments"].as_array().cloned().unwrap_or_default();
    print(&args.output, &deployments, &json!({ "deployments": deployments }))
}

fn deployment_path(endpoint: &str, name: &str) -> String {
    below(endpoint, &format!("deployments/{}", encoded(name)))
}

async fn settle(client: &Client, args: Create, mut endpoint: Value) -> Result<()> {
    if args.wait > 0 {
        endpoint = wait_until_started(client, &args.endpoint, &args.name, Duration::from_secs(args.wait)).await?;
    }
    let deployment = find(&endpoint, &args.name).clone();
    print(&args.output, std::slice::from_ref(&deployment), &deployment)
}

fn find<'v>(endpoint: &'v Value, name: &str) -> &'v Value {
    let found = endpoint["deployments"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|each| each["name"] == name);
    found.unwrap_or(&Value::Null)
}

/// Waits until the model of a deployment answers; gives the endpoint as it is then.
pub(crate) async fn wait_until_started(
    client: &Client,
    endpoint: &str,
    name: &str,
    patience: Duration,
) -> Result<Value> {
    let end = Instant::now() + patience;
    loop {
        let found = client.get(&path(endpoint), &[]).await?;
        let deployment = find(&found, name);
        match deployment["state"].as_str() {
            Some("ready") => return Ok(found),
            Some("failed") => bail!(
                "deployment `{name}` of endpoint `{endpoint}` did not start: {}",
                deployment["reason"].as_str().unwrap_or("no reason was given")
            ),
            _ if Instant::now() > end => {
                bail!("deployment `{name}` of endpoint `{endpoint}` is still starting after {patience:?}")
            }
            _ => sleep(POLL).await,
        }
    }
}

pub(crate) fn row(deployment: &Value) -> Vec<String> {
    let named = ["name", "state", "model_uri", "model_version", "executor"].map(|field| cell(&deployment[field]));
    let traffic = format!("{}%", deployment["traffic"]);
    named
        .into_iter()
        .chain([replicas(deployment), traffic, first_line(&cell(&deployment["reason"]))])
        .collect()
}

/// The rest, such as a traceback, is in the JSON.
fn first_line(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, _)) => format!("{} ..", first.trim_end_matches(':')),
        None => text.to_owned(),
    }
}

/// Workers that are ready, of those that there are to be; models that need none have none.
fn replicas(deployment: &Value) -> String {
    let Some(ready) = deployment["workers"]["ready"].as_u64() else {
        return "-".to_owned();
    };
    let [least, most] = ["replicas_min", "replicas_max"].map(|field| cell(&deployment[field]));
    if least == most {
        format!("{ready} of {most}")
    } else {
        format!("{ready} of {least}-{most}")
    }
}

fn print(output: &OutputArgs, deployments: &[Value], whole: &Value) -> Result<()> {
    let rows: Vec<Vec<String>> = deployments.iter().map(row).collect();
    output.print(&HEADERS, &rows, whole)
}

//! `fettle logs`: the requests that endpoints have answered.

use crate::{client::ServerArgs, output::OutputArgs, printing::cell};
use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

const PATH: &str = "/api/fettle/v1/logs";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the requests of some time, newest first
    #[command(
        after_help = "Examples:\n  fettle logs query --since 1h --endpoint churn --status 5xx --limit 100\n  fettle logs query --correlation-id 4f0e9d5e0c9b6f1f -o json"
    )]
    Query(Box<Query>),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// From when on: how long ago (1h, P7D) or a time of RFC 3339
    #[arg(long, default_value = "1h")]
    since: String,
    /// Until when
    #[arg(long)]
    until: Option<String>,
    /// Only of this endpoint
    #[arg(long)]
    endpoint: Option<String>,
    /// Only of this deployment
    #[arg(long)]
    deployment: Option<String>,
    /// Only of this version of the model
    #[arg(long)]
    model_version: Option<String>,
    /// Only with this status: 429, 5xx, error (400 and above) or success
    #[arg(long)]
    status: Option<String>,
    /// Only the request with this id
    #[arg(long)]
    correlation_id: Option<String>,
    /// Only failures with this text in their request or answer
    #[arg(long)]
    contains: Option<String>,
    /// Only those that took this long or longer
    #[arg(long, value_name = "MS")]
    min_latency_ms: Option<f64>,
    /// How many
    #[arg(long, default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Command::Query(args) = command;
    runtime.block_on(query(*args))
}

async fn query(args: Query) -> Result<()> {
    let client = args.server.client()?;
    let latency = args.min_latency_ms.map(|ms| ms.to_string());
    let given = [
        ("since", Some(args.since.as_str())),
        ("until", args.until.as_deref()),
        ("endpoint", args.endpoint.as_deref()),
        ("deployment", args.deployment.as_deref()),
        ("model_version", args.model_version.as_deref()),
        ("status", args.status.as_deref()),
        ("correlation_id", args.correlation_id.as_deref()),
        ("contains", args.contains.as_deref()),
        ("min_latency_ms", latency.as_deref()),
    ];
    let mut requests: Vec<Value> = Vec::new();
    let mut token = String::new();
    loop {
        let count = (args.limit - requests.len()).min(1000).to_string();
        let mut query: Vec<(&str, &str)> = given
            .iter()
            .filter_map(|(name, value)| value.map(|value| (*name, value)))
            .collect();
        query.extend([("max_results", count.as_str()), ("page_token", token.as_str())]);
        let answer = client.get(PATH, &query).await?;
        requests.extend(answer["requests"].as_array().cloned().unwrap_or_default());
        match answer["next_page_token"].as_str() {
            Some(next) if requests.len() < args.limit => next.clone_into(&mut token),
            _ => break,
        }
    }
    let fields = [
        "time",
        "endpoint",
        "deployment",
        "model_version",
        "status",
        "latency_ms",
        "rows",
        "correlation_id",
        "error",
    ];
    let rows: Vec<Vec<String>> = requests
        .iter()
        .map(|request| fields.iter().map(|field| shortened(&cell(&request[*field]))).collect())
        .collect();
    let headers = [
        "time",
        "endpoint",
        "deployment",
        "version",
        "status",
        "ms",
        "rows",
        "correlation id",
        "error",
    ];
    args.output
        .print(&headers, &rows, &serde_json::json!({ "requests": requests }))
}

fn shortened(text: &str) -> String {
    const LENGTH: usize = 120;
    if text.chars().count() <= LENGTH {
        return text.to_owned();
    }
    text.chars().take(LENGTH).chain("…".chars()).collect()
}

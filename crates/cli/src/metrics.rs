//! `fettle metrics`: figures of operation over time.

use crate::{client::ServerArgs, output::OutputArgs, printing::cell};
use anyhow::Result;
use clap::Subcommand;

const PATH: &str = "/api/fettle/v1/operational-metrics";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show metrics of an endpoint over time
    #[command(
        after_help = "Example:\n  fettle metrics query --endpoint churn --metric Replicas,Requests,HttpResponseTime --since 1h --interval 5m"
    )]
    Query(Query),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// Name of the endpoint
    #[arg(long)]
    endpoint: String,
    /// Metrics, with commas between: Requests, HttpResponseTime, RequestLatency_P99, ErrorRate, Replicas, ..
    #[arg(long, default_value = "Replicas,Requests,HttpResponseTime")]
    metric: String,
    /// Average, Minimum, Maximum, Total or Count [default: what suits the metric]
    #[arg(long)]
    aggregation: Option<String>,
    /// From when on: how long ago (1h, P7D) or a time of RFC 3339
    #[arg(long, default_value = "1h")]
    since: String,
    /// Width of a step
    #[arg(long, default_value = "5m")]
    interval: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let Command::Query(args) = command;
    runtime.block_on(async {
        let aggregation = args.aggregation.as_deref().map(|name| ("aggregation", name));
        let query: Vec<(&str, &str)> = [
            ("endpoint", args.endpoint.as_str()),
            ("metric", &args.metric),
            ("since", &args.since),
            ("interval", &args.interval),
        ]
        .into_iter()
        .chain(aggregation)
        .collect();
        let answer = args.server.client()?.get(PATH, &query).await?;
        let metrics = answer["metrics"].as_array().cloned().unwrap_or_default();
        let steps = metrics
            .first()
            .and_then(|metric| metric["points"].as_array())
            .map_or(0, Vec::len);
        let rows: Vec<Vec<String>> = (0..steps)
            .map(|step| {
                let time = cell(&metrics[0]["points"][step]["time"]);
                let values = metrics.iter().map(|metric| cell(&metric["points"][step]["value"]));
                std::iter::once(time).chain(values).collect()
            })
            .collect();
        let names: Vec<String> = metrics
            .iter()
            .map(|metric| format!("{} ({})", cell(&metric["name"]), cell(&metric["unit"])))
            .collect();
        let headers: Vec<&str> = std::iter::once("time")
            .chain(names.iter().map(String::as_str))
            .collect();
        args.output.print(&headers, &rows, &answer)
    })
}

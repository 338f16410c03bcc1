//! `fettle monitor`: signals over what endpoints were asked and answered.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{cell, documents, encoded, rows},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

const PATH: &str = "/api/fettle/v1/monitors";
const FIELDS: [&str; 5] = ["name", "endpoint", "window", "verdict", "next_run_at"];
const RUN_FIELDS: [&str; 7] = ["id", "state", "cause", "window_start", "window_end", "rows", "verdict"];
const RESULT_FIELDS: [&str; 6] = ["signal", "feature", "metric", "value", "threshold", "verdict"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make monitors from a YAML file, with the keys of Azure's monitors
    #[command(after_help = "Example:\n  fettle monitor create -f monitor.yaml")]
    Create(Create),
    /// List all monitors with their last verdict
    #[command(after_help = "Example:\n  fettle monitor list")]
    List(Plain),
    /// Show what a monitor's newest window showed
    #[command(after_help = "Example:\n  fettle monitor show flights -o json")]
    Show(Named),
    /// Look at a window now; exits with 1 if a signal raises an alarm and --fail-on-alarm is given
    #[command(
        after_help = "Examples:\n  fettle monitor run flights\n  fettle monitor run flights --window-start 2026-01-01T00:00:00Z --window-end 2026-02-01T00:00:00Z --backfill"
    )]
    Run(Run),
    /// List the windows that were looked at, newest first
    #[command(after_help = "Example:\n  fettle monitor runs flights")]
    Runs(Named),
    /// Send a value of a custom signal
    #[command(after_help = "Example:\n  fettle monitor send-metric flights feature_lag_minutes 12.5")]
    SendMetric(SendMetric),
    /// Delete a monitor with its runs and its alert rules
    #[command(after_help = "Example:\n  fettle monitor delete flights")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// YAML file with one monitor or more, divided by `---`
    #[arg(long, short = 'f', value_name = "FILE")]
    file: PathBuf,
    /// Replace monitors that are there already
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plain {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Name of the monitor
    name: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// Name of the monitor
    name: String,
    /// From when on: a time of RFC 3339, or how long ago
    #[arg(long)]
    window_start: Option<String>,
    /// Until when
    #[arg(long)]
    window_end: Option<String>,
    /// Fill the time with windows of the monitor's size
    #[arg(long)]
    backfill: bool,
    /// Exit with 1 if a signal raises an alarm
    #[arg(long)]
    fail_on_alarm: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SendMetric {
    /// Name of the monitor
    name: String,
    /// Name of the metric
    metric: String,
    /// Its value
    value: f64,
    /// When it was measured [default: now]
    #[arg(long)]
    time: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Create(args) => create(args).await,
            Command::List(args) => {
                let answer = args.server.client()?.get(PATH, &[]).await?;
                args.output.print(&FIELDS, &rows(&answer["monitors"], &FIELDS), &answer)
            }
            Command::Show(args) => show(args).await,
            Command::Run(args) => run_now(args).await,
            Command::Runs(args) => {
                let answer = args
                    .server
                    .client()?
                    .get(&format!("{}/runs", path(&args.name)), &[])
                    .await?;
                args.output
                    .print(&RUN_FIELDS, &rows(&answer["runs"], &RUN_FIELDS), &answer)
            }
            Command::SendMetric(args) => {
                let body = json!({ "name": args.metric, "value": args.value, "time": args.time });
                args.server
                    .client()?
                    .post(&format!("{}/metrics", path(&args.name)), &body)
                    .await?;
                Ok(())
            }
            Command::Delete(args) => {
                args.server.client()?.delete(&path(&args.name)).await?;
                eprintln!("Deleted monitor `{}`", args.name);
                Ok(())
            }
        }
    })
}

async fn create(args: Create) -> Result<()> {
    let batch = json!({ "monitors": documents(&args.file)?, "replace": args.replace });
    let made = args.server.client()?.put(PATH, &batch).await?;
    let whole = match made["monitors"].as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => &made,
    };
    args.output.print(&FIELDS, &rows(&made["monitors"], &FIELDS), whole)
}

/// The monitor, and what its newest run found.
async fn show(args: Named) -> Result<()> {
    let client = args.server.client()?;
    let mut monitor = client.get(&path(&args.name), &[]).await?;
    let run = match monitor["last_run"]["id"].as_str() {
        Some(id) => client.get(&format!("{}/runs/{id}", path(&args.name)), &[]).await?,
        None => Value::Null,
    };
    if args.output.is_for_people() {
        args.output
            .print(&FIELDS, &rows(&Value::from(vec![monitor.clone()]), &FIELDS), &monitor)?;
    }
    monitor["last_run"] = run.clone();
    let headers: Vec<&str> = RESULT_FIELDS.into_iter().chain(["note"]).collect();
    args.output.print(&headers, &result_rows(&run), &monitor)
}

fn result_rows(run: &Value) -> Vec<Vec<String>> {
    let mut rows = rows(&run["results"], &RESULT_FIELDS);
    for (row, result) in rows.iter_mut().zip(run["results"].as_array().into_iter().flatten()) {
        row.push(note(result));
    }
    rows
}

/// How much the verdict is to be trusted.
fn note(result: &Value) -> String {
    let detail = &result["detail"];
    let number = |value: &Value| value.as_f64().map(|value| cell(&json!(value)));
    let interval = [0, 1].map(|end| number(&detail["interval"][end]));
    match (&detail["smallest_detectable_shift"], interval) {
        _ if result["verdict"] == "insufficient_data" && detail["reason"].is_string() => cell(&detail["reason"]),
        (shift, _) if shift.is_object() => {
            let unit = if shift["unit"] == "share_of_rows" {
                "of the rows"
            } else {
                "standard deviations"
            };
            let seen = format!("sees {} {unit}", cell(&shift["value"]));
            match number(&detail["false_alarm_rate"]) {
                Some(rate) => format!("{seen}, false alarm rate {rate}"),
                None => seen,
            }
        }
        (_, [Some(low), Some(high)]) => format!("{low} to {high}"),
        _ => "-".to_owned(),
    }
}

async fn run_now(args: Run) -> Result<()> {
    let body = json!({
        "window_start": args.window_start,
        "window_end": args.window_end,
        "backfill": args.backfill,
    });
    let answer = args
        .server
        .client()?
        .post(&format!("{}/run", path(&args.name)), &body)
        .await?;
    let runs = answer["runs"].as_array().context("the server answered without runs")?;
    let results: Vec<Vec<String>> = runs
        .iter()
        .flat_map(|run| {
            let end = cell(&run["window_end"]);
            result_rows(run)
                .into_iter()
                .map(move |row| std::iter::once(end.clone()).chain(row).collect())
        })
        .collect();
    let headers: Vec<&str> = std::iter::once("window_end")
        .chain(RESULT_FIELDS)
        .chain(["note"])
        .collect();
    args.output.print(&headers, &results, &answer)?;
    if args.fail_on_alarm && runs.iter().any(|run| run["verdict"] == "alarm") {
        bail!("monitor `{}` raises an alarm", args.name);
    }
    Ok(())
}

fn path(name: &str) -> String {
    format!("{PATH}/{}", encoded(name))
}

//! Traffic that moves step by step.

use super::{Named, all, below};
use crate::{
    client::{Client, ServerArgs},
    output::OutputArgs,
    printing::cell,
};
use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::sleep;

pub(super) const EXAMPLE: &str = "Example:
  fettle endpoint rollout iris --to green --policy canary.yaml

canary.yaml:
  steps:
    - {mirror: 20, wait: 5m}
    - {percent: 10, wait: 10m}
    - {percent: 50, wait: 10m}
    - {percent: 100}
  checks:
    - {check: error_rate, max: 0.01}
    - {check: latency_p99_ms, max: 50}
    - {check: mirror_disagreement, max: 0.02}
  requests_min: 100";

const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub(crate) struct Rollout {
    /// Name of the endpoint
    name: String,
    /// The deployment that is to get the traffic
    #[arg(long, value_name = "DEPLOYMENT")]
    to: String,
    /// File with the steps and checks, YAML or JSON [default: the endpoint's own]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Wait until it has ended; fails if it was rolled back
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Promote {
    /// Go to the end, and not to the next step
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    named: Named,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Abort {
    /// Why, for the record
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    named: Named,
}

/// A file in YAML, of which JSON is a part, as JSON.
pub(super) fn read_yaml(file: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    serde_yaml_ng::from_str(&text).with_context(|| format!("{} is not YAML", file.display()))
}

pub(super) async fn rollout(args: Rollout) -> Result<()> {
    let client = args.server.client()?;
    let policy = args.policy.as_deref().map(read_yaml).transpose()?;
    let body = json!({ "to": args.to, "policy": policy });
    let mut rollout = client.post(&below(&args.name, "rollouts"), &body).await?;
    if args.wait {
        rollout = wait_for_the_end(&client, &args.name, rollout).await?;
    }
    print(&args.output, std::slice::from_ref(&rollout), &rollout)?;
    if args.wait && rollout["state"] != "succeeded" {
        bail!(
            "rollout {} {}: {}",
            cell(&rollout["id"]),
            cell(&rollout["state"]),
            cell(&rollout["reason"])
        );
    }
    Ok(())
}

async fn wait_for_the_end(client: &Client, name: &str, mut rollout: Value) -> Result<Value> {
    let path = below(name, &format!("rollouts/{}", cell(&rollout["id"])));
    let mut told = 0;
    loop {
        let events = rollout["events"].as_array().map_or(&[][..], Vec::as_slice);
        for event in events.iter().skip(told) {
            eprintln!(
                "{} {} {}",
                cell(&event["at"]),
                cell(&event["event"]),
                cell(&event["detail"])
            );
        }
        told = events.len();
        if !rollout["finished_at"].is_null() {
            return Ok(rollout);
        }
        sleep(POLL).await;
        rollout = client.get(&path, &[]).await?;
    }
}

pub(super) async fn list(args: Named) -> Result<()> {
    let rollouts = all(&args.server.client()?, &below(&args.name, "rollouts"), "rollouts").await?;
    print(&args.output, &rollouts, &json!({ "rollouts": rollouts }))
}

pub(super) async fn promote(args: Promote) -> Result<()> {
    act(&args.named, "promote", json!({ "full": args.full })).await
}

pub(super) async fn abort(args: Abort) -> Result<()> {
    act(&args.named, "abort", json!({ "reason": args.reason })).await
}

/// Says something to the rollout that is under way.
pub(super) async fn act(args: &Named, word: &str, body: Value) -> Result<()> {
    let client = args.server.client()?;
    let endpoint = client.get(&super::path(&args.name), &[]).await?;
    let id = endpoint["rollout"]["id"]
        .as_str()
        .ok_or_else(|| anyhow!("no rollout of endpoint `{}` is under way", args.name))?;
    let rollout = client
        .post(&below(&args.name, &format!("rollouts/{id}/{word}")), &body)
        .await?;
    print(&args.output, std::slice::from_ref(&rollout), &rollout)
}

fn print(output: &OutputArgs, rollouts: &[Value], whole: &Value) -> Result<()> {
    let row = |rollout: &Value| {
        let step = format!("{}/{}", rollout["step"], rollout["steps"]);
        let observed = ["requests", "error_rate", "latency_p99_ms"].map(|field| cell(&rollout["observed"][field]));
        let named = ["id", "to", "state"].map(|field| cell(&rollout[field]));
        named
            .into_iter()
            .chain([step])
            .chain(observed)
            .chain([cell(&rollout["reason"])])
            .collect()
    };
    let rows: Vec<Vec<String>> = rollouts.iter().map(row).collect();
    output.print(
        &[
            "id",
            "to",
            "state",
            "step",
            "requests",
            "error rate",
            "p99 ms",
            "reason",
        ],
        &rows,
        whole,
    )
}

//! Fallbacks, switching models off and on, and the checklist.

use super::{Named, below, path, print, rollout::read_yaml};
use crate::{client::ServerArgs, output::OutputArgs, printing::cell};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) const UPDATE_EXAMPLE: &str = "Examples:
  fettle endpoint update iris --fallback-constant 0.5
  fettle endpoint update iris --fallback-rules rules.yaml
  fettle endpoint update iris --policy canary.yaml

rules.yaml:
  rules:
    - {when: \"amount > 1000 and country in ('NG', 'KP')\", answer: review}
  otherwise: accept";

pub(super) const DISABLE_EXAMPLE: &str = "Examples:
  fettle endpoint disable iris --reason 'predictions are wrong since 14:00'
  fettle endpoint disable iris --reason drift --fallback-deployment safe";

#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct FallbackArgs {
    /// Answer for every row, as JSON: 0.5, '\"unknown\"'
    #[arg(long, value_name = "JSON")]
    fallback_constant: Option<String>,
    /// File with rules over the values of a row, YAML or JSON
    #[arg(long, value_name = "FILE")]
    fallback_rules: Option<PathBuf>,
    /// Deployment that answers
    #[arg(long, value_name = "DEPLOYMENT")]
    fallback_deployment: Option<String>,
}

impl FallbackArgs {
    fn fallback(&self) -> Result<Option<Value>> {
        if let Some(text) = &self.fallback_constant {
            let constant: Value = serde_json::from_str(text)
                .with_context(|| format!("--fallback-constant: `{text}` is not JSON; a text needs its quotes"))?;
            return Ok(Some(json!({ "constant": constant })));
        }
        if let Some(file) = &self.fallback_rules {
            return Ok(Some(json!({ "rules": read_yaml(file)? })));
        }
        Ok(self
            .fallback_deployment
            .as_ref()
            .map(|name| json!({ "deployment": name })))
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Update {
    /// Name of the endpoint
    name: String,
    #[command(flatten)]
    fallback: FallbackArgs,
    /// Declare that nothing answers while the endpoint is disabled
    #[arg(long)]
    no_fallback: bool,
    /// File with the steps and checks by which new versions of a followed alias get the traffic
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Have new versions of a followed alias take over at once
    #[arg(long, conflicts_with = "policy")]
    no_policy: bool,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Disable {
    /// Name of the endpoint
    name: String,
    /// Why, for the record and for those who get no answer
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    fallback: FallbackArgs,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) async fn update(args: Update) -> Result<()> {
    let mut body = json!({});
    if let Some(fallback) = args.fallback.fallback()? {
        body["fallback"] = fallback;
    } else if args.no_fallback {
        body["fallback"] = Value::Null;
    }
    if let Some(file) = &args.policy {
        body["policy"] = read_yaml(file)?;
    } else if args.no_policy {
        body["policy"] = Value::Null;
    }
    let endpoint = args.server.client()?.patch(&path(&args.name), &body).await?;
    print(&args.output, &endpoint)
}

pub(super) async fn disable(args: Disable) -> Result<()> {
    let body = json!({ "reason": args.reason, "fallback": args.fallback.fallback()? });
    let endpoint = args.server.client()?.post(&below(&args.name, "disable"), &body).await?;
    if endpoint["fallback"].is_null() {
        eprintln!(
            "Endpoint `{}` has no fallback: it answers 503 until it is enabled",
            args.name
        );
    }
    print(&args.output, &endpoint)
}

pub(super) async fn enable(args: Named) -> Result<()> {
    let path = below(&args.name, "enable");
    let endpoint = args.server.client()?.post(&path, &json!({})).await?;
    print(&args.output, &endpoint)
}

/// Fails if an item does, so that a pipeline stops.
pub(super) async fn check(args: Named) -> Result<()> {
    let answer = args.server.client()?.get(&below(&args.name, "check"), &[]).await?;
    let items = answer["items"].as_array().context("the server's answer has no items")?;
    let row = |item: &Value| {
        let evidence = item["evidence"].as_array().into_iter().flatten().map(cell);
        let passed = if item["passed"] == true { "passed" } else { "failed" };
        vec![
            passed.to_owned(),
            cell(&item["item"]),
            evidence.collect::<Vec<_>>().join("; "),
        ]
    };
    let rows: Vec<Vec<String>> = items.iter().map(row).collect();
    args.output.print(&["result", "item", "evidence"], &rows, &answer)?;
    let failed = items.iter().filter(|item| item["passed"] != true).count();
    if failed > 0 {
        bail!("{failed} of {} items of the checklist fail", items.len());
    }
    Ok(())
}

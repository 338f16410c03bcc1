//! `fettle alert-rule`: conditions over figures of operation and signals of monitors.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{documents, encoded, rows},
};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

const PATH: &str = "/api/fettle/v1/alert-rules";
const FIELDS: [&str; 7] = [
    "name",
    "state",
    "severity",
    "condition",
    "window_size",
    "evaluation_frequency",
    "actions",
];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make alert rules from a YAML file, or one from options as `az monitor metrics alert create` has them
    #[command(
        after_help = "Examples:\n  fettle alert-rule create -f rules.yaml\n  fettle alert-rule create --name model-high-latency --condition \"avg HttpResponseTime > 5000\" --scopes churn --evaluation-frequency 1m --window-size 5m --severity 2"
    )]
    Create(Box<Create>),
    /// List all alert rules with the state they are in
    #[command(after_help = "Example:\n  fettle alert-rule list -o json")]
    List(List),
    /// Show one alert rule
    #[command(after_help = "Example:\n  fettle alert-rule show model-high-latency -o json")]
    Show(Named),
    /// Look at an alert rule now, whatever its frequency
    #[command(after_help = "Example:\n  fettle alert-rule evaluate model-high-latency")]
    Evaluate(Named),
    /// Delete an alert rule; what it has firing is over
    #[command(after_help = "Example:\n  fettle alert-rule delete model-high-latency")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// YAML file with one rule or more, divided by `---`
    #[arg(long, short = 'f', value_name = "FILE", conflicts_with_all = ["name", "condition"])]
    file: Option<PathBuf>,
    /// Replace rules that are there already
    #[arg(long)]
    replace: bool,
    /// Name of the rule
    #[arg(long, short = 'n')]
    name: Option<String>,
    /// AGGREGATION METRIC OPERATOR THRESHOLD, such as "avg HttpResponseTime > 5000"
    #[arg(long)]
    condition: Option<String>,
    /// Endpoint, or the id of an Azure resource that ends with its name; none is every endpoint
    #[arg(long)]
    scopes: Option<String>,
    /// How far back the condition looks
    #[arg(long, default_value = "5m")]
    window_size: String,
    /// How often it is looked at
    #[arg(long, default_value = "1m")]
    evaluation_frequency: String,
    /// From 0 (critical) to 4 (verbose)
    #[arg(long, default_value_t = 2)]
    severity: u8,
    /// How long the condition must hold before the alert fires
    #[arg(long = "for", value_name = "DURATION")]
    hold: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// Who is told: name of a receiver; give it once for each
    #[arg(long, short = 'a', value_name = "RECEIVER")]
    action: Vec<String>,
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
    /// Name of the rule
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
            Command::Create(args) => create(*args).await,
            Command::List(args) => {
                let answer = args.server.client()?.get(PATH, &[]).await?;
                args.output.print(&FIELDS, &rows(&answer["rules"], &FIELDS), &answer)
            }
            Command::Show(args) => {
                let rule = args.server.client()?.get(&path(&args.name), &[]).await?;
                print(&args.output, rule)
            }
            Command::Evaluate(args) => {
                let path = format!("{}/evaluate", path(&args.name));
                let rule = args.server.client()?.post(&path, &json!({})).await?;
                print(&args.output, rule)
            }
            Command::Delete(args) => {
                args.server.client()?.delete(&path(&args.name)).await?;
                eprintln!("Deleted alert rule `{}`", args.name);
                Ok(())
            }
        }
    })
}

async fn create(args: Create) -> Result<()> {
    let specs = match (&args.file, &args.condition) {
        (Some(file), _) => documents(file)?,
        (None, Some(condition)) => vec![json!({
            "name": args.name,
            "condition": condition,
            "scopes": args.scopes.iter().collect::<Vec<_>>(),
            "window_size": args.window_size,
            "evaluation_frequency": args.evaluation_frequency,
            "severity": args.severity,
            "for": args.hold,
            "description": args.description,
            "actions": args.action,
        })],
        (None, None) => bail!("give a file with -f, or --name and --condition"),
    };
    let batch = json!({ "rules": specs, "replace": args.replace });
    let made = args.server.client()?.put(PATH, &batch).await?;
    let whole = match made["rules"].as_array().map(Vec::as_slice) {
        Some([one]) => one,
        _ => &made,
    };
    args.output.print(&FIELDS, &rows(&made["rules"], &FIELDS), whole)
}

fn path(name: &str) -> String {
    format!("{PATH}/{}", encoded(name))
}

fn print(output: &OutputArgs, rule: Value) -> Result<()> {
    let one = Value::from(vec![rule.clone()]);
    output.print(&FIELDS, &rows(&one, &FIELDS), &rule)
}

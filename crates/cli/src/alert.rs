//! `fettle alert`: what fires, who is told, and what is kept quiet.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{cell, encoded, rows},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

const ALERTS: &str = "/api/fettle/v1/alerts";
const RECEIVERS: &str = "/api/fettle/v1/alert-receivers";
const SILENCES: &str = "/api/fettle/v1/alert-silences";
const FIELDS: [&str; 6] = ["id", "rule", "state", "severity", "since", "value"];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List alerts, those that changed last first
    #[command(after_help = "Example:\n  fettle alert list --state firing")]
    List(List),
    /// Show one alert with its history
    #[command(after_help = "Example:\n  fettle alert show 7")]
    Show(Named),
    /// Say that an alert is over; it fires again if its condition still holds
    #[command(after_help = "Example:\n  fettle alert resolve 7")]
    Resolve(Named),
    /// Make, list, test and delete those who are told of alerts
    #[command(subcommand)]
    Receiver(ReceiverCommand),
    /// Make, list and delete silences and maintenance windows
    #[command(subcommand)]
    Silence(SilenceCommand),
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those that are inactive, pending, firing or resolved
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Id of the alert or silence, or name of the receiver
    id: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiverCommand {
    /// Make a receiver; its address comes from an option or, as it may be a secret, from FETTLE_ALERT_URL
    #[command(
        after_help = "Examples:\n  fettle alert receiver create oncall --email oncall@example.org\n  FETTLE_ALERT_URL=https://hooks.slack.com/services/.. fettle alert receiver create team --slack"
    )]
    Create(CreateReceiver),
    /// List all receivers
    #[command(after_help = "Example:\n  fettle alert receiver list")]
    List(Plain),
    /// Send an example and show what came back
    #[command(after_help = "Example:\n  fettle alert receiver test oncall")]
    Test(Named),
    /// Delete a receiver
    #[command(after_help = "Example:\n  fettle alert receiver delete oncall")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CreateReceiver {
    /// Name of the receiver
    name: String,
    /// Post Alertmanager's JSON to this address
    #[arg(long, value_name = "URL", env = "FETTLE_ALERT_URL", hide_env_values = true)]
    url: Option<String>,
    /// Post to the address as Slack's incoming webhooks want it
    #[arg(long)]
    slack: bool,
    /// Send mail to this address; give it once for each
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum SilenceCommand {
    /// Keep alerts with these labels quiet for a while, or in a window that comes again
    #[command(
        after_help = "Examples:\n  fettle alert silence create -m endpoint=churn --duration 2h --comment \"moving the database\"\n  fettle alert silence create -m severity=4 --schedule \"0 2 * * *\" --timezone Europe/Berlin --duration 1h"
    )]
    Create(CreateSilence),
    /// List silences that have not ended
    #[command(after_help = "Example:\n  fettle alert silence list")]
    List(Plain),
    /// End a silence
    #[command(after_help = "Example:\n  fettle alert silence delete 3")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct CreateSilence {
    /// LABEL=VALUE, or LABEL=~PATTERN; give it once for each
    #[arg(long = "match", short = 'm', value_name = "LABEL=VALUE", required = true)]
    matchers: Vec<String>,
    /// How long
    #[arg(long)]
    duration: String,
    /// Cron expression: a window begins at each of its times
    #[arg(long)]
    schedule: Option<String>,
    /// Time zone of the schedule
    #[arg(long)]
    timezone: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    comment: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(command: Command) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::List(args) => {
                let query: Vec<(&str, &str)> = args.state.iter().map(|state| ("state", state.as_str())).collect();
                let answer = args.server.client()?.get(ALERTS, &query).await?;
                print(&args.output, &answer["alerts"], &answer)
            }
            Command::Show(args) => show(args).await,
            Command::Resolve(args) => {
                let path = format!("{ALERTS}/{}/resolve", encoded(&args.id));
                let alert = args.server.client()?.post(&path, &json!({})).await?;
                print(&args.output, &Value::from(vec![alert.clone()]), &alert)
            }
            Command::Receiver(command) => receiver(command).await,
            Command::Silence(command) => silence(command).await,
        }
    })
}

fn print(output: &OutputArgs, alerts: &Value, whole: &Value) -> Result<()> {
    let mut rows = rows(alerts, &FIELDS);
    for (row, alert) in rows.iter_mut().zip(alerts.as_array().into_iter().flatten()) {
        row.extend([about(&alert["labels"]), cell(&alert["annotations"]["summary"])]);
    }
    let headers: Vec<&str> = FIELDS.into_iter().chain(["labels", "summary"]).collect();
    output.print(&headers, &rows, whole)
}

/// What tells the alerts of one rule apart.
fn about(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let own = labels.filter(|(name, _)| !["alertname", "severity"].contains(&name.as_str()));
    let texts: Vec<String> = own.map(|(name, value)| format!("{name}={}", cell(value))).collect();
    texts.join(" ")
}

async fn show(args: Named) -> Result<()> {
    let alert = args
        .server
        .client()?
        .get(&format!("{ALERTS}/{}", encoded(&args.id)), &[])
        .await?;
    if args.output.is_for_people() {
        print(&args.output, &Value::from(vec![alert.clone()]), &alert)?;
        let fields = ["at", "from", "to", "value"];
        return args.output.print(&fields, &rows(&alert["history"], &fields), &alert);
    }
    print(&args.output, &Value::from(vec![alert.clone()]), &alert)
}

async fn receiver(command: ReceiverCommand) -> Result<()> {
    let fields = ["name", "kind", "target", "created_at"];
    match command {
        ReceiverCommand::Create(args) => {
            let body = match (&args.url, args.email.is_empty(), args.slack) {
                (None, false, false) => json!({ "name": args.name, "kind": "email", "to": args.email }),
                (Some(url), true, true) => json!({ "name": args.name, "kind": "slack", "url": url }),
                (Some(url), true, false) => json!({ "name": args.name, "kind": "webhook", "url": url }),
                _ => bail!("give --email, --url, or --url with --slack"),
            };
            let made = args.server.client()?.post(RECEIVERS, &body).await?;
            args.output
                .print(&fields, &rows(&Value::from(vec![made.clone()]), &fields), &made)
        }
        ReceiverCommand::List(args) => {
            let answer = args.server.client()?.get(RECEIVERS, &[]).await?;
            args.output
                .print(&fields, &rows(&answer["receivers"], &fields), &answer)
        }
        ReceiverCommand::Test(args) => {
            let path = format!("{RECEIVERS}/{}/test", encoded(&args.id));
            let answer = args.server.client()?.post(&path, &json!({})).await?;
            let fields = ["success", "response_status", "response_body", "error"];
            args.output
                .print(&fields, &rows(&Value::from(vec![answer.clone()]), &fields), &answer)?;
            if answer["success"] == true {
                return Ok(());
            }
            bail!("the receiver did not take the message")
        }
        ReceiverCommand::Delete(args) => {
            let path = format!("{RECEIVERS}/{}", encoded(&args.id));
            args.server.client()?.delete(&path).await?;
            eprintln!("Deleted alert receiver `{}`", args.id);
            Ok(())
        }
    }
}

async fn silence(command: SilenceCommand) -> Result<()> {
    match command {
        SilenceCommand::Create(args) => {
            let matchers = args.matchers.iter().map(|text| {
                let (name, value) = text
                    .split_once('=')
                    .with_context(|| format!("`{text}` is not LABEL=VALUE"))?;
                let (value, is_regex) = value
                    .strip_prefix('~')
                    .map_or((value, false), |pattern| (pattern, true));
                Ok(json!({ "name": name, "value": value, "is_regex": is_regex }))
            });
            let body = json!({
                "matchers": matchers.collect::<Result<Vec<_>>>()?,
                "duration": args.duration,
                "schedule": args.schedule,
                "timezone": args.timezone,
                "comment": args.comment,
            });
            let made = args.server.client()?.post(SILENCES, &body).await?;
            args.output.print(&["id"], &[vec![cell(&made["id"])]], &made)
        }
        SilenceCommand::List(args) => {
            let answer = args.server.client()?.get(SILENCES, &[]).await?;
            let silences = answer["silences"].as_array().into_iter().flatten();
            let rows: Vec<Vec<String>> = silences
                .map(|silence| {
                    let matchers = silence["silence"]["matchers"].as_array().into_iter().flatten();
                    let matchers = matchers.map(|matcher| {
                        let sign = if matcher["is_regex"] == true { "=~" } else { "=" };
                        format!("{}{sign}{}", cell(&matcher["name"]), cell(&matcher["value"]))
                    });
                    vec![
                        cell(&silence["id"]),
                        cell(&silence["active"]),
                        matchers.collect::<Vec<_>>().join(" "),
                        cell(&silence["ends_at"]),
                        cell(&silence["silence"]["schedule"]),
                        cell(&silence["silence"]["comment"]),
                    ]
                })
                .collect();
            args.output.print(
                &["id", "active", "match", "ends", "schedule", "comment"],
                &rows,
                &answer,
            )
        }
        SilenceCommand::Delete(args) => {
            args.server
                .client()?
                .delete(&format!("{SILENCES}/{}", encoded(&args.id)))
                .await?;
            eprintln!("Deleted silence {}", args.id);
            Ok(())
        }
    }
}

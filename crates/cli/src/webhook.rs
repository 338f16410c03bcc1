//! `fettle webhook`: who is told of changes in the registry, and what was sent to them.

use crate::{
    client::{Client, ServerArgs},
    output::OutputArgs,
    printing::cell,
};
use anyhow::{Context, Result, anyhow};
use clap::Subcommand;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const WEBHOOKS: &str = "/api/2.0/mlflow/webhooks";
const FETTLE_WEBHOOKS: &str = "/api/fettle/v1/webhooks";
/// The environment variable with a new webhook's secret: arguments are seen by others.
const SECRET: &str = "FETTLE_WEBHOOK_SECRET";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a webhook; its secret, if any, comes from the variable FETTLE_WEBHOOK_SECRET
    #[command(
        after_help = "Example:\n  fettle webhook create ci --url https://ci.example.org/hook -e model_version.created -e model_version_alias.created"
    )]
    Create(Create),
    /// List all webhooks
    #[command(after_help = "Example:\n  fettle webhook list -o json")]
    List(List),
    /// Delete a webhook; what is still on its way to it is given up
    #[command(after_help = "Example:\n  fettle webhook delete 5f0c1b9e-3c1d-4f0e-9d5e-0c9b6f1f2a3b")]
    Delete(Delete),
    /// Send an example event and show what came back
    #[command(after_help = "Example:\n  fettle webhook test 5f0c1b9e-3c1d-4f0e-9d5e-0c9b6f1f2a3b")]
    Test(Named),
    /// List what was sent to a webhook, newest first
    #[command(after_help = "Example:\n  fettle webhook deliveries 5f0c1b9e-3c1d-4f0e-9d5e-0c9b6f1f2a3b --state failed")]
    Deliveries(Deliveries),
    /// Send a delivery again
    #[command(
        after_help = "Example:\n  fettle webhook replay 5f0c1b9e-3c1d-4f0e-9d5e-0c9b6f1f2a3b 9d1e6a52-7d1b-4c55-8f0a-3f8f0b8d3c11"
    )]
    Replay(Replay),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Name of the webhook
    name: String,
    /// Where events are posted to
    #[arg(long, value_name = "URL")]
    url: String,
    /// Event to tell of, such as model_version.created; give it once for each
    #[arg(long, short = 'e', value_name = "ENTITY.ACTION", required = true)]
    event: Vec<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
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
pub(crate) struct Delete {
    /// Id of the webhook
    webhook_id: String,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Id of the webhook
    webhook_id: String,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Deliveries {
    /// Id of the webhook
    webhook_id: String,
    /// Only those that are pending, succeeded or failed
    #[arg(long)]
    state: Option<String>,
    /// How many, newest first
    #[arg(long, default_value_t = 100)]
    max_results: u32,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// Id of the webhook
    webhook_id: String,
    /// Id of the delivery
    delivery_id: String,
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
                let webhooks = all(&args.server.client()?).await?;
                print_webhooks(&args.output, &webhooks, &json!({ "webhooks": webhooks }))
            }
            Command::Delete(args) => {
                let client = args.server.client()?;
                client.delete(&path(WEBHOOKS, &[&args.webhook_id])).await?;
                eprintln!("Deleted webhook `{}`", args.webhook_id);
                Ok(())
            }
            Command::Test(args) => test(args).await,
            Command::Deliveries(args) => deliveries(args).await,
            Command::Replay(args) => {
                let path = path(
                    FETTLE_WEBHOOKS,
                    &[&args.webhook_id, "deliveries", &args.delivery_id, "replay"],
                );
                let delivery = args.server.client()?.post(&path, &json!({})).await?;
                print_deliveries(&args.output, std::slice::from_ref(&delivery), &delivery)
            }
        }
    })
}

async fn create(args: Create) -> Result<()> {
    let events = args.event.iter().map(|event| {
        let (entity, action) = event.split_once('.').with_context(|| {
            format!("`{event}` is not an event: write ENTITY.ACTION, such as model_version.created")
        })?;
        Ok(json!({ "entity": entity.to_ascii_uppercase(), "action": action.to_ascii_uppercase() }))
    });
    let body = json!({
        "name": args.name,
        "url": args.url,
        "events": events.collect::<Result<Vec<_>>>()?,
        "description": args.description,
        "secret": std::env::var(SECRET).ok(),
    });
    let answer = args.server.client()?.post(WEBHOOKS, &body).await?;
    print_webhooks(
        &args.output,
        std::slice::from_ref(&answer["webhook"]),
        &answer["webhook"],
    )
}

async fn all(client: &Client) -> Result<Vec<Value>> {
    let mut webhooks = Vec::new();
    let mut token = String::new();
    loop {
        let answer = client
            .get(WEBHOOKS, &[("max_results", "1000"), ("page_token", &token)])
            .await?;
        webhooks.extend(answer["webhooks"].as_array().cloned().unwrap_or_default());
        match answer["next_page_token"].as_str() {
            Some(next) if next != token => next.clone_into(&mut token),
            _ => return Ok(webhooks),
        }
    }
}

async fn test(args: Named) -> Result<()> {
    let path = path(WEBHOOKS, &[&args.webhook_id, "test"]);
    let answer = args.server.client()?.post(&path, &json!({})).await?;
    let result = &answer["result"];
    let row = ["success", "response_status", "response_body", "error_message"].map(|field| cell(&result[field]));
    args.output
        .print(&["success", "status", "body", "error"], &[row.to_vec()], result)?;
    if result["success"] == true {
        return Ok(());
    }
    Err(anyhow!("the receiver did not take the event"))
}

async fn deliveries(args: Deliveries) -> Result<()> {
    let path = path(FETTLE_WEBHOOKS, &[&args.webhook_id, "deliveries"]);
    let max_results = args.max_results.to_string();
    let state = args.state.as_deref().unwrap_or_default();
    let answer = args
        .server
        .client()?
        .get(&path, &[("max_results", &max_results), ("state", state)])
        .await?;
    let deliveries = answer["deliveries"].as_array().cloned().unwrap_or_default();
    print_deliveries(&args.output, &deliveries, &answer)
}

fn path(root: &str, parts: &[&str]) -> String {
    parts.iter().fold(root.to_owned(), |path, part| {
        format!("{path}/{}", utf8_percent_encode(part, NON_ALPHANUMERIC))
    })
}

fn print_webhooks(output: &OutputArgs, webhooks: &[Value], whole: &Value) -> Result<()> {
    let rows: Vec<Vec<String>> = webhooks
        .iter()
        .map(|webhook| {
            let events = webhook["events"].as_array().into_iter().flatten();
            let events: Vec<String> = events
                .map(|event| format!("{}.{}", cell(&event["entity"]), cell(&event["action"])).to_ascii_lowercase())
                .collect();
            let named = ["webhook_id", "name", "status", "url"].map(|field| cell(&webhook[field]));
            named.into_iter().chain([events.join(" ")]).collect()
        })
        .collect();
    output.print(&["id", "name", "status", "url", "events"], &rows, whole)
}

fn print_deliveries(output: &OutputArgs, deliveries: &[Value], whole: &Value) -> Result<()> {
    let rows: Vec<Vec<String>> = deliveries
        .iter()
        .map(|delivery| {
            let last = &delivery["last_attempt"];
            let named =
                ["delivery_id", "event", "state", "attempt_count", "created_at"].map(|field| cell(&delivery[field]));
            let last = ["response_status", "error"].map(|field| cell(&last[field]));
            named.into_iter().chain(last).collect()
        })
        .collect();
    output.print(
        &["id", "event", "state", "attempts", "created", "status", "error"],
        &rows,
        whole,
    )
}

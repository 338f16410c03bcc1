//! `fettle endpoint`: stable addresses behind which models answer, and how their traffic is shared out.

mod emergency;
mod rollout;
mod traffic;

use crate::{
    client::{Client, ServerArgs},
    deployment::{self, SpecArgs},
    output::OutputArgs,
    printing::{cell, encoded},
};
use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/api/fettle/v1/endpoints";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an endpoint; with a model, make its first deployment and wait until it answers
    #[command(
        after_help = "Examples:\n  fettle endpoint create iris\n  fettle endpoint create flight-delay -m models:/flight-delay@champion"
    )]
    Create(Create),
    /// List all endpoints
    #[command(after_help = "Example:\n  fettle endpoint list -o json")]
    List(List),
    /// Show one endpoint: its deployments, what runs their models, and why
    #[command(after_help = "Example:\n  fettle endpoint show flight-delay")]
    Show(Named),
    /// Delete an endpoint with its deployments; requests in progress are answered
    #[command(after_help = "Example:\n  fettle endpoint delete flight-delay")]
    Delete(Named),
    /// Share out the traffic, or show how it is shared out
    #[command(after_help = traffic::EXAMPLE)]
    Traffic(traffic::Traffic),
    /// List the traffic states of an endpoint, newest first
    #[command(after_help = "Example:\n  fettle endpoint history iris")]
    History(traffic::History),
    /// Go back to the traffic from before, or to any earlier state
    #[command(
        after_help = "Examples:\n  fettle endpoint rollback iris\n  fettle endpoint rollback iris --to 7 --note 'green is slow'"
    )]
    Rollback(traffic::Rollback),
    /// Say which deployment a request goes to, or went to in an earlier state
    #[command(after_help = "Example:\n  fettle endpoint route iris --request-id 5f0c1b9e --state 7")]
    Route(traffic::Route),
    /// Show how the deployments of mirrored requests agree
    #[command(after_help = "Example:\n  fettle endpoint mirror iris")]
    Mirror(Named),
    /// Move the traffic to a deployment step by step, under watch
    #[command(after_help = rollout::EXAMPLE)]
    Rollout(rollout::Rollout),
    /// List the rollouts of an endpoint, newest first
    #[command(after_help = "Example:\n  fettle endpoint rollouts iris")]
    Rollouts(Named),
    /// Keep the rollout's present step, whatever its checks say
    #[command(after_help = "Example:\n  fettle endpoint pause iris")]
    Pause(Named),
    /// Go on with a paused rollout
    #[command(after_help = "Example:\n  fettle endpoint resume iris")]
    Resume(Named),
    /// Go to the rollout's next step at once
    #[command(after_help = "Example:\n  fettle endpoint promote iris --full")]
    Promote(rollout::Promote),
    /// Give the rollout up and go back to the traffic from before
    #[command(after_help = "Example:\n  fettle endpoint abort iris --reason 'wrong model'")]
    Abort(rollout::Abort),
    /// Declare what answers when the endpoint is disabled, and how it moves to new versions of a followed alias
    #[command(after_help = emergency::UPDATE_EXAMPLE)]
    Update(emergency::Update),
    /// Switch the models off at once: the fallback answers
    #[command(after_help = emergency::DISABLE_EXAMPLE)]
    Disable(emergency::Disable),
    /// Switch the models on again
    #[command(after_help = "Example:\n  fettle endpoint enable iris")]
    Enable(Named),
    /// Check what has to be true before a model answers in production
    #[command(after_help = "Example:\n  fettle endpoint check iris")]
    Check(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Name of the endpoint: it answers at /endpoints/NAME/invocations
    name: String,
    /// Name of the first deployment
    #[arg(long, default_value = "default")]
    deployment: String,
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

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Create(args) => create(args).await,
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
        Command::Delete(args) => delete(args).await,
        Command::Traffic(args) => traffic::traffic(args).await,
        Command::History(args) => traffic::history(args).await,
        Command::Rollback(args) => traffic::rollback(args).await,
        Command::Route(args) => traffic::route(args).await,
        Command::Mirror(args) => traffic::mirror(args).await,
        Command::Rollout(args) => rollout::rollout(args).await,
        Command::Rollouts(args) => rollout::list(args).await,
        Command::Pause(args) => rollout::act(&args, "pause", json!({})).await,
        Command::Resume(args) => rollout::act(&args, "resume", json!({})).await,
        Command::Promote(args) => rollout::promote(args).await,
        Command::Abort(args) => rollout::abort(args).await,
        Command::Update(args) => emergency::update(args).await,
        Command::Disable(args) => emergency::disable(args).await,
        Command::Enable(args) => emergency::enable(args).await,
        Command::Check(args) => emergency::check(args).await,
    }
}

async fn create(args: Create) -> Result<()> {
    let client = args.server.client()?;
    let with_model = args.spec.model.is_some();
    let mut body = args.spec.body();
    body["name"] = json!(args.name);
    if with_model {
        body["deployment"] = json!(args.deployment);
    } else {
        // Without a model there is nothing that the rest could describe.
        body = json!({ "name": args.name });
    }
    let mut endpoint = client.post(PATH, &body).await?;
    if with_model && args.wait > 0 {
        endpoint =
            deployment::wait_until_started(&client, &args.name, &args.deployment, Duration::from_secs(args.wait))
                .await?;
    }
    print(&args.output, &endpoint)
}

async fn list(args: List) -> Result<()> {
    let answer = args.server.client()?.get(PATH, &[]).await?;
    let endpoints = answer["endpoints"].as_array().cloned().unwrap_or_default();
    print_all(&args.output, &endpoints, &answer)
}

async fn show(args: Named) -> Result<()> {
    let endpoint = args.server.client()?.get(&path(&args.name), &[]).await?;
    print(&args.output, &endpoint)
}

async fn delete(args: Named) -> Result<()> {
    args.server.client()?.delete(&path(&args.name)).await?;
    eprintln!("Deleted endpoint `{}`", args.name);
    Ok(())
}

pub(crate) fn path(name: &str) -> String {
    format!("{PATH}/{}", encoded(name))
}

pub(crate) fn below(name: &str, rest: &str) -> String {
    format!("{}/{rest}", path(name))
}

fn print(output: &OutputArgs, endpoint: &Value) -> Result<()> {
    print_all(output, std::slice::from_ref(endpoint), endpoint)
}

/// One row a deployment, and one for an endpoint that has none.
fn print_all(output: &OutputArgs, endpoints: &[Value], whole: &Value) -> Result<()> {
    let mut rows = Vec::new();
    for endpoint in endpoints {
        let own = [&endpoint["name"], &endpoint["state"]].map(cell);
        let deployments = endpoint["deployments"].as_array().cloned().unwrap_or_default();
        if deployments.is_empty() {
            rows.push(
                own.iter()
                    .cloned()
                    .chain(std::iter::repeat_n("-".to_owned(), deployment::HEADERS.len()))
                    .collect(),
            );
        }
        for deployment in &deployments {
            rows.push(own.iter().cloned().chain(deployment::row(deployment)).collect());
        }
    }
    let headers: Vec<&str> = ["endpoint", "endpoint state"]
        .into_iter()
        .chain(deployment::HEADERS)
        .collect();
    output.print(&headers, &rows, whole)
}

/// The rest of an endpoint's calls answer with lists; all pages of one.
async fn all(client: &Client, path: &str, field: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let answer = client
            .get(path, &[("max_results", "1000"), ("page_token", &token)])
            .await?;
        found.extend(answer[field].as_array().cloned().unwrap_or_default());
        match answer["next_page_token"].as_str() {
            Some(next) if next != token => next.clone_into(&mut token),
            _ => return Ok(found),
        }
    }
}

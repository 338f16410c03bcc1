//! `fettle baseline`: what monitors hold a model version's traffic against.

use crate::{
    client::ServerArgs,
    output::OutputArgs,
    printing::{encoded, rows},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::PathBuf;

const PATH: &str = "/api/fettle/v1/baselines";
const FIELDS: [&str; 8] = [
    "id",
    "model_name",
    "model_version",
    "state",
    "rows",
    "source",
    "created_at",
    "reason",
];

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a baseline of a model version: from a file, an artifact, or what was captured
    #[command(
        after_help = "Examples:\n  fettle baseline create -m models:/churn/3 --file train.parquet\n  fettle baseline create -m models:/churn/3 --artifact runs:/RUN_ID/train.parquet\n  fettle baseline create -m models:/churn/3 --dataset training\n  fettle baseline create -m models:/churn/3 --endpoint churn --since P7D\n  fettle baseline create -m models:/churn/3 --profile churn.profile"
    )]
    Create(Create),
    /// List baselines, newest first, and why one of a new version could not be made
    #[command(after_help = "Examples:\n  fettle baseline list\n  fettle baseline list -m models:/churn/3")]
    List(List),
    /// Show a baseline with its columns
    #[command(after_help = "Example:\n  fettle baseline show 3 -o json")]
    Show(Named),
    /// Write a baseline's profile to a file, for another server
    #[command(after_help = "Example:\n  fettle baseline export 3 -o churn.profile")]
    Export(Export),
    /// Delete a baseline
    #[command(after_help = "Example:\n  fettle baseline delete 3")]
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Model version: models:/NAME/VERSION
    #[arg(long, short = 'm', value_name = "URI")]
    model_uri: String,
    /// Parquet, CSV, JSON or JSON Lines file of this machine
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The same in the artifact store: runs:/RUN_ID/PATH or mlflow-artifacts:/PATH
    #[arg(long, value_name = "URI")]
    artifact: Option<String>,
    /// The dataset that the version's run was given in this context, such as training
    #[arg(long, value_name = "CONTEXT")]
    dataset: Option<String>,
    /// A profile that was made before: of fettle drift profile, or of fettle baseline export
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// What was captured of this endpoint
    #[arg(long)]
    endpoint: Option<String>,
    /// From when on
    #[arg(long, default_value = "P7D")]
    since: String,
    /// Until when
    #[arg(long)]
    until: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those of a model, or of a version: models:/NAME or models:/NAME/VERSION
    #[arg(long, short = 'm', value_name = "URI")]
    model_uri: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// Id of the baseline
    id: String,
    /// The file to write
    #[arg(long, short = 'o', value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Id of the baseline
    id: String,
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
                let uri = args.model_uri.as_deref().unwrap_or_default();
                let rest = uri.strip_prefix("models:/").unwrap_or(uri);
                let (model, version) = rest.split_once('/').unwrap_or((rest, ""));
                let query = [("model_name", model), ("model_version", version)];
                let answer = args.server.client()?.get(PATH, &query).await?;
                args.output
                    .print(&FIELDS, &rows(&answer["baselines"], &FIELDS), &answer)
            }
            Command::Show(args) => {
                let path = format!("{PATH}/{}", encoded(&args.id));
                let baseline = args.server.client()?.get(&path, &[]).await?;
                print(&args.output, &baseline)
            }
            Command::Export(args) => {
                let path = format!("{PATH}/{}/profile", encoded(&args.id));
                args.server.client()?.download_from(&path, &[], &args.output).await?;
                eprintln!("Wrote {}", args.output.display());
                Ok(())
            }
            Command::Delete(args) => {
                args.server
                    .client()?
                    .delete(&format!("{PATH}/{}", encoded(&args.id)))
                    .await?;
                eprintln!("Deleted baseline {}", args.id);
                Ok(())
            }
        }
    })
}

async fn create(args: Create) -> Result<()> {
    let rest = args.model_uri.strip_prefix("models:/").unwrap_or(&args.model_uri);
    let (model, version) = rest
        .split_once('/')
        .with_context(|| format!("`{}` is not models:/NAME/VERSION", args.model_uri))?;
    let client = args.server.client()?;
    let query = [("model_name", model), ("model_version", version)];
    let upload = format!("{PATH}/upload");
    if let Some(file) = &args.profile {
        if args.file.is_some() || args.artifact.is_some() || args.dataset.is_some() || args.endpoint.is_some() {
            bail!("give --profile or rows, not both");
        }
        return print(&args.output, &client.post_profile(&upload, &query, file).await?);
    }
    let baseline = match (&args.file, &args.artifact, &args.dataset, &args.endpoint) {
        (Some(file), None, None, None) => client.post_file(&upload, &query, file).await?,
        (None, Some(uri), None, None) => {
            let body = json!({ "model_name": model, "model_version": version, "artifact_uri": uri });
            client.post(PATH, &body).await?
        }
        (None, None, Some(context), None) => {
            let body = json!({ "model_name": model, "model_version": version, "dataset": context });
            client.post(PATH, &body).await?
        }
        (None, None, None, Some(endpoint)) => {
            let body = json!({
                "model_name": model, "model_version": version, "endpoint": endpoint, "since": args.since,
                "until": args.until,
            });
            client.post(PATH, &body).await?
        }
        _ => bail!("give --file, --artifact, --dataset, --endpoint or --profile, one of them"),
    };
    print(&args.output, &baseline)
}

fn print(output: &OutputArgs, baseline: &Value) -> Result<()> {
    output.print(&FIELDS, &rows(&Value::from(vec![baseline.clone()]), &FIELDS), baseline)
}

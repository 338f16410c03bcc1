//! `fettle doctor`: looks at a setup, says what is wrong with it, and how to mend it.
//!
//! `environment` judges variables, `server` asks the tracking server, `storage` looks at what a server would open.

mod environment;
mod server;
mod storage;

use crate::output::OutputArgs;
use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::json;
use std::path::PathBuf;

pub(crate) const EXAMPLE: &str = "Examples:
  fettle doctor
  fettle doctor --tracking-uri https://mlflow.company.com -o json
  fettle doctor --backend-store-uri postgresql://mlflow@db/mlflow --artifacts-destination /srv/artifacts

Exit status: 0 if nothing is wrong, 1 if there are problems.";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Tracking server that clients use
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        default_value = "http://127.0.0.1:5000",
        value_name = "URL"
    )]
    tracking_uri: String,
    /// Store that a server here would use; not looked at if not given
    #[arg(long, env = "MLFLOW_BACKEND_STORE_URI", value_name = "URI")]
    backend_store_uri: Option<String>,
    /// Folder in which a server here would keep artifacts; not looked at if not given
    #[arg(long, env = "MLFLOW_ARTIFACTS_DESTINATION", value_name = "FOLDER")]
    artifacts_destination: Option<String>,
    /// Python that endpoints would use [default: FETTLE_PYTHON, the active virtual environment, or python3]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Problem,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    message: String,
    /// What to type or change.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self {
            check,
            state: State::Ok,
            message: message.into(),
            fix: None,
        }
    }

    fn warning(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Warning,
            fix: Some(fix.into()),
            ..Self::ok(check, message)
        }
    }

    fn problem(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            state: State::Problem,
            fix: Some(fix.into()),
            ..Self::ok(check, message)
        }
    }
}

pub(crate) fn run(args: Args) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(examine(args))
}

async fn examine(args: Args) -> Result<()> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut findings = vec![
        environment::traces(&args.tracking_uri, variable),
        environment::proxy(&args.tracking_uri, variable),
    ];
    findings.extend(server::examine(&args.tracking_uri).await);
    if let Some(uri) = &args.backend_store_uri {
        findings.push(storage::store(uri).await);
    }
    if let Some(destination) = &args.artifacts_destination {
        findings.push(storage::artifacts(destination));
    }
    findings.push(storage::python(args.python.as_deref()).await);

    if args.output.is_for_people() {
        for finding in &findings {
            print!("{}", lines(finding));
        }
    } else {
        let rows: Vec<_> = findings.iter().map(row).collect();
        let headers = ["check", "state", "message", "fix"];
        args.output.print(&headers, &rows, &json!({ "findings": findings }))?;
    }
    match findings
        .iter()
        .filter(|finding| finding.state == State::Problem)
        .count()
    {
        0 => Ok(()),
        1 => bail!("1 problem found"),
        count => bail!("{count} problems found"),
    }
}

fn lines(finding: &Finding) -> String {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Problem => "PROBLEM",
    };
    let mut text = format!("{state:<8} {:<9} {}\n", finding.check, finding.message);
    for line in finding.fix.iter().flat_map(|fix| fix.lines()) {
        text.extend([" ".repeat(19).as_str(), line, "\n"]);
    }
    text
}

fn row(finding: &Finding) -> Vec<String> {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warning => "warning",
        State::Problem => "problem",
    };
    vec![
        finding.check.to_owned(),
        state.to_owned(),
        finding.message.clone(),
        finding.fix.clone().unwrap_or_default(),
    ]
}

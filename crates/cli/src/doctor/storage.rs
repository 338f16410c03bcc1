//! What a server on this machine would open: its store, its artifacts, its Python.

use super::Finding;
use fettle_db::{Contents, StoreUri};
use fettle_gateway::find_python;
use fettle_server::schema::MIGRATIONS;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const STORE: &str = "store";
const ARTIFACTS: &str = "artifacts";
const PYTHON: &str = "python";

const STORE_TIMEOUT: Duration = Duration::from_secs(20);
const PYTHON_TIMEOUT: Duration = Duration::from_secs(20);

pub(super) async fn store(text: &str) -> Finding {
    let uri = match StoreUri::parse(text) {
        Ok(uri) => uri,
        Err(error) => return Finding::problem(STORE, error, "Correct --backend-store-uri."),
    };
    if let StoreUri::Sqlite(path) = &uri
        && let Err(error) = std::path::absolute(path).and_then(|path| may_write(path.parent().unwrap_or(&path)))
    {
        return Finding::problem(
            STORE,
            format!("The folder of {uri} cannot be written to: {error}."),
            "Let the server's user own it, or name another file.",
        );
    }
    let looked = tokio::time::timeout(STORE_TIMEOUT, fettle_db::examine(&uri)).await;
    let contents = match looked {
        Ok(Ok(contents)) => contents,
        Ok(Err(error)) => {
            return Finding::problem(
                STORE,
                format!("{uri}: {error}."),
                "Check the address, the password and the network.",
            );
        }
        Err(_) => {
            return Finding::problem(
                STORE,
                format!("{uri} does not answer within {} s.", STORE_TIMEOUT.as_secs()),
                "Check the address, the password and the network.",
            );
        }
    };
    judge(&uri.to_string(), &contents)
}

fn judge(uri: &str, contents: &Contents) -> Finding {
    let known = MIGRATIONS.last().map_or(0, |last| last.version);
    match contents {
        Contents::Nothing => Finding::ok(STORE, format!("{uri} is empty; `fettle server` will fill it.")),
        Contents::Fettle { version } if *version == known => Finding::ok(
            STORE,
            format!("{uri} answers; its schema is this version's ({version})."),
        ),
        Contents::Fettle { version } if *version < known => Finding::ok(
            STORE,
            format!("{uri} answers; its schema is {version}, and `fettle server` will bring it to {known}."),
        ),
        Contents::Fettle { version } => Finding::problem(
            STORE,
            format!("{uri} has schema {version}; this fettle knows up to {known}."),
            "Use the fettle that wrote it, or a newer one.",
        ),
        Contents::Mlflow => Finding::problem(
            STORE,
            format!("{uri} holds the tables of MLflow's own server, which Fettle does not use."),
            "Give Fettle a database of its own; both can run side by side.",
        ),
        Contents::Foreign => Finding::warning(
            STORE,
            format!("{uri} holds tables of something else."),
            "Give Fettle a database, or a schema, of its own.",
        ),
    }
}

pub(super) fn artifacts(destination: &str) -> Finding {
    let path = match destination.split_once("://") {
        Some(("file", path)) => PathBuf::from(path),
        Some(_) => {
            return Finding::ok(
                ARTIFACTS,
                format!("`{destination}` is not a folder; whether it can be written to shows when the server starts."),
            );
        }
        None => PathBuf::from(destination.strip_prefix("file:").unwrap_or(destination)),
    };
    match may_write(&path) {
        Ok(()) => Finding::ok(ARTIFACTS, format!("{} can be written to.", path.display())),
        Err(error) => Finding::problem(
            ARTIFACTS,
            format!("{} cannot be written to: {error}.", path.display()),
            "Let the server's user own it, or name another folder.",
        ),
    }
}

/// Tries it, in the folder itself or, as it would be made, in the nearest one above that is there.
fn may_write(folder: &Path) -> std::io::Result<()> {
    let mut folder = std::path::absolute(folder)?;
    while !folder.exists() && folder.pop() {}
    tempfile::tempfile_in(folder).map(drop)
}

/// Only models that need Python do.
pub(super) async fn python(given: Option<&Path>) -> Finding {
    let python = find_python(given);
    let shown = python.display();
    let mut command = tokio::process::Command::new(&python);
    let program = "import importlib.metadata as m; print(m.version('mlflow'))";
    command.args(["-c", program]).kill_on_drop(true);
    let fix = "Install it there, or name a Python that has it:\n  export FETTLE_PYTHON=/path/to/venv/bin/python";
    match tokio::time::timeout(PYTHON_TIMEOUT, command.output()).await {
        Ok(Ok(output)) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout);
            Finding::ok(PYTHON, format!("{shown} has mlflow {}.", version.trim()))
        }
        Ok(Ok(_)) => Finding::warning(
            PYTHON,
            format!("{shown} has no mlflow: endpoints of models that need Python will not start."),
            fix,
        ),
        Ok(Err(error)) => Finding::warning(
            PYTHON,
            format!("{shown} cannot be run ({error}): endpoints of models that need Python will not start."),
            fix,
        ),
        Err(_) => Finding::warning(PYTHON, format!("{shown} does not answer."), fix),
    }
}

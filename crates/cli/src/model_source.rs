//! From a model's address to a folder on this machine: `models:/...` and `runs:/...` are downloaded from the tracking
//! server, anything else is a folder already.

use crate::client::Client;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Files of one model beyond which it is not downloaded.
const FILES_MAX: usize = 10_000;
const PROXY: &str = "mlflow-artifacts:";

/// A model at hand.
pub(crate) struct Model {
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) version: String,
    /// Goes with the process.
    _download: Option<TempDir>,
}

impl Model {
    pub(crate) async fn fetch(uri: &str, client: impl FnOnce() -> Result<Client>) -> Result<Self> {
        let remote = uri.strip_prefix("models:/").or(uri.strip_prefix("runs:/"));
        let Some(rest) = remote else { return Self::local(uri) };
        let client = client()?;
        let found = if uri.starts_with("runs:/") {
            find_in_run(&client, rest).await
        } else {
            find_model(&client, rest).await
        }
        .with_context(|| format!("`{uri}` on {}", client.address()))?;
        let download = TempDir::with_prefix("fettle-model-")?;
        download_all(&client, &found.artifact_uri, download.path()).await?;
        Ok(Self {
            folder: download.path().to_owned(),
            name: found.name,
            version: found.version,
            _download: Some(download),
        })
    }

    fn local(uri: &str) -> Result<Self> {
        let path = uri.strip_prefix("file://").or(uri.strip_prefix("file:")).unwrap_or(uri);
        let folder = PathBuf::from(path);
        if !folder.is_dir() {
            bail!("`{uri}` is no folder; a registered model is named models:/NAME/VERSION or models:/NAME@ALIAS");
        }
        let name = folder
            .file_name()
            .map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
        Ok(Self {
            folder,
            name,
            version: "local".to_owned(),
            _download: None,
        })
    }
}

struct Found {
    name: String,
    version: String,
    artifact_uri: String,
}

async fn find_model(client: &Client, rest: &str) -> Result<Found> {
    let rest = rest.trim_matches('/');
    if let Some((name, alias)) = rest.split_once('@') {
        let answer = client
            .get(
                "/api/2.0/mlflow/registered-models/alias",
                &[("name", name), ("alias", alias)],
            )
            .await?;
        return find_version(client, name, text(&answer["model_version"], "version")?).await;
    }
    match rest.split_once('/') {
        Some((name, version)) if version.parse::<i64>().is_ok() => find_version(client, name, version).await,
        Some((name, stage)) => {
            let latest = stage.eq_ignore_ascii_case("latest");
            let stages: Vec<(&str, &str)> = if latest {
                vec![("name", name)]
            } else {
                vec![("name", name), ("stages", stage)]
            };
            let answer = client
                .get("/api/2.0/mlflow/registered-models/get-latest-versions", &stages)
                .await?;
            let versions = answer["model_versions"].as_array().cloned().unwrap_or_default();
            let newest = versions
                .iter()
                .filter_map(|version| text(version, "version").ok()?.parse::<i64>().ok())
                .max()
                .ok_or_else(|| anyhow!("model `{name}` has no version in stage `{stage}`"))?;
            find_version(client, name, &newest.to_string()).await
        }
        None => {
            let answer = client
                .get(&format!("/api/2.0/mlflow/logged-models/{rest}"), &[])
                .await?;
            let info = &answer["model"]["info"];
            let artifact_uri = text(info, "artifact_uri")?.to_owned();
            Ok(Found {
                name: text(info, "name")?.to_owned(),
                version: rest.to_owned(),
                artifact_uri,
            })
        }
    }
}

async fn find_version(client: &Client, name: &str, version: &str) -> Result<Found> {
    let query = [("name", name), ("version", version)];
    let answer = client
        .get("/api/2.0/mlflow/model-versions/get-download-uri", &query)
        .await?;
    let artifact_uri = text(&answer, "artifact_uri")?.to_owned();
    Ok(Found {
        name: name.to_owned(),
        version: version.to_owned(),
        artifact_uri,
    })
}

/// Clients from 3.0 on keep a run's models beside it, under the name that used to be the path.
async fn find_in_run(client: &Client, rest: &str) -> Result<Found> {
    let (run_id, path) = rest
        .trim_matches('/')
        .split_once('/')
        .ok_or_else(|| anyhow!("a path below the run is missing: runs:/RUN_ID/PATH"))?;
    let answer = client.get("/api/2.0/mlflow/runs/get", &[("run_id", run_id)]).await?;
    let run = &answer["run"];
    let outputs = run["outputs"]["model_outputs"].as_array().cloned().unwrap_or_default();
    for output in outputs.iter().rev() {
        let model = client
            .get(
                &format!("/api/2.0/mlflow/logged-models/{}", text(output, "model_id")?),
                &[],
            )
            .await?;
        let info = &model["model"]["info"];
        if info["name"] == path {
            let artifact_uri = text(info, "artifact_uri")?.to_owned();
            return Ok(Found {
                name: path.to_owned(),
                version: run_id.to_owned(),
                artifact_uri,
            });
        }
    }
    let artifact_uri = format!("{}/{path}", text(&run["info"], "artifact_uri")?);
    Ok(Found {
        name: path.to_owned(),
        version: run_id.to_owned(),
        artifact_uri,
    })
}

fn text<'a>(object: &'a Value, field: &str) -> Result<&'a str> {
    object[field]
        .as_str()
        .ok_or_else(|| anyhow!("the server's answer has no `{field}`"))
}

/// Copies all files below an artifact address.
async fn download_all(client: &Client, artifact_uri: &str, folder: &Path) -> Result<()> {
    let Some(root) = artifact_uri.strip_prefix(PROXY) else {
        bail!(
            "the model's files are at {artifact_uri}, which only its own store can give out; download them and name the folder"
        );
    };
    let root = match root.strip_prefix("//") {
        Some(authority) => authority.split_once('/').map_or("", |(_, path)| path),
        None => root.trim_start_matches('/'),
    };
    let mut files = 0;
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let path = [root, &below]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join("/");
        let listing = client
            .get("/api/2.0/mlflow-artifacts/artifacts", &[("path", &path)])
            .await?;
        tokio::fs::create_dir_all(folder.join(&below)).await?;
        for entry in listing["files"].as_array().into_iter().flatten() {
            let name = text(entry, "path")?.rsplit('/').next().unwrap_or_default();
            if name.is_empty() || name == ".." {
                bail!("the server lists a file with the name `{name}`");
            }
            let relative = if below.is_empty() {
                name.to_owned()
            } else {
                format!("{below}/{name}")
            };
            if entry["is_dir"] == true {
                folders.push(relative);
                continue;
            }
            files += 1;
            if files > FILES_MAX {
                bail!("the model has more than {FILES_MAX} files");
            }
            client
                .download(&format!("{root}/{relative}"), &folder.join(&relative))
                .await?;
        }
    }
    if files == 0 {
        bail!("there are no files at {artifact_uri}");
    }
    Ok(())
}

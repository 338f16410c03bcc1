//! From a model's address to a folder on this machine: the tracking server says where the files of `models:/...` and
//! `runs:/...` are, and gives them out or leaves that to the store; anything else is an address in a cloud or a folder.

use crate::client::Client;
use anyhow::{Context, Result, anyhow, bail};
use fettle_blobs::{BlobPath, ByteRange, Environment, Stores};
use futures::TryStreamExt;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::{fs, io::AsyncWriteExt};

/// Files of one model beyond which it is not downloaded.
const FILES_MAX: usize = 10_000;
const PROXY: &str = "mlflow-artifacts:";
const DOWNLOAD: &str = "fettle-model-";

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
        let (client, found) = match uri.strip_prefix("models:/").or(uri.strip_prefix("runs:/")) {
            Some(rest) => {
                let client = client()?;
                let found = if uri.starts_with("runs:/") {
                    find_in_run(&client, rest).await
                } else {
                    find_model(&client, rest).await
                };
                let found = found.with_context(|| format!("`{uri}` on {}", client.address()))?;
                (Some(client), found)
            }
            None => (None, Found::at(uri)),
        };
        let address = found.artifact_uri;
        let proxied = client.filter(|_| address.starts_with(PROXY));
        let download = if let Some(client) = proxied {
            let download = TempDir::with_prefix(DOWNLOAD)?;
            download_all(&client, &address, download.path()).await?;
            Some(download)
        } else if address.contains("://") && !address.starts_with("file://") {
            let download = TempDir::with_prefix(DOWNLOAD)?;
            let copied = copy_from_cloud(&address, download.path()).await;
            copied.with_context(|| format!("`{address}`"))?;
            Some(download)
        } else {
            None
        };
        let folder = match &download {
            Some(download) => download.path().to_owned(),
            None => folder_of_this_machine(&address)?,
        };
        Ok(Self {
            folder,
            name: found.name,
            version: found.version,
            _download: download,
        })
    }
}

fn folder_of_this_machine(address: &str) -> Result<PathBuf> {
    let path = address.strip_prefix("file://").or(address.strip_prefix("file:"));
    let folder = PathBuf::from(path.unwrap_or(address));
    if !folder.is_dir() {
        bail!(
            "`{address}` is no folder of this machine; a registered model is named models:/NAME/VERSION or models:/NAME@ALIAS"
        );
    }
    Ok(folder)
}

/// Copies what lies at an address in a cloud, with the credentials of this process.
async fn copy_from_cloud(uri: &str, folder: &Path) -> Result<()> {
    let store = Stores::open(uri, &Environment::of_process()).await?;
    let files = store.list_all(&BlobPath::root(), FILES_MAX).await?;
    if files.is_empty() {
        bail!("there are no files");
    }
    for (path, _) in files {
        let file = folder.join(path.as_str());
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).await?;
        }
        let mut out = fs::File::create(&file).await?;
        let mut bytes = store.get(&path, ByteRange::Whole).await?.bytes;
        while let Some(chunk) = bytes.try_next().await? {
            out.write_all(&chunk).await?;
        }
        out.flush().await?;
    }
    Ok(())
}

struct Found {
    name: String,
    version: String,
    artifact_uri: String,
}

impl Found {
    /// A model that no registry knows, by its address.
    fn at(uri: &str) -> Self {
        let name = uri.trim_end_matches('/').rsplit('/').next();
        let name = name.filter(|name| !matches!(*name, "" | "." | ".."));
        Self {
            name: name.unwrap_or("model").to_owned(),
            version: "local".to_owned(),
            artifact_uri: uri.to_owned(),
        }
    }
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
    let root = artifact_uri.strip_prefix(PROXY).unwrap_or(artifact_uri);
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
        fs::create_dir_all(folder.join(&below)).await?;
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

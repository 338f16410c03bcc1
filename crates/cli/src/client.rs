//! Calls to a Fettle (or MLflow) server.

use anyhow::{Context, Result, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, RequestBuilder, Response,
    header::{AUTHORIZATION, HeaderValue},
};
use serde_json::Value;
use std::{path::Path, time::Duration};
use tokio::io::AsyncWriteExt;

/// What may stand in a path unescaped.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const CONNECT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer, however long the whole takes.
const SILENCE: Duration = Duration::from_mins(2);

/// A server's address with the credentials that the environment holds for it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: String,
    authorization: Option<HeaderValue>,
}

/// The credentials that the environment holds, as MLflow's tools read them.
pub(crate) fn authorization() -> Result<Option<HeaderValue>> {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let value = match (variable("MLFLOW_TRACKING_USERNAME"), variable("MLFLOW_TRACKING_TOKEN")) {
        (Some(user), _) => {
            let password = variable("MLFLOW_TRACKING_PASSWORD").unwrap_or_default();
            format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
        }
        (None, Some(token)) => format!("Bearer {token}"),
        (None, None) => return Ok(None),
    };
    let mut value = HeaderValue::from_str(&value).context("MLFLOW_TRACKING_TOKEN has characters that no header has")?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// Runs a command that asks a server.
pub(crate) fn block_on(command: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(command)
}

/// Where the server is, as MLflow's tools find it.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
    /// Address of the tracking server
    #[arg(
        long,
        env = "MLFLOW_TRACKING_URI",
        default_value = "http://127.0.0.1:5000",
        value_name = "URL"
    )]
    tracking_uri: String,
}

impl ServerArgs {
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(&self.tracking_uri)
    }
}

impl Client {
    fn new(address: &str) -> Result<Self> {
        if !address.starts_with("http://") && !address.starts_with("https://") {
            bail!("the tracking server's address must start with http:// or https://, it is `{address}`");
        }
        let http = reqwest::Client::builder()
            .tls_backend_rustls()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("fettle/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            http,
            address: address.trim_end_matches('/').to_owned(),
            authorization: authorization()?,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        self.json(self.request(Method::GET, path).query(query)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(self.request(Method::PUT, path).json(body)).await
    }

    /// Sends a file as it is.
    pub(crate) async fn post_file(&self, path: &str, query: &[(&str, &str)], file: &Path) -> Result<Value> {
        let content_type = match file.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => "text/csv",
            Some("json") => "application/json",
            Some("jsonl" | "ndjson") => "application/x-ndjson",
            _ => "application/vnd.apache.parquet",
        };
        self.post_file_as(path, query, file, content_type).await
    }

    /// Sends a file that is a profile of columns.
    pub(crate) async fn post_profile(&self, path: &str, query: &[(&str, &str)], file: &Path) -> Result<Value> {
        self.post_file_as(path, query, file, "application/vnd.fettle.profile")
            .await
    }

    async fn post_file_as(&self, path: &str, query: &[(&str, &str)], file: &Path, content_type: &str) -> Result<Value> {
        let body = tokio::fs::read(file)
            .await
            .with_context(|| format!("{}", file.display()))?;
        let request = self.request(Method::POST, path).query(query);
        self.json(request.header("content-type", content_type).body(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.json(self.request(Method::PATCH, path).json(body)).await
    }

    /// Sends a body as it is; the answer as it is.
    pub(crate) async fn post_bytes(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Vec<u8>> {
        let mut request = self.request(Method::POST, path).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.send(request).await?;
        Ok(response.bytes().await.context("the answer broke off")?.to_vec())
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value> {
        self.json(self.request(Method::DELETE, path)).await
    }

    /// Copies an artifact to a file.
    pub(crate) async fn download(&self, artifact: &str, file: &Path) -> Result<()> {
        let path = format!(
            "/api/2.0/mlflow-artifacts/artifacts/{}",
            utf8_percent_encode(artifact, PATH)
        );
        self.download_from(&path, &[], file).await
    }

    /// Copies an answer to a file.
    pub(crate) async fn download_from(&self, path: &str, query: &[(&str, &str)], file: &Path) -> Result<()> {
        let response = self.send(self.request(Method::GET, path).query(query)).await?;
        let mut out = tokio::fs::File::create(file)
            .await
            .with_context(|| format!("{}", file.display()))?;
        let mut bytes = response.bytes_stream();
        while let Some(chunk) = bytes.next().await {
            out.write_all(&chunk.context("the download broke off")?).await?;
        }
        Ok(out.flush().await?)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.address));
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization),
            None => request,
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value> {
        let response = self.send(request).await?;
        response
            .json()
            .await
            .with_context(|| format!("{} did not answer with JSON", self.address))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request
            .send()
            .await
            .with_context(|| format!("no answer from {}", self.address))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        let said = serde_json::from_str::<Value>(&text).ok();
        let message = said
            .as_ref()
            .and_then(|body| body["message"].as_str().or(body["detail"].as_str()));
        Err(anyhow!(
            "{}",
            message.map_or_else(|| format!("{} answered {status}", self.address), str::to_owned)
        ))
    }
}

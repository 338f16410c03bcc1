//! Services over gRPC on ports of their own, beside the HTTP server: they stop when it does.

use anyhow::{Context, Result};
use std::{error::Error, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

/// How long requests in progress may take to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(5);

/// Takes the port, if there is one; a wrong one is known before anything else starts.
pub(crate) async fn bind(host: &str, port: Option<u16>, flag: &str) -> Result<Option<TcpListener>> {
    let Some(port) = port else { return Ok(None) };
    let listener = TcpListener::bind((host, port))
        .await
        .with_context(|| format!("{flag}: cannot listen on {host}:{port}"))?;
    Ok(Some(listener))
}

pub(crate) struct Beside<E> {
    name: &'static str,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), E>>,
}

impl<E: Error + Send + Sync + 'static> Beside<E> {
    /// `serve` gets what completes when the service is to stop.
    pub(crate) fn start<F>(name: &'static str, serve: impl FnOnce(Stopped) -> F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(Stopped(stopped)));
        Self { name, stop, task }
    }

    pub(crate) async fn stop(self) -> Result<()> {
        drop(self.stop);
        if let Ok(finished) = timeout(DRAIN, self.task).await {
            finished?.context(self.name)
        } else {
            tracing::warn!(
                "{}: some requests were cut off, or connections were left open",
                self.name
            );
            Ok(())
        }
    }
}

pub(crate) struct Stopped(oneshot::Receiver<()>);

impl Stopped {
    pub(crate) async fn wait(self) {
        // The sender goes when the server stops.
        let _ = self.0.await;
    }
}

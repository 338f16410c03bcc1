//! Stopping without cutting anyone off: first no new connections, then a deadline for the open ones.

use anyhow::Result;
use axum::Router;
use std::{future::Future, net::SocketAddr, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How long requests in progress may take to finish.
const DEADLINE: Duration = Duration::from_secs(20);

/// Serves until SIGINT or SIGTERM. A second signal ends at once.
pub(crate) async fn serve(listener: TcpListener, router: Router) -> Result<()> {
    use axum::serve::ListenerExt;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "A connection keeps its small packets back");
        }
    });
    let (stopping, mut stopped) = watch::channel(false);
    let signalled = async move {
        wait_for_signal().await;
        tracing::info!("Stopping: finishing what is in progress");
        stopping.send_replace(true);
    };
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(signalled);
    let deadline = async move {
        let _ = stopped.wait_for(|stopping| *stopping).await;
        tokio::select! {
            () = tokio::time::sleep(DEADLINE) => tracing::warn!("Some requests did not finish in time"),
            () = wait_for_signal() => tracing::warn!("Stopped at once"),
        }
    };
    tokio::select! {
        result = server => Ok(result?),
        () = deadline => Ok(()),
    }
}

fn wait_for_signal() -> impl Future<Output = ()> {
    let listen = |kind| signal(kind).expect("a process can listen for its signals");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    }
}

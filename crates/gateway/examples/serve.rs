//! Serve one model directory: `serve MODEL_DIR PORT [auto|native|python]`.

use std::error::Error;
use std::sync::Arc;

use axum::serve::ListenerExt as _;
use fettle_gateway::{Deployment, ModelFolder, Options, scoring_router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, port, rest @ ..] = arguments.as_slice() else {
        return Err("usage: serve MODEL_DIR PORT [auto|native|python]".into());
    };
    let executor = rest.first().map(|text| text.parse()).transpose()?.unwrap_or_default();
    let options = Options {
        executor,
        ..Options::default()
    };
    let deployment = Deployment::start(ModelFolder::open(folder)?, options).await?;
    eprintln!("{}", serde_json::to_string_pretty(deployment.report())?);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    // Small answers must not wait for the acknowledgement of the ones before.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, scoring_router(Arc::new(deployment))).await?;
    Ok(())
}

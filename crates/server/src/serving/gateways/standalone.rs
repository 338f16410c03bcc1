//! A gateway of its own: the data plane with a router and a life of its own, and no store.

use super::{
    super::{
        Control, Reconciler,
        data_plane::{self, DataPlane},
        inference, watching,
    },
    admission::GatewaySecret,
    forwarder::Forwarder,
    remote::Remote,
};
use crate::{
    clock::Clock,
    error::{ApiError, ErrorCode, Result},
    router::{self, Watched},
    system::{self, HttpMetrics, Readiness, not_ready},
};
use axum::{
    Router,
    extract::{FromRef, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use fettle_gateway::{Gateway, MemberState, Options};
use reqwest::header::HeaderValue;
use std::{
    collections::HashSet,
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, time::timeout};

/// How long the control plane is waited for when the gateway stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Fixed when it starts.
#[derive(Debug)]
pub struct GatewaySettings {
    /// The control plane's address, as `http://fettle:5000`.
    pub control_plane: String,
    pub authorization: Option<HeaderValue>,
    pub secret: Option<GatewaySecret>,
    /// Where models and the last orders are kept.
    pub folder: PathBuf,
    pub scoring: Options,
}

/// A running gateway; cheap to clone.
#[derive(Clone)]
pub struct StandaloneGateway {
    gateway: Arc<Gateway>,
    remote: Arc<Remote>,
    reconciler: Reconciler,
    http_metrics: Arc<HttpMetrics>,
    scoring_body_max: usize,
    /// Whether it was ready once: from then on it is, whatever is added.
    was_ready: Arc<AtomicBool>,
}

impl FromRef<StandaloneGateway> for DataPlane {
    fn from_ref(alone: &StandaloneGateway) -> Self {
        Self::alone(Arc::clone(&alone.gateway))
    }
}

impl StandaloneGateway {
    /// Asks the control plane what to serve, or recalls it while that one is away, and starts it.
    pub async fn open(settings: GatewaySettings, clock: Clock) -> Result<Self> {
        let models = settings.folder.join("models");
        tokio::fs::create_dir_all(&models).await.map_err(|error| {
            ApiError::new(ErrorCode::InternalError, "The gateway's folder cannot be made.")
                .because(format!("{}: {error}", models.display()))
        })?;
        let forwarder = Arc::new(Forwarder::new(clock.clone()));
        let remote = Remote::new(
            &settings.control_plane,
            settings.authorization,
            settings.secret,
            settings.folder.join("orders.json"),
            forwarder,
        )?;
        let remote = Arc::new(remote);
        let gateway = Arc::<Gateway>::default();
        let scoring_body_max = settings.scoring.body_bytes_max;
        let control = Control::Remote(Arc::clone(&remote));
        let reconciler = Reconciler::new(control, clock, Arc::clone(&gateway), models.clone(), settings.scoring);
        let inner = reconciler.inner();
        if let Err(error) = remote.exchange(inner, true).await {
            let known = remote.recall(inner).await;
            // It would be refused the next time too, and has nothing to serve meanwhile.
            if !known && error.code.status().is_client_error() {
                return Err(error);
            }
            tracing::warn!(
                %error,
                "The control plane at {} cannot be asked: {}",
                settings.control_plane,
                if known { "the gateway serves what it served last" } else { "the gateway waits for it" }
            );
        }
        remove_unused(&models, &remote.revisions()).await;
        gateway.observe(Box::new(Shared(Arc::clone(&remote.forwarder))));
        watching::start(&reconciler);
        Forwarder::start(Arc::downgrade(&remote));
        Ok(Self {
            gateway,
            remote,
            reconciler,
            http_metrics: Arc::default(),
            scoring_body_max,
            was_ready: Arc::default(),
        })
    }

    pub fn router(&self) -> Router {
        let watched = Watched::new("", Arc::clone(&self.http_metrics));
        let routes = data_plane::routes()
            .route("/livez", get(async || "OK"))
            .route("/health", get(async || "OK"))
            .route("/ping", get(ready))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics));
        router::finished(routes, watched).with_state(self.clone())
    }

    /// Answers the Open Inference Protocol over gRPC until `stop` completes.
    pub async fn serve_grpc(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> std::result::Result<(), tonic::transport::Error> {
        inference::serve_plane_grpc(DataPlane::from_ref(&self), self.scoring_body_max, listener, stop).await
    }

    /// Tells the control plane what it does not know yet, and that nobody is to wait for this gateway.
    pub async fn close(&self) {
        let told = timeout(LAST_WORDS, async {
            let sent = self.remote.forwarder.flush(&self.remote).await;
            self.reconciler.leave().await.is_ok() && sent
        });
        if !told.await.unwrap_or(false) {
            tracing::warn!(
                "The control plane was not told of the last requests, and waits for this gateway for some seconds"
            );
        }
    }

    /// True once its orders are known and everything with traffic has started or failed to.
    fn is_ready(&self) -> bool {
        if self.was_ready.load(Ordering::Relaxed) {
            return true;
        }
        let endpoints = self.gateway.snapshot();
        let known = self.remote.is_reached() || !endpoints.is_empty();
        let started = endpoints.values().all(|endpoint| {
            let with_traffic = endpoint.traffic.routing.split.keys();
            with_traffic
                .filter_map(|name| endpoint.members.get(name.as_str()))
                .all(|member| member.running.is_some() || member.state != MemberState::Starting)
        });
        if known && started && !self.was_ready.swap(true, Ordering::Relaxed) {
            tracing::info!("The gateway is ready: every deployment with traffic has started or failed to");
        }
        known && started
    }
}

async fn ready(State(alone): State<StandaloneGateway>) -> Readiness {
    if alone.is_ready() {
        return Ok("OK");
    }
    not_ready(alone.remote.trouble().map_or_else(
        || "Models are being loaded.".to_owned(),
        |why| format!("The control plane gives no orders, and none are remembered: {why}"),
    ))
}

async fn metrics(State(alone): State<StandaloneGateway>) -> Result<impl IntoResponse> {
    let mut text = system::http_metrics(&alone.http_metrics)? + &alone.gateway.metrics();
    let _ = write!(
        text,
        "# HELP fettle_gateway_control_plane_up Whether the control plane answered when it was last asked\n\
         # TYPE fettle_gateway_control_plane_up gauge\n\
         fettle_gateway_control_plane_up {}\n\
         # HELP fettle_gateway_requests_untold_total Requests of which the control plane will not hear: it was away for \
         too long\n\
         # TYPE fettle_gateway_requests_untold_total counter\n\
         fettle_gateway_requests_untold_total {}\n",
        u8::from(alone.remote.is_reached()),
        alone.remote.forwarder.dropped()
    );
    Ok(([(header::CONTENT_TYPE, system::METRICS_TYPE)], text))
}

/// The gateway owns its observer; the forwarder is needed elsewhere too.
struct Shared(Arc<Forwarder>);

impl fettle_gateway::Observer for Shared {
    fn answered(&self, exchange: &fettle_gateway::Exchange) {
        self.0.answered(exchange);
    }
}

/// Models that a process before this one left and that nobody wants any more.
async fn remove_unused(models: &Path, revisions: &HashSet<i64>) {
    let Ok(mut found) = tokio::fs::read_dir(models).await else {
        return;
    };
    while let Ok(Some(entry)) = found.next_entry().await {
        let name = entry.file_name();
        let number = Path::new(&name).file_stem().and_then(|stem| stem.to_str());
        let revision = number.and_then(|stem| stem.strip_prefix("revision-")?.parse::<i64>().ok());
        if revision.is_some_and(|revision| revisions.contains(&revision)) {
            continue;
        }
        let path = entry.path();
        let removed = match entry.file_type().await {
            Ok(kind) if kind.is_dir() => tokio::fs::remove_dir_all(&path).await,
            _ => tokio::fs::remove_file(&path).await,
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "{} is not needed and could not be removed", path.display());
        }
    }
}

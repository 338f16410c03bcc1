//! What every handler can reach.

use crate::{
    artifacts::ArtifactAccess,
    caller::DEFAULT_WORKSPACE_ID,
    clock::Clock,
    error::{ApiError, Result},
    monitoring::{AlertSettings, CaptureSettings, alerts, baselines, capture, monitors, operational},
    outbox::Waker,
    secrets::SecretKeys,
    security::Security,
    serving::{self, GatewaySecret, Reconciler},
    system::HttpMetrics,
    traces::IndexFolder,
    tracking::{
        Folder, ranking,
        store::{
            experiments,
            metrics::{self, Points},
        },
    },
    webhooks::{self, WebhookSettings},
};
use fettle_blobs::{Blobs, Environment, Stores};
use fettle_db::{Db, Gather, Tx};
use fettle_gateway::{Gateway, Options};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// The application; cheap to clone. Each request clones it several times, so that it is one counter and not dozens.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What there is one of.
pub struct Parts {
    pub db: Db,
    pub blobs: Blobs,
    /// Where the addresses of runs, models and experiments lead.
    pub stores: Stores,
    /// Whether clients may be sent to the artifact store itself.
    pub(crate) signs: bool,
    pub clock: Clock,
    pub settings: Arc<Settings>,
    pub gateway: Arc<Gateway>,
    pub(crate) reconciler: Reconciler,
    pub(crate) folder: Folder,
    pub(crate) index_folder: IndexFolder,
    /// Takes the points that training code logs.
    pub(crate) points: Gather<Points, i64, ApiError>,
    pub(crate) webhooks: webhooks::Channel,
    pub(crate) recorder: capture::Recorder,
    pub(crate) flusher: operational::Flusher,
    pub(crate) alerts: alerts::Channel,
    /// Of what makes the baselines of new versions.
    pub(crate) baselines: Waker,
    pub(crate) http_metrics: Arc<HttpMetrics>,
}

/// Fixed when the server starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Below which an experiment without a location of its own keeps its artifacts.
    pub default_artifact_root: String,
    /// Largest JSON body, in bytes. Artifact uploads are streams and have no limit.
    pub body_limit: usize,
    /// Put before every path, as `/mlflow`; empty for none.
    pub static_prefix: String,
    pub security: Security,
    pub offer: Offer,
    /// Whether clients reach a cloud themselves, by signed addresses.
    pub artifact_access: ArtifactAccess,
    /// How long a signed address of a download is good for.
    pub presigned_download_ttl: Duration,
    /// From which the artifact stores that experiments name take their credentials.
    pub artifact_environment: Environment,
    /// Where models that endpoints serve are copied to.
    pub models_folder: PathBuf,
    /// What all deployments have in common: where Python comes from, limits, the memory of native models.
    pub scoring: Options,
    pub webhooks: WebhookSettings,
    pub capture: CaptureSettings,
    pub alerts: AlertSettings,
    /// What gateways of their own have to know; without any, they have to run on this machine.
    pub gateway_secrets: Vec<GatewaySecret>,
    /// What secrets in the store are encrypted with.
    pub secret_keys: Arc<SecretKeys>,
    /// For how long a run must not have logged before the index over metrics is brought up to it.
    pub ranking_pause: Duration,
}

/// Which of its two halves a server offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offer {
    #[default]
    Everything,
    /// Clients reach the artifact store themselves.
    NoArtifacts,
    /// Nothing but the artifact proxy.
    ArtifactsOnly,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_artifact_root: "mlflow-artifacts:/".to_owned(),
            body_limit: 64 * 1024 * 1024,
            static_prefix: String::new(),
            security: Security::default(),
            offer: Offer::default(),
            artifact_access: ArtifactAccess::Auto,
            presigned_download_ttl: Duration::from_mins(5),
            artifact_environment: Environment::default(),
            models_folder: std::env::temp_dir().join("fettle-models"),
            scoring: Options::default(),
            webhooks: WebhookSettings::default(),
            capture: CaptureSettings::default(),
            alerts: AlertSettings::default(),
            gateway_secrets: Vec::new(),
            secret_keys: Arc::default(),
            ranking_pause: Duration::from_secs(2),
        }
    }
}

impl App {
    /// Puts an application together over an open store, makes sure that the default experiment is there, and starts
    /// what its endpoints serve.
    pub async fn open(db: Db, blobs: Blobs, clock: Clock, settings: Settings) -> Result<Self> {
        let (root, now_ms) = (settings.default_artifact_root.clone(), clock.now_ms());
        db.write(move |tx| experiments::insert_default(tx, DEFAULT_WORKSPACE_ID, &root, now_ms))
            .await?;
        let stores = Stores::new(
            blobs.clone(),
            &settings.default_artifact_root,
            settings.artifact_environment.clone(),
        );
        let signs = settings.offer != Offer::NoArtifacts && settings.artifact_access.signs(&blobs).await;
        let gateway = Arc::<Gateway>::default();
        let control = serving::Control::Store {
            db: db.clone(),
            stores: stores.clone(),
        };
        let (models, scoring) = (settings.models_folder.clone(), settings.scoring.clone());
        let reconciler = Reconciler::new(control, clock.clone(), gateway.clone(), models, scoring);
        reconciler.restore(&db).await?;
        serving::watch(&reconciler);
        let folder = Folder::start(db.clone());
        let index_folder = IndexFolder::start(db.clone());
        ranking::start(db.clone(), &folder, settings.ranking_pause);
        let points = db.gather(metrics::write);
        let keys = Arc::clone(&settings.secret_keys);
        let webhooks = webhooks::open(db.clone(), clock.clone(), &settings.webhooks, Arc::clone(&keys));
        let alerts = alerts::open(db.clone(), clock.clone(), &settings.webhooks, &settings.alerts, keys);
        let baselines = baselines::registration::open(db.clone(), stores.clone(), clock.clone());
        let recorder = capture::open(&db, &clock, &settings.capture).await?;
        let settings = Arc::new(settings);
        let app = Self(Arc::new(Parts {
            db,
            blobs,
            stores,
            signs,
            clock,
            settings,
            gateway,
            reconciler,
            folder,
            index_folder,
            points,
            webhooks,
            recorder,
            flusher: operational::Flusher::default(),
            alerts,
            baselines,
            http_metrics: Arc::default(),
        }));
        app.gateway.observe(Box::new(app.recorder.clone()));
        app.recorder.start(app.clone());
        operational::Flusher::start(app.clone());
        alerts::start(app.clone());
        monitors::start(app.clone());
        Ok(app)
    }

    /// Ends what must not be cut off: captured requests are written and their files closed. Nobody waits for this
    /// server's deployments any more.
    pub async fn close(&self) {
        if let Err(error) = self.reconciler.leave().await {
            tracing::warn!(%error, "Other servers wait for this one's deployments for some seconds");
        }
        let capture = self.recorder.capture().clone();
        if let Err(error) = tokio::task::spawn_blocking(move || capture.close()).await {
            tracing::error!(%error, "The capture was not closed");
        }
        if let Err(error) = operational::close(self).await {
            tracing::warn!(%error, "The last figures of operation could not be written");
        }
    }

    /// Where people open the page, without a slash at the end.
    pub(crate) fn external_url(&self) -> String {
        let url = self.settings.alerts.external_url.as_deref().unwrap_or_default();
        url.trim_end_matches('/').to_owned()
    }

    /// A write that may put messages into the outbox: they are sent as soon as it is committed.
    pub(crate) async fn write_telling<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&Tx) -> Result<T> + Send + 'static,
    {
        let written = self.db.write(work).await;
        self.webhooks.waker.wake();
        self.baselines.wake();
        written
    }
}

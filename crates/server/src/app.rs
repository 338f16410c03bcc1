//! What every handler can reach.

use crate::{
    caller::DEFAULT_WORKSPACE_ID,
    clock::Clock,
    error::Result,
    system::HttpMetrics,
    tracking::{Folder, store::experiments},
};
use fettle_blobs::Blobs;
use fettle_db::Db;
use std::sync::Arc;

/// The application; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub blobs: Blobs,
    pub clock: Clock,
    pub settings: Arc<Settings>,
    pub(crate) folder: Folder,
    pub(crate) http_metrics: Arc<HttpMetrics>,
}

/// Fixed when the server starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Below which an experiment without a location of its own keeps its artifacts.
    pub default_artifact_root: String,
    /// Largest JSON body, in bytes. Artifact uploads are streams and have no limit.
    pub body_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_artifact_root: "mlflow-artifacts:/".to_owned(),
            body_limit: 64 * 1024 * 1024,
        }
    }
}

impl App {
    /// Puts an application together over an open store, and makes sure that the default experiment is there.
    pub async fn open(db: Db, blobs: Blobs, clock: Clock, settings: Settings) -> Result<Self> {
        let (root, now_ms) = (settings.default_artifact_root.clone(), clock.now_ms());
        db.write(move |tx| experiments::insert_default(tx, DEFAULT_WORKSPACE_ID, &root, now_ms))
            .await?;
        let folder = Folder::start(db.clone());
        Ok(Self {
            db,
            blobs,
            clock,
            settings: Arc::new(settings),
            folder,
            http_metrics: Arc::default(),
        })
    }
}

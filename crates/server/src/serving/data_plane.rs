//! What answers scoring requests: the same in a server and in a gateway of its own.

use super::{endpoints::entity, faces, inference, invocations};
use crate::{app::App, audit, caller::Caller, clock::Clock, error::Result};
use axum::{Router, extract::FromRef, routing::post};
use fettle_db::{Db, Tx};
use fettle_gateway::Gateway;
use std::sync::Arc;

/// What its handlers can reach; cheap to clone.
#[derive(Clone)]
pub struct DataPlane {
    pub gateway: Arc<Gateway>,
    /// None in a gateway of its own, which has no store.
    store: Option<(Db, Clock)>,
}

/// The state of a router that a data plane can be taken from.
pub trait Plane: Clone + Send + Sync + 'static {}

impl<S: Clone + Send + Sync + 'static> Plane for S {}

impl FromRef<App> for DataPlane {
    fn from_ref(app: &App) -> Self {
        Self {
            gateway: Arc::clone(&app.gateway),
            store: Some((app.db.clone(), app.clock.clone())),
        }
    }
}

pub fn routes<S: Plane>() -> Router<S>
where
    DataPlane: FromRef<S>,
{
    Router::new()
        .route("/endpoints/{name}/invocations", post(invocations::invoke))
        .merge(faces::routes())
        .merge(inference::routes())
}

impl DataPlane {
    /// Of a gateway without a store.
    pub fn alone(gateway: Arc<Gateway>) -> Self {
        Self { gateway, store: None }
    }

    /// Notes what a caller did to the models of this process.
    pub async fn record(&self, caller: &Caller, action: &'static str, endpoint: &str) -> Result<()> {
        let Some((db, clock)) = &self.store else {
            tracing::info!(
                endpoint.name = endpoint,
                action,
                "A caller asked to {action} the models of `{endpoint}`"
            );
            return Ok(());
        };
        let (caller, name, now_ms) = (caller.clone(), endpoint.to_owned(), clock.now_ms());
        db.write(move |tx: &Tx| audit::record(tx, &caller, now_ms, action, entity(&name), None))
            .await
    }
}

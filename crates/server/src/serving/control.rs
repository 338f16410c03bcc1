//! Where a reconciler's orders come from, and who is told how it goes: the store, or a control plane elsewhere.

use super::{
    gateways::Remote,
    model_folder,
    store::{self, Report, Revision, Status},
};
use crate::{
    caller::{Caller, DEFAULT_WORKSPACE_ID},
    error::Result,
    registry::parity::{self, Comparison},
};
use fettle_blobs::Stores;
use fettle_db::Db;
use std::{path::Path, sync::Arc};

#[derive(Clone)]
pub enum Control {
    Store { db: Db, stores: Stores },
    Remote(Arc<Remote>),
}

impl Control {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Store { .. } => "store",
            Self::Remote(_) => "control plane",
        }
    }

    /// Copies the files of a revision's model into a folder.
    pub async fn fetch(&self, revision: &Revision, folder: &Path) -> Result<()> {
        match self {
            Self::Store { stores, .. } => model_folder::fetch(stores, &revision.artifact_uri, folder).await,
            Self::Remote(remote) => remote.fetch(revision.id, folder).await,
        }
    }

    /// Writes down how the deployments do on a server, and that it is there. A remote control plane is told with the next
    /// exchange.
    pub async fn report(
        &self,
        server_id: &str,
        account: impl FnOnce() -> (Vec<Status>, Vec<i64>),
        now_ms: i64,
    ) -> Result<()> {
        let db = match self {
            Self::Store { db, .. } => db,
            Self::Remote(remote) => {
                remote.report_soon();
                return Ok(());
            }
        };
        let (statuses, good) = account();
        let server_id = server_id.to_owned();
        let report = Report { server_id, statuses };
        db.write(move |tx| {
            store::report(tx, &report, now_ms)?;
            store::settle(tx, &good)
        })
        .await
    }

    /// Keeps a comparison with the model version it is of.
    pub async fn compared(&self, revision: &Revision, comparison: Comparison, now_ms: i64) -> Result<()> {
        let Some((name, version)) = revision.model_name.clone().zip(revision.model_version) else {
            return Ok(());
        };
        match self {
            Self::Store { db, .. } => {
                let caller = Caller::fettle(DEFAULT_WORKSPACE_ID);
                db.write(move |tx| parity::keep(tx, &caller, &name, version, &comparison, now_ms))
                    .await
            }
            Self::Remote(remote) => {
                remote.compared(name, version, comparison);
                Ok(())
            }
        }
    }

    /// A server that ends is not waited for.
    pub async fn leave(&self, server_id: &str) -> Result<()> {
        match self {
            Self::Store { db, .. } => {
                let server_id = server_id.to_owned();
                db.write(move |tx| store::forget_server(tx, &server_id)).await
            }
            Self::Remote(remote) => remote.leave().await,
        }
    }
}

//! The experiments that this area's things belong to.

use crate::{
    error::Result,
    tracking::{
        active_experiment,
        store::experiments::{self, Experiment},
    },
};
use fettle_db::{Tx, params};

/// An experiment that was not deleted; a deleted one is as good as none.
pub fn existing(tx: &Tx, workspace_id: i64, id: i64) -> Result<Experiment> {
    let experiment = experiments::get(tx, workspace_id, id)?;
    if experiment.lifecycle_stage == "active" {
        Ok(experiment)
    } else {
        Err(experiments::not_found(id))
    }
}

/// An experiment that may be written to; a deleted one is refused by name.
pub fn active(tx: &Tx, workspace_id: i64, id: i64) -> Result<Experiment> {
    active_experiment(experiments::get(tx, workspace_id, id)?)
}

/// Which of `ids` there are, deleted or not.
pub fn known(tx: &Tx, workspace_id: i64, ids: &[i64]) -> Result<Vec<i64>> {
    Ok(tx.query(
        "SELECT id FROM experiments WHERE workspace_id = ?1 AND id IN_IDS(?2)",
        params![workspace_id, ids],
        |row| row.get(0),
    )?)
}

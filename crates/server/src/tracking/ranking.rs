//! The background task that brings the index over metrics up to what was logged.
//!
//! A run that logs is left alone until it pauses: until then searches look at it itself. Were many runs waiting,
//! searches would become slow, so then all of them are brought up.

use super::{Folder, store::ranking};
use crate::error::ApiError;
use fettle_db::Db;
use std::{collections::HashMap, time::Duration};

/// Runs looked at in one round.
const ROUND: usize = 8_192;
/// More than these are not left waiting for a pause.
const WAITING: usize = 1_000;

/// Starts the task. It ends when the folder's last handle is dropped.
pub fn start(db: Db, folder: &Folder, pause: Duration) {
    let activity = folder.activity();
    tokio::spawn(async move {
        let mut seen: HashMap<i64, u64> = HashMap::new();
        loop {
            tokio::time::sleep(pause).await;
            let Some(counts) = activity.counts() else { return };
            if let Err(error) = round(&db, &mut seen, &counts).await {
                tracing::error!(%error, "The index over metrics could not be brought up; searches look at runs themselves");
            }
        }
    });
}

/// Ranks the runs that have not logged since the last round.
async fn round(db: &Db, seen: &mut HashMap<i64, u64>, counts: &HashMap<i64, u64>) -> Result<(), ApiError> {
    let waiting = db.read(|tx| ranking::unranked(tx, ROUND)).await?;
    let now: HashMap<i64, u64> = waiting
        .iter()
        .map(|run_id| (*run_id, counts.get(run_id).copied().unwrap_or_default()))
        .collect();
    let many = waiting.len() > WAITING;
    for run_id in waiting {
        if many || seen.get(&run_id) == now.get(&run_id) {
            while !db.write(move |tx| ranking::rank(tx, run_id)).await? {}
        }
    }
    *seen = now;
    Ok(())
}

//! The background task that brings the index over metrics up to what was logged.
//!
//! A run that logs is left alone until it pauses: until then searches look at it itself. Were many runs waiting,
//! searches would become slow, so then all of them are brought up.

use super::{
    folding::{Activity, Folder},
    store::ranking,
};
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
        let mut seen = Some(HashMap::new());
        while let Some(before) = seen {
            tokio::time::sleep(pause).await;
            seen = round(&db, &before, &activity).await.unwrap_or_else(|error| {
                tracing::error!(%error, "The index over metrics could not be brought up; searches look at runs themselves");
                Some(before)
            });
        }
    });
}

/// Ranks the runs that have not logged since the last round. What waiting runs have logged now, for the next one; none
/// when the folder is gone.
async fn round(
    db: &Db,
    before: &HashMap<i64, u64>,
    activity: &Activity,
) -> Result<Option<HashMap<i64, u64>>, ApiError> {
    let waiting = db.read(|tx| ranking::unranked(tx, ROUND)).await?;
    let Some(now) = activity.counts(&waiting) else {
        return Ok(None);
    };
    let many = waiting.len() > WAITING;
    for run_id in waiting {
        let paused = before.get(&run_id) == now.get(&run_id);
        if many || paused {
            while !db.write(move |tx| ranking::rank(tx, run_id, paused)).await? {}
        }
    }
    Ok(Some(now))
}

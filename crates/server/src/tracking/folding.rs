//! The background task that folds the metric log into blocks, run by run, when a run has enough to fold.

use super::store::{
    self,
    metric_history::{RunFold, fold_run},
};
use crate::error::ApiError;
use fettle_db::Db;
use fettle_series::fold::{UNFOLDED_BATCHES, unfolded_limit};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// Batches folded in one transaction, which bounds how long the writer is held.
const BATCHES_PER_FOLD: usize = 1024;
/// Runs waiting to be folded. When it is full the run asks again with its next batch.
const QUEUE: usize = 1024;
/// Runs with a count; beyond it the counts start anew, which only delays a fold.
const RUNS_COUNTED: usize = 100_000;

/// Counts what runs have logged since their last fold, and has them folded; cheap to clone.
#[derive(Clone)]
pub struct Folder {
    counts: Arc<Mutex<HashMap<i64, Unfolded>>>,
    queue: mpsc::Sender<i64>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Unfolded {
    points: u64,
    batches: u64,
    series: u64,
    rewritten: u64,
    queued: bool,
}

impl Folder {
    /// Starts the task. It ends when the last handle is dropped.
    pub fn start(db: Db) -> Self {
        let (queue, due) = mpsc::channel(QUEUE);
        let folder = Self {
            counts: Arc::default(),
            queue,
        };
        tokio::spawn(fold_when_due(db, Arc::clone(&folder.counts), due));
        folder
    }

    /// Notes that a run has logged a batch.
    pub fn logged(&self, run_id: i64, points: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= RUNS_COUNTED {
            counts.retain(|_, unfolded| unfolded.queued);
        }
        let unfolded = counts.entry(run_id).or_default();
        unfolded.points += points;
        unfolded.batches += 1;
        if unfolded.is_due() && !unfolded.queued {
            unfolded.queued = self.queue.try_send(run_id).is_ok();
        }
    }
}

impl Unfolded {
    fn is_due(&self) -> bool {
        self.points >= unfolded_limit(self.series, self.rewritten) || self.batches >= UNFOLDED_BATCHES
    }
}

async fn fold_when_due(db: Db, counts: Arc<Mutex<HashMap<i64, Unfolded>>>, mut due: mpsc::Receiver<i64>) {
    if let Err(error) = count_what_is_there(&db, &counts).await {
        tracing::error!(%error, "The metric log could not be counted; runs fold when they log again");
    }
    while let Some(run_id) = due.recv().await {
        match db.write(move |tx| fold_run(tx, run_id, BATCHES_PER_FOLD)).await {
            Ok(fold) => {
                tracing::debug!(
                    run.id = run_id,
                    points = fold.points,
                    batches = fold.batches,
                    "Folded metric history"
                );
                settle(&counts, run_id, fold);
            }
            Err(error) => {
                tracing::error!(%error, run.id = run_id, "Metric history could not be folded; it stays in the log");
                counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&run_id);
            }
        }
    }
}

/// After a restart the log may hold much that nobody counts any more.
async fn count_what_is_there(db: &Db, counts: &Mutex<HashMap<i64, Unfolded>>) -> Result<(), ApiError> {
    let found = db.read(store::metrics::unfolded).await?;
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    for (run_id, points, batches) in found {
        let unfolded = counts.entry(run_id).or_default();
        unfolded.points += points;
        unfolded.batches += batches;
    }
    Ok(())
}

fn settle(counts: &Mutex<HashMap<i64, Unfolded>>, run_id: i64, fold: RunFold) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(unfolded) = counts.get_mut(&run_id) {
        unfolded.points = unfolded.points.saturating_sub(fold.points);
        unfolded.batches = unfolded.batches.saturating_sub(fold.batches);
        unfolded.series = fold.series;
        unfolded.rewritten = fold.rewritten;
        unfolded.queued = false;
    }
}

//! The background task that folds the metric log into blocks, run by run, when a run has enough to fold.

use super::store::{
    self,
    folding::{self, RunFold},
};
use crate::error::{ApiError, ErrorCode};
use fettle_db::Db;
use fettle_series::fold::{UNFOLDED_BATCHES, unfolded_limit};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::mpsc;

/// Batches folded at once, which bounds the memory that it takes.
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
    /// Batches since the count began.
    logged: u64,
}

/// What runs have logged, for tasks that live as long as the folder.
pub struct Activity(Weak<Mutex<HashMap<i64, Unfolded>>>);

impl Activity {
    /// For each of these runs a count that grows with every batch; none when the folder is gone.
    pub fn counts(&self, run_ids: &[i64]) -> Option<HashMap<i64, u64>> {
        let counts = self.0.upgrade()?;
        let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let logged = |run_id| counts.get(run_id).map_or(0, |unfolded| unfolded.logged);
        Some(run_ids.iter().map(|run_id| (*run_id, logged(run_id))).collect())
    }
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

    pub fn activity(&self) -> Activity {
        Activity(Arc::downgrade(&self.counts))
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
        unfolded.logged += 1;
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
        match fold(&db, run_id).await {
            Ok(fold) => {
                tracing::debug!(
                    run.id = run_id,
                    points = fold.points,
                    batches = fold.batches,
                    "Folded metric history"
                );
                settle(&counts, run_id, &fold);
            }
            Err(error) => {
                tracing::error!(%error, run.id = run_id, "Metric history could not be folded; it stays in the log");
                counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&run_id);
            }
        }
    }
}

/// Folds all that a run has in the log.
pub async fn fold_all(db: &Db, run_id: i64) -> Result<(), ApiError> {
    while fold(db, run_id).await?.batches > 0 {}
    Ok(())
}

/// In slices, between which others write.
async fn fold(db: &Db, run_id: i64) -> Result<RunFold, ApiError> {
    let mut fold = match db.read(move |tx| folding::plan(tx, run_id, BATCHES_PER_FOLD)).await {
        Err(error) if error.code == ErrorCode::ResourceExhausted => {
            return db.write(move |tx| folding::at_once(tx, run_id, BATCHES_PER_FOLD)).await;
        }
        planned => planned?,
    };
    while let Some(slice) = fold.next_slice() {
        if !db.write(move |tx| slice.put(tx)).await? {
            return Err(folding::overtaken());
        }
    }
    while let Some(ids) = fold.next_batches() {
        db.write(move |tx| folding::delete_batches(tx, run_id, ids.clone()))
            .await?;
    }
    Ok(fold)
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

fn settle(counts: &Mutex<HashMap<i64, Unfolded>>, run_id: i64, fold: &RunFold) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(unfolded) = counts.get_mut(&run_id) {
        unfolded.points = unfolded.points.saturating_sub(fold.points);
        unfolded.batches = unfolded.batches.saturating_sub(fold.batches);
        unfolded.series = fold.series;
        unfolded.rewritten = fold.rewritten;
        unfolded.queued = false;
    }
}

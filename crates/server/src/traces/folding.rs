//! The background task that folds the index over spans: rows as they came become segments, experiment by experiment.

use super::store::segments;
use crate::error::ApiError;
use fettle_db::Db;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// Blocks that are worth a segment. Fewer are searched faster as they came.
const BLOCKS: usize = 1024;
/// Experiments waiting to be folded. When it is full an experiment asks again with its next spans.
const QUEUE: usize = 1024;
/// Experiments with a count; beyond it the counts start anew, which only delays a fold.
const EXPERIMENTS_COUNTED: usize = 100_000;

/// Counts the blocks that experiments have taken since their last fold, and has them folded; cheap to clone.
#[derive(Clone)]
pub struct IndexFolder {
    counts: Arc<Mutex<HashMap<i64, usize>>>,
    queue: mpsc::Sender<i64>,
}

impl IndexFolder {
    /// Starts the task. It ends when the last handle is dropped.
    pub fn start(db: Db) -> Self {
        let (queue, due) = mpsc::channel(QUEUE);
        tokio::spawn(fold_when_due(db, due));
        Self {
            counts: Arc::default(),
            queue,
        }
    }

    /// Notes that an experiment has taken blocks of spans.
    pub fn stored(&self, experiment_id: i64, blocks: usize) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= EXPERIMENTS_COUNTED {
            counts.clear();
        }
        let count = counts.entry(experiment_id).or_default();
        *count += blocks;
        if *count >= BLOCKS && self.queue.try_send(experiment_id).is_ok() {
            *count = 0;
        }
    }
}

async fn fold_when_due(db: Db, mut due: mpsc::Receiver<i64>) {
    match db.read(|tx| segments::unfolded(tx, QUEUE as i64)).await {
        Ok(experiments) => {
            for experiment_id in experiments {
                fold_logged(&db, experiment_id).await;
            }
        }
        Err(error) => {
            tracing::error!(%error, "The index over spans could not be looked at; it folds with the next spans");
        }
    }
    while let Some(experiment_id) = due.recv().await {
        fold_logged(&db, experiment_id).await;
    }
}

async fn fold_logged(db: &Db, experiment_id: i64) {
    if let Err(error) = fold(db, experiment_id).await {
        tracing::error!(%error, experiment.id = experiment_id, "The index over spans could not be folded; it stays as it is");
    }
}

/// Folds until little is left. What changed meanwhile is folded the next time.
async fn fold(db: &Db, experiment_id: i64) -> Result<(), ApiError> {
    loop {
        let read = move |tx: &fettle_db::Tx| segments::read_fold(tx, experiment_id, BLOCKS);
        let Some(fold) = db.read(read).await? else {
            return Ok(());
        };
        if !db.write(move |tx| segments::write_fold(tx, &fold)).await? {
            return Ok(());
        }
    }
}

//! Scoring in supervised Python workers behind a bounded queue.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::ScoreError;
use crate::queue::{Job, Queue, Reply, Work};
use crate::worker::Workers;

pub(crate) struct PythonExecutor {
    queue: Arc<Queue>,
    workers: Workers,
}

impl PythonExecutor {
    pub(crate) fn new(queue: Arc<Queue>, workers: Workers) -> Self {
        Self { queue, workers }
    }

    pub(crate) async fn score(&self, work: Work, deadline: Instant) -> Reply {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Job {
            work,
            deadline,
            attempts: 0,
            reply,
        })?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Err(ScoreError::Unavailable("the model stopped being served".into())),
            Err(_) => Err(ScoreError::Deadline),
        }
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn ready(&self) -> bool {
        self.workers.ready()
    }

    pub(crate) fn worker_pids(&self) -> Vec<u32> {
        self.workers.pids()
    }
}

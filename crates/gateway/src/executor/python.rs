//! Scoring in supervised Python workers behind a bounded queue.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::error::ScoreError;
use crate::queue::{Job, Queue, Reply, Work};
use crate::scaling::{Autoscaler, Load, Scaling};
use crate::worker::{Pool, PoolParts, ReplicaCounts, Worker};

pub(crate) struct PythonExecutor {
    queue: Arc<Queue>,
    pool: Arc<Pool>,
    load: Arc<Load>,
    scaling: Scaling,
    /// None if the number of replicas never changes.
    autoscaler: Option<Autoscaler>,
}

impl PythonExecutor {
    /// `first` is a worker that runs already.
    pub(crate) fn start(parts: PoolParts, first: Worker, scaling: Scaling) -> Self {
        let (queue, load) = (Arc::clone(&parts.queue), Arc::clone(&parts.load));
        let pool = Arc::new(Pool::start(parts, first, scaling.replicas_min));
        let autoscaler =
            (!scaling.is_fixed()).then(|| Autoscaler::start(scaling.clone(), Arc::clone(&pool), Arc::clone(&load)));
        Self {
            queue,
            pool,
            load,
            scaling,
            autoscaler,
        }
    }

    pub(crate) async fn score(&self, work: Work, deadline: Instant) -> Reply {
        let _outstanding = self.load.enter();
        let (reply, answer) = oneshot::channel();
        let job = Job {
            work,
            queued_at: Instant::now(),
            deadline,
            attempts: 0,
            reply,
        };
        self.queue.push(job)?;
        // Looked at after the request is in the queue: a last worker that ends now would have to take it first.
        let asleep = self.pool.target() == Some(0);
        let mut patience = deadline;
        if asleep {
            patience = deadline.min(Instant::now() + self.scaling.cold_start_max);
            if let Some(autoscaler) = &self.autoscaler {
                autoscaler.wake();
            }
        }
        match timeout_at(patience, answer).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) => Err(ScoreError::Unavailable("the model stopped being served".into())),
            Err(_) if asleep && self.pool.ready_count() == 0 => Err(ScoreError::Unavailable(
                "no worker was running, and the one that is being started is not ready yet; try again shortly".into(),
            )),
            Err(_) => Err(ScoreError::Deadline),
        }
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Without workers it is ready too, if one is started for a request.
    pub(crate) fn ready(&self) -> bool {
        match self.pool.target() {
            None => false,
            Some(0) => true,
            Some(_) => self.pool.ready_count() > 0,
        }
    }

    pub(crate) fn worker_pids(&self) -> Vec<u32> {
        self.pool.pids()
    }

    pub(crate) fn replicas(&self) -> ReplicaCounts {
        self.pool.counts()
    }

    /// Ends the workers; none is started until `load`.
    pub(crate) async fn unload(&self) {
        self.pool.unload();
        self.pool.until_empty().await;
    }

    /// Starts workers after `unload`, and returns once one serves.
    pub(crate) async fn load(&self) -> Result<(), String> {
        if self.pool.target().is_none() {
            self.pool.scale_to(self.scaling.replicas_min.max(1));
        }
        if self.pool.until_ready().await {
            Ok(())
        } else {
            Err("its Python worker could not be started".into())
        }
    }
}

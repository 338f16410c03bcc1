//! Keeps the replicas of a model alive: starting -> ready -> (lost -> waiting ->) starting, until drained or given up.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::process::{CallError, Worker, WorkerSpec};
use super::protocol::RowResult;
use crate::error::ScoreError;
use crate::frame::Frame;
use crate::metrics::Metrics;
use crate::queue::{Job, Queue, Work};

/// How patient the supervisor is.
#[derive(Debug, Clone)]
pub struct Supervision {
    /// From the start of the process to the end of its handshake, the import of mlflow and the model included. The
    /// trials before a model is served (parity, batching) get as long again, each.
    pub start_timeout: Duration,
    /// An idle worker is asked for a sign of life this often.
    pub heartbeat: Duration,
    /// After a request's deadline a busy worker gets this long before it is taken for stuck and killed.
    pub stuck_grace: Duration,
    /// The first wait before a restart; it doubles with each start that fails in a row.
    pub backoff_first: Duration,
    pub backoff_max: Duration,
    /// Starts that may fail in a row before the replica is given up.
    pub failures_max: u32,
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            start_timeout: Duration::from_mins(2),
            heartbeat: Duration::from_secs(10),
            stuck_grace: Duration::from_secs(10),
            backoff_first: Duration::from_millis(200),
            backoff_max: Duration::from_secs(30),
            failures_max: 8,
        }
    }
}

const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A request is given to a second worker after the first died with it, not to a third.
const ATTEMPTS_MAX: u8 = 2;

/// The replicas of one model. Dropping it kills them.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

struct Shared {
    spec: WorkerSpec,
    supervision: Supervision,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    /// 1 without batching.
    batch_rows_max: AtomicUsize,
    replicas: Mutex<Vec<Replica>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Replica {
    Starting,
    Ready { pid: Option<u32> },
    GivenUp,
}

impl Workers {
    /// Supervise `replicas` workers; `first` is one that already runs.
    pub(crate) fn start(
        first: Worker,
        replicas: usize,
        spec: WorkerSpec,
        supervision: Supervision,
        queue: Arc<Queue>,
        metrics: Arc<Metrics>,
        batch_rows_max: usize,
    ) -> Self {
        let mut states = vec![Replica::Starting; replicas];
        if let Some(state) = states.first_mut() {
            *state = Replica::Ready { pid: first.id() };
        }
        let shared = Arc::new(Shared {
            spec,
            supervision,
            queue,
            metrics,
            batch_rows_max: AtomicUsize::new(batch_rows_max),
            replicas: Mutex::new(states),
        });
        let mut first = Some(first);
        let tasks = (0..replicas)
            .map(|index| tokio::spawn(supervise(Arc::clone(&shared), index, first.take())))
            .collect();
        Self { shared, tasks }
    }

    pub(crate) fn ready(&self) -> bool {
        self.shared
            .lock()
            .iter()
            .any(|replica| matches!(replica, Replica::Ready { .. }))
    }

    /// Process ids of the workers that serve.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let pid = |replica: &Replica| {
            if let Replica::Ready { pid } = replica {
                *pid
            } else {
                None
            }
        };
        self.shared.lock().iter().filter_map(pid).collect()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.queue.close("the model is no longer served here");
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Replica>> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, index: usize, state: Replica) {
        self.lock()[index] = state;
    }
}

async fn supervise(shared: Arc<Shared>, index: usize, mut running: Option<Worker>) {
    let supervision = &shared.supervision;
    let mut failures = 0;
    loop {
        let started = match running.take() {
            Some(worker) => Ok(worker),
            None => Worker::start(&shared.spec).await,
        };
        let reason = match started {
            Ok(mut worker) => {
                shared.set(index, Replica::Ready { pid: worker.id() });
                let exit = serve(&mut worker, &shared).await;
                shared.set(index, Replica::Starting);
                shared.metrics.worker_restarted();
                worker.stop().await;
                // A worker that never answered anything counts as one that did not start.
                failures = if exit.answered { 0 } else { failures + 1 };
                exit.reason
            }
            Err(error) => {
                failures += 1;
                describe(&error)
            }
        };
        tracing::warn!(
            worker.replica = index,
            failures,
            "A Python worker has to be restarted: {reason}"
        );
        if failures >= supervision.failures_max {
            break give_up(&shared, index, failures, &reason);
        }
        let doubled = supervision.backoff_first.saturating_mul(1 << failures.min(16));
        sleep(doubled.min(supervision.backoff_max)).await;
    }
}

fn give_up(shared: &Shared, index: usize, failures: u32, reason: &str) {
    tracing::error!(
        worker.replica = index,
        "Gave the Python worker up after {failures} failures in a row: {reason}"
    );
    shared.set(index, Replica::GivenUp);
    if shared.lock().iter().all(|replica| *replica == Replica::GivenUp) {
        shared.queue.close(&format!(
            "the model's Python worker failed {failures} times in a row: {reason}"
        ));
    }
}

fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

/// How a worker's service ended.
struct Exit {
    answered: bool,
    reason: String,
}

async fn serve(worker: &mut Worker, shared: &Shared) -> Exit {
    let mut answered = false;
    loop {
        let batch = tokio::select! {
            batch = shared.queue.take(shared.batch_rows_max.load(Ordering::Relaxed)) => batch,
            reason = worker.ended() => return Exit { answered, reason },
            () = sleep(shared.supervision.heartbeat) => {
                match timeout(PING_TIMEOUT, worker.ping()).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => return Exit { answered, reason: describe(&error) },
                    Err(_) => return Exit { answered, reason: "it gave no sign of life".into() },
                }
            }
        };
        // A caller may still have the connection's time; the worker itself gets the latest of the deadlines.
        let latest = batch.iter().map(|job| job.deadline).max().unwrap_or_else(Instant::now);
        match timeout_at(latest + shared.supervision.stuck_grace, call(worker, &batch, shared)).await {
            Ok(Ok(results)) => {
                answered = true;
                for (job, result) in batch.into_iter().zip(results) {
                    answer(job, result);
                }
            }
            Ok(Err(CallError::Lost(error))) => {
                let reason = timeout(Duration::from_secs(1), worker.ended())
                    .await
                    .unwrap_or_else(|_| error.to_string());
                for job in batch.into_iter().rev() {
                    retry(job, &shared.queue);
                }
                return Exit { answered, reason };
            }
            Ok(Err(error)) => {
                for job in batch {
                    let _ = job.reply.send(Err(ScoreError::BadRequest(describe(&error))));
                }
            }
            Err(_) => {
                for job in batch {
                    let _ = job.reply.send(Err(ScoreError::Deadline));
                }
                return Exit {
                    answered,
                    reason: "a request ran far beyond its deadline".into(),
                };
            }
        }
    }
}

async fn call(worker: &mut Worker, batch: &[Job], shared: &Shared) -> Result<Vec<RowResult>, CallError> {
    match &batch[0].work {
        Work::Raw { content_type, body } => Ok(vec![worker.raw(content_type.name(), body).await?]),
        Work::Table { frame, params } => {
            let frames = || {
                batch.iter().filter_map(|job| {
                    if let Work::Table { frame, .. } = &job.work {
                        Some(frame)
                    } else {
                        None
                    }
                })
            };
            let rows: Vec<usize> = frames().map(|frame| frame.rows).collect();
            shared.metrics.batch(batch.len(), rows.iter().sum());
            let params = params.as_deref().map(serde_json::from_str::<&RawValue>).transpose();
            let params = params.map_err(|error| CallError::Refused(format!("params: {error}")))?;
            let (results, row_wise) = if batch.len() == 1 {
                worker.predict(frame, &rows, params).await?
            } else {
                worker
                    .predict(&Frame::concat(frame, frames().skip(1)), &rows, params)
                    .await?
            };
            if !row_wise && shared.batch_rows_max.swap(1, Ordering::Relaxed) != 1 {
                tracing::warn!(
                    "The model does not answer one prediction for each row; its requests are no longer batched"
                );
            }
            Ok(results)
        }
    }
}

fn answer(job: Job, result: RowResult) {
    let reply = match result.status {
        200 => Ok(result.body),
        status => Err(ScoreError::Worker {
            status,
            body: result.body,
        }),
    };
    // The caller may have left; then nobody minds.
    let _ = job.reply.send(reply);
}

fn retry(mut job: Job, queue: &Queue) {
    job.attempts += 1;
    if job.attempts < ATTEMPTS_MAX && job.deadline > Instant::now() {
        queue.put_back(job);
    } else {
        let reason = "the model's Python worker ended while it scored this request, twice".to_owned();
        let _ = job.reply.send(Err(ScoreError::Unavailable(reason)));
    }
}

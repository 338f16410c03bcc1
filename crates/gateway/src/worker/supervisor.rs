//! Keeps a replica of a model alive: starting -> ready -> (lost -> waiting ->) starting, until it is stopped or given up.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::pool::{Phase, Shared};
use super::process::{CallError, StartError, Worker};
use super::protocol::RowResult;
use super::recycling::{Recycling, Wear};
use crate::error::ScoreError;
use crate::frame::Frame;
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
    pub recycling: Recycling,
    /// What a worker may allocate (its data segment, in bytes); beyond it Python raises `MemoryError`.
    pub memory_bytes_max: Option<u64>,
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
            recycling: Recycling::default(),
            memory_bytes_max: None,
        }
    }
}

const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// For a worker that broke the connection to end.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(1);
/// After a worn worker could not be replaced.
const REPLACEMENT_PAUSE: Duration = Duration::from_secs(30);
/// A request is given to a second worker after the first died with it, not to a third.
const ATTEMPTS_MAX: u8 = 2;

/// Keeps one replica alive until it is told to end or has failed too often.
pub(super) async fn supervise(
    shared: Arc<Shared>,
    id: u64,
    mut stop: watch::Receiver<bool>,
    mut running: Option<Worker>,
) {
    let supervision = &shared.supervision;
    let mut failures = 0;
    loop {
        let started = if let Some(worker) = running.take() {
            Ok(worker)
        } else {
            tokio::select! {
                started = Worker::start(&shared.spec) => started,
                () = stopped(&mut stop) => return shared.remove(id),
            }
        };
        let reason = match started {
            Ok(mut worker) => {
                shared.set(id, Phase::Ready { pid: worker.id() });
                let exit = serve(&mut worker, &shared, &mut stop).await;
                match exit {
                    Exit::Stopped => {
                        worker.stop().await;
                        return shared.remove(id);
                    }
                    Exit::Replaced { by, reason } => {
                        tracing::info!(worker.replica = id, "A Python worker was replaced: {reason}");
                        shared.set(id, Phase::Ready { pid: by.id() });
                        shared.metrics.worker_recycled();
                        worker.stop().await;
                        running = Some(*by);
                        continue;
                    }
                    Exit::Lost { answered, reason } => {
                        shared.set(id, Phase::Starting);
                        shared.metrics.worker_restarted();
                        worker.stop().await;
                        // A worker that never answered anything counts as one that did not start.
                        failures = if answered { 0 } else { failures + 1 };
                        reason
                    }
                }
            }
            Err(error) => {
                failures += 1;
                describe(&error)
            }
        };
        tracing::warn!(
            worker.replica = id,
            failures,
            "A Python worker has to be restarted: {reason}"
        );
        if failures >= supervision.failures_max {
            break give_up(&shared, id, failures, &reason);
        }
        let doubled = supervision.backoff_first.saturating_mul(1 << failures.min(16));
        tokio::select! {
            () = sleep(doubled.min(supervision.backoff_max)) => {}
            () = stopped(&mut stop) => return shared.remove(id),
        }
    }
}

fn give_up(shared: &Shared, id: u64, failures: u32, reason: &str) {
    tracing::error!(
        worker.replica = id,
        "Gave the Python worker up after {failures} failures in a row: {reason}"
    );
    shared.set(id, Phase::GivenUp);
    if shared.all_given_up() {
        shared.queue.close(&format!(
            "the model's Python worker failed {failures} times in a row: {reason}"
        ));
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error would say that the pool is gone; its tasks are ended with it.
    let _ = stop.wait_for(|stop| *stop).await;
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
enum Exit {
    /// It was told to.
    Stopped,
    /// It was worn, and another is ready in its place.
    Replaced {
        by: Box<Worker>,
        reason: String,
    },
    Lost {
        answered: bool,
        reason: String,
    },
}

async fn serve(worker: &mut Worker, shared: &Arc<Shared>, stop: &mut watch::Receiver<bool>) -> Exit {
    let mut answered = false;
    let mut wear = Wear::new(shared.supervision.recycling);
    let mut replacement = Replacement::default();
    loop {
        if let Some(reason) = wear.is_over(worker.id()) {
            replacement.begin(reason, shared);
        }
        let batch = tokio::select! {
            () = stopped(stop) => return Exit::Stopped,
            (by, reason) = replacement.ready() => return Exit::Replaced { by: Box::new(by), reason },
            batch = shared.queue.take(shared.batch_rows_max.load(Ordering::Relaxed)) => batch,
            reason = worker.ended() => return Exit::Lost { answered, reason },
            () = sleep(shared.supervision.heartbeat) => {
                match timeout(PING_TIMEOUT, worker.ping()).await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => return Exit::Lost { answered, reason: describe(&error) },
                    Err(_) => return Exit::Lost { answered, reason: "it gave no sign of life".into() },
                }
            }
        };
        shared.load.called(batch.len());
        let began = Instant::now();
        for job in &batch {
            shared.metrics.queued(began - job.queued_at);
        }
        // A caller may still have the connection's time; the worker itself gets the latest of the deadlines.
        let latest = batch.iter().map(|job| job.deadline).max().unwrap_or_else(Instant::now);
        match timeout_at(latest + shared.supervision.stuck_grace, call(worker, &batch, shared)).await {
            Ok(Ok(results)) => {
                answered = true;
                shared.metrics.computed(began.elapsed());
                wear.answered(batch.len());
                for (job, result) in batch.into_iter().zip(results) {
                    answer(job, result);
                }
            }
            Ok(Err(CallError::Lost(error))) => {
                let reason = timeout(LAST_WORDS_WAIT, worker.ended())
                    .await
                    .unwrap_or_else(|_| error.to_string());
                for job in batch.into_iter().rev() {
                    retry(job, &shared.queue);
                }
                return Exit::Lost { answered, reason };
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
                return Exit::Lost {
                    answered,
                    reason: "a request ran far beyond its deadline".into(),
                };
            }
        }
    }
}

/// The worker that is to take over from one that is worn, while that one goes on.
#[derive(Default)]
struct Replacement(Option<Start>);

struct Start {
    task: JoinHandle<Result<Worker, StartError>>,
    reason: String,
}

impl Replacement {
    fn begin(&mut self, reason: String, shared: &Arc<Shared>) {
        if self.0.is_none() {
            let shared = Arc::clone(shared);
            let task = tokio::spawn(async move { Worker::start(&shared.spec).await });
            self.0 = Some(Start { task, reason });
        }
    }

    /// Never, if there is none or it cannot be started; the next look at the worn one begins another.
    async fn ready(&mut self) -> (Worker, String) {
        if let Some(start) = &mut self.0 {
            match (&mut start.task).await {
                Ok(Ok(worker)) => return (worker, std::mem::take(&mut start.reason)),
                Ok(Err(error)) => tracing::warn!("A worn Python worker cannot be replaced: {}", describe(&error)),
                Err(error) => tracing::warn!("A worn Python worker cannot be replaced: {error}"),
            }
            sleep(REPLACEMENT_PAUSE).await;
            self.0 = None;
        }
        std::future::pending().await
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if let Some(start) = &self.0 {
            start.task.abort();
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

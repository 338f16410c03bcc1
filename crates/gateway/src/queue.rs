//! Requests waiting for a Python worker, and how they become batches.
//!
//! Batching is natural: whatever arrived while the previous call ran goes into the next one, and nobody waits for
//! company. The queue is bounded; when it is full the caller hears so at once.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::error::ScoreError;
use crate::frame::Frame;
use crate::input::ContentType;

pub(crate) type Reply = Result<Bytes, ScoreError>;

#[derive(Debug)]
pub(crate) enum Work {
    Table { frame: Frame, params: Option<Box<str>> },
    Raw { content_type: ContentType, body: Bytes },
}

#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) queued_at: Instant,
    pub(crate) deadline: Instant,
    /// Calls that ended with the worker's death.
    pub(crate) attempts: u8,
    pub(crate) reply: oneshot::Sender<Reply>,
}

impl Job {
    fn joins(&self, other: &Job) -> bool {
        match (&self.work, &other.work) {
            (Work::Table { frame: a, params: p }, Work::Table { frame: b, params: q }) => {
                // A request that saw a worker die is retried alone: it may be the one that killed it.
                self.attempts == 0 && other.attempts == 0 && p == q && a.same_columns(b)
            }
            _ => false,
        }
    }

    fn rows(&self) -> usize {
        match &self.work {
            Work::Table { frame, .. } => frame.rows,
            Work::Raw { .. } => 1,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Why no more jobs are taken, once that is so.
    closed: Option<String>,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Notify::new(),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    pub(crate) fn push(&self, job: Job) -> Result<(), ScoreError> {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return Err(ScoreError::Unavailable(reason.clone()));
        }
        if state.jobs.len() >= self.capacity {
            // Callers who left hold no places.
            state.jobs.retain(|waiting| !waiting.reply.is_closed());
        }
        if state.jobs.len() >= self.capacity {
            return Err(ScoreError::QueueFull {
                waiting: state.jobs.len(),
            });
        }
        state.jobs.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Put a job back at the front; it had its place already, so the bound does not apply.
    pub(crate) fn put_back(&self, job: Job) {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            let _ = job.reply.send(Err(ScoreError::Unavailable(reason.clone())));
            return;
        }
        state.jobs.push_front(job);
        drop(state);
        self.arrived.notify_one();
    }

    /// Refuse everything that waits and everything to come.
    pub(crate) fn close(&self, reason: &str) {
        let mut state = self.lock();
        state.closed = Some(reason.to_owned());
        for job in state.jobs.drain(..) {
            let _ = job.reply.send(Err(ScoreError::Unavailable(reason.to_owned())));
        }
    }

    /// The next batch: the first job and those behind it that may share its call.
    pub(crate) async fn take(&self, rows_max: usize) -> Vec<Job> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(batch) = self.try_take(rows_max) {
                return batch;
            }
            arrived.await;
        }
    }

    fn try_take(&self, rows_max: usize) -> Option<Vec<Job>> {
        let mut state = self.lock();
        let now = Instant::now();
        let first = loop {
            let job = state.jobs.pop_front()?;
            if job.reply.is_closed() {
                continue;
            }
            if job.deadline <= now {
                let _ = job.reply.send(Err(ScoreError::Deadline));
                continue;
            }
            break job;
        };
        let mut rows = first.rows();
        let mut batch = vec![first];
        let mut waiting = VecDeque::with_capacity(state.jobs.len());
        for job in state.jobs.drain(..) {
            if rows + job.rows() <= rows_max && batch[0].joins(&job) && job.deadline > now && !job.reply.is_closed() {
                rows += job.rows();
                batch.push(job);
            } else {
                waiting.push_back(job);
            }
        }
        state.jobs = waiting;
        let more = !state.jobs.is_empty();
        drop(state);
        if more {
            // Another replica may be idle, and its wake-up may have been the one we used.
            self.arrived.notify_one();
        }
        Some(batch)
    }
}

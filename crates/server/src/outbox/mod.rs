//! The outbox: messages to other systems, written in the transaction of the change they tell of and sent after its
//! commit, at least once.
//!
//! A message belongs to a channel (`webhook`), which knows how to send it, and a target, the channel's own key for who
//! receives it. Each channel has one worker per replica. A worker leases the deliveries it sends: should it die, the
//! lease ends and another worker sends them again, under the same delivery id. The order of deliveries is not kept.

pub mod retry;
pub mod store;
mod worker;

use std::time::Duration;
use tokio::sync::mpsc;

pub use worker::{Send, start};

/// How a channel sends.
#[derive(Debug, Clone)]
pub struct Limits {
    pub channel: &'static str,
    /// Sends in progress at once in this process.
    pub concurrency: usize,
    /// Of these to one target, so that a slow one does not hold up the rest.
    pub concurrency_per_target: usize,
    /// Longer than any send takes.
    pub lease: Duration,
    /// After which a delivery has failed.
    pub attempts_max: i64,
    /// Deliveries that may wait for one target. The oldest of more fail.
    pub pending_max: i64,
}

/// A delivery that its holder is to send now.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: i64,
    pub workspace_id: i64,
    pub delivery_id: String,
    pub target_id: i64,
    pub body: String,
    /// Counts from 1, over replays.
    pub attempt: i64,
    /// Counts from 1, anew with each replay.
    pub attempt_since_replay: i64,
}

/// What came of an attempt.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub verdict: Verdict,
    pub response_status: Option<u16>,
    /// Its beginning.
    pub response_body: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    /// Worth another attempt, not before the receiver said.
    Retry {
        after: Option<Duration>,
    },
    /// Another attempt would end the same way.
    Refused,
}

impl Outcome {
    /// An attempt that got no answer.
    pub fn unanswered(verdict: Verdict, error: String) -> Self {
        Self {
            verdict,
            response_status: None,
            response_body: None,
            error: Some(error),
        }
    }
}

/// Wakes a channel's worker; cheap to clone. The worker ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Waker {
    sender: mpsc::Sender<()>,
}

impl Waker {
    /// Says that there may be something to send. Never waits: one call that is not yet heard stands for all.
    pub fn wake(&self) {
        // A full queue is a call that is not yet heard; a closed one is a server that ends.
        let _ = self.sender.try_send(());
    }
}

//! The task that empties a channel's part of the outbox.

use super::{Delivery, Limits, Outcome, Waker, retry, store};
use crate::{clock::Clock, error::ApiError};
use fettle_db::Db;
use futures::future::BoxFuture;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{Id, JoinSet},
    time::{Instant, sleep},
};

/// How long a delivery that another replica wrote, or whose time has come, may stay unnoticed.
const POLL: Duration = Duration::from_millis(500);
/// After an error of the store.
const PAUSE: Duration = Duration::from_secs(2);
/// How long finished deliveries are kept, and how often those that are older are removed.
const RETENTION_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const PURGE: Duration = Duration::from_mins(10);
/// How often what is too much is given up.
const SHED: Duration = Duration::from_secs(30);

/// Sends a delivery; ends within the lease.
pub type Send = Arc<dyn Fn(Delivery) -> BoxFuture<'static, Outcome> + std::marker::Send + Sync>;

/// Starts a channel's worker. It ends when the last [`Waker`] is dropped; what it was sending is sent again by others.
pub fn start(db: Db, clock: Clock, limits: Limits, send: Send) -> Waker {
    let (sender, woken) = mpsc::channel(1);
    let worker = Worker {
        db,
        clock,
        limits,
        send,
        running: JoinSet::new(),
        targets: HashMap::new(),
    };
    tokio::spawn(worker.run(woken));
    Waker { sender }
}

struct Worker {
    db: Db,
    clock: Clock,
    limits: Limits,
    send: Send,
    running: JoinSet<()>,
    /// Of the sends in progress.
    targets: HashMap<Id, i64>,
}

impl Worker {
    async fn run(mut self, mut woken: mpsc::Receiver<()>) {
        let (mut purge_at, mut shed_at) = (Instant::now(), Instant::now());
        loop {
            if Instant::now() >= shed_at {
                shed_at = Instant::now() + SHED;
                self.shed().await;
            }
            if Instant::now() >= purge_at {
                purge_at = Instant::now() + PURGE;
                self.purge().await;
            }
            let pause = match self.send_what_is_due().await {
                Ok(true) => continue,
                Ok(false) => POLL,
                Err(error) => {
                    tracing::warn!(%error, "The outbox cannot be read; it is tried again");
                    PAUSE
                }
            };
            tokio::select! {
                call = woken.recv() => {
                    if call.is_none() {
                        return;
                    }
                }
                Some(ended) = self.running.join_next_with_id() => {
                    let id = match ended {
                        Ok((id, ())) => id,
                        Err(error) => {
                            tracing::error!(%error, "A delivery was broken off; it is sent again");
                            error.id()
                        }
                    };
                    self.targets.remove(&id);
                }
                () = sleep(pause) => {}
            }
        }
    }

    /// Starts to send what is due, as far as there is room; true if anything was.
    async fn send_what_is_due(&mut self) -> Result<bool, ApiError> {
        let room = self.limits.concurrency - self.running.len();
        let (channel, now_ms) = (self.limits.channel, self.clock.now_ms());
        if room == 0 || !self.db.peek(move |tx| store::is_due(tx, channel, now_ms)).await? {
            return Ok(false);
        }
        let (limits, busy) = (self.limits.clone(), self.busy());
        let claimed = self
            .db
            .write(move |tx| store::claim(tx, &limits, &busy, room, now_ms))
            .await?;
        let any = !claimed.is_empty();
        for delivery in claimed {
            let target_id = delivery.target_id;
            let task = deliver(
                self.db.clone(),
                self.clock.clone(),
                self.limits.attempts_max,
                Arc::clone(&self.send),
                delivery,
            );
            let id = self.running.spawn(task).id();
            self.targets.insert(id, target_id);
        }
        Ok(any)
    }

    /// The targets that are being sent to. A claim takes as many for one target as may be sent at once, so none more
    /// may be taken before the last of them is done.
    fn busy(&self) -> Vec<i64> {
        let mut targets: Vec<i64> = self.targets.values().copied().collect();
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    async fn shed(&self) {
        loop {
            let (limits, now_ms) = (self.limits.clone(), self.clock.now_ms());
            match self.db.write(move |tx| store::shed(tx, &limits, now_ms)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error: ApiError = error;
                    tracing::warn!(%error, "Too many deliveries wait, and none could be given up; it is tried again");
                    return;
                }
            }
        }
    }

    async fn purge(&self) {
        let (channel, before_ms) = (self.limits.channel, self.clock.now_ms() - RETENTION_MS);
        loop {
            match self.db.write(move |tx| store::purge(tx, channel, before_ms)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let error: ApiError = error;
                    tracing::warn!(%error, "Old deliveries could not be removed; they are next time");
                    return;
                }
            }
        }
    }
}

async fn deliver(db: Db, clock: Clock, attempts_max: i64, send: Send, delivery: Delivery) {
    let (started_at, started) = (clock.now_ms(), Instant::now());
    let outcome = send(delivery.clone()).await;
    let duration_ms = started.elapsed().as_millis() as i64;
    let next = retry::next(
        outcome.verdict,
        delivery.attempt_since_replay,
        attempts_max,
        rand::random::<f64>(),
    );
    if next == retry::Next::Failed {
        tracing::warn!(
            delivery.id = delivery.delivery_id,
            "Delivery `{}` failed after {} attempts: {}",
            delivery.delivery_id,
            delivery.attempt,
            outcome.error.as_deref().unwrap_or("no reason is known")
        );
    }
    let delivery_id = delivery.delivery_id.clone();
    let settled = db
        .write(move |tx| store::settle(tx, &delivery, &outcome, next, started_at, duration_ms))
        .await;
    if let Err(error) = settled {
        let error: ApiError = error;
        tracing::warn!(%error, delivery.id = delivery_id, "An attempt could not be written down; it is made again");
    }
}

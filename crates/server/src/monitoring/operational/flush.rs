//! From what was counted in memory to points in the store.

use super::{
    store::{self, NewPoint},
    window,
};
use crate::{app::App, caller::DEFAULT_WORKSPACE_ID, error::Result};
use fettle_capture::Points;
use fettle_db::Tx;
use fettle_gateway::Gateway;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Points are ten seconds wide.
pub const WIDTH_MS: i64 = 10_000;
/// A deployment that nobody asks is written down this often.
pub const IDLE_MS: i64 = 60_000;
const PURGE: Duration = Duration::from_hours(1);
/// Points that wait while the store is away: some hours of a hundred deployments. The oldest are given up first.
const UNWRITTEN_MAX: usize = 100_000;

/// What has been counted and is not in the store yet; cheap to clone.
#[derive(Clone, Default)]
pub struct Flusher {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Of earlier steps, which the store did not take.
    unwritten: Vec<NewPoint>,
    told: Told,
}

/// By endpoint and deployment.
pub type Replicas = BTreeMap<(String, String), i64>;

/// What was last said of replicas, and when.
#[derive(Clone, Default)]
pub struct Told(HashMap<(String, String), (i64, i64)>);

impl Told {
    /// What is to be said: changes, what was said long ago, and that deployments are gone. It counts as said.
    pub fn news(&mut self, now: &Replicas, now_ms: i64) -> Replicas {
        let mut news = now.clone();
        news.retain(|key, count| {
            let said = self.0.get(key);
            said.is_none_or(|(before, at_ms)| before != count || now_ms - at_ms >= IDLE_MS)
        });
        self.0
            .extend(news.iter().map(|(key, count)| (key.clone(), (*count, now_ms))));
        self.0.retain(|key, (count, _)| {
            let gone = !now.contains_key(key);
            if gone && *count > 0 {
                news.insert(key.clone(), 0);
            }
            !gone
        });
        news
    }
}

impl Flusher {
    pub fn start(app: App) {
        tokio::spawn(async move {
            let mut purge_at = Instant::now();
            loop {
                if Instant::now() >= purge_at {
                    purge_at = Instant::now() + PURGE;
                    let before_ms = app.clock.now_ms() - store::RETENTION_MS;
                    if let Err(error) = app.db.write(move |tx| store::delete_before(tx, before_ms)).await {
                        tracing::warn!(%error, "Old figures of operation could not be removed; they are next time");
                    }
                }
                // All servers write when the same ten seconds end, so that none has its part of them in the next ones.
                let now_ms = app.clock.now_ms();
                let at_ms = begin_ms(now_ms);
                tokio::time::sleep(Duration::from_millis((at_ms + WIDTH_MS - now_ms) as u64)).await;
                if let Err(error) = write(&app, &replicas(&app.gateway), at_ms).await {
                    tracing::warn!(%error, "Figures of operation could not be written; they are next time");
                }
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits, and an empty count for deployments of which something is to be said all the same.
    fn take(&self, app: &App, replicas: &Replicas, at_ms: i64) -> Vec<NewPoint> {
        let mut state = self.lock();
        let mut points: BTreeMap<(String, String), (i64, Points)> = BTreeMap::new();
        for (source, tally) in app.recorder.capture().take_tallies() {
            let key = (source.endpoint.to_string(), source.deployment.to_string());
            // A deployment has a source for each model version that it has had.
            let (_, of_deployment) = points.entry(key).or_default();
            for (status, point) in tally.points() {
                of_deployment.entry(status).or_default().merge(&point);
            }
        }
        for key in state.told.news(replicas, at_ms).into_keys() {
            points.entry(key).or_default();
        }
        for (key, (count, _)) in &mut points {
            *count = replicas.get(key).copied().unwrap_or_default();
        }
        let points = points
            .into_iter()
            .map(|((endpoint, deployment), (count, points))| NewPoint {
                workspace_id: DEFAULT_WORKSPACE_ID,
                endpoint,
                deployment,
                at_ms,
                replicas: count,
                points,
            });
        std::mem::take(&mut state.unwritten).into_iter().chain(points).collect()
    }

    /// Keeps what the store did not take for the next time.
    fn put_back(&self, points: Vec<NewPoint>) {
        let mut state = self.lock();
        state.unwritten.splice(..0, points);
        let too_many = state.unwritten.len().saturating_sub(UNWRITTEN_MAX);
        state.unwritten.drain(..too_many);
    }
}

/// When the ten seconds of a time began.
fn begin_ms(now_ms: i64) -> i64 {
    now_ms.div_euclid(WIDTH_MS) * WIDTH_MS
}

/// Replicas that would answer now, of each deployment of this process.
pub fn replicas(gateway: &Gateway) -> Replicas {
    let table = gateway.snapshot();
    let mut counts = BTreeMap::new();
    for endpoint in table.values() {
        for (name, member) in &endpoint.members {
            let Some(running) = &member.running else { continue };
            let count = match running.deployment.worker_pids().len() {
                _ if !running.deployment.ready() => 0,
                0 => 1,
                workers => workers as i64,
            };
            counts.insert((endpoint.name.to_string(), name.to_string()), count);
        }
    }
    counts
}

/// Writes down what was counted until now.
pub async fn flush(app: &App) -> Result<()> {
    write(app, &replicas(&app.gateway), begin_ms(app.clock.now_ms())).await
}

/// Writes down the last that was counted, and that this server's replicas are gone.
pub async fn close(app: &App) -> Result<()> {
    write(app, &Replicas::new(), begin_ms(app.clock.now_ms())).await
}

/// Writes down what a gateway of its own says of its replicas.
pub fn hear(tx: &Tx, gateway: &str, replicas: Replicas, now_ms: i64) -> Result<()> {
    replicas.into_iter().try_for_each(|((endpoint, deployment), replicas)| {
        let point = NewPoint {
            workspace_id: DEFAULT_WORKSPACE_ID,
            endpoint,
            deployment,
            at_ms: begin_ms(now_ms),
            replicas,
            points: Points::new(),
        };
        store::add(tx, gateway, &point)
    })
}

/// Writes down that a gateway's replicas are gone.
pub fn miss(tx: &Tx, gateway: &str, now_ms: i64) -> Result<()> {
    let known = store::deployments_since(tx, DEFAULT_WORKSPACE_ID, gateway, now_ms - window::STANDING_MS)?;
    hear(tx, gateway, known.into_iter().map(|key| (key, 0)).collect(), now_ms)
}

async fn write(app: &App, replicas: &Replicas, at_ms: i64) -> Result<()> {
    let points = app.flusher.take(app, replicas, at_ms);
    if points.is_empty() {
        return Ok(());
    }
    let (instance, all) = (app.recorder.instance().to_owned(), points.clone());
    let written = app
        .db
        .write(move |tx| all.iter().try_for_each(|point| store::add(tx, &instance, point)))
        .await;
    if written.is_err() {
        app.flusher.put_back(points);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_said_at_once_and_the_rest_in_time() {
        let replicas = |all: &[(&str, i64)]| -> Replicas {
            let named = |(name, count): &(&str, i64)| (("e".to_owned(), (*name).to_owned()), *count);
            all.iter().map(named).collect()
        };
        let mut told = Told::default();
        for (at_ms, now, news) in [
            (0, &[("a", 1), ("b", 0)][..], &[("a", 1), ("b", 0)][..]),
            (10_000, &[("a", 1), ("b", 2)], &[("b", 2)]),
            (60_000, &[("a", 1), ("b", 2)], &[("a", 1)]),
            (70_000, &[("a", 1)], &[("b", 0)]),
            (80_000, &[("a", 1)], &[]),
            (90_000, &[], &[("a", 0)]),
            (100_000, &[], &[]),
        ] {
            assert_eq!(told.news(&replicas(now), at_ms), replicas(news), "{at_ms}");
        }
    }

    #[test]
    fn what_the_store_did_not_take_is_kept_but_for_the_oldest() {
        let points = |range: std::ops::Range<i64>| -> Vec<NewPoint> {
            let point = |at_ms| NewPoint {
                workspace_id: DEFAULT_WORKSPACE_ID,
                endpoint: "e".to_owned(),
                deployment: "d".to_owned(),
                at_ms,
                replicas: 1,
                points: Points::new(),
            };
            range.map(point).collect()
        };
        let flusher = Flusher::default();
        flusher.put_back(points(7..9));
        flusher.put_back(points(0..7));
        let kept = |flusher: &Flusher| {
            flusher
                .lock()
                .unwritten
                .iter()
                .map(|point| point.at_ms)
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&flusher), (0..9).collect::<Vec<_>>());
        flusher.put_back(points(-(UNWRITTEN_MAX as i64)..0));
        let kept = kept(&flusher);
        assert_eq!((kept.len(), kept[0]), (UNWRITTEN_MAX, 9 - UNWRITTEN_MAX as i64));
    }
}

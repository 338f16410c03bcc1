//! From what was counted in memory to points in the store.

use super::store::{self, NewPoint};
use crate::{app::App, caller::DEFAULT_WORKSPACE_ID, error::Result};
use fettle_capture::{Points, Source, Tally};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Points are ten seconds wide.
pub const WIDTH_MS: i64 = 10_000;
const EVERY: Duration = Duration::from_secs(10);
/// A deployment that nobody asks is written down this often.
pub const IDLE_MS: i64 = 60_000;
const PURGE: Duration = Duration::from_hours(1);

/// What has been counted and is not in the store yet; cheap to clone.
#[derive(Clone, Default)]
pub struct Flusher {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Arc<Source>, Tally>,
    /// Replicas that were written last, and when.
    written: HashMap<(String, String), (i64, i64)>,
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
                tokio::time::sleep(EVERY).await;
                if let Err(error) = flush(&app).await {
                    tracing::warn!(%error, "Figures of operation could not be written; they are next time");
                }
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that waits, and an empty count for deployments of which something is to be said all the same.
    fn take(&self, app: &App, replicas: &Replicas, now_ms: i64) -> Vec<NewPoint> {
        let mut state = self.lock();
        for (source, tally) in app.recorder.capture().take_tallies() {
            state.waiting.entry(source).or_default().merge(&tally);
        }
        let mut points: BTreeMap<(String, String), (i64, Points)> = BTreeMap::new();
        for (source, tally) in state.waiting.drain() {
            let key = (source.endpoint.to_string(), source.deployment.to_string());
            // A deployment has a source for each model version that it has had.
            let (_, of_deployment) = points.entry(key).or_default();
            for (status, point) in tally.points() {
                of_deployment.entry(status).or_default().merge(&point);
            }
        }
        // Deployments that are gone have no replicas any more.
        for (key, (count, _)) in &state.written {
            if *count > 0 && !replicas.contains_key(key) {
                points.entry(key.clone()).or_default();
            }
        }
        for (key, count) in replicas {
            let said = state.written.get(key);
            let due = said.is_none_or(|(before, at_ms)| before != count || now_ms - at_ms >= IDLE_MS);
            if due || points.contains_key(key) {
                points.entry(key.clone()).or_default().0 = *count;
            }
        }
        for (key, (count, _)) in &points {
            state.written.insert(key.clone(), (*count, now_ms));
        }
        state.written.retain(|key, _| replicas.contains_key(key));
        let points = points
            .into_iter()
            .map(|((endpoint, deployment), (count, points))| NewPoint {
                workspace_id: DEFAULT_WORKSPACE_ID,
                endpoint,
                deployment,
                at_ms: now_ms.div_euclid(WIDTH_MS) * WIDTH_MS,
                replicas: count,
                points,
            });
        points.collect()
    }
}

/// By endpoint and deployment.
type Replicas = BTreeMap<(String, String), i64>;

/// Replicas that would answer now, of each deployment of this server.
fn replicas(app: &App) -> Replicas {
    let table = app.gateway.snapshot();
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
    write(app, &replicas(app)).await
}

/// Writes down the last that was counted, and that this server's replicas are gone.
pub async fn close(app: &App) -> Result<()> {
    write(app, &Replicas::new()).await
}

async fn write(app: &App, replicas: &Replicas) -> Result<()> {
    let points = app.flusher.take(app, replicas, app.clock.now_ms());
    if points.is_empty() {
        return Ok(());
    }
    let instance = app.recorder.instance().to_owned();
    app.db
        .write(move |tx| points.iter().try_for_each(|point| store::add(tx, &instance, point)))
        .await
}

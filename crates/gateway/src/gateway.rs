//! The endpoints of this process by name, each swapped as a whole.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::deployment::Deployment;
use crate::endpoint::Endpoint;
use crate::invocation::Observer;
use crate::metrics;
use crate::mirroring::{Agreement, MirrorSample, Mirroring, Pair};

type Table = HashMap<Arc<str>, Arc<Endpoint>>;

const RETIRE_POLL: Duration = Duration::from_millis(10);

/// Name -> endpoint. A request holds the deployment it found, so replacing one never interrupts it; the old one and its
/// workers end with the last request that uses it.
#[derive(Default)]
pub struct Gateway {
    table: RwLock<Arc<Table>>,
    pub(crate) observer: OnceLock<Box<dyn Observer>>,
    pub(crate) mirroring: Arc<Mirroring>,
    /// Requests in progress for which somebody waits.
    pub(crate) in_progress: Arc<AtomicUsize>,
}

impl Gateway {
    /// Has every scored request told to `observer`; the first one that is given stays.
    pub fn observe(&self, observer: Box<dyn Observer>) {
        let _ = self.observer.set(observer);
    }

    pub fn endpoint(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.snapshot().get(name).cloned()
    }

    /// All endpoints as they are now.
    pub fn snapshot(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes an endpoint, or makes it first; whoever asks meanwhile gets the one before or the one after.
    pub fn change<T>(&self, name: &str, change: impl FnOnce(&mut Endpoint) -> T) -> T {
        self.swap(|table| {
            let mut endpoint = table
                .get(name)
                .map_or_else(|| Endpoint::new(name), |found| Endpoint::clone(found));
            let result = change(&mut endpoint);
            table.insert(Arc::clone(&endpoint.name), Arc::new(endpoint));
            result
        })
    }

    /// As [`Self::change`], of an endpoint that is there.
    pub fn change_existing<T>(&self, name: &str, change: impl FnOnce(&mut Endpoint) -> T) -> Option<T> {
        self.swap(|table| {
            let mut endpoint = Endpoint::clone(table.get(name)?);
            let result = change(&mut endpoint);
            table.insert(Arc::clone(&endpoint.name), Arc::new(endpoint));
            Some(result)
        })
    }

    pub fn remove(&self, name: &str) -> Option<Arc<Endpoint>> {
        self.mirroring.forget(name);
        self.swap(|table| table.remove(name))
    }

    /// How often the deployments of mirrored requests agreed, since this process started.
    pub fn agreements(&self) -> Vec<(Pair, Agreement)> {
        self.mirroring.agreements()
    }

    /// The requests on which they did not, since this was last asked, each with its endpoint's name.
    pub fn take_mirror_samples(&self) -> Vec<(Arc<str>, MirrorSample)> {
        self.mirroring.take_samples()
    }

    fn swap<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut current = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Table::clone(&current);
        let result = change(&mut next);
        *current = Arc::new(next);
        result
    }

    /// The metrics of all deployments as Prometheus text.
    pub fn metrics(&self) -> String {
        let table = self.snapshot();
        let mut endpoints: Vec<&Arc<Endpoint>> = table.values().collect();
        endpoints.sort_by(|a, b| a.name.cmp(&b.name));
        let mut labelled = Vec::new();
        for endpoint in endpoints {
            for (name, member) in &endpoint.members {
                let running = member.running.as_ref();
                labelled.extend(running.map(|r| r.deployment.labelled_metrics(Some((&endpoint.name, name)))));
            }
        }
        metrics::render(&labelled) + &self.mirroring.metrics()
    }
}

/// Waits until nobody uses a deployment that has been taken out of the table, at most for `within`, and ends it.
///
/// Returns how many requests were cut off.
pub async fn retire(deployment: Arc<Deployment>, within: Duration) -> usize {
    let end = Instant::now() + within;
    while Arc::strong_count(&deployment) > 1 && Instant::now() < end {
        sleep(RETIRE_POLL).await;
    }
    if Arc::strong_count(&deployment) == 1 {
        return 0;
    }
    deployment.drain(Duration::ZERO).await
}

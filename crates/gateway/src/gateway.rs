//! The deployments of this process by name, swapped as a whole.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::deployment::Deployment;
use crate::metrics;

type Table = HashMap<String, Arc<Deployment>>;

/// Name -> deployment. A request holds the deployment it found, so replacing one never interrupts it; the old one and
/// its workers end with the last request that uses it.
#[derive(Debug, Default)]
pub struct Gateway {
    table: RwLock<Arc<Table>>,
}

impl Gateway {
    pub fn get(&self, name: &str) -> Option<Arc<Deployment>> {
        self.snapshot().get(name).cloned()
    }

    /// All deployments as they are now.
    pub fn snapshot(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the deployment that had the name before, for the caller to drain.
    pub fn put(&self, name: impl Into<String>, deployment: Arc<Deployment>) -> Option<Arc<Deployment>> {
        self.change(|table| table.insert(name.into(), deployment))
    }

    pub fn remove(&self, name: &str) -> Option<Arc<Deployment>> {
        self.change(|table| table.remove(name))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut current = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = Table::clone(&current);
        let result = change(&mut next);
        *current = Arc::new(next);
        result
    }

    /// The metrics of all deployments as Prometheus text.
    pub fn metrics(&self) -> String {
        let table = self.snapshot();
        let mut names: Vec<&String> = table.keys().collect();
        names.sort();
        let labelled: Vec<_> = names.into_iter().map(|name| table[name].labelled_metrics()).collect();
        metrics::render(&labelled)
    }
}

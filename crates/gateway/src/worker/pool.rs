//! The workers of one model: as many as are wanted, each kept alive by a supervisor of its own.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::process::{Worker, WorkerSpec};
use super::supervisor::{Supervision, supervise};
use crate::metrics::Metrics;
use crate::queue::Queue;
use crate::scaling::Load;

/// Dropping it kills them all.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    state: Mutex<State>,
    next_id: AtomicU64,
}

/// What the supervisors of a pool's replicas have in common.
pub(super) struct Shared {
    pub(super) spec: WorkerSpec,
    pub(super) supervision: Supervision,
    pub(super) queue: Arc<Queue>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) load: Arc<Load>,
    /// 1 without batching.
    pub(super) batch_rows_max: AtomicUsize,
    replicas: watch::Sender<Vec<Replica>>,
}

struct State {
    /// None while the model is unloaded: nothing is started for requests then.
    target: Option<usize>,
    tasks: Vec<JoinHandle<()>>,
}

/// A replica as the others see it.
struct Replica {
    id: u64,
    phase: Phase,
    /// Sends true when the replica is to end after what it is doing.
    stop: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Ready { pid: Option<u32> },
    Stopping,
    GivenUp,
}

/// What a pool is made of.
pub(crate) struct PoolParts {
    pub(crate) spec: WorkerSpec,
    pub(crate) supervision: Supervision,
    pub(crate) queue: Arc<Queue>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) load: Arc<Load>,
    pub(crate) batch_rows_max: usize,
}

impl Pool {
    /// With `first`, which already runs, and others up to `replicas`.
    pub(crate) fn start(parts: PoolParts, first: Worker, replicas: usize) -> Self {
        let shared = Shared {
            spec: parts.spec,
            supervision: parts.supervision,
            queue: parts.queue,
            metrics: parts.metrics,
            load: parts.load,
            batch_rows_max: AtomicUsize::new(parts.batch_rows_max),
            replicas: watch::channel(Vec::new()).0,
        };
        let pool = Self {
            shared: Arc::new(shared),
            state: Mutex::new(State {
                target: Some(0),
                tasks: Vec::new(),
            }),
            next_id: AtomicU64::new(0),
        };
        pool.spawn(&mut pool.lock(), Some(first));
        pool.scale_to(replicas.max(1));
        pool
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts or ends workers until there are so many. Those that end finish what they are doing first.
    pub(crate) fn scale_to(&self, replicas: usize) {
        self.set_target(Some(replicas));
    }

    /// Ends all workers; none is started for requests until `scale_to`.
    pub(crate) fn unload(&self) {
        self.set_target(None);
    }

    fn set_target(&self, target: Option<usize>) {
        let mut state = self.lock();
        state.target = target;
        state.tasks.retain(|task| !task.is_finished());
        let wanted = target.unwrap_or(0);
        let mut living = 0;
        self.shared.replicas.send_modify(|replicas| {
            // Those that serve stay before those that only start; the oldest first.
            replicas.sort_by_key(|replica| (!matches!(replica.phase, Phase::Ready { .. }), replica.id));
            for replica in replicas.iter_mut().filter(|replica| replica.phase != Phase::Stopping) {
                living += 1;
                if living > wanted {
                    replica.stop.send_replace(true);
                    if replica.phase != Phase::GivenUp {
                        replica.phase = Phase::Stopping;
                    }
                }
            }
            replicas.retain(|replica| replica.phase != Phase::GivenUp || !*replica.stop.borrow());
        });
        for _ in living..wanted {
            self.spawn(&mut state, None);
        }
    }

    fn spawn(&self, state: &mut State, running: Option<Worker>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (stop, stopped) = watch::channel(false);
        let phase = match &running {
            Some(worker) => Phase::Ready { pid: worker.id() },
            None => Phase::Starting,
        };
        self.shared
            .replicas
            .send_modify(|replicas| replicas.push(Replica { id, phase, stop }));
        let supervised = supervise(Arc::clone(&self.shared), id, stopped, running);
        state.tasks.push(tokio::spawn(supervised));
    }

    /// How many replicas there are to be; `None` while the model is unloaded.
    pub(crate) fn target(&self) -> Option<usize> {
        self.lock().target
    }

    pub(crate) fn ready_count(&self) -> usize {
        count(&self.shared.replicas.borrow(), |phase| {
            matches!(phase, Phase::Ready { .. })
        })
    }

    pub(crate) fn counts(&self) -> ReplicaCounts {
        let replicas = self.shared.replicas.borrow();
        ReplicaCounts {
            ready: count(&replicas, |phase| matches!(phase, Phase::Ready { .. })),
            starting: count(&replicas, |phase| phase == Phase::Starting),
            stopping: count(&replicas, |phase| phase == Phase::Stopping),
        }
    }

    /// Whether all have been given up.
    pub(crate) fn has_failed(&self) -> bool {
        let replicas = self.shared.replicas.borrow();
        !replicas.is_empty() && replicas.iter().all(|replica| replica.phase == Phase::GivenUp)
    }

    /// Process ids of the workers that serve.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let pid = |replica: &Replica| match replica.phase {
            Phase::Ready { pid } => pid,
            _ => None,
        };
        self.shared.replicas.borrow().iter().filter_map(pid).collect()
    }

    /// Waits until a worker serves; false if all have been given up.
    pub(crate) async fn until_ready(&self) -> bool {
        let mut changes = self.shared.replicas.subscribe();
        loop {
            if self.ready_count() > 0 {
                return true;
            }
            if self.has_failed() || changes.changed().await.is_err() {
                return false;
            }
        }
    }

    /// Waits until no worker is left.
    pub(crate) async fn until_empty(&self) {
        let mut changes = self.shared.replicas.subscribe();
        // An error would say that the pool is gone, and its workers with it.
        let _ = changes.wait_for(Vec::is_empty).await;
    }
}

fn count(replicas: &[Replica], is_counted: impl Fn(Phase) -> bool) -> usize {
    replicas.iter().filter(|replica| is_counted(replica.phase)).count()
}

/// Workers by what they are doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ReplicaCounts {
    pub ready: usize,
    pub starting: usize,
    pub stopping: usize,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.queue.close("the model is no longer served here");
        for task in &self.lock().tasks {
            task.abort();
        }
    }
}

impl Shared {
    /// A replica that has been told to end stays so.
    pub(super) fn set(&self, id: u64, phase: Phase) {
        self.replicas.send_modify(|replicas| {
            if let Some(replica) = replicas.iter_mut().find(|replica| replica.id == id)
                && replica.phase != Phase::Stopping
            {
                replica.phase = phase;
            }
        });
    }

    pub(super) fn remove(&self, id: u64) {
        self.replicas
            .send_modify(|replicas| replicas.retain(|replica| replica.id != id));
    }

    pub(super) fn all_given_up(&self) -> bool {
        self.replicas
            .borrow()
            .iter()
            .all(|replica| replica.phase == Phase::GivenUp)
    }
}

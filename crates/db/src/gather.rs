//! Small writes of one kind, from many callers at once, done as one.
//!
//! While one group is being committed the next callers wait, and then go together: one look-up, one multi-row insert,
//! one commit for all of them. The group grows with the load, and a lone caller does not wait for company.

use crate::{Db, Dialect, Error, Result, Tx};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// Callers waiting for a group; one more is refused at once.
const QUEUE: usize = 4096;
/// Callers in one group.
const GROUP: usize = 256;
/// Groups on their way at the same time: SQLite's writer always finds the next one at hand, and to PostgreSQL one is
/// sent while others are being synced.
const LANES_SQLITE: usize = 2;
const LANES_POSTGRES: usize = 3;

type Work<I, T, E> = dyn Fn(&Tx, &[I]) -> Result<Vec<Result<T, E>>, E> + Send + Sync;

/// Made by [`Db::gather`]; cheap to clone.
pub struct Gather<I, T, E> {
    shared: Arc<Shared<I, T, E>>,
}

impl<I, T, E> Clone for Gather<I, T, E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

struct Shared<I, T, E> {
    db: Db,
    work: Box<Work<I, T, E>>,
    pending: Mutex<Pending<I, T, E>>,
    lanes: Semaphore,
}

struct Pending<I, T, E> {
    group: Group<I, T, E>,
    /// Whether a task is on its way that will take what is pending.
    scheduled: bool,
}

struct Group<I, T, E> {
    items: Vec<I>,
    answers: Vec<oneshot::Sender<Outcome<I, T, E>>>,
}

impl<I, T, E> Default for Group<I, T, E> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            answers: Vec::new(),
        }
    }
}

enum Outcome<I, T, E> {
    Done(Result<T, E>),
    /// The group failed as a whole; its members go on one by one, so that each gets an answer of its own.
    Alone(I),
}

impl Db {
    /// Has `work` done for many callers' items in one transaction. It answers each item in its place; an error of its
    /// own undoes the group, which is then done again item by item.
    pub fn gather<I, T, E>(
        &self,
        work: impl Fn(&Tx, &[I]) -> Result<Vec<Result<T, E>>, E> + Send + Sync + 'static,
    ) -> Gather<I, T, E> {
        let lanes = match self.dialect() {
            Dialect::Sqlite => LANES_SQLITE,
            Dialect::Postgres => LANES_POSTGRES,
        };
        Gather {
            shared: Arc::new(Shared {
                db: self.clone(),
                work: Box::new(work),
                pending: Mutex::new(Pending {
                    group: Group::default(),
                    scheduled: false,
                }),
                lanes: Semaphore::new(lanes),
            }),
        }
    }
}

impl<I, T, E> Gather<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    /// Returns once the commit that holds the item is durable.
    pub async fn write(&self, item: I) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        let first = {
            let mut pending = self.shared.pending();
            if pending.group.items.len() >= QUEUE {
                return Err(Error::Overloaded("too many writes are waiting").into());
            }
            pending.group.items.push(item);
            pending.group.answers.push(answer);
            !std::mem::replace(&mut pending.scheduled, true)
        };
        if first {
            tokio::spawn(Arc::clone(&self.shared).run());
        }
        match answered.await {
            Ok(Outcome::Done(result)) => result,
            Ok(Outcome::Alone(item)) => self.alone(item).await,
            Err(_) => Err(Error::Aborted.into()),
        }
    }

    async fn alone(&self, item: I) -> Result<T, E> {
        let shared = Arc::clone(&self.shared);
        self.shared
            .db
            .write(move |tx| {
                let mut answers = (shared.work)(tx, std::slice::from_ref(&item))?;
                answers.pop().unwrap_or_else(|| Err(Error::Aborted.into()))
            })
            .await
    }
}

impl<I, T, E> Shared<I, T, E>
where
    I: Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn pending(&self) -> MutexGuard<'_, Pending<I, T, E>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a group, has it written and answers it, until nobody is left that no other task will take.
    async fn run(self: Arc<Self>) {
        loop {
            let Ok(lane) = self.lanes.acquire().await else { return };
            let group = Arc::new(Mutex::new(Group::default()));
            let (shared, taken) = (Arc::clone(&self), Arc::clone(&group));
            let written = self.db.write(move |tx| shared.write(tx, &taken)).await;
            drop(lane);
            let mut group = std::mem::take(&mut *group.lock().unwrap_or_else(PoisonError::into_inner));
            if group.items.is_empty() {
                // Nobody came as far as the transaction.
                group = self.take();
            }
            group.answer(written);
            let mut pending = self.pending();
            if pending.scheduled || pending.group.items.is_empty() {
                return;
            }
            pending.scheduled = true;
        }
    }

    /// Everybody who is waiting at the moment when the transaction begins. Done again, it does the same group.
    fn write(&self, tx: &Tx, group: &Mutex<Group<I, T, E>>) -> Result<Vec<Result<T, E>>, E> {
        let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
        if group.items.is_empty() {
            *group = self.take();
        }
        (self.work)(tx, &group.items)
    }

    fn take(&self) -> Group<I, T, E> {
        let mut pending = self.pending();
        pending.scheduled = false;
        if pending.group.items.len() <= GROUP {
            return std::mem::take(&mut pending.group);
        }
        Group {
            items: pending.group.items.drain(..GROUP).collect(),
            answers: pending.group.answers.drain(..GROUP).collect(),
        }
    }
}

impl<I, T, E> Group<I, T, E> {
    /// A caller that left needs no answer.
    fn answer(self, written: Result<Vec<Result<T, E>>, E>) {
        match written {
            Ok(results) if results.len() == self.answers.len() => {
                for (answer, result) in self.answers.into_iter().zip(results) {
                    let _ = answer.send(Outcome::Done(result));
                }
            }
            _ => {
                for (answer, item) in self.answers.into_iter().zip(self.items) {
                    let _ = answer.send(Outcome::Alone(item));
                }
            }
        }
    }
}

//! SQLite: one writer thread that commits many callers at once, and as many readers as are in use.
//!
//! While one group's commit is being synced to disk the next callers queue up, so the group grows with the load and a
//! lone caller never waits. Each caller's work sits in a savepoint of its own: an error undoes that work alone.

use crate::{Error, Result, Tx};
use regex::Regex;
use rusqlite::{Connection, OpenFlags, functions::FunctionFlags, types::ValueRef};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Callers waiting for the writer; one more is refused at once.
const WRITE_QUEUE: usize = 4096;
/// Callers in one commit.
const GROUP: usize = 512;
/// Reads running at the same time on blocking threads.
const READS: usize = 16;
/// Reads waiting for a place among them; one more is refused at once.
const READ_QUEUE: usize = 1024;
/// Idle reader connections kept open.
const IDLE_READERS: usize = 8;
const STATEMENTS: usize = 256;

pub(crate) struct Sqlite {
    path: PathBuf,
    writer: mpsc::Sender<Job>,
    readers: Mutex<Vec<Connection>>,
    read_places: Semaphore,
    read_queue: Semaphore,
}

/// A caller's work. It leaves behind an answer to be sent once the fate of the commit is known.
type Job = Box<dyn FnOnce(&Tx) -> Done + Send>;

struct Done {
    keep: bool,
    answer: Box<dyn FnOnce(Committed<'_>) + Send>,
}

/// Whether the group's commit is on disk, or why not.
type Committed<'a> = std::result::Result<(), &'a str>;

impl Sqlite {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| Error::Open(format!("{}: {e}", folder.display())))?;
        }
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;")
            .map_err(|e| Error::Open(format!("{}: {e}", path.display())))?;
        let (writer, jobs) = mpsc::channel(WRITE_QUEUE);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(&connection, jobs))
            .map_err(|e| Error::Open(e.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers: Mutex::new(Vec::new()),
            read_places: Semaphore::new(READS),
            read_queue: Semaphore::new(READ_QUEUE),
        })
    }

    /// Runs `work` on a connection of its own that cannot write.
    pub(crate) fn look<T>(path: &Path, work: impl FnOnce(&Tx) -> Result<T>) -> Result<T> {
        in_snapshot(&open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, work)
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Tx) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            let result = work(tx);
            Done {
                keep: result.is_ok(),
                answer: Box::new(move |commit| {
                    let result = match commit {
                        Ok(()) => result,
                        // The work's own error is the better explanation.
                        Err(cause) => result.and(Err(Error::Commit(cause.to_owned()).into())),
                    };
                    // A caller that left needs no answer.
                    let _ = answer.send(result);
                }),
            }
        });
        self.writer
            .try_send(job)
            .map_err(|_| Error::Overloaded("too many writes are waiting"))?;
        answered.await.unwrap_or_else(|_| Err(Error::Aborted.into()))
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&Tx) -> Result<T, E> + Send + 'static,
    {
        let _queued = self
            .read_queue
            .try_acquire()
            .map_err(|_| Error::Overloaded("too many reads are waiting"))?;
        let _place = self.read_places.acquire().await.map_err(|_| Error::Aborted)?;
        let connection = self.take_reader()?;
        let (connection, result) = tokio::task::spawn_blocking(move || {
            let result = in_snapshot(&connection, work);
            (connection, result)
        })
        .await
        .map_err(|_| Error::Aborted)?;
        self.put_back(connection);
        result
    }

    pub(crate) fn peek<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: FnOnce(&Tx) -> Result<T, E>,
    {
        let connection = self.take_reader()?;
        let result = in_snapshot(&connection, work);
        self.put_back(connection);
        result
    }

    fn take_reader(&self) -> Result<Connection> {
        let idle = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let connection = open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2000;")?;
        Ok(connection)
    }

    fn put_back(&self, connection: Connection) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|e| Error::Open(format!("{}: {e}", path.display())))?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // MLflow's LIKE tells case apart on every engine.
    connection.execute_batch("PRAGMA case_sensitive_like = ON; PRAGMA temp_store = MEMORY;")?;
    add_regexp(&connection)?;
    Ok(connection)
}

/// SQLite has the operator `REGEXP` and leaves its function to the application. A NULL on either side gives NULL.
fn add_regexp(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("regexp", 2, flags, |arguments| {
        if [0, 1].iter().any(|&index| arguments.get_raw(index) == ValueRef::Null) {
            return Ok(None);
        }
        let pattern: Arc<Regex> = arguments.get_or_create_aux(0, |value| {
            Regex::new(value.as_str()?).map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        })?;
        let text = arguments
            .get_raw(1)
            .as_str()
            .map_err(|cause| rusqlite::Error::UserFunctionError(cause.into()))?;
        Ok(Some(pattern.is_match(text)))
    })?;
    Ok(())
}

fn in_snapshot<T, E: From<Error>>(connection: &Connection, work: impl FnOnce(&Tx) -> Result<T, E>) -> Result<T, E> {
    run(connection, "BEGIN")?;
    let result = catch_unwind(AssertUnwindSafe(|| work(&Tx::sqlite(connection))));
    run(connection, "COMMIT")?;
    result.unwrap_or_else(|_| Err(Error::Aborted.into()))
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

fn write_groups(connection: &Connection, mut jobs: mpsc::Receiver<Job>) {
    while let Some(first) = jobs.blocking_recv() {
        if let Err(error) = write_group(connection, first, &mut jobs) {
            tracing::error!(%error, "The store could not begin a transaction");
        }
    }
}

/// Runs the work of all who are waiting, commits once, and answers them.
fn write_group(connection: &Connection, first: Job, jobs: &mut mpsc::Receiver<Job>) -> Result<()> {
    run(connection, "BEGIN IMMEDIATE")?;
    let mut answers = Vec::new();
    let mut next = Some(first);
    while let Some(job) = next {
        if let Some(done) = run_in_savepoint(connection, job) {
            answers.push(done.answer);
        }
        // Some failures (a full disk) end the whole transaction; nothing more may be added to it.
        if connection.is_autocommit() {
            break;
        }
        next = if answers.len() < GROUP {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    let committed = if connection.is_autocommit() {
        Err("the disk refused the write and the transaction was undone".to_owned())
    } else {
        run(connection, "COMMIT").map_err(|error| error.to_string())
    };
    if committed.is_err() && !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    for answer in answers {
        answer(committed.as_ref().map(|&()| ()).map_err(String::as_str));
    }
    Ok(())
}

/// A panic in one caller's work drops that caller's answer, which reads as [`Error::Aborted`] on the other side.
fn run_in_savepoint(connection: &Connection, job: Job) -> Option<Done> {
    if let Err(error) = run(connection, "SAVEPOINT work") {
        tracing::error!(%error, "The store could not set a savepoint");
        return None;
    }
    let done = catch_unwind(AssertUnwindSafe(|| job(&Tx::sqlite(connection)))).ok();
    if connection.is_autocommit() {
        return done;
    }
    let keep = done.as_ref().is_some_and(|done| done.keep);
    let closed = if keep {
        Ok(())
    } else {
        run(connection, "ROLLBACK TO work")
    }
    .and_then(|()| run(connection, "RELEASE work"));
    if let Err(error) = closed {
        tracing::error!(%error, "The store could not close a savepoint");
        return None;
    }
    done
}

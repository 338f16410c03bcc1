//! SQLite: one writer thread that commits many callers at once, and as many readers as are in use.
//!
//! While one group's commit is being synced to disk the next callers queue up, so the group grows with the load and a
//! lone caller never waits. An error undoes the work of its caller alone: nearly all errors come before anything was
//! written and leave nothing to undo; when one does, the group starts over with a savepoint around each caller's work.
//! (A savepoint copies every page that is touched within it, which costs more than logging a metric does.)

use crate::{Error, Result, Tx, checkpoint::Checkpoints, template};
use regex::Regex;
use rusqlite::{Connection, OpenFlags, config::DbConfig, functions::FunctionFlags, types::ValueRef};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Callers waiting for the writer; one more is refused at once.
const WRITE_QUEUE: usize = 4096;
/// Callers in one commit.
const GROUP: usize = 512;
/// Reads running at the same time on blocking threads, for each processor. They hardly ever wait for anything, so that
/// more would only take memory.
const READS_PER_PROCESSOR: usize = 3;
/// Reads waiting for a place among them; one more is refused at once.
const READ_QUEUE: usize = 1024;
/// A reader that nobody needed for so long is closed, with all that it holds in memory.
const IDLE_READER: Duration = Duration::from_secs(5);
/// Prepared statements kept by the writer, and by each reader, to which searches come in every shape.
const STATEMENTS: usize = 128;
const READER_STATEMENTS: usize = 64;

pub(crate) struct Sqlite {
    path: PathBuf,
    writer: mpsc::Sender<Box<dyn Job>>,
    /// Those that nobody needs now; the last one was needed last, and is taken first.
    readers: Mutex<Vec<IdleReader>>,
    /// How many reads run at once, on as many connections.
    reads: usize,
    read_places: Semaphore,
    read_queue: Semaphore,
}

struct IdleReader {
    connection: Connection,
    since: Instant,
}

/// A caller's work and the way to answer it.
trait Job: Send {
    /// Does the work, anew each time. False if the caller gets an error and nothing of it may stay.
    fn run(&mut self, tx: &Tx) -> bool;

    /// Tells the caller the result, now that the fate of the commit is known.
    fn answer(self: Box<Self>, committed: Committed<'_>);
}

/// Whether the group's commit is on disk, or why not.
type Committed<'a> = std::result::Result<(), &'a str>;

struct Write<T, E, F> {
    work: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Write<T, E, F>
where
    T: Send,
    E: From<Error> + Send,
    F: Fn(&Tx) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &Tx) -> bool {
        // After a panic there is no result, which reads as `Error::Aborted` on the other side.
        self.result = catch_unwind(AssertUnwindSafe(|| (self.work)(tx))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Committed<'_>) {
        let Some(result) = self.result else { return };
        let result = match committed {
            Ok(()) => result,
            // The work's own error is the better explanation.
            Err(cause) => result.and(Err(Error::Commit(cause.to_owned()).into())),
        };
        // A caller that left needs no answer.
        let _ = self.answer.send(result);
    }
}

impl Sqlite {
    pub(crate) fn open(path: &Path, template: Option<&[u8]>) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| Error::Open(format!("{}: {e}", folder.display())))?;
        }
        if let Some(Err(error)) = template.map(|template| template::place(path, template)) {
            tracing::debug!(%error, "The store is made step by step");
        }
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -4000; PRAGMA wal_autocheckpoint = 4000;")
            .map_err(|e| Error::Open(format!("{}: {e}", path.display())))?;
        // Most of the work is done by the thread; under constant writes only the writer itself can finish it, so that the
        // log begins anew and stays at 16 MB. A log that grows has to be extended at each sync, which takes half as long
        // again.
        let checkpoints = Checkpoints::start(open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?)?;
        let (writer, jobs) = mpsc::channel(WRITE_QUEUE);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(&connection, jobs, &checkpoints))
            .map_err(|e| Error::Open(e.to_string()))?;
        let reads = READS_PER_PROCESSOR * std::thread::available_parallelism().map_or(1, usize::from).max(2);
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers: Mutex::new(Vec::new()),
            reads,
            read_places: Semaphore::new(reads),
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
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Write {
            work,
            result: None,
            answer,
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
        if let Some(reader) = idle {
            return Ok(reader.connection);
        }
        let connection = open(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.set_prepared_statement_cache_capacity(READER_STATEMENTS);
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2000;")?;
        Ok(connection)
    }

    fn put_back(&self, connection: Connection) {
        let since = Instant::now();
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = readers.partition_point(|reader| since - reader.since > IDLE_READER);
        let closing: Vec<IdleReader> = readers.drain(..idle).collect();
        if readers.len() < self.reads {
            readers.push(IdleReader { connection, since });
        }
        drop(readers);
        drop(closing);
    }
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|e| Error::Open(format!("{}: {e}", path.display())))?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Otherwise SQLite plans a statement anew whenever the values bound to it change, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
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

fn write_groups(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>, checkpoints: &Checkpoints) {
    while let Some(first) = jobs.blocking_recv() {
        match write_group(connection, first, &mut jobs) {
            Ok(writes) => checkpoints.committed(writes),
            Err(error) => tracing::error!(%error, "The store could not begin a transaction"),
        }
    }
}

/// Runs the work of all who are waiting, commits once, and answers them: how many they were.
fn write_group(connection: &Connection, first: Box<dyn Job>, jobs: &mut mpsc::Receiver<Box<dyn Job>>) -> Result<usize> {
    run(connection, "BEGIN IMMEDIATE")?;
    let mut group = Vec::new();
    let mut next = Some(first);
    let mut clean = true;
    while let Some(mut job) = next {
        clean = run_cleanly(connection, job.as_mut());
        group.push(job);
        // Some failures (a full disk) end the whole transaction; nothing more may be added to it.
        if !clean || connection.is_autocommit() {
            break;
        }
        next = if group.len() < GROUP {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    let done = if clean {
        Ok(())
    } else {
        start_over(connection, &mut group)
    };
    let committed = match done {
        Err(error) => Err(error.to_string()),
        Ok(()) if connection.is_autocommit() => {
            Err("the disk refused the write and the transaction was undone".to_owned())
        }
        Ok(()) => run(connection, "COMMIT").map_err(|error| error.to_string()),
    };
    if committed.is_err() && !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    let writes = group.len();
    for job in group {
        job.answer(committed.as_ref().map(|&()| ()).map_err(String::as_str));
    }
    Ok(writes)
}

/// False if the work failed and left something behind in the transaction.
fn run_cleanly(connection: &Connection, job: &mut dyn Job) -> bool {
    let changes = connection.total_changes();
    let tx = Tx::sqlite(connection);
    job.run(&tx) || (connection.total_changes() == changes && !tx.ran_script())
}

/// Undoes the whole group and does it again, so that what fails undoes itself alone.
fn start_over(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
    if connection.is_autocommit() {
        return Ok(());
    }
    run(connection, "ROLLBACK")?;
    run(connection, "BEGIN IMMEDIATE")?;
    for job in group {
        run_in_savepoint(connection, job.as_mut())?;
        if connection.is_autocommit() {
            break;
        }
    }
    Ok(())
}

fn run_in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<()> {
    run(connection, "SAVEPOINT work")?;
    let keep = job.run(&Tx::sqlite(connection));
    if connection.is_autocommit() {
        return Ok(());
    }
    if !keep {
        run(connection, "ROLLBACK TO work")?;
    }
    run(connection, "RELEASE work")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_that_nobody_needs_are_closed() {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = Sqlite::open(&folder.path().join("store.db"), None).expect("a store");
        let used: Vec<Connection> = (0..3).map(|_| sqlite.take_reader().expect("a reader")).collect();
        for connection in used {
            sqlite.put_back(connection);
        }
        let count = || sqlite.readers.lock().expect("readers").len();
        assert_eq!(count(), 3);
        for reader in &mut sqlite.readers.lock().expect("readers")[..2] {
            reader.since -= 2 * IDLE_READER;
        }
        sqlite.peek(|_| Ok::<_, Error>(())).expect("a read");
        assert_eq!(count(), 1);
    }
}

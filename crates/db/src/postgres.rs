//! PostgreSQL: a pool of connections, each transaction on a blocking thread of its own.

use crate::{
    Column, Error, Param, Result, Tx,
    tx::{Sql, replace_in_ids},
};
use deadpool::managed::QueueMode;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures::TryStreamExt;
use std::{cell::Cell, future::Future, str::FromStr, sync::Arc, time::Duration};
use tokio::{runtime::Handle, sync::Semaphore};
use tokio_postgres::{Config, NoTls, Statement, config::SslMode, error::SqlState, types::ToSql};

/// Connections of one replica.
const CONNECTIONS: usize = 16;
/// A connection that nobody needed for so long is closed, with the buffers of its largest answer and its statements, on
/// both sides. The ones that were needed last are taken first, so that a few do the work of a quiet time.
const IDLE_CONNECTION: Duration = Duration::from_secs(5);
/// Transactions waiting for a connection; one more is refused at once.
const QUEUE: usize = 1024;
/// A wait for a connection that is longer than this means the database is in trouble; callers are told to try again.
const PATIENCE: Duration = Duration::from_secs(5);
/// A connection whose other side is gone without a word is given up after this.
const SILENCE: Duration = Duration::from_secs(20);
/// Attempts at a transaction that collides with others.
const ATTEMPTS: u32 = 8;

pub(crate) struct Postgres {
    pool: Pool,
    queue: Semaphore,
}

impl Postgres {
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let mut config =
            Config::from_str(address).map_err(|e| Error::Open(format!("not a PostgreSQL address: {e}")))?;
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = if config.get_ssl_mode() == SslMode::Require {
            Manager::from_config(config, tokio_postgres_rustls::MakeRustlsConnect::new(tls()?), recycling)
        } else {
            Manager::from_config(config, NoTls, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(PATIENCE))
            .create_timeout(Some(PATIENCE))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| Error::Open(e.to_string()))?;
        drop(pool.get().await.map_err(|e| Error::Open(explain(&e)))?);
        Ok(Self {
            pool,
            queue: Semaphore::new(QUEUE),
        })
    }

    pub(crate) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        self.run(Kind::Write, work).await
    }

    pub(crate) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        self.run(Kind::Read, work).await
    }

    fn close_idle(&self) {
        // Dropped here, when the pool is free again.
        let _closed = self.pool.retain(|_, usage| usage.last_used() < IDLE_CONNECTION);
    }

    async fn run<T, E, F>(&self, kind: Kind, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        let _queued = self
            .queue
            .try_acquire()
            .map_err(|_| Error::Overloaded("too many transactions are waiting"))?;
        let client = self.pool.get().await.map_err(|e| Error::Unreachable(explain(&e)))?;
        self.close_idle();
        let session = Session {
            client: Arc::new(client),
            runtime: Handle::current(),
            begin: Cell::new(None),
            collided: Cell::new(false),
        };
        tokio::task::spawn_blocking(move || attempt(&session, kind, &work))
            .await
            .map_err(|_| Error::Aborted)?
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

impl Kind {
    fn begin(self) -> &'static str {
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
        }
    }
}

/// Runs the transaction again while PostgreSQL says that it collided with another one.
fn attempt<T, E: From<Error>>(session: &Session, kind: Kind, work: &impl Fn(&Tx) -> Result<T, E>) -> Result<T, E> {
    let mut tries = 1;
    loop {
        session.collided.set(false);
        session.begin.set(Some(kind.begin()));
        let result = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&Tx::postgres(session)))) {
            Ok(Ok(value)) => session.commit(kind).map(|()| value).map_err(E::from),
            Ok(Err(error)) => {
                session.end("ROLLBACK")?;
                Err(error)
            }
            Err(_) => {
                session.end("ROLLBACK")?;
                Err(Error::Aborted.into())
            }
        };
        if result.is_ok() || !session.collided.get() || tries == ATTEMPTS {
            return result;
        }
        std::thread::sleep(Duration::from_millis(2 << tries));
        tries += 1;
    }
}

/// A connection inside a transaction. Its calls block: they are made on a blocking thread.
pub(crate) struct Session {
    client: Arc<Object>,
    runtime: Handle,
    /// What begins the transaction, until it has been sent together with the first statement.
    begin: Cell<Option<&'static str>>,
    collided: Cell<bool>,
}

impl Session {
    pub(crate) fn execute(&self, sql: Sql<'_>, params: &[Param<'_>]) -> Result<u64> {
        self.wait(async {
            let statement = self.prepare(sql).await?;
            self.client.execute_raw(&statement, params).await
        })
    }

    pub(crate) fn execute_each<'p, P>(&self, sql: Sql<'_>, lists: impl IntoIterator<Item = P>) -> Result<u64>
    where
        P: AsRef<[Param<'p>]>,
    {
        self.wait(async {
            let statement = &self.prepare(sql).await?;
            // Futures polled together are sent together: tokio-postgres pipelines them.
            let sent = lists
                .into_iter()
                .map(|params| async move { self.client.execute_raw(statement, params.as_ref()).await });
            Ok(futures::future::try_join_all(sent).await?.iter().sum())
        })
    }

    pub(crate) fn query_each<'p, P>(
        &self,
        sql: Sql<'_>,
        lists: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Vec<tokio_postgres::Row>>>
    where
        P: AsRef<[Param<'p>]>,
    {
        self.wait(async {
            let statement = &self.prepare(sql).await?;
            let sent = lists.into_iter().map(|params| async move {
                let rows = self.client.query_raw(statement, params.as_ref()).await?;
                rows.try_collect().await
            });
            futures::future::try_join_all(sent).await
        })
    }

    pub(crate) fn insert_rows(&self, into: &str, columns: &[Column<'_>], conflict: &str) -> Result<u64> {
        let text = insert_columns(into, columns, conflict);
        self.wait(async {
            let statement = self.client.prepare_cached(&text).await?;
            self.client.execute(&statement, &as_params(columns)).await
        })
    }

    pub(crate) fn insert_rows_returning(
        &self,
        into: &str,
        columns: &[Column<'_>],
        tail: &str,
    ) -> Result<Vec<tokio_postgres::Row>> {
        let text = insert_columns(into, columns, tail);
        self.wait(async {
            let statement = self.client.prepare_cached(&text).await?;
            self.client.query(&statement, &as_params(columns)).await
        })
    }

    pub(crate) fn query(&self, sql: Sql<'_>, params: &[Param<'_>]) -> Result<Vec<tokio_postgres::Row>> {
        self.wait(async {
            if sql.keep {
                let statement = self.prepare(sql).await?;
                let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param as _).collect();
                return self.client.query(&statement, &params).await;
            }
            // Sent, planned for these very values and answered in one round trip.
            let params: Vec<_> = params.iter().map(|param| (param as _, param.postgres_type())).collect();
            self.client.query_typed(&placeholders(sql.text), &params).await
        })
    }

    pub(crate) fn execute_script(&self, sql: &str) -> Result<()> {
        self.wait(self.client.batch_execute(sql))
    }

    fn commit(&self, kind: Kind) -> Result<()> {
        if kind == Kind::Write {
            return self.end("COMMIT");
        }
        // Nobody waits for the end of a read; the connection is put back when it has ended.
        if self.begin.take().is_none() {
            let client = Arc::clone(&self.client);
            self.runtime.spawn(async move { client.batch_execute("COMMIT").await });
        }
        Ok(())
    }

    fn end(&self, sql: &str) -> Result<()> {
        if self.begin.take().is_some() {
            return Ok(());
        }
        self.wait(self.client.batch_execute(sql))
    }

    async fn prepare(&self, sql: Sql<'_>) -> Result<Statement, tokio_postgres::Error> {
        let text = placeholders(sql.text);
        if sql.keep {
            self.client.prepare_cached(&text).await
        } else {
            self.client.prepare(&text).await
        }
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
        let begin = self.begin.take();
        let call = async {
            let Some(begin) = begin else { return call.await };
            // Both are sent before the first is answered.
            let (begun, result) = futures::future::join(self.client.batch_execute(begin), call).await;
            begun.and(result)
        };
        self.runtime.block_on(call).map_err(|error| {
            let collided = error.code().is_some_and(|code| {
                [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
            });
            self.collided.set(self.collided.get() || collided);
            Error::from(error)
        })
    }
}

/// All rows in one statement: each column is an array.
fn insert_columns(into: &str, columns: &[Column<'_>], tail: &str) -> String {
    let arrays: Vec<String> = (1..)
        .zip(columns)
        .map(|(number, column)| format!("${number}::{}", column.array()))
        .collect();
    format!("INSERT INTO {into} SELECT * FROM UNNEST({}) {tail}", arrays.join(", "))
}

fn as_params<'c>(columns: &'c [Column<'_>]) -> Vec<&'c (dyn ToSql + Sync)> {
    columns.iter().map(|column| column as _).collect()
}

/// `?1` as SQLite writes it to `$1`. No SQL of ours has a question mark elsewhere: text travels in parameters.
fn placeholders(sql: &str) -> String {
    replace_in_ids(sql, "= ANY(", ")").replace('?', "$")
}

fn tls() -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth())
        .map_err(|e| Error::Open(e.to_string()))
}

/// The pool's error with the reason beneath it: "connection refused" says more than "error connecting".
fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn placeholders_are_renumbered_for_postgres() {
        assert_eq!(
            super::placeholders("a = ?1 AND b IN (?2, ?10)"),
            "a = $1 AND b IN ($2, $10)"
        );
    }
}

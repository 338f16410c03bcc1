//! One database, two engines: SQLite and PostgreSQL behind the same transactions and the same SQL.
//!
//! A transaction is a closure over a [`Tx`]. It runs on the thread that owns the connection, so SQL reads as plain
//! sequential code, and on SQLite many closures share one commit:
//!
//! ```no_run
//! # async fn example(db: fettle_db::Db) -> fettle_db::Result<()> {
//! use fettle_db::params;
//! let renamed = db
//!     .write(|tx| tx.execute("UPDATE experiments SET name = ?1 WHERE id = ?2", params!["iris", 7]))
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! The SQL is the part both engines speak: `?1` placeholders, `ON CONFLICT`, `RETURNING`, common table expressions,
//! window functions; columns are TEXT, BIGINT, DOUBLE PRECISION and bytes. One word is this crate's own: `IN_IDS(?1)`
//! tests membership in a [`Param::Ids`]. What differs between the engines lives in this crate.

mod checkpoint;
mod error;
mod examine;
mod gather;
mod migrate;
mod postgres;
mod query;
mod sqlite;
mod template;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod uri;
mod value;

pub use error::{Error, Result};
pub use examine::{Contents, examine};
pub use gather::Gather;
pub use migrate::Migration;
pub use query::Query;
#[cfg(feature = "testing")]
pub use template::pack as pack_template;
pub use tx::{Dialect, Sql, Tx};
pub use uri::StoreUri;
pub use value::{Column, FromColumn, Param, Row};

use std::sync::Arc;

/// A handle to the store; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Arc<Engine>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the store, creating a SQLite file that does not exist, and brings its schema up to date.
    pub async fn open(uri: &StoreUri, migrations: &'static [Migration], now_ms: i64) -> Result<Self> {
        let engine = match uri {
            StoreUri::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, migrate::template_of(migrations))?),
            StoreUri::Postgres(address) => Engine::Postgres(postgres::Postgres::open(address).await?),
        };
        let db = Self {
            engine: Arc::new(engine),
        };
        db.write(move |tx| migrate::run(tx, migrations, now_ms)).await?;
        Ok(db)
    }

    pub fn dialect(&self) -> Dialect {
        match *self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs `work` in a write transaction and returns once its commit is durable. An error rolls back `work` alone.
    ///
    /// `work` may run more than once: PostgreSQL asks for a retry when transactions collide.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work).await,
            Engine::Postgres(postgres) => postgres.write(work).await,
        }
    }

    /// Runs `work` against one consistent snapshot, on a thread where it may take its time.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(work).await,
            Engine::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// As [`Db::read`], for a few reads by key: SQLite answers them within microseconds on the calling thread.
    pub async fn peek<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&Tx) -> Result<T, E> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.peek(work),
            Engine::Postgres(postgres) => postgres.read(work).await,
        }
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<()> {
        self.read(|tx| tx.query_one("SELECT CAST(1 AS BIGINT)", &[], |row| row.get::<i64>(0)))
            .await
            .map(|_| ())
    }
}

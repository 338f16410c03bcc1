//! A look at a store that leaves it as it is: what is in it, and how far its schema has come.

use crate::{Dialect, Error, Result, StoreUri, Tx, params, postgres::Postgres, sqlite::Sqlite};

/// What a store turned out to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// No file, or no table: `fettle server` will make what it needs.
    Nothing,
    /// Fettle's own tables, up to this migration.
    Fettle { version: i64 },
    /// Tables of MLflow's own server.
    Mlflow,
    /// Tables of something else.
    Foreign,
}

/// Opens the store for reading; nothing is created and nothing migrated.
pub async fn examine(uri: &StoreUri) -> Result<Contents> {
    match uri {
        StoreUri::Sqlite(path) if !path.exists() => Ok(Contents::Nothing),
        StoreUri::Sqlite(path) => {
            let path = path.clone();
            let looked = tokio::task::spawn_blocking(move || Sqlite::look(&path, contents));
            looked.await.unwrap_or(Err(Error::Aborted))
        }
        StoreUri::Postgres(address) => Postgres::open(address).await?.read(contents).await,
    }
}

fn contents(tx: &Tx) -> Result<Contents> {
    let has = |table: &str| tx.query_opt(tables(tx.dialect()), params![table], |_| Ok(()));
    if has("schema_migrations")?.is_some() {
        let version = tx.query_one("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", &[], |row| {
            row.get(0)
        })?;
        return Ok(Contents::Fettle { version });
    }
    if has("alembic_version")?.is_some() && has("experiments")?.is_some() {
        return Ok(Contents::Mlflow);
    }
    Ok(has("%")?.map_or(Contents::Nothing, |()| Contents::Foreign))
}

fn tables(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name LIKE ?1 LIMIT 1",
        Dialect::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name LIKE ?1 LIMIT 1"
        }
    }
}

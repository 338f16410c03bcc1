//! Forward-only migrations, written once for both engines.
//!
//! A migration is plain SQL with four words of its own: `IDENTITY_KEY` (a generated integer primary key),
//! `IDENTITY_KEY_NEVER_REUSED` (the same, for ids that leave the database), `BYTES`, and `CLUSTERED` after a table's
//! closing parenthesis (rows stored in primary-key order where the engine can).

use crate::{Dialect, Error, Result, Tx, params};

/// One step of the schema's history. `version` counts from 1.
#[derive(Debug, Clone)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    pub sql: &'static str,
    squashed: Option<&'static str>,
}

impl Migration {
    pub const fn new(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self {
            version,
            name,
            sql,
            squashed: None,
        }
    }

    /// With what it and all before it make of an empty SQLite store. SQLite reads the whole schema anew for each
    /// `ALTER TABLE`, which takes longer than all else that a server does when it starts.
    #[must_use]
    pub const fn squashed(self, sql: &'static str) -> Self {
        Self {
            squashed: Some(sql),
            ..self
        }
    }
}

/// An arbitrary number that all replicas share: the lock held while migrating.
const MIGRATION_LOCK: i64 = 0x6665_7474_6c65;

pub(crate) fn run(tx: &Tx, migrations: &[Migration], now_ms: i64) -> Result<()> {
    tx.lock(MIGRATION_LOCK)?;
    tx.execute_script(&render(
        tx.dialect(),
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL
        );",
    ))?;
    let applied = tx.query(
        "SELECT version, checksum FROM schema_migrations ORDER BY version",
        &[],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)),
    )?;
    let known = migrations.last().map_or(0, |last| last.version);
    if let Some((found, _)) = applied.last().filter(|(version, _)| *version > known) {
        return Err(Error::SchemaFromTheFuture { found: *found, known });
    }
    let squashed = match tx.dialect() {
        Dialect::Sqlite if applied.is_empty() => begin_squashed(tx, migrations, now_ms)?,
        _ => 0,
    };
    for migration in &migrations[squashed..] {
        let checksum = checksum(migration.sql);
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, found)) if *found == checksum => {}
            Some((version, found)) => {
                let detail = format!("`{}` has checksum {checksum}, the store says {found}", migration.name);
                return Err(Error::MigrationChanged {
                    version: *version,
                    detail,
                });
            }
            None => {
                tx.execute_script(&render(tx.dialect(), migration.sql))?;
                note(tx, migration, now_ms)?;
            }
        }
    }
    keep_bytes_as_they_are(tx)
}

/// Takes the longest short cut that there is, and answers how many migrations it stood for.
fn begin_squashed(tx: &Tx, migrations: &[Migration], now_ms: i64) -> Result<usize> {
    let Some((last, squashed)) = migrations
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, migration)| Some((index, migration.squashed?)))
    else {
        return Ok(0);
    };
    tx.execute_script(squashed)?;
    for migration in &migrations[..=last] {
        note(tx, migration, now_ms)?;
    }
    Ok(last + 1)
}

fn note(tx: &Tx, migration: &Migration, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![migration.version, migration.name, checksum(migration.sql), now_ms],
    )?;
    Ok(())
}

/// Bytes are packed already when they come: PostgreSQL would try to compress them again, at more cost than all else that
/// it does with them.
fn keep_bytes_as_they_are(tx: &Tx) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let columns = tx.query(
        "SELECT CAST(t.relname AS TEXT), CAST(c.attname AS TEXT) FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
         WHERE t.relnamespace = to_regnamespace(current_schema()) AND t.relkind = 'r'
         AND c.atttypid = to_regtype('bytea') AND c.attstorage = 'x' AND NOT c.attisdropped",
        &[],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?)),
    )?;
    for (table, column) in columns {
        tx.execute_script(&format!(
            "ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" SET STORAGE EXTERNAL"
        ))?;
    }
    Ok(())
}

/// FNV-1a: enough to notice an edited file.
fn checksum(sql: &str) -> String {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn render(dialect: Dialect, sql: &str) -> String {
    // Text compares by bytes on both engines, so that orders and ranges agree.
    let words: [(&str, &str); 5] = match dialect {
        Dialect::Sqlite => [
            ("IDENTITY_KEY_NEVER_REUSED", "INTEGER PRIMARY KEY AUTOINCREMENT"),
            ("IDENTITY_KEY", "INTEGER PRIMARY KEY"),
            ("BYTES", "BLOB"),
            (" CLUSTERED", " WITHOUT ROWID"),
            (" TEXT", " TEXT"),
        ],
        Dialect::Postgres => [
            (
                "IDENTITY_KEY_NEVER_REUSED",
                "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            ),
            ("IDENTITY_KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
            ("BYTES", "BYTEA"),
            (" CLUSTERED", ""),
            (" TEXT", " TEXT COLLATE \"C\""),
        ],
    };
    words
        .iter()
        .fold(sql.to_owned(), |sql, (word, engine)| sql.replace(word, engine))
}

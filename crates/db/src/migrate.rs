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
    template: Option<&'static [u8]>,
}

impl Migration {
    pub const fn new(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self {
            version,
            name,
            sql,
            template: None,
        }
    }

    /// With the SQLite store that it and all before it make of an empty one, packed. Making a hundred tables takes SQLite
    /// longer than all else that a server does when it starts.
    #[must_use]
    pub const fn with_template(self, template: &'static [u8]) -> Self {
        Self {
            template: Some(template),
            ..self
        }
    }
}

/// With what a new SQLite store begins.
pub(crate) fn template_of(migrations: &'static [Migration]) -> Option<&'static [u8]> {
    migrations.iter().rev().find_map(|migration| migration.template)
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
    for migration in migrations {
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
                tx.execute(
                    "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
                    params![migration.version, migration.name, checksum, now_ms],
                )?;
            }
        }
    }
    // Those that came with a template.
    tx.execute(
        "UPDATE schema_migrations SET applied_at = ?1 WHERE applied_at = 0",
        params![now_ms],
    )?;
    keep_bytes_as_they_are(tx)
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

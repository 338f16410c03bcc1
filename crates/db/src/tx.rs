//! A transaction: the only way to run SQL.

use crate::{Column, Error, Param, Result, Row, postgres::Session};
use rusqlite::Connection;
use std::{borrow::Cow, cell::Cell};

/// Which engine is behind a transaction. Asked for in this crate, and by tests; elsewhere it hints at a missing verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// The text of a statement. Text known at compile time is prepared once per PostgreSQL connection and kept; text built
/// for one request (a search) is not, so that nothing grows with what users type. (SQLite's cache has a bound.)
#[derive(Debug, Clone, Copy)]
pub struct Sql<'q> {
    pub(crate) text: &'q str,
    pub(crate) keep: bool,
}

impl From<&'static str> for Sql<'static> {
    fn from(text: &'static str) -> Self {
        Self { text, keep: true }
    }
}

impl<'q> From<&'q String> for Sql<'q> {
    fn from(text: &'q String) -> Self {
        Self { text, keep: false }
    }
}

/// A transaction in progress.
pub struct Tx<'c> {
    connection: Owner<'c>,
    /// Whether a script was run: SQLite does not count what it changes.
    ran_script: Cell<bool>,
}

enum Owner<'c> {
    Sqlite(&'c Connection),
    Postgres(&'c Session),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c Connection) -> Self {
        Self {
            connection: Owner::Sqlite(connection),
            ran_script: Cell::new(false),
        }
    }

    pub(crate) fn postgres(session: &'c Session) -> Self {
        Self {
            connection: Owner::Postgres(session),
            ran_script: Cell::new(false),
        }
    }

    pub(crate) fn ran_script(&self) -> bool {
        self.ran_script.get()
    }

    pub fn dialect(&self) -> Dialect {
        match self.connection {
            Owner::Sqlite(_) => Dialect::Sqlite,
            Owner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and says how many rows it changed.
    pub fn execute<'q>(&self, sql: impl Into<Sql<'q>>, params: &[Param<'_>]) -> Result<u64> {
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(&sqlite_text(sql.into().text))
                    .map_err(Error::from)?;
                Ok(statement.execute(rusqlite::params_from_iter(params))? as u64)
            }
            Owner::Postgres(session) => session.execute(sql.into(), params),
        }
    }

    /// Runs one statement for each list of parameters, in one round trip.
    pub fn execute_each<'q, 'p, P>(&self, sql: impl Into<Sql<'q>>, lists: impl IntoIterator<Item = P>) -> Result<u64>
    where
        P: AsRef<[Param<'p>]>,
    {
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(&sqlite_text(sql.into().text))
                    .map_err(Error::from)?;
                let mut changed = 0;
                for params in lists {
                    changed += statement.execute(rusqlite::params_from_iter(params.as_ref()))? as u64;
                }
                Ok(changed)
            }
            Owner::Postgres(session) => session.execute_each(sql.into(), lists),
        }
    }

    /// Inserts rows that are given as columns, in one statement where the engine can. `into` is the table with its
    /// columns, `conflict` is empty or an `ON CONFLICT` clause; with one that updates, no two rows may meet.
    pub fn insert_rows(&self, into: &'static str, columns: &[Column<'_>], conflict: &'static str) -> Result<u64> {
        let rows = rows(columns);
        if rows == 0 {
            return Ok(0);
        }
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&insert_row(into, columns.len(), conflict))?;
                let mut changed = 0;
                for row in 0..rows {
                    bind(&mut statement, columns, row)?;
                    changed += statement.raw_execute()? as u64;
                }
                Ok(changed)
            }
            Owner::Postgres(session) => session.insert_rows(into, columns, conflict),
        }
    }

    /// As [`Self::insert_rows`], where `tail` ends in `RETURNING`; reads the rows that come back, in any order.
    pub fn insert_rows_returning<T>(
        &self,
        into: &'static str,
        columns: &[Column<'_>],
        tail: &'static str,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = rows(columns);
        if rows == 0 {
            return Ok(Vec::new());
        }
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&insert_row(into, columns.len(), tail))?;
                let mut returned = Vec::new();
                for row in 0..rows {
                    bind(&mut statement, columns, row)?;
                    // To its end: SQLite commits nothing while a statement is halfway.
                    let mut rows = statement.raw_query();
                    while let Some(row) = rows.next()? {
                        returned.push(read(&Row::Sqlite(row))?);
                    }
                }
                Ok(returned)
            }
            Owner::Postgres(session) => {
                let rows = session.insert_rows_returning(into, columns, tail)?;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// Runs one statement for each list of parameters, in one round trip, and reads the first row that each gives, if it
    /// gives one.
    pub fn query_each<'q, 'p, P, T>(
        &self,
        sql: impl Into<Sql<'q>>,
        lists: impl IntoIterator<Item = P>,
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<Option<T>>>
    where
        P: AsRef<[Param<'p>]>,
    {
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(&sqlite_text(sql.into().text))
                    .map_err(Error::from)?;
                let mut found = Vec::new();
                for params in lists {
                    let mut rows = statement.query(rusqlite::params_from_iter(params.as_ref()))?;
                    found.push(rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()?);
                }
                Ok(found)
            }
            Owner::Postgres(session) => session
                .query_each(sql.into(), lists)?
                .iter()
                .map(|rows| rows.first().map(|row| read(&Row::Postgres(row))).transpose())
                .collect(),
        }
    }

    /// Runs a query and gives each row to `visit`.
    pub fn for_each<'q, E: From<Error>>(
        &self,
        sql: impl Into<Sql<'q>>,
        params: &[Param<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(&sqlite_text(sql.into().text))
                    .map_err(Error::from)?;
                let mut rows = statement
                    .query(rusqlite::params_from_iter(params))
                    .map_err(Error::from)?;
                while let Some(row) = rows.next().map_err(Error::from)? {
                    visit(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Owner::Postgres(session) => session
                .query(sql.into(), params)?
                .iter()
                .try_for_each(|row| visit(&Row::Postgres(row))),
        }
    }

    /// All rows, each through `read`.
    pub fn query<'q, T>(
        &self,
        sql: impl Into<Sql<'q>>,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.for_each(sql, params, |row| {
            all.push(read(row)?);
            Ok::<_, Error>(())
        })?;
        Ok(all)
    }

    /// The first row, if there is one.
    pub fn query_opt<'q, T>(
        &self,
        sql: impl Into<Sql<'q>>,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.connection {
            Owner::Sqlite(connection) => {
                let mut statement = connection
                    .prepare_cached(&sqlite_text(sql.into().text))
                    .map_err(Error::from)?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
            }
            Owner::Postgres(session) => session
                .query(sql.into(), params)?
                .first()
                .map(|row| read(&Row::Postgres(row)))
                .transpose(),
        }
    }

    /// The first row of a query that always has one (an aggregate, a `RETURNING`).
    pub fn query_one<'q, T>(
        &self,
        sql: impl Into<Sql<'q>>,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.query_opt(sql, params, read)?.ok_or(Error::NoRow)
    }

    /// Runs several statements without parameters: schema changes.
    pub fn execute_script(&self, sql: &str) -> Result<()> {
        self.ran_script.set(true);
        match self.connection {
            Owner::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Owner::Postgres(session) => session.execute_script(sql),
        }
    }

    /// Holds `key` until the transaction ends, so that two replicas do not do the same thing at once. SQLite has one
    /// writer and needs nothing.
    pub fn lock(&self, key: i64) -> Result<()> {
        match self.connection {
            Owner::Sqlite(_) => Ok(()),
            Owner::Postgres(session) => session
                .query("SELECT pg_advisory_xact_lock(?1)".into(), &[Param::Int(key)])
                .map(|_| ()),
        }
    }

    /// Whether nobody else writes while this transaction does: what it has read stays true.
    pub fn writes_alone(&self) -> bool {
        matches!(self.connection, Owner::Sqlite(_))
    }

    /// Holds a row until the transaction ends: others that insert rows which refer to it wait, and those that already
    /// did are waited for. SQLite has one writer and needs nothing.
    pub fn lock_row(&self, table: &'static str, id: i64) -> Result<()> {
        match self.connection {
            Owner::Sqlite(_) => Ok(()),
            Owner::Postgres(session) => {
                let text = format!("SELECT id FROM {table} WHERE id = ?1 FOR UPDATE");
                let sql = Sql {
                    text: &text,
                    keep: true,
                };
                session.query(sql, &[Param::Int(id)]).map(|_| ())
            }
        }
    }

    /// Holds a row together with others: whoever would hold it alone ([`Tx::lock_row`]) waits until the transaction ends,
    /// and is waited for. SQLite has one writer and needs nothing.
    pub fn share_row(&self, table: &'static str, id: i64) -> Result<()> {
        match self.connection {
            Owner::Sqlite(_) => Ok(()),
            Owner::Postgres(session) => {
                let text = format!("SELECT id FROM {table} WHERE id = ?1 FOR KEY SHARE");
                let sql = Sql {
                    text: &text,
                    keep: true,
                };
                session.query(sql, &[Param::Int(id)]).map(|_| ())
            }
        }
    }

    /// The operator that tests text against a regular expression, case apart, anywhere in the text. Check a pattern from
    /// outside with the `regex` crate first: it is what SQLite runs here, and PostgreSQL's own dialect is close to it.
    pub fn regexp_operator(&self) -> &'static str {
        match self.connection {
            Owner::Sqlite(_) => " REGEXP ",
            Owner::Postgres(_) => " ~ ",
        }
    }

    /// What to write after a table to have it read along an index, where the engine would choose another way. PostgreSQL
    /// knows what its tables hold, and chooses itself.
    pub fn by_index(&self, index: &str) -> String {
        match self.connection {
            Owner::Sqlite(_) => format!(" INDEXED BY {index}"),
            Owner::Postgres(_) => String::new(),
        }
    }

    /// A `LIKE` pattern in which only `%` and `_` are special, as in MLflow. PostgreSQL also escapes with backslashes.
    pub fn like_pattern(&self, pattern: &str) -> String {
        match self.connection {
            Owner::Sqlite(_) => pattern.to_owned(),
            Owner::Postgres(_) => pattern.replace('\\', "\\\\"),
        }
    }
}

fn rows(columns: &[Column<'_>]) -> usize {
    let rows = columns.first().map_or(0, Column::len);
    debug_assert!(columns.iter().all(|column| column.len() == rows));
    rows
}

/// SQLite inserts row by row.
fn insert_row(into: &str, columns: usize, tail: &str) -> String {
    let places: Vec<String> = (1..=columns).map(|number| format!("?{number}")).collect();
    format!("INSERT INTO {into} VALUES ({}) {tail}", places.join(", "))
}

fn bind(statement: &mut rusqlite::Statement<'_>, columns: &[Column<'_>], row: usize) -> Result<()> {
    for (index, column) in columns.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, column.at(row))?;
    }
    Ok(())
}

/// SQLite has no arrays: a set of keys is a JSON list.
fn sqlite_text(sql: &str) -> Cow<'_, str> {
    if sql.contains(IN_IDS) {
        Cow::Owned(replace_in_ids(sql, "IN (SELECT value FROM json_each(", "))"))
    } else {
        Cow::Borrowed(sql)
    }
}

const IN_IDS: &str = "IN_IDS(";

/// Writes each `IN_IDS(..)` as the engine at hand says it.
pub(crate) fn replace_in_ids(sql: &str, open: &str, close: &str) -> String {
    let mut parts = sql.split(IN_IDS);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (placeholder, rest) = part.split_once(')').unwrap_or((part, ""));
        text.extend([open, placeholder, close, rest]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_keys_are_written_for_sqlite() {
        assert_eq!(
            sqlite_text("a IN_IDS(?1) AND (b IN_IDS(?2))"),
            "a IN (SELECT value FROM json_each(?1)) AND (b IN (SELECT value FROM json_each(?2)))"
        );
        assert!(matches!(sqlite_text("a = ?1"), Cow::Borrowed(_)));
    }
}

//! What callers tell apart when the store fails. Status codes are the business of the layers above.

use crate::value::NulInText;
use tokio_postgres::error::SqlState;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row with the same key is there already.
    #[error("a unique key is taken already: {0}")]
    UniqueViolation(String),
    #[error("text must not contain NUL bytes")]
    NulInText,
    #[error("the regular expression cannot be used: {0}")]
    InvalidRegex(String),
    /// A queue or pool is full; the same call may succeed in a moment.
    #[error("the store is busy: {0}")]
    Overloaded(&'static str),
    #[error("the store cannot be opened: {0}")]
    Open(String),
    #[error(
        "the store has schema version {found}, this fettle knows up to {known}: it was written by a newer fettle; use that one, or restore a backup"
    )]
    SchemaFromTheFuture { found: i64, known: i64 },
    #[error("migration {version} of the store differs from the one this fettle carries: {detail}")]
    MigrationChanged { version: i64, detail: String },
    #[error("the commit failed: {0}")]
    Commit(String),
    #[error("the transaction ended without an answer")]
    Aborted,
    #[error("column {index} cannot be read as {expected}")]
    Column { index: usize, expected: &'static str },
    #[error("one row was expected and none was found")]
    NoRow,
    #[error("SQLite: {0}")]
    Sqlite(#[source] rusqlite::Error),
    #[error("PostgreSQL: {}", describe_postgres(.0))]
    Postgres(#[source] tokio_postgres::Error),
    #[error("PostgreSQL is not reachable: {0}")]
    Unreachable(String),
}

impl Error {
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::UniqueViolation(_))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match &error {
            rusqlite::Error::ToSqlConversionFailure(cause) if cause.is::<NulInText>() => Self::NulInText,
            rusqlite::Error::SqliteFailure(cause, message)
                if matches!(
                    cause.extended_code,
                    SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
            {
                Self::UniqueViolation(message.clone().unwrap_or_default())
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<NulInText>) {
            return Self::NulInText;
        }
        match error.as_db_error() {
            Some(cause) if *cause.code() == SqlState::UNIQUE_VIOLATION => {
                Self::UniqueViolation(cause.constraint().unwrap_or_default().to_owned())
            }
            Some(cause) if *cause.code() == SqlState::INVALID_REGULAR_EXPRESSION => {
                Self::InvalidRegex(cause.message().to_owned())
            }
            None if error.is_closed() => Self::Unreachable(error.to_string()),
            _ => Self::Postgres(error),
        }
    }
}

fn describe_postgres(error: &tokio_postgres::Error) -> String {
    error
        .as_db_error()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

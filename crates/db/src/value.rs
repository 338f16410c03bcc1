//! Values on their way into a statement and out of a row.

use crate::{Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::borrow::Cow;
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};

/// A statement's parameter. Borrowed where it can be: binding copies nothing on SQLite.
#[derive(Debug, Clone, PartialEq)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    /// A set of keys, for `IN_IDS(?1)`.
    Ids(Cow<'a, [i64]>),
}

/// PostgreSQL's text cannot hold NUL, so that of SQLite may not either.
#[derive(Debug, thiserror::Error)]
#[error("text with a NUL byte")]
pub(crate) struct NulInText;

/// A list of parameters from Rust values: `params![run.id, "name", None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Param::from($value)),*] };
}

macro_rules! param_from {
    ($($source:ty => |$value:ident| $param:expr;)*) => {
        $(
            impl<'a> From<$source> for Param<'a> {
                fn from($value: $source) -> Self { $param }
            }
            impl<'a> From<Option<$source>> for Param<'a> {
                fn from(value: Option<$source>) -> Self { value.map_or(Param::Null, Param::from) }
            }
        )*
    };
}

param_from! {
    i64 => |value| Param::Int(value);
    i32 => |value| Param::Int(value.into());
    u32 => |value| Param::Int(value.into());
    bool => |value| Param::Int(value.into());
    f64 => |value| Param::Real(value);
    &'a str => |value| Param::Text(Cow::Borrowed(value));
    &'a String => |value| Param::Text(Cow::Borrowed(value));
    String => |value| Param::Text(Cow::Owned(value));
    &'a [u8] => |value| Param::Bytes(Cow::Borrowed(value));
    &'a Vec<u8> => |value| Param::Bytes(Cow::Borrowed(value));
    Vec<u8> => |value| Param::Bytes(Cow::Owned(value));
    &'a [i64] => |value| Param::Ids(Cow::Borrowed(value));
    Vec<i64> => |value| Param::Ids(Cow::Owned(value));
}

impl<'a> From<&'a Option<String>> for Param<'a> {
    fn from(value: &'a Option<String>) -> Self {
        value.as_deref().map_or(Param::Null, Param::from)
    }
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Ids(ids) => return Ok(ToSqlOutput::from(json_list(ids))),
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) if value.contains('\0') => {
                return Err(rusqlite::Error::ToSqlConversionFailure(NulInText.into()));
            }
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) if *ty == Type::FLOAT8 => (*value as f64).to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Text(value) if value.contains('\0') => Err(NulInText.into()),
            Self::Text(value) => value.as_ref().to_sql(ty, out),
            Self::Bytes(value) => value.as_ref().to_sql(ty, out),
            Self::Ids(value) => value.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::FLOAT8
                | Type::TEXT
                | Type::VARCHAR
                | Type::BYTEA
                | Type::INT8_ARRAY
                | Type::UNKNOWN
        )
    }

    tokio_postgres::types::to_sql_checked!();
}

impl Param<'_> {
    /// As which PostgreSQL is to take it in a statement that is not prepared.
    pub(crate) fn postgres_type(&self) -> Type {
        match self {
            Self::Null => Type::UNKNOWN,
            Self::Int(_) => Type::INT8,
            Self::Real(_) => Type::FLOAT8,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
            Self::Ids(_) => Type::INT8_ARRAY,
        }
    }
}

fn json_list(ids: &[i64]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("[{}]", ids.join(","))
}

/// The values of one column, for [`crate::Tx::insert_rows`].
#[derive(Debug)]
pub enum Column<'a> {
    Ints(Vec<i64>),
    /// None is null, here and below.
    MaybeInts(Vec<Option<i64>>),
    Reals(Vec<f64>),
    Texts(Vec<&'a str>),
    MaybeTexts(Vec<Option<&'a str>>),
    Bytes(Vec<&'a [u8]>),
}

impl Column<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ints(values) => values.len(),
            Self::MaybeInts(values) => values.len(),
            Self::Reals(values) => values.len(),
            Self::Texts(values) => values.len(),
            Self::MaybeTexts(values) => values.len(),
            Self::Bytes(values) => values.len(),
        }
    }

    /// One value of it, as a parameter.
    pub(crate) fn at(&self, row: usize) -> Param<'_> {
        match self {
            Self::Ints(values) => Param::Int(values[row]),
            Self::MaybeInts(values) => Param::from(values[row]),
            Self::Reals(values) => Param::Real(values[row]),
            Self::Texts(values) => Param::Text(Cow::Borrowed(values[row])),
            Self::MaybeTexts(values) => Param::from(values[row]),
            Self::Bytes(values) => Param::Bytes(Cow::Borrowed(values[row])),
        }
    }

    /// The type of the whole column in PostgreSQL.
    pub(crate) fn array(&self) -> &'static str {
        match self {
            Self::Ints(_) | Self::MaybeInts(_) => "BIGINT[]",
            Self::Reals(_) => "DOUBLE PRECISION[]",
            Self::Texts(_) | Self::MaybeTexts(_) => "TEXT[]",
            Self::Bytes(_) => "BYTEA[]",
        }
    }
}

impl ToSql for Column<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Ints(values) => values.to_sql(ty, out),
            Self::MaybeInts(values) => values.to_sql(ty, out),
            Self::Reals(values) => values.to_sql(ty, out),
            Self::Texts(values) if values.iter().any(|value| value.contains('\0')) => Err(NulInText.into()),
            Self::Texts(values) => values.to_sql(ty, out),
            Self::MaybeTexts(values) if values.iter().flatten().any(|value| value.contains('\0')) => {
                Err(NulInText.into())
            }
            Self::MaybeTexts(values) => values.to_sql(ty, out),
            Self::Bytes(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8_ARRAY | Type::FLOAT8_ARRAY | Type::TEXT_ARRAY | Type::BYTEA_ARRAY
        )
    }

    tokio_postgres::types::to_sql_checked!();
}

/// A row of an answer; columns are read by position.
pub enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T> {
        T::from_column(self, index)
    }

    /// The column's text without a copy.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self {
            Self::Sqlite(row) => row.get_ref(index)?.as_str().map_err(|_| Error::Column {
                index,
                expected: "text",
            }),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    /// The column's bytes without a copy.
    pub fn bytes(&self, index: usize) -> Result<&[u8]> {
        match self {
            Self::Sqlite(row) => row.get_ref(index)?.as_blob().map_err(|_| Error::Column {
                index,
                expected: "bytes",
            }),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }
}

/// A Rust type a column can be read as.
pub trait FromColumn: Sized {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self>;
}

macro_rules! from_column {
    ($($target:ty),*) => {
        $(impl FromColumn for $target {
            fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
                Ok(match row {
                    Row::Sqlite(row) => row.get(index)?,
                    Row::Postgres(row) => row.try_get(index)?,
                })
            }
        })*
    };
}

from_column!(
    i64,
    f64,
    String,
    Vec<u8>,
    Option<i64>,
    Option<f64>,
    Option<String>,
    Option<Vec<u8>>
);

impl FromColumn for bool {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        row.get::<i64>(index).map(|flag| flag != 0)
    }
}

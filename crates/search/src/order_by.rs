//! `order_by` entries: `<key> [ASC | DESC]`.

use std::fmt;

use crate::SearchError;
use crate::cursor::Cursor;
use crate::error::excerpt;
use crate::identifier::Identifier;
use crate::limits::{ORDER_BY_ENTRIES_MAX, ORDER_BY_ENTRY_BYTES_MAX};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// One sort criterion of an entity. Stores append their own tie-breakers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order<K> {
    pub key: K,
    pub direction: Direction,
}

/// What a second entry for the same key means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Duplicates {
    Refused,
    /// It sorts nothing, and where MLflow lets it pass it is dropped.
    Dropped,
}

pub(crate) fn parse_entries<K: PartialEq>(
    entries: &[impl AsRef<str>],
    duplicates: Duplicates,
    interpret: impl Fn(Identifier<'_>) -> Result<K, SearchError>,
) -> Result<Vec<Order<K>>, SearchError> {
    refuse_too_many(entries.len())?;
    let mut orders: Vec<Order<K>> = Vec::with_capacity(entries.len());
    for entry in entries.iter().map(AsRef::as_ref) {
        let (identifier, direction) = parse_entry(entry)?;
        let key = interpret(identifier)?;
        if !orders.iter().any(|order| order.key == key) {
            orders.push(Order { key, direction });
        } else if duplicates == Duplicates::Refused {
            return Err(SearchError::new(format!(
                "`order_by` contains duplicate fields: '{}'",
                excerpt(entry)
            )));
        }
    }
    Ok(orders)
}

pub(crate) fn refuse_too_many(entries: usize) -> Result<(), SearchError> {
    if entries > ORDER_BY_ENTRIES_MAX {
        return Err(SearchError::new(format!(
            "`order_by` has {entries} entries; at most {ORDER_BY_ENTRIES_MAX} are allowed"
        )));
    }
    Ok(())
}

fn parse_entry(entry: &str) -> Result<(Identifier<'_>, Direction), SearchError> {
    if entry.len() > ORDER_BY_ENTRY_BYTES_MAX {
        return Err(SearchError::new(format!(
            "An `order_by` entry is {} bytes long; at most {ORDER_BY_ENTRY_BYTES_MAX} are allowed",
            entry.len()
        )));
    }
    let unparsable = || {
        SearchError::new(format!(
            "Invalid order_by clause '{}'. Could not be parsed.",
            excerpt(entry)
        ))
    };
    let mut cursor = Cursor::new(entry);
    let identifier = cursor.take_identifier().ok_or_else(unparsable)?;
    let Some(token) = cursor.peek() else {
        return Ok((identifier, Direction::Ascending));
    };
    cursor.advance();
    if cursor.peek().is_some() {
        return Err(unparsable());
    }
    let direction = if token.is_keyword("ASC") {
        Direction::Ascending
    } else if token.is_keyword("DESC") {
        Direction::Descending
    } else {
        return Err(SearchError::new(format!(
            "Invalid ordering key in order_by clause '{}'.",
            excerpt(entry)
        )));
    };
    Ok((identifier, direction))
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        })
    }
}

/// Canonical `order_by` text, which parses to the same order.
impl<K: fmt::Display> fmt::Display for Order<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.key, self.direction)
    }
}

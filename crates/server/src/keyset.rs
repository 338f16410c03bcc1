//! Pages by key: the next page starts after the last row of this one, so that a deep page costs what the first costs.
//!
//! An order is a list of terms, the last of which tells any two rows apart. In either direction values come first, then
//! NaN, then what is missing, as MLflow sorts.

use crate::error::{Result, invalid};
use crate::page_token;
use fettle_db::{Query, Row, Tx};
use fettle_search::Direction;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// One of the columns that rows are sorted by.
#[derive(Debug, Clone)]
pub struct Term {
    /// Its SQL.
    pub value: String,
    /// The SQL of the flag that says NaN, for metrics.
    pub nan: Option<String>,
    /// Whether a row may lack it.
    pub optional: bool,
    pub kind: Kind,
    pub direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Real,
    Text,
}

/// What a row has in a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    Int(i64),
    Real(#[serde(with = "bits")] f64),
    Text(String),
    Nan,
    Missing,
}

/// A page's beginning.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Start {
    #[default]
    First,
    After(Vec<Key>),
    /// What MLflow's own tokens say.
    Offset(u64),
}

/// JSON's numbers do not carry every double; its bits do.
mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.to_bits().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

#[derive(Serialize, Deserialize)]
struct Token {
    after: Vec<Key>,
}

impl Start {
    /// Reads a token for this order; no token is the start.
    pub fn of_token(token: Option<&str>, terms: &[Term]) -> Result<Self> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(Self::First);
        };
        let Ok(Token { after }) = page_token::decode(token) else {
            return page_token::decode_offset(Some(token)).map(Self::Offset);
        };
        Self::after(after, terms)
    }

    /// After a row with these keys, if a row of this order may have them.
    pub fn after(keys: Vec<Key>, terms: &[Term]) -> Result<Self> {
        let fits = keys.len() == terms.len() && keys.iter().zip(terms).all(|(key, term)| term.may_hold(key));
        if !fits {
            return Err(invalid(
                "Invalid page token: it belongs to a search with another order_by; start again without a token.",
            ));
        }
        Ok(Self::After(keys))
    }

    pub fn token_after(keys: Vec<Key>) -> String {
        page_token::encode(&Token { after: keys })
    }
}

impl Term {
    pub fn new(value: impl Into<String>, kind: Kind, direction: Direction) -> Self {
        Self {
            value: value.into(),
            nan: None,
            optional: false,
            kind,
            direction,
        }
    }

    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    #[must_use]
    pub fn with_nan(mut self, flag: impl Into<String>) -> Self {
        self.nan = Some(flag.into());
        self
    }

    fn may_hold(&self, key: &Key) -> bool {
        match key {
            Key::Int(_) => self.kind == Kind::Int,
            Key::Real(value) => self.kind == Kind::Real && !value.is_nan(),
            Key::Text(_) => self.kind == Kind::Text,
            Key::Nan => self.nan.is_some(),
            Key::Missing => self.optional,
        }
    }

    /// What a row has in this term, from the columns that [`push_columns`] wrote, of which `at` is the next.
    pub fn read(&self, row: &Row<'_>, at: &mut usize) -> fettle_db::Result<Key> {
        let nan = match &self.nan {
            None => Some(0),
            Some(_) => row.get::<Option<i64>>(advance(at))?,
        };
        let column = advance(at);
        let key = match self.kind {
            Kind::Int => row.get::<Option<i64>>(column)?.map(Key::Int),
            Kind::Real => row.get::<Option<f64>>(column)?.map(Key::Real),
            Kind::Text => row.get::<Option<String>>(column)?.map(Key::Text),
        };
        Ok(match (nan, key) {
            (Some(0), Some(key)) => key,
            (Some(1), Some(_)) => Key::Nan,
            _ => Key::Missing,
        })
    }

    fn compare(&self, a: &Key, b: &Key) -> Ordering {
        let forwards = match (a, b) {
            (Key::Int(a), Key::Int(b)) => a.cmp(b),
            (Key::Real(a), Key::Real(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            _ => return class(a).cmp(&class(b)),
        };
        match self.direction {
            Direction::Ascending => forwards,
            Direction::Descending => forwards.reverse(),
        }
    }
}

fn advance(at: &mut usize) -> usize {
    *at += 1;
    *at - 1
}

fn class(key: &Key) -> u8 {
    match key {
        Key::Int(_) | Key::Real(_) | Key::Text(_) => 0,
        Key::Nan => 1,
        Key::Missing => 2,
    }
}

/// Which of two rows comes first.
pub fn compare(terms: &[Term], a: &[Key], b: &[Key]) -> Ordering {
    let pairs = terms.iter().zip(a).zip(b);
    pairs
        .map(|((term, a), b)| term.compare(a, b))
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Writes `, a, b` for what [`Term::read`] reads.
pub fn push_columns(query: &mut Query, terms: &[Term]) {
    for term in terms {
        if let Some(nan) = &term.nan {
            query.push(", ").push(nan);
        }
        query.push(", ").push(&term.value);
    }
}

/// Writes ` ORDER BY ...`.
pub fn push_order(query: &mut Query, terms: &[Term]) {
    for (index, term) in terms.iter().enumerate() {
        query.push(if index == 0 { " ORDER BY " } else { ", " });
        let value = &term.value;
        match (&term.nan, term.optional) {
            (Some(nan), true) => query.push(&format!("CASE WHEN {nan} IS NULL THEN 2 ELSE {nan} END, ")),
            (Some(nan), false) => query.push(&format!("{nan}, ")),
            (None, true) => query.push(&format!("CASE WHEN {value} IS NULL THEN 1 ELSE 0 END, ")),
            (None, false) => query,
        };
        query.push(value).push(match term.direction {
            Direction::Ascending => " ASC",
            Direction::Descending => " DESC",
        });
    }
}

/// Writes the condition that a row comes after `keys`. The first term's bound stands alone, for an index to start at.
pub fn push_after(query: &mut Query, terms: &[Term], keys: &[Key]) {
    let Some((term, key)) = terms.iter().zip(keys).next() else {
        return;
    };
    if !term.optional && term.nan.is_none() && terms.len() > 1 {
        query.push(" AND ").push(&term.value).push(match term.direction {
            Direction::Ascending => " >= ",
            Direction::Descending => " <= ",
        });
        bind(query, key);
    }
    query.push(" AND ");
    push_after_from(query, terms, keys);
}

fn push_after_from(query: &mut Query, terms: &[Term], keys: &[Key]) {
    let (Some((term, terms)), Some((key, keys))) = (terms.split_first(), keys.split_first()) else {
        return;
    };
    query.push("(");
    push_beyond(query, term, key);
    if !terms.is_empty() {
        query.push(" OR (");
        push_same(query, term, key);
        query.push(" AND ");
        push_after_from(query, terms, keys);
        query.push(")");
    }
    query.push(")");
}

fn push_beyond(query: &mut Query, term: &Term, key: &Key) {
    let value = &term.value;
    match key {
        Key::Missing => {
            query.push("1 = 0");
        }
        Key::Nan => {
            query.push(&if term.optional {
                format!("{value} IS NULL")
            } else {
                "1 = 0".to_owned()
            });
        }
        Key::Int(_) | Key::Real(_) | Key::Text(_) => {
            if term.optional {
                query.push(&format!("{value} IS NULL OR "));
            }
            if let Some(nan) = &term.nan {
                query.push(&format!("{nan} = 1 OR "));
            }
            query.push(value).push(match term.direction {
                Direction::Ascending => " > ",
                Direction::Descending => " < ",
            });
            bind(query, key);
        }
    }
}

fn push_same(query: &mut Query, term: &Term, key: &Key) {
    let value = &term.value;
    match (key, &term.nan) {
        (Key::Missing, _) => query.push(&format!("{value} IS NULL")),
        (Key::Nan, nan) => query.push(&format!("{} = 1", nan.as_deref().unwrap_or("0"))),
        (_, nan) => {
            if let Some(nan) = nan {
                query.push(&format!("{nan} = 0 AND "));
            }
            query.push(value).push(" = ");
            bind(query, key)
        }
    };
}

fn bind<'q>(query: &'q mut Query, key: &Key) -> &'q mut Query {
    match key {
        Key::Int(value) => query.bind(*value),
        Key::Real(value) => query.bind(*value),
        Key::Text(value) => query.bind(value.clone()),
        Key::Nan | Key::Missing => query.push("NULL"),
    }
}

/// Cuts a list that was read one row too long down to a page. The token leads on from its last row.
pub fn page<T>(found: &mut Vec<(T, Vec<Key>)>, limit: usize) -> Option<String> {
    if found.len() <= limit {
        return None;
    }
    found.truncate(limit);
    found.last().map(|(_, keys)| Start::token_after(keys.clone()))
}

/// Writes the page's beginning and end to a statement whose conditions are complete.
pub fn push_page(query: &mut Query, terms: &[Term], start: &Start, limit: usize) {
    if let Start::After(keys) = start {
        push_after(query, terms, keys);
    }
    push_order(query, terms);
    query.push(" LIMIT ").bind(limit as i64);
    if let Start::Offset(offset) = start {
        query.push(" OFFSET ").bind(*offset as i64);
    }
}

/// A page of a list: its order, where it starts, and how many rows it has.
#[derive(Debug)]
pub struct Page {
    pub terms: Vec<Term>,
    pub start: Start,
    pub limit: usize,
}

/// The rows of a page.
#[derive(Debug)]
pub struct Found<T> {
    pub rows: Vec<T>,
    /// None on the last page.
    pub next_page_token: Option<String>,
}

impl Page {
    pub fn new(terms: Vec<Term>, token: Option<&str>, limit: usize) -> Result<Self> {
        let start = Start::of_token(token, &terms)?;
        Ok(Self { terms, start, limit })
    }

    /// Begins the statement: its columns, followed by those that tell where the next page starts.
    pub fn select(&self, columns: &str) -> Query {
        let mut query = Query::new("SELECT ");
        query.push(columns);
        push_columns(&mut query, &self.terms);
        query
    }

    /// Ends the statement, whose conditions are complete, and runs it. `read` reads the first `columns`.
    pub fn run<T>(
        &self,
        tx: &Tx,
        mut query: Query,
        columns: usize,
        read: impl Fn(&Row<'_>) -> fettle_db::Result<T>,
    ) -> Result<Found<T>> {
        push_page(&mut query, &self.terms, &self.start, self.limit + 1);
        let mut found = query.run(tx, |row| Ok((read(row)?, keys(&self.terms, row, columns)?)))?;
        let next_page_token = page(&mut found, self.limit);
        Ok(Found {
            rows: found.into_iter().map(|(row, _)| row).collect(),
            next_page_token,
        })
    }
}

/// What a row has in each term, whose columns start at `at`.
pub fn keys(terms: &[Term], row: &Row<'_>, mut at: usize) -> fettle_db::Result<Vec<Key>> {
    terms.iter().map(|term| term.read(row, &mut at)).collect()
}

/// The order of a list whose newest row comes first.
pub fn newest_first(created: &str, id: &str) -> Vec<Term> {
    vec![
        Term::new(created, Kind::Int, Direction::Descending),
        Term::new(id, Kind::Int, Direction::Descending),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Vec<Term> {
        vec![
            Term::new("o.value", Kind::Real, Direction::Descending)
                .with_nan("o.is_nan")
                .optional(),
            Term::new("r.id", Kind::Int, Direction::Ascending),
        ]
    }

    #[test]
    fn tokens_carry_every_key() {
        let keys = [
            vec![Key::Real(0.1 + 0.2), Key::Int(i64::MIN)],
            vec![Key::Nan, Key::Int(3)],
            vec![Key::Missing, Key::Int(0)],
        ];
        for keys in keys {
            let token = Start::token_after(keys.clone());
            assert_eq!(Start::of_token(Some(&token), &terms()).ok(), Some(Start::After(keys)));
        }
    }

    #[test]
    fn tokens_of_another_order_are_refused() {
        for keys in [
            vec![],
            vec![Key::Int(1)],
            vec![Key::Text("a".to_owned()), Key::Int(1)],
            vec![Key::Real(f64::NAN), Key::Int(1)],
            vec![Key::Nan, Key::Missing],
        ] {
            let token = Start::token_after(keys);
            assert!(Start::of_token(Some(&token), &terms()).is_err(), "{token}");
        }
    }

    #[test]
    fn values_come_before_nan_and_nan_before_nothing() {
        let mut keys: Vec<Vec<Key>> = [Key::Missing, Key::Nan, Key::Real(-1.0), Key::Real(2.0), Key::Nan]
            .into_iter()
            .zip([5, 4, 3, 2, 1])
            .map(|(key, id)| vec![key, Key::Int(id)])
            .collect();
        keys.sort_by(|a, b| compare(&terms(), a, b));
        let ids: Vec<&Key> = keys.iter().map(|keys| &keys[1]).collect();
        assert_eq!(ids, [2, 3, 1, 4, 5].map(Key::Int).iter().collect::<Vec<_>>());
    }
}

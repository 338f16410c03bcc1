//! The list-of-objects notation of a table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::cell::Cell;
use super::grid::Grid;

/// A JSON list of flat objects.
pub(super) struct Records<'a>(pub(super) Grid<'a>);

impl<'de> Deserialize<'de> for Records<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(RecordsVisitor)
    }
}

struct RecordsVisitor;

/// A key that borrows from the body when it has no escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a column name")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// Columns in the order they were first met, and where each stands.
#[derive(Default)]
struct Names<'a> {
    list: Vec<Cow<'a, str>>,
    /// Filled once there are too many names to look through.
    positions: HashMap<Cow<'a, str>, usize>,
}

/// Up to here a look through the list beats hashing.
const LIST_SEARCH_MAX: usize = 16;

impl<'a> Names<'a> {
    /// `guess` is where the key stands if this record has its keys in the order of the first one.
    fn position(&mut self, key: Cow<'a, str>, guess: usize) -> usize {
        if self.list.get(guess).is_some_and(|name| *name == key) {
            return guess;
        }
        if self.list.len() <= LIST_SEARCH_MAX {
            if let Some(position) = self.list.iter().position(|name| *name == key) {
                return position;
            }
        } else {
            for position in self.positions.len()..self.list.len() {
                self.positions.insert(self.list[position].clone(), position);
            }
            if let Some(&position) = self.positions.get(&key) {
                return position;
            }
        }
        self.list.push(key);
        self.list.len() - 1
    }
}

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut names = Names::default();
        let mut rows: Vec<Vec<Cell<'de>>> = Vec::new();
        while let Some(row) = sequence.next_element_seed(RecordSeed(&mut names))? {
            rows.push(row);
        }
        let width = names.list.len();
        let mut cells = Vec::with_capacity(rows.len() * width);
        let row_count = rows.len();
        for mut row in rows {
            row.resize(width, Cell::Absent);
            cells.append(&mut row);
        }
        Ok(Records(Grid {
            names: Some(names.list),
            rows: row_count,
            width,
            cells,
        }))
    }
}

struct RecordSeed<'n, 'de>(&'n mut Names<'de>);

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, 'de> {
    type Value = Vec<Cell<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_, 'de> {
    type Value = Vec<Cell<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut row = Vec::with_capacity(self.0.list.len());
        let mut guess = 0;
        while let Some(Key(key)) = map.next_key()? {
            let position = self.0.position(key, guess);
            guess = position + 1;
            if position >= row.len() {
                row.resize(position + 1, Cell::Absent);
            }
            row[position] = map.next_value()?;
        }
        Ok(row)
    }
}

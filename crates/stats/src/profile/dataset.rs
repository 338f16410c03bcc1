//! The profiles of all columns of a table.

use super::{ColumnProfile, Kind, Settings, Value};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub struct DatasetProfile {
    pub settings: Settings,
    pub columns: BTreeMap<String, ColumnProfile>,
}

impl DatasetProfile {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            columns: BTreeMap::new(),
        }
    }

    /// Empty, with the columns and kinds of `reference`: what a window is collected in.
    pub fn like(reference: &Self, settings: Settings) -> Self {
        let columns = reference.columns.iter().map(|(name, column)| {
            let empty = column.kind().map_or_else(
                || ColumnProfile::new(settings),
                |kind| ColumnProfile::of_kind(kind, settings),
            );
            (name.clone(), empty)
        });
        Self {
            settings,
            columns: columns.collect(),
        }
    }

    pub fn push(&mut self, column: &str, value: Value<'_>) {
        self.column(column).push(value);
    }

    pub fn extend(&mut self, column: &str, kind: Kind, numbers: &[f64]) {
        self.column(column).extend(kind, numbers);
    }

    /// The profile of a column, made if there is none yet.
    pub fn column(&mut self, name: &str) -> &mut ColumnProfile {
        if !self.columns.contains_key(name) {
            self.columns.insert(name.to_owned(), ColumnProfile::new(self.settings));
        }
        self.columns.get_mut(name).expect("it was there or has been made")
    }

    pub fn merge(&mut self, other: Self) {
        for (name, column) in other.columns {
            match self.columns.get_mut(&name) {
                Some(mine) => mine.merge(column),
                None => {
                    self.columns.insert(name, column);
                }
            }
        }
    }

    /// Rows of the longest column.
    pub fn rows(&self) -> u64 {
        self.columns.values().map(ColumnProfile::rows).max().unwrap_or(0)
    }
}

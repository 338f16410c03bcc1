//! A rectangle of cells, and the list-of-lists notation that fills one in a single pass.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::cell::{Cell, CellVisitor};

/// Rows of cells with the columns' names, if they have any.
#[derive(Debug, Default)]
pub(crate) struct Grid<'a> {
    pub(crate) names: Option<Vec<Cow<'a, str>>>,
    pub(crate) rows: usize,
    pub(crate) width: usize,
    /// Row-major, `rows * width` of them.
    pub(crate) cells: Vec<Cell<'a>>,
}

impl<'a> Grid<'a> {
    pub(super) fn column(&self, index: usize) -> impl Iterator<Item = &Cell<'a>> + Clone {
        self.cells.iter().skip(index).step_by(self.width.max(1))
    }

    pub(super) fn has_duplicate_names(&self) -> bool {
        let Some(names) = &self.names else { return false };
        if names.len() <= 16 {
            return names
                .iter()
                .enumerate()
                .any(|(index, name)| names[..index].contains(name));
        }
        let mut seen = HashSet::with_capacity(names.len());
        !names.iter().all(|name| seen.insert(name))
    }

    pub(super) fn single_column(cells: Vec<Cell<'a>>) -> Self {
        Self {
            names: None,
            rows: cells.len(),
            width: 1,
            cells,
        }
    }
}

/// A JSON list of lists. Rows may be ragged here; [`Lists::into_grid`] squares them as pandas does.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    cells: Vec<Cell<'a>>,
    ends: Vec<usize>,
    /// Scalars found where rows were expected.
    pub(super) scalars: Vec<Cell<'a>>,
}

impl<'a> Lists<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.scalars.is_empty()
    }

    pub(super) fn rows(&self) -> usize {
        self.ends.len()
    }

    /// The longest row.
    pub(super) fn width(&self) -> usize {
        self.lengths().max().unwrap_or(0)
    }

    pub(super) fn is_ragged(&self) -> bool {
        let width = self.width();
        self.lengths().any(|length| length != width)
    }

    pub(super) fn has_other_cells(&self) -> bool {
        self.cells.contains(&Cell::Other)
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.ends
            .iter()
            .scan(0, |start, &end| Some(end - std::mem::replace(start, end)))
    }

    /// Short rows are filled with nulls, as pandas fills them.
    pub(super) fn into_grid(self) -> Grid<'a> {
        let (rows, width) = (self.rows(), self.width());
        if !self.is_ragged() {
            return Grid {
                names: None,
                rows,
                width,
                cells: self.cells,
            };
        }
        let lengths: Vec<usize> = self.lengths().collect();
        let mut cells = Vec::with_capacity(rows * width);
        let mut source = self.cells.into_iter();
        for length in lengths {
            cells.extend(source.by_ref().take(length));
            cells.extend(std::iter::repeat_n(Cell::Null, width - length));
        }
        Grid {
            names: None,
            rows,
            width,
            cells,
        }
    }
}

impl<'de> Deserialize<'de> for Lists<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListsVisitor)
    }
}

struct ListsVisitor;

impl<'de> Visitor<'de> for ListsVisitor {
    type Value = Lists<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut lists = Lists::default();
        while let Some(row) = sequence.next_element_seed(RowSeed(&mut lists.cells))? {
            match row {
                None => lists.ends.push(lists.cells.len()),
                Some(scalar) => lists.scalars.push(scalar),
            }
        }
        Ok(lists)
    }
}

/// Appends a row's cells; gives back the value itself if it is not a row.
struct RowSeed<'c, 'de>(&'c mut Vec<Cell<'de>>);

impl<'de> DeserializeSeed<'de> for RowSeed<'_, 'de> {
    type Value = Option<Cell<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_, 'de> {
    type Value = Option<Cell<'de>>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while let Some(cell) = sequence.next_element()? {
            self.0.push(cell);
        }
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        CellVisitor.visit_map(map).map(Some)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        CellVisitor.visit_unit().map(Some)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        CellVisitor.visit_bool(value).map(Some)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        CellVisitor.visit_i64(value).map(Some)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        CellVisitor.visit_u64(value).map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        CellVisitor.visit_f64(value).map(Some)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        CellVisitor.visit_borrowed_str(value).map(Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        CellVisitor.visit_str(value).map(Some)
    }
}

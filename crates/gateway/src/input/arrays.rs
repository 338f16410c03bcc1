//! `instances` and `inputs`, the two formats MLflow took from TensorFlow Serving.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::cell::Cell;
use super::enforce::{self, Outcome, Route};
use super::envelope::{Format, Problem, read};
use super::grid::{Grid, Lists};
use super::records::{Key, Records};
use crate::error::ScoreError;
use crate::frame::Layout;
use crate::signature::{ColumnType, Inputs};

pub(super) fn parse(format: Format, raw: &RawValue, inputs: &Inputs) -> Result<Outcome, Problem> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'[') if text[1..].trim_ascii_start().starts_with('{') => list_of_objects(raw, inputs),
        Some(b'[') => list(read(raw)?, inputs).map_err(Problem::Answer),
        Some(b'{') => object_of_columns(format, raw, inputs),
        _ => Ok(Err("a single value instead of a table")),
    }
}

fn list_of_objects(raw: &RawValue, inputs: &Inputs) -> Result<Outcome, Problem> {
    let Inputs::Named(_) = inputs else {
        return Ok(Err("a list of objects for a model whose columns have no names"));
    };
    let Ok(Records(grid)) = read::<Records>(raw) else {
        return Ok(Err("objects mixed with other values"));
    };
    if grid.cells.contains(&Cell::Absent) {
        return Ok(Err("objects with different keys"));
    }
    enforce::frame(&grid, inputs, Route::Numpy).map_err(Problem::Answer)
}

fn list(lists: Lists, inputs: &Inputs) -> Result<Outcome, ScoreError> {
    if !lists.scalars.is_empty() && lists.rows() > 0 {
        return Ok(Err("rows mixed with single values"));
    }
    if lists.is_ragged() {
        return Err(ScoreError::BadRequest(
            "Invalid input. setting an array element with a sequence. The rows differ in length.".into(),
        ));
    }
    match inputs {
        Inputs::Named(columns) if columns.len() == 1 && !lists.scalars.is_empty() => {
            let names = vec![Cow::Borrowed(columns[0].name.as_str())];
            let grid = Grid {
                names: Some(names),
                ..Grid::single_column(lists.scalars)
            };
            enforce::frame(&grid, inputs, Route::Numpy)
        }
        Inputs::Named(columns) if columns.len() > 1 && lists.rows() > 0 => {
            let extra: Vec<Cow<str>> = (0..lists.width()).map(|index| Cow::Owned(index.to_string())).collect();
            let required = columns.iter().filter(|column| column.required);
            Err(enforce::missing_inputs(
                required.map(|column| column.name.as_str()),
                &extra,
            ))
        }
        Inputs::Unnamed(kinds) if lists.rows() > 0 && is_one_number_type(kinds) => {
            enforce::frame(&lists.into_grid(), inputs, Route::Numpy)
        }
        Inputs::Matrix { width, .. } => match lists.scalars.len() {
            0 if lists.is_empty() => Err(ScoreError::Schema(
                "Failed to enforce the model's input schema. Error: the list is empty.".into(),
            )),
            0 if lists.has_other_cells() => Ok(Err("lists more than two deep")),
            0 => enforce::frame(&lists.into_grid(), inputs, Route::Numpy),
            length => Err(ScoreError::Schema(format!(
                "Failed to enforce the model's input schema. Error: Shape of input ({length},) does not match expected \
                 shape (-1, {width})."
            ))),
        },
        Inputs::Undeclared if lists.rows() > 0 => Ok(undeclared_matrix(&lists.into_grid())),
        _ => Ok(Err("a list for a model whose signature has other inputs")),
    }
}

fn is_one_number_type(kinds: &[ColumnType]) -> bool {
    let number = |kind: &ColumnType| {
        matches!(
            kind,
            ColumnType::Double | ColumnType::Float | ColumnType::Long | ColumnType::Integer
        )
    };
    kinds.iter().all(|kind| number(kind) && *kind == kinds[0])
}

/// `np.array(lists)` of numbers: integers if all are, doubles otherwise.
fn undeclared_matrix(grid: &Grid) -> Outcome {
    let all = |test: fn(&Cell) -> bool| grid.cells.iter().all(test);
    let kind = if all(|cell| matches!(cell, Cell::Integer(_))) {
        ColumnType::Long
    } else if all(|cell| matches!(cell, Cell::Integer(_) | Cell::Float(_))) {
        ColumnType::Double
    } else {
        return Err("cells that are not numbers for a model without a signature");
    };
    let kinds = vec![kind; grid.width];
    let numbered = enforce::frame(grid, &Inputs::Unnamed(kinds), Route::Numpy);
    let mut frame = numbered.map_err(|_| "cells that are not numbers").flatten()?;
    frame.layout = Layout::Matrix;
    Ok(frame)
}

/// A column of the object notation: a list of cells, or one cell.
enum Values<'a> {
    Many(Vec<Cell<'a>>),
    One(Cell<'a>),
}

struct ObjectOfColumns<'a>(Vec<(Cow<'a, str>, Values<'a>)>);

impl<'de> Deserialize<'de> for ObjectOfColumns<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ColumnsVisitor;
        impl<'de> Visitor<'de> for ColumnsVisitor {
            type Value = ObjectOfColumns<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object of columns")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut columns = Vec::new();
                while let Some(Key(key)) = map.next_key()? {
                    let raw: &RawValue = map.next_value()?;
                    let values = if raw.get().starts_with('[') {
                        Values::Many(serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?)
                    } else {
                        Values::One(serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?)
                    };
                    columns.push((key, values));
                }
                Ok(ObjectOfColumns(columns))
            }
        }
        deserializer.deserialize_map(ColumnsVisitor)
    }
}

fn object_of_columns(format: Format, raw: &RawValue, inputs: &Inputs) -> Result<Outcome, Problem> {
    let Inputs::Named(_) = inputs else {
        return Ok(Err("an object of columns for a model whose columns have no names"));
    };
    let ObjectOfColumns(columns) = read(raw)?;
    let single = columns
        .iter()
        .filter(|(_, values)| matches!(values, Values::One(_)))
        .count();
    if single != 0 && single != columns.len() {
        return Ok(Err("columns of lists mixed with single values"));
    }
    let (names, columns): (Vec<Cow<str>>, Vec<Vec<Cell>>) = columns
        .into_iter()
        .map(|(name, values)| match values {
            Values::Many(cells) => (name, cells),
            Values::One(cell) => (name, vec![cell]),
        })
        .unzip();
    let rows = columns.first().map_or(0, Vec::len);
    if columns.iter().any(|cells| cells.len() != rows) {
        return Err(Problem::Answer(match format {
            Format::Instances => ScoreError::BadRequest(
                "Invalid input. The length of values for each input/column name are not the same".into(),
            ),
            _ => ScoreError::Schema(
                "Failed to enforce the model's input schema. Error: All arrays must be of the same length".into(),
            ),
        }));
    }
    let width = columns.len();
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut cells = Vec::with_capacity(rows * width);
    for _ in 0..rows {
        cells.extend(columns.iter_mut().filter_map(Iterator::next));
    }
    enforce::frame(
        &Grid {
            names: Some(names),
            rows,
            width,
            cells,
        },
        inputs,
        Route::Numpy,
    )
    .map_err(Problem::Answer)
}

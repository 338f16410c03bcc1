//! Cells and a signature to the frame the model is given: coercion first, then enforcement, in MLflow's order.

use std::borrow::Cow;
use std::collections::HashMap;

use super::cell::Cell;
use super::column::{self, Cast};
use super::envelope::python_list;
use super::grid::Grid;
use crate::error::ScoreError;
use crate::frame::{Column, Frame, Layout};
use crate::signature::{ColumnType, Inputs, NamedColumn};

/// A frame, or why only Python can make one.
pub(crate) type Outcome = Result<Frame, &'static str>;

/// Which of MLflow's two conversions the body's format leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Pandas,
    Numpy,
}

const UNTYPED: &str = "a column whose cells only pandas can type";

pub(super) fn frame(grid: &Grid, inputs: &Inputs, route: Route) -> Result<Outcome, ScoreError> {
    if grid.has_duplicate_names() {
        return Ok(Err("columns with the same name"));
    }
    match inputs {
        Inputs::Named(columns) => named(grid, columns, route),
        Inputs::Unnamed(kinds) => unnamed(grid, kinds, route),
        Inputs::Matrix { kind, width } => matrix(grid, *kind, *width, route),
        Inputs::Undeclared => Ok(undeclared(grid)),
        Inputs::Opaque(_) => Ok(Err("the model's signature has inputs that only Python reads")),
    }
}

fn cast(grid: &Grid, index: usize, name: &str, kind: ColumnType, route: Route) -> Result<CastColumn, ScoreError> {
    let cells = grid.column(index).take(grid.rows);
    let cast: Cast = match route {
        Route::Pandas => column::as_pandas(cells, kind),
        Route::Numpy => column::as_numpy(cells, kind),
    };
    match (cast, route) {
        (Ok(data), _) => Ok(data),
        (Err(reason), Route::Pandas) => Err(ScoreError::BadRequest(format!(
            "Invalid input. Data is not compatible with model signature. Failed to convert column {name} to type '{}'. \
             Error: '{reason}'",
            kind.numpy_name()
        ))),
        (Err(reason), Route::Numpy) => Err(ScoreError::BadRequest(format!(
            "Invalid input. Column {name}: {reason}"
        ))),
    }
}

type CastColumn = Option<crate::frame::ColumnData>;

fn named(grid: &Grid, columns: &[NamedColumn], route: Route) -> Result<Outcome, ScoreError> {
    let names = grid.names.as_deref().unwrap_or_default();
    let places = Places::new(names, columns);
    let mut out = Vec::with_capacity(columns.len());
    let mut complete = true;
    for (order, column) in columns.iter().enumerate() {
        let Some(index) = places.find(order, &column.name) else {
            complete &= !column.required;
            continue;
        };
        match cast(grid, index, &column.name, column.kind, route)? {
            Some(data) => out.push(Column {
                name: column.name.clone(),
                data,
            }),
            None => return Ok(Err(UNTYPED)),
        }
    }
    if complete {
        return Ok(Ok(Frame {
            layout: Layout::Table,
            rows: grid.rows,
            columns: out,
        }));
    }
    let missing = columns
        .iter()
        .enumerate()
        .filter(|(order, column)| column.required && places.find(*order, &column.name).is_none());
    let known = |name: &str| columns.iter().any(|column| column.name == name);
    let extra: Vec<Cow<str>> = match &grid.names {
        Some(names) => names.iter().filter(|name| !known(name)).cloned().collect(),
        None => (0..grid.width).map(|index| Cow::Owned(index.to_string())).collect(),
    };
    Err(missing_inputs(missing.map(|(_, column)| column.name.as_str()), &extra))
}

pub(super) fn missing_inputs<'n>(missing: impl Iterator<Item = &'n str>, extra: &[Cow<str>]) -> ScoreError {
    let mut message = format!(
        "Failed to enforce the model's input schema. Error: Model is missing inputs {}.",
        python_list(missing.map(Cow::Borrowed))
    );
    if !extra.is_empty() {
        let extra = python_list(extra.iter().map(|name| Cow::Borrowed(name.as_ref())));
        message = format!("{message} Note that there were extra inputs: {extra}.");
    }
    ScoreError::Schema(message)
}

/// Where each column of the signature stands in the body, most often in the same place.
struct Places<'n> {
    names: &'n [Cow<'n, str>],
    by_name: HashMap<&'n str, usize>,
}

impl<'n> Places<'n> {
    fn new(names: &'n [Cow<'n, str>], columns: &[NamedColumn]) -> Self {
        let in_order = names.len() == columns.len() && names.iter().zip(columns).all(|(name, c)| *name == c.name);
        let by_name = if in_order || names.len() <= 16 {
            HashMap::new()
        } else {
            names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.as_ref(), index))
                .collect()
        };
        Self { names, by_name }
    }

    fn find(&self, order: usize, name: &str) -> Option<usize> {
        if self.names.get(order).is_some_and(|candidate| candidate == name) {
            return Some(order);
        }
        if self.by_name.is_empty() {
            return self.names.iter().position(|candidate| candidate == name);
        }
        self.by_name.get(name).copied()
    }
}

fn numbered_or_named(grid: &Grid, index: usize) -> String {
    grid.names
        .as_ref()
        .and_then(|names| names.get(index))
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn layout_of(grid: &Grid) -> Layout {
    if grid.names.is_some() {
        Layout::Table
    } else {
        Layout::NumberedTable
    }
}

fn unnamed(grid: &Grid, kinds: &[ColumnType], route: Route) -> Result<Outcome, ScoreError> {
    let mut columns = Vec::with_capacity(kinds.len());
    for (index, &kind) in kinds.iter().enumerate().take(grid.width) {
        let name = numbered_or_named(grid, index);
        match cast(
            grid,
            index,
            if name.is_empty() {
                "of the unnamed signature"
            } else {
                &name
            },
            kind,
            route,
        )? {
            Some(data) => columns.push(Column { name, data }),
            None => return Ok(Err(UNTYPED)),
        }
    }
    if grid.width < kinds.len() {
        return Err(ScoreError::Schema(format!(
            "Failed to enforce the model's input schema. Error: Model inference is missing inputs. The model signature \
             declares {} inputs but the provided value only has {} inputs. Note: the inputs were not named in the \
             signature so we can only verify their count.",
            kinds.len(),
            grid.width
        )));
    }
    Ok(Ok(Frame {
        layout: layout_of(grid),
        rows: grid.rows,
        columns,
    }))
}

fn matrix(grid: &Grid, kind: ColumnType, width: usize, route: Route) -> Result<Outcome, ScoreError> {
    let mut columns = Vec::with_capacity(grid.width);
    for index in 0..grid.width {
        let name = numbered_or_named(grid, index);
        match cast(
            grid,
            index,
            if name.is_empty() { "of the tensor" } else { &name },
            kind,
            route,
        )? {
            Some(data) => columns.push(Column {
                name: String::new(),
                data,
            }),
            None => return Ok(Err(UNTYPED)),
        }
    }
    if grid.rows == 0 {
        return Err(ScoreError::Schema(
            "Failed to enforce the model's input schema. Error: the input is empty.".into(),
        ));
    }
    if grid.width != width {
        return Err(ScoreError::Schema(format!(
            "Failed to enforce the model's input schema. Error: Shape of input ({}, {}) does not match expected shape \
             (-1, {width}).",
            grid.rows, grid.width
        )));
    }
    Ok(Ok(Frame {
        layout: Layout::Matrix,
        rows: grid.rows,
        columns,
    }))
}

fn undeclared(grid: &Grid) -> Outcome {
    let mut columns = Vec::with_capacity(grid.width);
    for index in 0..grid.width {
        let data = column::as_guessed(grid.column(index).take(grid.rows)).ok_or(UNTYPED)?;
        columns.push(Column {
            name: numbered_or_named(grid, index),
            data,
        });
    }
    if columns.is_empty() || grid.rows == 0 {
        return Err("a table without cells for a model without a signature");
    }
    Ok(Frame {
        layout: layout_of(grid),
        rows: grid.rows,
        columns,
    })
}

/// One row of numbers in the order of the signature's columns, for callers that send no names.
pub(crate) fn frame_of_positional_numbers(numbers: &[f64], inputs: &Inputs) -> Result<Outcome, ScoreError> {
    let cells: Vec<Cell> = numbers.iter().map(|number| Cell::Float(*number)).collect();
    let names = match inputs {
        Inputs::Named(columns) if columns.len() == cells.len() => Some(
            columns
                .iter()
                .map(|column| Cow::Borrowed(column.name.as_str()))
                .collect(),
        ),
        Inputs::Named(columns) => {
            return Err(ScoreError::Schema(format!(
                "features: the model takes {} values, {} were sent",
                columns.len(),
                cells.len()
            )));
        }
        _ => None,
    };
    frame(
        &Grid {
            names,
            rows: 1,
            width: cells.len(),
            cells,
        },
        inputs,
        Route::Pandas,
    )
}

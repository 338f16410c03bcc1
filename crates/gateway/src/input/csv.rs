//! `text/csv` for models that are scored without Python, read as `pandas.read_csv` reads it with the signature's types,
//! and without a signature with those that it [guesses](csv_guess).
//!
//! Numbers become the nearest double, as in pandas 3; older readers could be one unit in the last place off.

use std::borrow::Cow;

use super::enforce::missing_inputs;
use super::{Parsed, csv_guess};
use crate::error::ScoreError;
use crate::frame::{Column, ColumnData, Frame, Layout};
use crate::signature::{ColumnType, Inputs, Signature};

/// What pandas takes for a missing value.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

pub(super) fn parse(body: &[u8], signature: &Signature) -> Result<Parsed, ScoreError> {
    if !matches!(signature.inputs, Inputs::Named(_) | Inputs::Undeclared) {
        return Ok(Parsed::Unread("CSV for a model whose columns have no names".into()));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| invalid(&format!("Ensure that input is a valid UTF-8 encoded string. {error}")))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| invalid(&error.to_string()))?.clone();
    if header.is_empty() {
        return Err(invalid("No columns to parse from file"));
    }
    let rows: Vec<csv::StringRecord> = reader
        .records()
        .collect::<Result<_, _>>()
        .map_err(|error| invalid(&error.to_string()))?;
    let Inputs::Named(columns) = &signature.inputs else {
        return Ok(match csv_guess::frame(text, &header, &rows) {
            Ok(frame) => Parsed::Table { frame, params: None },
            Err(reason) => Parsed::Unread(reason.into()),
        });
    };
    if rows.iter().any(|row| row.len() > header.len()) {
        return Ok(Parsed::Unread("CSV rows longer than the header".into()));
    }
    let mut out = Vec::with_capacity(columns.len());
    for column in columns {
        let Some(index) = header.iter().position(|name| name == column.name) else {
            continue;
        };
        let cells = rows.iter().map(|row| row.get(index).unwrap_or_default());
        match typed(cells, column.kind, index)? {
            Some(data) => out.push(Column {
                name: column.name.clone(),
                data,
            }),
            None => return Ok(Parsed::Unread("a CSV column that only pandas can type".into())),
        }
    }
    let absent = |name: &str| !header.iter().any(|written| written == name);
    let missing: Vec<&str> = columns
        .iter()
        .filter(|c| c.required && absent(&c.name))
        .map(|c| c.name.as_str())
        .collect();
    if !missing.is_empty() {
        let known = |name: &&str| !columns.iter().any(|column| column.name == *name);
        let extra: Vec<Cow<str>> = header.iter().filter(known).map(Cow::Borrowed).collect();
        return Err(missing_inputs(missing.into_iter(), &extra));
    }
    let frame = Frame {
        layout: Layout::Table,
        rows: rows.len(),
        columns: out,
    };
    Ok(Parsed::Table { frame, params: None })
}

fn invalid(reason: &str) -> ScoreError {
    ScoreError::BadRequest(format!(
        "Failed to parse input as a Pandas DataFrame. Ensure that the input is a valid CSV-formatted Pandas DataFrame \
         produced using the `pandas.DataFrame.to_csv()` method. Error: '{reason}'"
    ))
}

pub(super) fn is_missing(cell: &str) -> bool {
    MISSING.contains(&cell)
}

fn typed<'c>(
    cells: impl Iterator<Item = &'c str> + Clone,
    kind: ColumnType,
    index: usize,
) -> Result<Option<ColumnData>, ScoreError> {
    let integer = |cell: &str| {
        if is_missing(cell) {
            return Err(invalid(&format!("Integer column has NA values in column {index}")));
        }
        cell.parse::<i64>()
            .map_err(|_| invalid(&format!("invalid literal for int() with base 10: '{cell}'")))
    };
    let float = |cell: &str| {
        if is_missing(cell) {
            return Ok(f64::NAN);
        }
        cell.parse::<f64>()
            .map_err(|_| invalid(&format!("could not convert string to float: '{cell}'")))
    };
    Ok(Some(match kind {
        ColumnType::Long => ColumnData::Long(cells.map(integer).collect::<Result<_, _>>()?),
        ColumnType::Integer => {
            let narrow = |value: i64| {
                i32::try_from(value).map_err(|_| invalid(&format!("Overflow caught in column {index}: {value}")))
            };
            ColumnData::Integer(
                cells
                    .map(|cell| integer(cell).and_then(narrow))
                    .collect::<Result<_, _>>()?,
            )
        }
        ColumnType::Double => ColumnData::Double(cells.map(float).collect::<Result<_, _>>()?),
        ColumnType::Float => ColumnData::Float(
            cells
                .map(|cell| float(cell).map(|value| value as f32))
                .collect::<Result<_, _>>()?,
        ),
        ColumnType::Boolean => ColumnData::Boolean(cells.map(|cell| truth(cell, index)).collect::<Result<_, _>>()?),
        ColumnType::String => {
            ColumnData::Text(cells.map(|cell| (!is_missing(cell)).then(|| cell.to_owned())).collect())
        }
        ColumnType::Datetime => return Ok(None),
    }))
}

fn truth(cell: &str, index: usize) -> Result<bool, ScoreError> {
    truth_of(cell).ok_or_else(|| {
        invalid(&format!(
            "cannot safely convert passed user dtype of bool in column {index}: '{cell}'"
        ))
    })
}

pub(super) fn truth_of(cell: &str) -> Option<bool> {
    match cell {
        _ if cell.eq_ignore_ascii_case("true") => Some(true),
        _ if cell.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

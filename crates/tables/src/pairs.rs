//! Two columns row by row: what a model answered and what turned out to be true.

use crate::{Error, Format, Table, parquet::numbers_of};
use arrow_array::{ArrayRef, cast::AsArray, types::Int32Type};
use fettle_stats::sketch::sample::Sample;
use serde_json::Value;
use std::io::{BufRead, BufReader};

/// Rows that metrics are computed from; of more, a uniform sample.
const ROWS_MAX: usize = 1_000_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Missing,
    Number(f64),
    Text(Box<str>),
}

#[derive(Debug)]
pub struct Pairs {
    /// Rows with an answer.
    pub predictions: u64,
    /// Rows with an answer and the truth.
    pub labels: u64,
    /// Truth and answer of those, at most a million drawn uniformly.
    pub rows: Vec<(Cell, Cell)>,
}

struct Collecting {
    predictions: u64,
    sample: Sample<(Cell, Cell)>,
}

impl Collecting {
    fn push(&mut self, truth: Cell, answer: Cell) {
        if answer != Cell::Missing {
            self.predictions += 1;
            if truth != Cell::Missing {
                self.sample.push((truth, answer));
            }
        }
    }
}

/// Reads the column with the truth and the one with the answers.
pub fn read(table: &Table, target: &str, prediction: &str) -> Result<Pairs, Error> {
    let mut collecting = Collecting {
        predictions: 0,
        sample: Sample::new(ROWS_MAX, 0),
    };
    match Format::of(table.path())? {
        Format::Parquet => of_parquet(table, [target, prediction], &mut collecting)?,
        Format::Csv(separator) => of_csv(table, separator, [target, prediction], &mut collecting)?,
        Format::JsonLines => of_json_lines(table, [target, prediction], &mut collecting)?,
    }
    Ok(Pairs {
        predictions: collecting.predictions,
        labels: collecting.sample.seen(),
        rows: collecting.sample.into_values(),
    })
}

fn no_column(table: &Table, column: &str) -> Error {
    Error::NoColumn {
        path: table.path().to_owned(),
        column: column.to_owned(),
    }
}

fn of_parquet(table: &Table, names: [&str; 2], collecting: &mut Collecting) -> Result<(), Error> {
    let Some(file) = table.parquet() else {
        return Ok(());
    };
    let fields = file.fields();
    let mut places = [0; 2];
    for (place, name) in places.iter_mut().zip(names) {
        *place = fields
            .iter()
            .position(|field| field.name == name && !field.is_nested)
            .ok_or_else(|| no_column(table, name))?;
    }
    for batch in file.batches(&places)? {
        let batch = batch.map_err(|error| Error::Column {
            path: table.path().to_owned(),
            column: names.join(", "),
            message: error.to_string(),
        })?;
        // A projection keeps the file's order.
        let [truth, answer] = names.map(|name| batch.column_by_name(name).map_or_else(Vec::new, cells));
        for (truth, answer) in truth.into_iter().zip(answer) {
            collecting.push(truth, answer);
        }
    }
    Ok(())
}

fn cells(array: &ArrayRef) -> Vec<Cell> {
    if let Some(booleans) = array.as_boolean_opt() {
        let word = |value: bool| Cell::Text(if value { "true" } else { "false" }.into());
        return booleans.iter().map(|value| value.map_or(Cell::Missing, word)).collect();
    }
    if let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() {
        let names = dictionary.values().as_string::<i32>();
        let text = |code: i32| Cell::Text(names.value(code as usize).into());
        return dictionary
            .keys()
            .iter()
            .map(|code| code.map_or(Cell::Missing, text))
            .collect();
    }
    let numbers = numbers_of(array);
    let number = |value: f64| {
        if value.is_nan() {
            Cell::Missing
        } else {
            Cell::Number(value)
        }
    };
    numbers
        .into_iter()
        .map(|value| value.map_or(Cell::Missing, number))
        .collect()
}

fn of_csv(table: &Table, separator: u8, names: [&str; 2], collecting: &mut Collecting) -> Result<(), Error> {
    let unreadable = |source| Error::Csv {
        path: table.path().to_owned(),
        source,
    };
    let mut reader = crate::csv::open(table.path(), separator)?;
    let header = reader.headers().map_err(unreadable)?.clone();
    let mut places = [0; 2];
    for (place, name) in places.iter_mut().zip(names) {
        *place = header
            .iter()
            .position(|field| field == name)
            .ok_or_else(|| no_column(table, name))?;
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(unreadable)? {
        let [truth, answer] = places.map(|place| cell_of(record.get(place).unwrap_or_default()));
        collecting.push(truth, answer);
    }
    Ok(())
}

fn cell_of(field: &str) -> Cell {
    if crate::csv::is_missing(field) {
        return Cell::Missing;
    }
    match field.trim().parse() {
        Ok(number) => Cell::Number(number),
        Err(_) => Cell::Text(field.into()),
    }
}

fn of_json_lines(table: &Table, names: [&str; 2], collecting: &mut Collecting) -> Result<(), Error> {
    let failed = |source| Error::Io {
        path: table.path().to_owned(),
        source,
    };
    let file = std::fs::File::open(table.path()).map_err(failed)?;
    let mut found = [false; 2];
    for (number, line) in BufReader::with_capacity(1 << 20, file).lines().enumerate() {
        let line = line.map_err(failed)?;
        if line.trim().is_empty() {
            continue;
        }
        let row: Value = serde_json::from_str(&line).map_err(|error| Error::Line {
            path: table.path().to_owned(),
            line: number as u64 + 1,
            message: error.to_string(),
        })?;
        for (found, name) in found.iter_mut().zip(names) {
            *found |= row.get(name).is_some();
        }
        let [truth, answer] = names.map(|name| match row.get(name) {
            None | Some(Value::Null) => Cell::Missing,
            Some(Value::Number(number)) => number.as_f64().map_or(Cell::Missing, Cell::Number),
            Some(Value::String(text)) => Cell::Text(text.as_str().into()),
            Some(other) => Cell::Text(other.to_string().into()),
        });
        collecting.push(truth, answer);
    }
    match found.iter().zip(names).find(|(found, _)| !**found) {
        Some((_, name)) => Err(no_column(table, name)),
        None => Ok(()),
    }
}

//! Tables as profiles, and some of their rows.

use fettle_capture::{Cell, Cells, Column, Table, TableError};
use fettle_stats::profile::{ColumnProfile, Kind, Settings, Value, dataset::DatasetProfile};

/// A profile of all columns that a model has to do with; those that begin with `_` are the capture's own.
pub fn of_table(table: &Table) -> DatasetProfile {
    let mut profile = DatasetProfile::new(Settings::default());
    for column in table.columns.iter().filter(|column| !column.name.starts_with('_')) {
        push(profile.column(&column.name), column);
    }
    profile
}

/// Rows that are kept as they are, and what they may take.
const SAMPLE_ROWS: usize = 1000;
const SAMPLE_BYTES_MAX: usize = 4 << 20;

/// Some rows of all that a model has to do with, evenly from first to last, as Parquet. None if even a few take too
/// much.
pub fn sample(table: &Table) -> Result<Option<Vec<u8>>, TableError> {
    let mut wanted = table.rows.min(SAMPLE_ROWS);
    while wanted > 0 {
        let mut some = evenly(table, wanted);
        some.columns.retain(|column| !column.name.starts_with('_'));
        let bytes = some.to_parquet()?;
        if bytes.len() <= SAMPLE_BYTES_MAX {
            return Ok(Some(bytes));
        }
        wanted /= 4;
    }
    Ok(None)
}

/// At most so many rows, evenly from first to last.
pub fn evenly(table: &Table, wanted: usize) -> Table {
    if table.rows <= wanted {
        return table.clone();
    }
    let mut keep = vec![false; table.rows];
    for number in 0..wanted {
        keep[number * table.rows / wanted] = true;
    }
    table.filtered(&keep)
}

/// The same with the kinds of a reference: what is of another kind counts as a type error.
pub fn like(reference: &DatasetProfile, table: &Table) -> DatasetProfile {
    let mut profile = DatasetProfile::like(reference, Settings::default());
    for column in table.columns.iter().filter(|column| !column.name.starts_with('_')) {
        push(profile.column(&column.name), column);
    }
    // A column that is gone has no rows, rather than none that is known.
    profile.columns.retain(|name, _| table.column(name).is_some());
    profile
}

fn push(profile: &mut ColumnProfile, column: &Column) {
    match &column.cells {
        // Readers may have made whole floats integers: the reference's kind decides.
        Cells::Integers(cells) if profile.kind() == Some(Kind::Float) => {
            for cell in cells {
                profile.push(cell.map_or(Value::Missing, |number| Value::Float(number as f64)));
            }
        }
        Cells::Texts(cells) => {
            for cell in cells {
                profile.push(cell.as_deref().map_or(Value::Missing, Value::Text));
            }
        }
        cells => {
            for row in 0..cells.len() {
                profile.push(match cells.cell(row) {
                    Cell::Flag(flag) => Value::Boolean(flag),
                    Cell::Integer(number) => Value::Integer(number),
                    Cell::Number(number) => Value::Float(number),
                    Cell::Time(ms) => Value::Time(ms),
                    Cell::Null | Cell::Text(_) => Value::Missing,
                });
            }
        }
    }
}

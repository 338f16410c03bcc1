//! One column of cells to one typed column, by the rules pandas and numpy follow for MLflow.
//!
//! Two routes lead from JSON to a column, and they differ:
//! - [`as_pandas`]: `dataframe_*` first lets pandas guess the column's type from its cells, then calls `astype`;
//! - [`as_numpy`]: `instances` and `inputs` call `np.array(cells, dtype)`, which converts cell by cell.
//!
//! `None` means the outcome is MLflow's business: the body goes to Python unread.

use super::cell::Cell;
use super::datetime;
use crate::frame::ColumnData;
use crate::signature::ColumnType;

/// Why a cell cannot become the column's type; the words are Python's where they are short.
pub(super) type CastError = String;
pub(super) type Cast = Result<Option<ColumnData>, CastError>;

/// What pandas would make of the cells before any type is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guess {
    Integer,
    Float,
    Boolean,
    Text,
    /// Nothing but null.
    Nothing,
    /// A mixture pandas keeps as Python objects.
    Object,
    Untyped,
}

fn guess<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>) -> Guess {
    let (mut integers, mut floats, mut booleans, mut texts, mut nulls) = (false, false, false, false, false);
    for cell in cells {
        match cell {
            Cell::Integer(_) => integers = true,
            Cell::Float(_) => floats = true,
            Cell::Boolean(_) => booleans = true,
            Cell::Text(_) => texts = true,
            Cell::Null | Cell::Absent => nulls = true,
            Cell::Other => return Guess::Untyped,
        }
    }
    match (integers || floats, booleans, texts, nulls) {
        (true, false, false, _) if floats || nulls => Guess::Float,
        (true, false, false, _) => Guess::Integer,
        (false, true, false, false) => Guess::Boolean,
        (false, false, true, _) => Guess::Text,
        (false, false, false, _) => Guess::Nothing,
        _ => Guess::Object,
    }
}

/// Coercion of a `dataframe_*` column: guess, then `astype`.
pub(super) fn as_pandas<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>> + Clone, to: ColumnType) -> Cast {
    let guess = guess(cells.clone());
    match (guess, to) {
        (Guess::Text | Guess::Nothing, ColumnType::String) => Ok(Some(texts(cells))),
        (Guess::Untyped, _) | (_, ColumnType::String) => Ok(None),
        (_, ColumnType::Datetime) => Ok(datetime::column(cells).map(ColumnData::Datetime)),
        (Guess::Integer, _) => Ok(Some(from_integers(cells, to))),
        (Guess::Float, _) => from_floats(cells, to).map(Some),
        (_, ColumnType::Boolean) => Ok(Some(ColumnData::Boolean(
            cells.map(|cell| truth(cell, guess)).collect(),
        ))),
        _ => one_by_one(cells, to),
    }
}

/// Coercion of an `instances` or `inputs` column: `np.array(cells, dtype)`.
pub(super) fn as_numpy<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>> + Clone, to: ColumnType) -> Cast {
    let guess = guess(cells.clone());
    match (guess, to) {
        // numpy turns None into the text "None" and numbers into their digits; rare enough to leave to numpy.
        (Guess::Text, ColumnType::String) if cells.clone().all(|cell| matches!(cell, Cell::Text(_))) => {
            Ok(Some(texts(cells)))
        }
        (Guess::Untyped, _) | (_, ColumnType::String | ColumnType::Datetime) => Ok(None),
        // How numpy reads a text as a truth value has changed between its versions.
        (_, ColumnType::Boolean) if cells.clone().any(|cell| matches!(cell, Cell::Text(_))) => Ok(None),
        (_, ColumnType::Boolean) => Ok(Some(ColumnData::Boolean(
            cells.map(|cell| truth(cell, guess)).collect(),
        ))),
        _ => one_by_one(cells, to),
    }
}

/// A column of a model without a signature: whatever pandas guesses.
pub(super) fn as_guessed<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>> + Clone) -> Option<ColumnData> {
    let to = match guess(cells.clone()) {
        Guess::Integer => ColumnType::Long,
        Guess::Float => ColumnType::Double,
        Guess::Boolean => ColumnType::Boolean,
        Guess::Text => ColumnType::String,
        Guess::Nothing | Guess::Object | Guess::Untyped => return None,
    };
    as_pandas(cells, to).ok().flatten()
}

fn texts<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>) -> ColumnData {
    let text = |cell: &Cell| {
        if let Cell::Text(text) = cell {
            Some(text.clone().into_owned())
        } else {
            None
        }
    };
    ColumnData::Text(cells.map(text).collect())
}

/// A 64-bit integer column cast by C rules: narrowing wraps.
fn from_integers<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>, to: ColumnType) -> ColumnData {
    let values = cells.map(|cell| if let Cell::Integer(value) = cell { *value } else { 0 });
    match to {
        ColumnType::Long => ColumnData::Long(values.collect()),
        ColumnType::Integer => ColumnData::Integer(values.map(|value| value as i32).collect()),
        ColumnType::Float => ColumnData::Float(values.map(|value| value as f32).collect()),
        ColumnType::Boolean => ColumnData::Boolean(values.map(|value| value != 0).collect()),
        _ => ColumnData::Double(values.map(|value| value as f64).collect()),
    }
}

/// A float column, where integers have already become floats and nulls NaN.
fn from_floats<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>, to: ColumnType) -> Result<ColumnData, CastError> {
    let values = cells.map(|cell| match cell {
        Cell::Integer(value) => *value as f64,
        Cell::Float(value) => *value,
        _ => f64::NAN,
    });
    let finite = |value: f64| -> Result<f64, CastError> {
        if value.is_finite() {
            Ok(value)
        } else {
            Err("Cannot convert non-finite values (NA or inf) to integer".into())
        }
    };
    Ok(match to {
        ColumnType::Long => ColumnData::Long(values.map(|v| finite(v).map(truncated_64)).collect::<Result<_, _>>()?),
        ColumnType::Integer => {
            ColumnData::Integer(values.map(|v| finite(v).map(truncated_32)).collect::<Result<_, _>>()?)
        }
        ColumnType::Float => ColumnData::Float(values.map(|value| value as f32).collect()),
        ColumnType::Boolean => ColumnData::Boolean(values.map(|value| value != 0.0).collect()),
        _ => ColumnData::Double(values.collect()),
    })
}

/// C truncation as x86 does it: what does not fit becomes the smallest value.
fn truncated_64(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

fn truncated_32(value: f64) -> i32 {
    let truncated = value.trunc();
    if (-2_147_483_648.0..2_147_483_648.0).contains(&truncated) {
        truncated as i32
    } else {
        i32::MIN
    }
}

/// Python's truth of a cell in a column of the guessed type.
fn truth(cell: &Cell, guess: Guess) -> bool {
    match cell {
        Cell::Boolean(value) => *value,
        Cell::Integer(value) => *value != 0,
        Cell::Float(value) => *value != 0.0,
        Cell::Text(text) => !text.is_empty(),
        // A missing text is NaN, which is true; a null among objects is None, which is not.
        Cell::Null => guess == Guess::Text,
        Cell::Absent | Cell::Other => true,
    }
}

/// `int(cell)` or `float(cell)` for each cell.
fn one_by_one<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>, to: ColumnType) -> Cast {
    match to {
        ColumnType::Long => {
            let values = cells.map(python_int).collect::<Result<Option<Vec<_>>, _>>()?;
            Ok(values.map(ColumnData::Long))
        }
        ColumnType::Integer => {
            let narrow = |value: i64| {
                i32::try_from(value).map_err(|_| format!("Python integer {value} out of bounds for int32"))
            };
            let values = cells.map(|cell| python_int(cell)?.map(narrow).transpose());
            Ok(values.collect::<Result<Option<Vec<_>>, _>>()?.map(ColumnData::Integer))
        }
        ColumnType::Float => {
            let values = cells.map(python_float).collect::<Result<Option<Vec<_>>, _>>()?;
            Ok(values.map(|values| ColumnData::Float(values.into_iter().map(|value| value as f32).collect())))
        }
        ColumnType::Double => Ok(cells
            .map(python_float)
            .collect::<Result<Option<Vec<_>>, _>>()?
            .map(ColumnData::Double)),
        ColumnType::Boolean | ColumnType::String | ColumnType::Datetime => Ok(None),
    }
}

fn python_int(cell: &Cell) -> Result<Option<i64>, CastError> {
    match cell {
        Cell::Integer(value) => Ok(Some(*value)),
        Cell::Boolean(value) => Ok(Some(i64::from(*value))),
        Cell::Float(value) if value.is_nan() => Err("cannot convert float NaN to integer".into()),
        Cell::Float(value) if value.is_infinite() => Err("cannot convert float infinity to integer".into()),
        Cell::Float(value) if value.abs() >= 9e18 => Err("Python int too large to convert to C long".into()),
        Cell::Float(value) => Ok(Some(*value as i64)),
        Cell::Text(text) if needs_python(text) => Ok(None),
        Cell::Text(text) => match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(format!("invalid literal for int() with base 10: '{text}'")),
        },
        Cell::Null => {
            Err("int() argument must be a string, a bytes-like object or a real number, not 'NoneType'".into())
        }
        Cell::Absent => Err("cannot convert float NaN to integer".into()),
        Cell::Other => Ok(None),
    }
}

fn python_float(cell: &Cell) -> Result<Option<f64>, CastError> {
    match cell {
        Cell::Integer(value) => Ok(Some(*value as f64)),
        Cell::Boolean(value) => Ok(Some(f64::from(u8::from(*value)))),
        Cell::Float(value) => Ok(Some(*value)),
        Cell::Text(text) if needs_python(text) => Ok(None),
        Cell::Text(text) => match text.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(format!("could not convert string to float: '{text}'")),
        },
        Cell::Null | Cell::Absent => Ok(Some(f64::NAN)),
        Cell::Other => Ok(None),
    }
}

/// Python's number syntax allows spaces, underscores and non-ASCII digits; ours does not.
fn needs_python(text: &str) -> bool {
    text.bytes()
        .any(|byte| byte == b'_' || !byte.is_ascii() || byte.is_ascii_whitespace() || byte == 0x0b)
}

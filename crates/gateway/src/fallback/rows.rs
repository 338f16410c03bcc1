//! The rows of a scoring request by the names of their columns, without a model's signature: the model may be what is
//! broken. Columns without names are called by their place: `c0`, `c1`.

use serde_json::{Map, Value};

pub(super) type Row = Map<String, Value>;

const ROWS_MAX: usize = 100_000;

pub(super) fn read(content_type: Option<&str>, body: &[u8]) -> Result<Vec<Row>, String> {
    let essence = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let rows = if essence.eq_ignore_ascii_case("text/csv") {
        of_csv(body)?
    } else {
        let body =
            serde_json::from_slice(body).map_err(|error| format!("Invalid input. The body is not JSON: {error}"))?;
        of_json(body)?
    };
    if rows.len() > ROWS_MAX {
        return Err(format!(
            "Invalid input. At most {ROWS_MAX} rows are answered at once, these are {}.",
            rows.len()
        ));
    }
    Ok(rows)
}

fn of_csv(body: &[u8]) -> Result<Vec<Row>, String> {
    let wrong = |error: csv::Error| format!("Invalid input. The body is not CSV: {error}");
    let mut reader = csv::Reader::from_reader(body);
    let names = reader.headers().map_err(wrong)?.clone();
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.map_err(wrong)?;
        Ok(names
            .iter()
            .zip(&record)
            .map(|(name, cell)| (name.to_owned(), csv_cell(cell)))
            .collect())
    };
    reader.records().map(row).collect()
}

fn csv_cell(cell: &str) -> Value {
    match cell {
        "" => Value::Null,
        text => serde_json::from_str::<serde_json::Number>(text).map_or_else(|_| Value::from(text), Value::Number),
    }
}

fn of_json(mut body: Value) -> Result<Vec<Row>, String> {
    for key in ["dataframe_records", "instances", "inputs"] {
        if let Some(value) = body.get_mut(key).map(Value::take) {
            return Ok(of_value(value));
        }
    }
    let Some(split) = body.get_mut("dataframe_split") else {
        return Err(
            "Invalid input. The body has none of dataframe_split, dataframe_records, instances and inputs.".to_owned(),
        );
    };
    let names: Vec<String> = match split.get("columns") {
        Some(Value::Array(names)) => names
            .iter()
            .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let Some(Value::Array(data)) = split.get_mut("data").map(Value::take) else {
        return Err("Invalid input. dataframe_split has no list `data`.".to_owned());
    };
    Ok(data.into_iter().map(|row| of_row(row, &names)).collect())
}

/// A list of rows, or columns by name.
fn of_value(value: Value) -> Vec<Row> {
    match value {
        Value::Array(rows) => rows.into_iter().map(|row| of_row(row, &[])).collect(),
        Value::Object(columns) if columns.values().any(Value::is_array) => {
            let length = columns
                .values()
                .filter_map(Value::as_array)
                .map(Vec::len)
                .max()
                .unwrap_or_default();
            let row = |index: usize| {
                let cell = |column: &Value| column.get(index).cloned().unwrap_or_default();
                columns
                    .iter()
                    .map(|(name, column)| (name.clone(), cell(column)))
                    .collect()
            };
            (0..length).map(row).collect()
        }
        row => vec![of_row(row, &[])],
    }
}

fn of_row(row: Value, names: &[String]) -> Row {
    let named = |(index, cell): (usize, Value)| {
        let name = names.get(index).cloned().unwrap_or_else(|| format!("c{index}"));
        (name, cell)
    };
    match row {
        Value::Object(row) => row,
        Value::Array(cells) => cells.into_iter().enumerate().map(named).collect(),
        cell => [named((0, cell))].into_iter().collect(),
    }
}

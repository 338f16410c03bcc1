//! Bodies of requests and answers as rows of cells, whatever protocol they came in.

use crate::table::Cell;
use serde_json::{Map, Value};

/// Beyond these a body is kept as text and not as rows.
const ROWS_MAX: usize = 1_000_000;
const COLUMNS_MAX: usize = 5_000;
/// What an answer without names is called.
const PREDICTION: &str = "prediction";

/// Rows of one body.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// What a model was given: MLflow's four forms, the Open Inference Protocol, `{"features": [..]}`, a list of objects,
/// CSV. None if it is something else.
pub fn inputs(content_type: &str, data: &str) -> Option<Rows> {
    if content_type.starts_with("text/csv") {
        let text: String = serde_json::from_str(data).ok()?;
        return csv(&text);
    }
    match lenient(data)? {
        Value::Array(items) => listed(items, ""),
        Value::Object(mut body) => {
            if let Some(Value::Object(split)) = body.get_mut("dataframe_split") {
                let columns = split.remove("columns");
                return table(columns, split.remove("data")?);
            }
            for form in ["dataframe_records", "instances"] {
                if let Some(Value::Array(items)) = body.remove(form) {
                    return listed(items, "");
                }
            }
            match (body.remove("inputs"), body.remove("features")) {
                (Some(Value::Array(items)), _) if is_tensors(&items) => tensors(&items),
                (Some(Value::Array(items)), _) => listed(items, ""),
                (Some(Value::Object(columns)), _) => by_column(columns, ""),
                (None, Some(features @ Value::Array(_))) => listed(vec![features], ""),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a model answered.
pub fn outputs(data: &str) -> Option<Rows> {
    match lenient(data)? {
        Value::Array(items) => listed(items, PREDICTION),
        Value::Object(mut body) => {
            if let Some(Value::Array(items)) = body.get("outputs")
                && is_tensors(items)
            {
                return tensors(items);
            }
            match body.remove("predictions").or_else(|| body.remove(PREDICTION))? {
                Value::Array(items) => listed(items, PREDICTION),
                Value::Object(columns) => by_column(columns, PREDICTION),
                single => listed(vec![single], PREDICTION),
            }
        }
        _ => None,
    }
}

/// JSON, or a text that holds JSON as Python writes it.
fn lenient(data: &str) -> Option<Value> {
    match serde_json::from_str(data).ok()? {
        Value::String(text) => serde_json::from_str(&without_nonfinite(&text)).ok(),
        value => Some(value),
    }
}

/// `NaN` and `Infinity` outside of strings become `null`.
fn without_nonfinite(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut quoted) = (text, false);
    while let Some(c) = rest.chars().next() {
        let word = ["-Infinity", "Infinity", "NaN"]
            .iter()
            .find(|word| !quoted && rest.starts_with(**word));
        if let Some(word) = word {
            out.push_str("null");
            rest = &rest[word.len()..];
            continue;
        }
        if quoted && c == '\\' {
            let next = rest.chars().nth(1).map_or(0, char::len_utf8);
            out.push_str(&rest[..=next]);
            rest = &rest[1 + next..];
            continue;
        }
        quoted ^= c == '"';
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Flag(flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Cell::Integer(integer),
            (None, Some(number)) => Cell::Number(number),
            (None, None) => Cell::Null,
        },
        Value::String(text) => Cell::Text(text),
        other => Cell::Text(other.to_string()),
    }
}

fn name(prefix: &str, part: &str) -> String {
    if prefix.is_empty() || part.starts_with(prefix) {
        part.to_owned()
    } else {
        format!("{prefix}_{part}")
    }
}

fn numbered(prefix: &str, width: usize) -> Vec<String> {
    (0..width).map(|number| name(prefix, &number.to_string())).collect()
}

fn table(columns: Option<Value>, data: Value) -> Option<Rows> {
    let Value::Array(data) = data else { return None };
    let rows = data.into_iter().map(|row| match row {
        Value::Array(cells) => Some(cells.into_iter().map(cell).collect()),
        _ => None,
    });
    let rows: Vec<Vec<Cell>> = rows.collect::<Option<_>>()?;
    let columns = match columns {
        Some(Value::Array(names)) => names
            .into_iter()
            .map(|name| match name {
                Value::String(name) => name,
                other => other.to_string(),
            })
            .collect(),
        _ => numbered("", rows.first().map_or(0, Vec::len)),
    };
    bounded(Rows { columns, rows })
}

/// A list with an item for each row: an object, a list or a single value.
fn listed(items: Vec<Value>, prefix: &str) -> Option<Rows> {
    match items.first() {
        None => Some(Rows::default()),
        Some(Value::Object(_)) => records(items, prefix),
        Some(Value::Array(first)) => {
            let columns = numbered(prefix, first.len());
            let rows = table(None, Value::Array(items))?;
            Some(Rows { columns, ..rows })
        }
        Some(_) => {
            let column = if prefix.is_empty() { "0" } else { prefix };
            bounded(Rows {
                columns: vec![column.to_owned()],
                rows: items.into_iter().map(|value| vec![cell(value)]).collect(),
            })
        }
    }
}

fn records(items: Vec<Value>, prefix: &str) -> Option<Rows> {
    let mut columns: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(items.len());
    for item in items {
        let Value::Object(record) = item else { return None };
        let mut row = vec![Cell::Null; columns.len()];
        for (place, (key, value)) in record.into_iter().enumerate() {
            // Records mostly have their keys in one order.
            let known = keys.get(place).filter(|known| **known == key).map(|_| place);
            let index = known.or_else(|| keys.iter().position(|known| *known == key));
            let index = index.unwrap_or_else(|| {
                columns.push(name(prefix, &key));
                keys.push(key);
                row.push(Cell::Null);
                columns.len() - 1
            });
            row[index] = cell(value);
        }
        rows.push(row);
        if columns.len() > COLUMNS_MAX {
            return None;
        }
    }
    let width = columns.len();
    for row in &mut rows {
        row.resize(width, Cell::Null);
    }
    bounded(Rows { columns, rows })
}

/// A list for each column.
fn by_column(columns: Map<String, Value>, prefix: &str) -> Option<Rows> {
    let mut names = Vec::new();
    let mut lists = Vec::new();
    for (key, value) in columns {
        names.push(name(prefix, &key));
        lists.push(match value {
            Value::Array(cells) => cells.into_iter().map(cell).collect(),
            single => vec![cell(single)],
        });
    }
    transposed(names, lists)
}

fn is_tensors(items: &[Value]) -> bool {
    items
        .first()
        .is_some_and(|item| item.get("shape").is_some() && item.get("data").is_some())
}

/// Tensors of the Open Inference Protocol: the first dimension is the row.
fn tensors(items: &[Value]) -> Option<Rows> {
    let (mut names, mut lists) = (Vec::new(), Vec::new());
    for item in items {
        let name = item["name"].as_str()?;
        let shape: Vec<usize> = item["shape"]
            .as_array()?
            .iter()
            .map(|size| size.as_u64().map(|n| n as usize))
            .collect::<Option<_>>()?;
        let rows = *shape.first()?;
        let mut flat = Vec::new();
        flatten(&item["data"], &mut flat);
        let width = flat.len().checked_div(rows).unwrap_or_default();
        if rows * width != flat.len() || width > COLUMNS_MAX {
            return None;
        }
        for place in 0..width {
            names.push(if width == 1 {
                name.to_owned()
            } else {
                format!("{name}_{place}")
            });
            lists.push(flat.iter().skip(place).step_by(width).cloned().collect());
        }
    }
    transposed(names, lists)
}

fn flatten(value: &Value, out: &mut Vec<Cell>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, out)),
        single => out.push(cell(single.clone())),
    }
}

fn transposed(columns: Vec<String>, lists: Vec<Vec<Cell>>) -> Option<Rows> {
    let length = lists.first().map_or(0, Vec::len);
    if lists.iter().any(|list| list.len() != length) || length > ROWS_MAX {
        return None;
    }
    let mut rows: Vec<Vec<Cell>> = (0..length).map(|_| Vec::with_capacity(columns.len())).collect();
    for list in lists {
        for (row, cell) in rows.iter_mut().zip(list) {
            row.push(cell);
        }
    }
    bounded(Rows { columns, rows })
}

/// Comma-separated values below a line of names.
pub(crate) fn csv(text: &str) -> Option<Rows> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().ok()?.iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| {
        let record = record.ok()?;
        Some(record.iter().map(csv_cell).collect())
    });
    bounded(Rows {
        columns,
        rows: rows.collect::<Option<_>>()?,
    })
}

fn csv_cell(text: &str) -> Cell {
    if text.is_empty() {
        return Cell::Null;
    }
    if let Ok(integer) = text.parse() {
        return Cell::Integer(integer);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::Number(number),
        Ok(_) => Cell::Null,
        Err(_) => Cell::Text(text.to_owned()),
    }
}

fn bounded(rows: Rows) -> Option<Rows> {
    let even = rows.rows.iter().all(|row| row.len() == rows.columns.len());
    (even && rows.rows.len() <= ROWS_MAX && rows.columns.len() <= COLUMNS_MAX).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Integer, Null, Number, Text};

    fn check(read: Option<Rows>, columns: &[&str], rows: &[&[Cell]]) {
        let read = read.expect("rows");
        assert_eq!(read.columns, columns);
        assert_eq!(read.rows, rows);
    }

    #[test]
    fn every_form_becomes_the_same_rows() {
        let rows: &[&[Cell]] = &[&[Integer(1), Text("x".into())], &[Number(2.5), Null]];
        for body in [
            r#"{"dataframe_split": {"columns": ["a", "b"], "data": [[1, "x"], [2.5, null]]}}"#,
            r#"{"dataframe_records": [{"a": 1, "b": "x"}, {"a": 2.5}]}"#,
            r#"{"instances": [{"a": 1, "b": "x"}, {"b": null, "a": 2.5}]}"#,
            r#"{"inputs": {"a": [1, 2.5], "b": ["x", null]}}"#,
            r#"[{"a": 1, "b": "x"}, {"a": 2.5, "b": null}]"#,
            r#"{"inputs": [{"name": "a", "shape": [2], "datatype": "FP64", "data": [1, 2.5]},
                           {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": [["x"], [null]]}]}"#,
        ] {
            check(inputs("application/json", body), &["a", "b"], rows);
        }
        check(inputs("text/csv", r#""a,b\n1,x\n2.5,\n""#), &["a", "b"], rows);
    }

    #[test]
    fn rows_without_names_are_numbered() {
        let rows: &[&[Cell]] = &[&[Integer(1), Integer(2)]];
        for body in [
            r#"{"inputs": [[1, 2]]}"#,
            r#"{"instances": [[1, 2]]}"#,
            r#"{"features": [1, 2]}"#,
        ] {
            check(inputs("application/json", body), &["0", "1"], rows);
        }
    }

    #[test]
    fn answers_are_named_predictions() {
        let one: &[&[Cell]] = &[&[Integer(1)], &[Null]];
        check(outputs(r#"{"predictions": [1, null]}"#), &["prediction"], one);
        check(outputs(r#""{\"predictions\": [1, NaN]}""#), &["prediction"], one);
        let two: &[&[Cell]] = &[&[Number(0.25), Number(0.75)]];
        check(
            outputs(r#"{"predictions": [[0.25, 0.75]]}"#),
            &["prediction_0", "prediction_1"],
            two,
        );
        check(
            outputs(r#"{"predictions": [{"no": 0.25, "yes": 0.75}]}"#),
            &["prediction_no", "prediction_yes"],
            two,
        );
        check(outputs(r#"{"prediction": [0.5]}"#), &["prediction"], &[&[Number(0.5)]]);
        check(
            outputs(
                r#"{"model_name": "m", "outputs": [{"name": "p", "shape": [1, 2], "datatype": "FP64", "data": [0.25, 0.75]}]}"#,
            ),
            &["p_0", "p_1"],
            two,
        );
    }

    #[test]
    fn other_bodies_are_no_rows() {
        for body in [
            "3",
            "\"text\"",
            r#"{"messages": []}"#,
            r#"{"inputs": {"a": [1], "b": [1, 2]}}"#,
            "nonsense",
        ] {
            assert_eq!(inputs("application/json", body), None, "{body}");
        }
        assert_eq!(
            without_nonfinite(r#"["NaN \" NaN", NaN, -Infinity]"#),
            r#"["NaN \" NaN", null, null]"#
        );
    }
}

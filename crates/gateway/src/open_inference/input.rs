//! Tensors to the table that a model's signature asks for.
//!
//! A tensor is a column if its name is a column's. A single tensor of two dimensions is the whole table, its columns in
//! the signature's order. Types that differ from the signature's are converted as MLflow converts a `dataframe_split`.

use std::borrow::Cow;
use std::str::from_utf8;

use bytes::Bytes;
use serde_json::{Value, json};

use super::request::InferRequest;
use super::tensor::{Data, Tensor};
use crate::error::ScoreError;
use crate::frame::{Column, ColumnData, Frame, Layout};
use crate::input::{Cell, Grid, Outcome, check_params, enforce_grid};
use crate::python_json;
use crate::signature::{ColumnType, Inputs, NamedColumn, Signature};

/// A request as the executors take it.
pub(crate) enum Read {
    Table {
        frame: Frame,
        params: Option<Box<str>>,
    },
    /// For models whose inputs only Python reads: the same request as MLflow's JSON.
    Json(Bytes),
}

pub(crate) fn read(request: &InferRequest, signature: &Signature) -> Result<Read, ScoreError> {
    if request.inputs.is_empty() {
        return Err(bad("the request has no inputs"));
    }
    let params = check_params(&request.parameters, signature)?;
    if let Inputs::Opaque(_) = signature.inputs {
        return as_json(request, params.as_deref()).map(Read::Json);
    }
    if let Some(frame) = same_types(&request.inputs, &signature.inputs)? {
        return Ok(Read::Table { frame, params });
    }
    let grid = grid(&request.inputs, &signature.inputs)?;
    match converted(&grid, &request.inputs, &signature.inputs)? {
        Ok(frame) => Ok(Read::Table { frame, params }),
        Err(reason) => Err(bad(format!("the model takes {reason}"))),
    }
}

fn bad(message: impl Into<String>) -> ScoreError {
    ScoreError::BadRequest(message.into())
}

/// Columns that come in the signature's types are taken as they are.
fn same_types(tensors: &[Tensor], inputs: &Inputs) -> Result<Option<Frame>, ScoreError> {
    let Inputs::Named(columns) = inputs else {
        return Ok(None);
    };
    let Some(rows) = common_rows(tensors)? else {
        return Ok(None);
    };
    let mut out = Vec::with_capacity(columns.len());
    for (order, column) in columns.iter().enumerate() {
        let Some(tensor) = find(tensors, order, &column.name) else {
            return Ok(None);
        };
        let Some(data) = as_column(tensor, column)? else {
            return Ok(None);
        };
        out.push(Column {
            name: column.name.clone(),
            data,
        });
    }
    Ok(Some(Frame {
        layout: Layout::Table,
        rows,
        columns: out,
    }))
}

fn find<'t>(tensors: &'t [Tensor], order: usize, name: &str) -> Option<&'t Tensor> {
    let expected = tensors.get(order).filter(|tensor| tensor.name == name);
    expected.or_else(|| tensors.iter().find(|tensor| tensor.name == name))
}

fn as_column(tensor: &Tensor, column: &NamedColumn) -> Result<Option<ColumnData>, ScoreError> {
    Ok(Some(match (&tensor.data, column.kind) {
        (Data::Floats(values), ColumnType::Double) => ColumnData::Double(values.clone()),
        (Data::Floats(values), ColumnType::Float) => {
            ColumnData::Float(values.iter().map(|value| *value as f32).collect())
        }
        (Data::Integers(values), ColumnType::Long) => ColumnData::Long(values.clone()),
        (Data::Bool(values), ColumnType::Boolean) => ColumnData::Boolean(values.clone()),
        (Data::Bytes(values), ColumnType::String) => {
            let texts = values
                .iter()
                .map(|value| text(tensor, value).map(|text| Some(text.to_owned())));
            ColumnData::Text(texts.collect::<Result<_, _>>()?)
        }
        _ => return Ok(None),
    }))
}

fn text<'v>(tensor: &Tensor, value: &'v Bytes) -> Result<&'v str, ScoreError> {
    from_utf8(value).map_err(|error| {
        bad(format!(
            "input '{}' holds a text that is not UTF-8: {error}",
            tensor.name
        ))
    })
}

/// The rows that all tensors have, if each is a column.
fn common_rows(tensors: &[Tensor]) -> Result<Option<usize>, ScoreError> {
    if tensors.iter().any(|tensor| tensor.width() != 1) {
        return Ok(None);
    }
    let rows = tensors[0].rows();
    if let Some(other) = tensors.iter().find(|tensor| tensor.rows() != rows) {
        return Err(bad(format!(
            "input '{}' has {rows} rows, input '{}' has {}; all inputs have to have the same number of rows",
            tensors[0].name,
            other.name,
            other.rows()
        )));
    }
    Ok(Some(rows))
}

/// All cells, row by row, with names if the model's columns have them.
fn grid<'a>(tensors: &'a [Tensor], inputs: &'a Inputs) -> Result<Grid<'a>, ScoreError> {
    if let [table] = tensors
        && table.shape.len() == 2
        && (table.width() != 1 || !matches!(inputs, Inputs::Named(_)))
    {
        return whole_table(table, inputs);
    }
    let rows = common_rows(tensors)?.ok_or_else(|| {
        let deep = tensors.iter().find(|tensor| tensor.width() != 1).unwrap_or(&tensors[0]);
        bad(format!(
            "input '{}' has the shape {:?}; send one input of shape [rows] for each column, or a single input of shape \
             [rows, columns]",
            deep.name, deep.shape
        ))
    })?;
    let mut columns = tensors.iter().map(cells).collect::<Result<Vec<_>, _>>()?;
    let mut cells = Vec::with_capacity(rows * tensors.len());
    for _ in 0..rows {
        cells.extend(columns.iter_mut().filter_map(Iterator::next));
    }
    let named = matches!(inputs, Inputs::Named(_) | Inputs::Undeclared);
    let names = tensors.iter().map(|tensor| Cow::Borrowed(tensor.name.as_str()));
    Ok(Grid {
        names: named.then(|| names.collect()),
        rows,
        width: tensors.len(),
        cells,
    })
}

/// A tensor of two dimensions. Its columns have the signature's names if it has as many.
fn whole_table<'a>(table: &'a Tensor, inputs: &'a Inputs) -> Result<Grid<'a>, ScoreError> {
    let names = match inputs {
        Inputs::Named(columns) if columns.len() == table.width() => Some(
            columns
                .iter()
                .map(|column| Cow::Borrowed(column.name.as_str()))
                .collect(),
        ),
        Inputs::Named(columns) => {
            return Err(ScoreError::Schema(format!(
                "input '{}' has {} columns, the model takes {}: {}",
                table.name,
                table.width(),
                columns.len(),
                columns
                    .iter()
                    .map(|column| column.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )));
        }
        _ => None,
    };
    Ok(Grid {
        names,
        rows: table.rows(),
        width: table.width(),
        cells: cells(table)?.collect(),
    })
}

fn cells(tensor: &Tensor) -> Result<std::vec::IntoIter<Cell<'_>>, ScoreError> {
    let cells: Vec<Cell> = match &tensor.data {
        Data::Bool(values) => values.iter().map(|value| Cell::Boolean(*value)).collect(),
        Data::Integers(values) => values.iter().map(|value| Cell::Integer(*value)).collect(),
        Data::Uint64(values) => {
            let cell = |value: &u64| i64::try_from(*value).map_or(Cell::Float(*value as f64), Cell::Integer);
            values.iter().map(cell).collect()
        }
        Data::Floats(values) => values.iter().map(|value| Cell::Float(*value)).collect(),
        Data::Bytes(values) => {
            let texts = values
                .iter()
                .map(|value| text(tensor, value).map(|text| Cell::Text(Cow::Borrowed(text))));
            texts.collect::<Result<_, _>>()?
        }
    };
    Ok(cells.into_iter())
}

fn converted(grid: &Grid, tensors: &[Tensor], inputs: &Inputs) -> Result<Outcome, ScoreError> {
    let outcome = enforce_grid(grid, inputs)?;
    Ok(outcome.map(|mut frame| {
        // Numbers without names are an array to a model that declares nothing.
        let array = tensors.len() == 1 && grid.names.is_none();
        let text = frame
            .columns
            .iter()
            .any(|column| matches!(column.data, ColumnData::Text(_)));
        if matches!(inputs, Inputs::Undeclared) && array && !text {
            frame.layout = Layout::Matrix;
        }
        frame
    }))
}

/// `{"inputs": {name: nested lists}}`, or the lists themselves for a single tensor that the model gives no name.
pub(crate) fn as_json(request: &InferRequest, params: Option<&str>) -> Result<Bytes, ScoreError> {
    let mut inputs = String::new();
    let single = match request.inputs.as_slice() {
        [tensor]
            if matches!(
                tensor.name.as_str(),
                "" | "input" | "inputs" | "input-0" | "INPUT0" | "input__0"
            ) =>
        {
            nested(&mut inputs, tensor, &tensor.shape, &mut 0)?;
            true
        }
        _ => false,
    };
    if !single {
        for (index, tensor) in request.inputs.iter().enumerate() {
            inputs.push_str(if index == 0 { "{" } else { ", " });
            python_json::text(&mut inputs, &tensor.name);
            inputs.push_str(": ");
            nested(&mut inputs, tensor, &tensor.shape, &mut 0)?;
        }
        inputs.push('}');
    }
    let params = params.map_or(String::new(), |params| format!(", \"params\": {params}"));
    Ok(Bytes::from(format!("{{\"inputs\": {inputs}{params}}}")))
}

fn nested(out: &mut String, tensor: &Tensor, shape: &[usize], next: &mut usize) -> Result<(), ScoreError> {
    let Some((&length, inner)) = shape.split_first() else {
        element(out, tensor, *next)?;
        *next += 1;
        return Ok(());
    };
    out.push('[');
    for index in 0..length {
        if index > 0 {
            out.push_str(", ");
        }
        nested(out, tensor, inner, next)?;
    }
    out.push(']');
    Ok(())
}

fn element(out: &mut String, tensor: &Tensor, index: usize) -> Result<(), ScoreError> {
    match &tensor.data {
        Data::Floats(values) => python_json::float(out, values[index]),
        Data::Bytes(values) => python_json::text(out, text(tensor, &values[index])?),
        Data::Bool(values) => python_json::value(out, &json!(values[index])),
        Data::Integers(values) => python_json::value(out, &Value::from(values[index])),
        Data::Uint64(values) => python_json::value(out, &Value::from(values[index])),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &str = r#"[{"type": "double", "name": "x", "required": true},
        {"type": "long", "name": "n", "required": true}, {"type": "string", "name": "city", "required": false}]"#;

    fn request(inputs: Value) -> InferRequest {
        let body = json!({ "inputs": inputs }).to_string();
        InferRequest::read(Bytes::from(body), None).unwrap()
    }

    fn frame(inputs: Value, signature: Option<&str>) -> Result<Frame, ScoreError> {
        let signature = Signature::from_json(signature, None).unwrap();
        match read(&request(inputs), &signature)? {
            Read::Table { frame, .. } => Ok(frame),
            Read::Json(_) => panic!("a table was expected"),
        }
    }

    fn tensor(name: &str, datatype: &str, shape: Value, data: Value) -> Value {
        json!({"name": name, "datatype": datatype, "shape": shape, "data": data})
    }

    #[test]
    fn tensors_are_columns_by_name_in_any_order_and_type() {
        let exact = json!([
            tensor("x", "FP64", json!([2]), json!([0.5, 1.5])),
            tensor("n", "INT64", json!([2, 1]), json!([1, 2])),
            tensor("city", "BYTES", json!([2]), json!(["Oslo", "Lima"])),
        ]);
        let other = json!([
            tensor("city", "BYTES", json!([2]), json!(["Oslo", "Lima"])),
            tensor("n", "UINT8", json!([2]), json!([1, 2])),
            tensor("x", "FP32", json!([2]), json!([0.5, 1.5])),
        ]);
        let exact = frame(exact, Some(COLUMNS)).unwrap();
        assert_eq!(exact, frame(other, Some(COLUMNS)).unwrap());
        assert_eq!(exact.columns[1].data, ColumnData::Long(vec![1, 2]));
        let city = Some("Oslo".to_owned());
        assert!(matches!(&exact.columns[2].data, ColumnData::Text(texts) if texts[0] == city));
    }

    #[test]
    fn one_tensor_of_two_dimensions_is_the_table() {
        let two = r#"[{"type": "double", "name": "x"}, {"type": "double", "name": "y"}]"#;
        let table = |shape: Value| json!([tensor("input-0", "FP64", shape, json!([1.0, 2.0, 3.0, 4.0]))]);
        let named = frame(table(json!([2, 2])), Some(two)).unwrap();
        assert_eq!((named.layout, named.columns[1].name.as_str()), (Layout::Table, "y"));
        assert_eq!(named.columns[1].data, ColumnData::Double(vec![2.0, 4.0]));
        let matrix = r#"[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]"#;
        assert_eq!(
            frame(table(json!([2, 2])), Some(matrix)).unwrap().layout,
            Layout::Matrix
        );
        assert_eq!(frame(table(json!([2, 2])), None).unwrap().layout, Layout::Matrix);
        let error = frame(table(json!([1, 4])), Some(two)).unwrap_err().to_string();
        assert!(error.contains("4 columns, the model takes 2: x, y"), "{error}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let x = || tensor("x", "FP64", json!([1]), json!([0.5]));
        for (inputs, word) in [
            (json!([]), "no inputs"),
            (json!([x()]), "missing inputs ['n']"),
            (
                json!([x(), tensor("n", "INT64", json!([2]), json!([1, 2]))]),
                "same number of rows",
            ),
            (
                json!([x(), tensor("n", "INT64", json!([1, 2]), json!([1, 2]))]),
                "[1, 2]",
            ),
            (
                json!([x(), tensor("n", "BYTES", json!([1]), json!(["many"]))]),
                "Failed to convert column n",
            ),
        ] {
            let error = frame(inputs, Some(COLUMNS)).unwrap_err();
            assert_eq!(error.status(), 400);
            assert!(error.to_string().contains(word), "{word} in {error}");
        }
    }

    #[test]
    fn tensors_that_only_python_reads_become_json() {
        let spec = r#"[{"name": "a", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2, 1]}}]"#;
        let signature = Signature::from_json(Some(spec), None).unwrap();
        let input = request(json!([tensor("a", "FP32", json!([1, 2, 1]), json!([0.5, 2]))]));
        let Ok(Read::Json(body)) = read(&input, &signature) else {
            panic!("JSON was expected")
        };
        assert_eq!(&body[..], br#"{"inputs": {"a": [[[0.5], [2.0]]]}}"#);
    }
}

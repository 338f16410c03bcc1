//! A frame on its way to Python: an Arrow IPC stream, or JSON columns where pyarrow is missing.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringArray, TimestampNanosecondArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use serde_json::{Value, json};

use crate::frame::{ColumnData, Frame, Layout};

pub(super) fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Table => "table",
        Layout::NumberedTable => "numbered",
        Layout::Matrix => "matrix",
    }
}

pub(super) fn as_arrow(frame: &Frame) -> Result<Vec<u8>, ArrowError> {
    let arrays: Vec<ArrayRef> = frame.columns.iter().map(|column| array(&column.data)).collect();
    let fields: Vec<Field> = frame
        .columns
        .iter()
        .zip(&arrays)
        .map(|(column, array)| Field::new(&column.name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(frame.rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn array(data: &ColumnData) -> ArrayRef {
    match data {
        ColumnData::Boolean(values) => Arc::new(BooleanArray::from(values.clone())),
        ColumnData::Integer(values) => Arc::new(Int32Array::from(values.clone())),
        ColumnData::Long(values) => Arc::new(Int64Array::from(values.clone())),
        ColumnData::Float(values) => Arc::new(Float32Array::from(values.clone())),
        ColumnData::Double(values) => Arc::new(Float64Array::from(values.clone())),
        ColumnData::Text(values) => Arc::new(StringArray::from_iter(values)),
        ColumnData::Datetime(values) => Arc::new(TimestampNanosecondArray::from(values.clone())),
    }
}

/// A list of `[name, dtype, values]`; numbers JSON has no form for travel as text.
pub(super) fn as_json(frame: &Frame) -> Vec<u8> {
    let columns: Vec<Value> = frame
        .columns
        .iter()
        .map(|column| {
            let (dtype, values) = json_values(&column.data);
            json!([column.name, dtype, values])
        })
        .collect();
    Value::Array(columns).to_string().into_bytes()
}

fn json_values(data: &ColumnData) -> (&'static str, Vec<Value>) {
    let float = |value: f64| {
        if value.is_finite() {
            json!(value)
        } else {
            json!(value.to_string())
        }
    };
    match data {
        ColumnData::Boolean(values) => ("bool", values.iter().map(|value| json!(value)).collect()),
        ColumnData::Integer(values) => ("int32", values.iter().map(|value| json!(value)).collect()),
        ColumnData::Long(values) => ("int64", values.iter().map(|value| json!(value)).collect()),
        ColumnData::Float(values) => ("float32", values.iter().map(|value| float(f64::from(*value))).collect()),
        ColumnData::Double(values) => ("float64", values.iter().map(|value| float(*value)).collect()),
        ColumnData::Text(values) => ("text", values.iter().map(|value| json!(value)).collect()),
        ColumnData::Datetime(values) => ("datetime64[ns]", values.iter().map(|value| json!(value)).collect()),
    }
}

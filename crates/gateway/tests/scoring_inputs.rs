//! Request bodies against what the real MLflow made of them, recorded by `cases/generate.py`.

use std::collections::HashMap;
use std::fmt::Write as _;

use fettle_gateway::input::{ContentType, Parsed, parse_csv, parse_json};
use fettle_gateway::{ColumnData, Frame, Layout, ScoreError, Signature};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Recording {
    signatures: HashMap<String, RecordedSignature>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct RecordedSignature {
    inputs: Option<String>,
    params: Option<String>,
}

#[derive(Deserialize)]
struct Case {
    signature: String,
    content_type: String,
    body: String,
    typed: bool,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    status: u16,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    seen: Value,
}

fn score(case: &Case, signature: &Signature) -> Result<Parsed, ScoreError> {
    match ContentType::parse(&case.content_type)? {
        ContentType::Json => parse_json(case.body.as_bytes(), signature),
        ContentType::Csv => parse_csv(case.body.as_bytes(), signature),
        ContentType::Parquet => panic!("no case is recorded for parquet"),
    }
}

/// `None` when our answer is the recorded one.
fn difference(case: &Case, signature: &Signature) -> Option<String> {
    match score(case, signature) {
        Ok(Parsed::Unread(reason)) => case.typed.then(|| format!("left unread: {reason}")),
        Ok(Parsed::Table { frame, .. }) => {
            let ours = describe(&frame);
            let theirs = &case.expect.seen;
            (case.expect.status != 200 || !same(&ours, theirs))
                .then(|| format!("\n  ours   {ours}\n  theirs {theirs} {}", case.expect.error))
        }
        Err(error) => {
            let response = error.into_response();
            let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
            let codes = |value: &Value| ["error_code", "error_class", "sqlstate"].map(|key| value[key].clone());
            let agrees = response.status == case.expect.status && codes(&body) == codes(&case.expect.error);
            (!agrees).then(|| {
                format!(
                    "\n  ours   {} {body}\n  theirs {} {}",
                    response.status, case.expect.status, case.expect.error
                )
            })
        }
    }
}

/// The frame in the form the generator records.
fn describe(frame: &Frame) -> Value {
    let columns: Vec<(String, Vec<Value>)> = frame.columns.iter().map(|column| values(&column.data)).collect();
    if frame.layout == Layout::Matrix {
        let rows = (0..frame.rows).flat_map(|row| columns.iter().map(move |(_, values)| values[row].clone()));
        return json!({
            "layout": "array",
            "dtype": columns[0].0,
            "shape": [frame.rows, columns.len()],
            "values": rows.collect::<Vec<_>>(),
        });
    }
    let named = frame
        .columns
        .iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (column, (dtype, values)))| {
            let name = if frame.layout == Layout::Table {
                json!(column.name)
            } else {
                json!(index)
            };
            json!({"name": name, "dtype": dtype, "values": values})
        });
    json!({"layout": "table", "rows": frame.rows, "columns": named.collect::<Vec<_>>()})
}

fn values(data: &ColumnData) -> (String, Vec<Value>) {
    let float = |value: f64| match value {
        _ if value.is_nan() => json!("NaN"),
        _ if value == f64::INFINITY => json!("Infinity"),
        _ if value == f64::NEG_INFINITY => json!("-Infinity"),
        _ => json!(value),
    };
    let (dtype, values) = match data {
        ColumnData::Boolean(values) => ("bool", values.iter().map(|v| json!(v)).collect()),
        ColumnData::Integer(values) => ("int32", values.iter().map(|v| json!(v)).collect()),
        ColumnData::Long(values) => ("int64", values.iter().map(|v| json!(v)).collect()),
        ColumnData::Float(values) => ("float32", values.iter().map(|v| float(f64::from(*v))).collect()),
        ColumnData::Double(values) => ("float64", values.iter().map(|v| float(*v)).collect()),
        ColumnData::Text(values) => ("text", values.iter().map(|v| json!(v)).collect()),
        ColumnData::Datetime(values) => ("datetime64[ns]", values.iter().map(|v| json!(v)).collect::<Vec<_>>()),
    };
    (dtype.to_owned(), values)
}

/// Equal, where an `object` column counts as text: which of the two pandas uses depends on its version.
fn same(ours: &Value, theirs: &Value) -> bool {
    let mut theirs = theirs.clone();
    for column in theirs
        .get_mut("columns")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if column["dtype"] == "object" {
            column["dtype"] = json!("text");
        }
    }
    *ours == theirs
}

#[test]
fn bodies_are_read_as_mlflow_reads_them() {
    let recording: Recording = serde_json::from_str(include_str!("cases/scoring_inputs.json")).unwrap();
    let signatures: HashMap<&str, Signature> = recording
        .signatures
        .iter()
        .map(|(name, s)| {
            (
                name.as_str(),
                Signature::from_json(s.inputs.as_deref(), s.params.as_deref()).unwrap(),
            )
        })
        .collect();
    let mut report = String::new();
    let mut unread = 0;
    for case in &recording.cases {
        // Of CSV without a signature the generator writes many bodies at random.
        let random = case.content_type == "text/csv" && case.signature == "none";
        let outcome = score(case, &signatures[case.signature.as_str()]);
        unread += usize::from(!random && matches!(outcome, Ok(Parsed::Unread(_))));
        if let Some(difference) = difference(case, &signatures[case.signature.as_str()]) {
            writeln!(
                report,
                "{} {} {}: {difference}",
                case.signature, case.content_type, case.body
            )
            .unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
    assert!(
        recording.cases.len() > 400 && unread < 90,
        "{unread} of {} bodies left to Python",
        recording.cases.len()
    );
}

#[test]
fn damaged_bodies_are_answered_and_never_panic() {
    let recording: Recording = serde_json::from_str(include_str!("cases/scoring_inputs.json")).unwrap();
    let signatures: Vec<Signature> = recording
        .signatures
        .values()
        .map(|s| Signature::from_json(s.inputs.as_deref(), s.params.as_deref()).unwrap())
        .collect();
    for (index, case) in recording.cases.iter().enumerate() {
        let body = case.body.as_bytes();
        for signature in &signatures {
            let _ = parse_json(body, signature);
            let _ = parse_csv(body, signature);
        }
        let signature = &signatures[index % signatures.len()];
        for position in 0..body.len() {
            let _ = parse_json(&body[..position], signature);
            for replacement in *b"\"[{]},:0\\N\xff" {
                let mut damaged = body.to_vec();
                damaged[position] = replacement;
                let _ = parse_json(&damaged, signature);
                let _ = parse_csv(&damaged, signature);
            }
        }
    }
}

#[test]
fn what_of_csv_only_pandas_can_type_is_refused_by_name() {
    let signature = Signature::from_json(None, None).unwrap();
    let refused = |body: &str, words: &str| match parse_csv(body.as_bytes(), &signature).unwrap() {
        Parsed::Unread(reason) => assert!(reason.contains(words), "{reason}"),
        Parsed::Table { frame, .. } => panic!("{body:.40}: {frame:?}"),
    };
    refused(
        "a,b\n1,9223372036854775808\n",
        "the CSV column 'b': an integer beyond 64 bits",
    );
    refused("a,b\n1,True\n2,\n", "the CSV column 'b': truth values");
    refused("a,a\n1,2\n", "two columns called 'a'");
    refused("a,b\n1,2\n3\n", "row 2");
    refused("a,b\n", "without rows");
    refused("a\n5\" x 6\"\n", "quotes");
    // pandas types a large table by block of rows, and leaves numbers in a column that has texts further down.
    let lines = |count: usize, last: &str| format!("a\n{}{last}\n", "1\n".repeat(count));
    refused(&lines(1 << 19, "x"), "the CSV column 'a': texts among numbers");
    let typed = |body: &str| match parse_csv(body.as_bytes(), &signature).unwrap() {
        Parsed::Table { frame, .. } => frame.columns[0].data.clone(),
        Parsed::Unread(reason) => panic!("{reason}"),
    };
    assert!(matches!(typed(&lines(1 << 19, "2")), ColumnData::Long(values) if values.len() == (1 << 19) + 1));
    assert!(matches!(typed(&lines(1 << 10, "x")), ColumnData::Text(_)));
}

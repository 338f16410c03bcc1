//! Spans in other conventions against what MLflow stores of them, as `generate.py` recorded it in `corpus.jsonl`.

use fettle_traces::{otlp_json, received::receive, rules::Rules};
use serde_json::{Value, json};

/// The attributes that Fettle stores of a span.
fn stored(span: &Value) -> Value {
    let mut span = span.clone();
    span["traceId"] = "01".repeat(16).into();
    span["spanId"] = "02".repeat(8).into();
    let request = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] });
    let request = otlp_json::read(request.to_string().as_bytes()).expect("a readable request");
    let traces = receive(request, &Rules::default()).expect("good spans");
    let content = &traces[0].spans[0].content;
    let mut span: Value = serde_json::from_str(content).expect("content is JSON");
    span["attributes"].take()
}

#[test]
fn translates_as_mlflow_does() {
    let records: Vec<Value> = include_str!("corpus.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of the corpus"))
        .collect();
    assert!(records.len() > 500, "the corpus is there");
    let mut differences = Vec::new();
    let mut unquoted = 0;
    for record in &records {
        let ours = stored(&record["span"]);
        let mut theirs = record["stored"].clone();
        let format = &mut theirs["mlflow.message.format"];
        // MLflow leaves this one value unquoted, which is not JSON as all other values are.
        if format == "vercel_ai" {
            *format = "\"vercel_ai\"".into();
            unquoted += 1;
        } else if format.is_null() {
            theirs
                .as_object_mut()
                .expect("attributes")
                .remove("mlflow.message.format");
        }
        if ours != theirs {
            let span = &record["span"];
            differences.push(format!("{span}\n  MLflow {theirs}\n  ours   {ours}"));
        }
    }
    assert!(unquoted > 0, "nothing in the corpus shows the unquoted value");
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

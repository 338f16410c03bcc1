//! The recorded request bodies through a real worker: what the model is given there has to be what MLflow gave it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::common::{deploy, json, options, together};
use fettle_gateway::ExecutorChoice;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    signature: String,
    content_type: String,
    body: String,
    expect: Expect,
}

#[derive(Deserialize)]
struct Expect {
    status: u16,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    seen: Value,
    #[serde(default)]
    params: Value,
}

/// Those whose tables travel in every form: Arrow of each type, arrays, parameters, bodies left to MLflow.
const SIGNATURES: [&str; 8] = [
    "every_type",
    "string",
    "datetime",
    "none",
    "matrix_f32",
    "params",
    "unnamed",
    "named_tensor",
];

#[tokio::test(flavor = "multi_thread")]
async fn models_are_given_what_mlflow_gave_them() {
    let _turn = together().await;
    let recording: Recording = serde_json::from_str(include_str!("../cases/scoring_inputs.json")).unwrap();
    let mut by_signature: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &recording.cases {
        by_signature.entry(&case.signature).or_default().push(case);
    }
    let mut report = String::new();
    for signature in SIGNATURES {
        let deployment = deploy(&format!("witness_{signature}"), options(ExecutorChoice::Python)).await;
        for case in &by_signature[signature] {
            let response = deployment
                .score(Some(&case.content_type), case.body.clone().into())
                .await;
            let answer = json(&response);
            let agrees = if case.expect.status == 200 {
                let given: Value = answer["predictions"][0]
                    .as_str()
                    .map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
                given[0] == case.expect.seen && (given[1] == case.expect.params || empty(&given[1]))
            } else {
                response.status == case.expect.status && answer["error_code"] == case.expect.error["error_code"]
            };
            if !agrees {
                let expected = if case.expect.status == 200 {
                    &case.expect.seen
                } else {
                    &case.expect.error
                };
                writeln!(
                    report,
                    "{signature} {}\n  ours   {} {answer}\n  theirs {} {expected}",
                    case.body, response.status, case.expect.status
                )
                .unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// MLflow passes no parameters as `None` or as an empty dictionary, depending on the call.
fn empty(params: &Value) -> bool {
    params.is_null() || params.as_object().is_some_and(serde_json::Map::is_empty)
}

//! What a trace's record may hold.

use super::assessment_values::{self, NewAssessment};
use crate::{
    error::{Result, invalid},
    tracking::validate::{at_most, batch_limit, experiment_id, invalid_value, text},
};
use fettle_search::traces::{NAME_TAG, SOURCE_RUN_METADATA};
use fettle_wire::{
    Missing, Required,
    tags::KeyValueInput,
    traces::{EnumValue, StartTraceV3},
};
use std::collections::BTreeMap;

const TRACE_ID_LENGTH: usize = 250;
const KEY_LENGTH: usize = 250;
const NAME_LENGTH: usize = 4096;
/// A session's id and a run's id, which are looked up.
const INDEXED_LENGTH: usize = 250;
/// Tags, pieces of metadata or assessments of one request.
const ENTRIES_MAX: usize = 1000;

pub const SESSION_METADATA: &str = "mlflow.trace.session";

pub const STATES: [&str; 4] = ["STATE_UNSPECIFIED", "OK", "ERROR", "IN_PROGRESS"];

/// A trace's record as a client starts or ends it.
#[derive(Debug, Clone)]
pub struct NewTrace {
    pub trace_id: String,
    pub experiment_id: i64,
    pub client_request_id: Option<String>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    pub request_time: i64,
    pub execution_duration: Option<i64>,
    pub state: &'static str,
    pub metadata: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub assessments: Vec<NewAssessment>,
}

pub fn new_trace(request: StartTraceV3, now_ms: i64) -> Result<NewTrace> {
    let missing = |field: &str| Missing {
        field: field.to_owned(),
    };
    let info = request
        .trace
        .ok_or_else(|| missing("trace"))?
        .trace_info
        .ok_or_else(|| missing("trace.trace_info"))?;
    let location = info.trace_location.and_then(|location| location.mlflow_experiment);
    let experiment = location.and_then(|location| location.experiment_id);
    let trace_id = trace_id(info.trace_id.required("trace.trace_info.trace_id")?)?;
    let assessments = info.assessments.unwrap_or_default();
    batch_limit("assessments", ENTRIES_MAX, assessments.len())?;
    Ok(NewTrace {
        experiment_id: experiment_id(
            &experiment.required("trace.trace_info.trace_location.mlflow_experiment.experiment_id")?,
        )?,
        client_request_id: info.client_request_id,
        request_preview: info.request_preview,
        response_preview: info.response_preview,
        request_time: info.request_time.unwrap_or_default().0,
        execution_duration: info.execution_duration.map(|duration| duration.0),
        state: info.state.as_ref().map_or(Ok(STATES[0]), state)?,
        metadata: metadata(info.trace_metadata.unwrap_or_default())?,
        tags: tags(info.tags.unwrap_or_default())?,
        assessments: assessments
            .into_iter()
            .enumerate()
            .map(|(index, input)| assessment_values::logged_with_trace(&trace_id, index, input, now_ms))
            .collect::<Result<_>>()?,
        trace_id,
    })
}

/// The id is a folder's name in the artifact store.
fn trace_id(id: String) -> Result<String> {
    let path = "trace.trace_info.trace_id";
    text(path, &id)?;
    at_most(path, &id, TRACE_ID_LENGTH)?;
    if id.contains('/') || id == "." || id == ".." {
        return Err(invalid_value(path, &id, "it must not contain slashes."));
    }
    Ok(id)
}

/// Where a value stands among `names`; it is given by its name, or by its number, which counts from `first`.
pub fn number_of(given: &EnumValue, names: &[&str], first: usize) -> Option<usize> {
    let by_name = names.iter().position(|name| *name == given.0);
    by_name
        .or_else(|| given.0.parse::<usize>().ok()?.checked_sub(first))
        .filter(|&index| index < names.len())
}

pub fn state(name: &EnumValue) -> Result<&'static str> {
    number_of(name, &STATES, 0)
        .map(|index| STATES[index])
        .ok_or_else(|| invalid_value("state", &name.0, &format!("it must be one of {STATES:?}.")))
}

/// The state that ends a trace, under the names of v2.
pub fn end_state(status: Option<&EnumValue>) -> Result<&'static str> {
    let given = status.ok_or_else(|| Missing {
        field: "status".to_owned(),
    })?;
    match state(given)? {
        "STATE_UNSPECIFIED" => Err(invalid("A trace cannot end in the state 'STATE_UNSPECIFIED'.")),
        state => Ok(state),
    }
}

pub fn tags(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    if let Some(name) = tags.get(NAME_TAG) {
        at_most("Trace name", name, NAME_LENGTH)?;
    }
    entries("tags", tags)
}

pub fn metadata(metadata: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    if let Some(session) = metadata.get(SESSION_METADATA) {
        at_most("Session ID", session, INDEXED_LENGTH)?;
    }
    if let Some(run) = metadata.get(SOURCE_RUN_METADATA) {
        at_most(SOURCE_RUN_METADATA, run, INDEXED_LENGTH)?;
    }
    entries("trace_metadata", metadata)
}

fn entries(field: &str, entries: BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    batch_limit(field, ENTRIES_MAX, entries.len())?;
    for key in entries.keys() {
        at_most(&format!("{field} key"), key, KEY_LENGTH)?;
    }
    Ok(entries)
}

/// The lists of keys and values of v2.
pub fn pairs(field: &str, pairs: Option<Vec<KeyValueInput>>) -> Result<BTreeMap<String, String>> {
    let mut map = BTreeMap::new();
    for (index, pair) in pairs.unwrap_or_default().into_iter().enumerate() {
        let key = pair.key.required(&format!("{field}[{index}].key"))?;
        map.insert(key, pair.value.unwrap_or_default());
    }
    Ok(map)
}

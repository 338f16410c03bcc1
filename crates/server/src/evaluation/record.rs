//! A record of an evaluation dataset as the client sends it: inputs, what came out, what was expected.

use super::{
    json_text::{Object, Text, canonical},
    validate,
};
use crate::error::{Result, invalid};
use ring::digest::{SHA256, digest};
use serde_json::value::RawValue;

/// The tag that says who made a dataset or a record.
pub const USER_TAG: &str = "mlflow.user";
const SOURCE_TYPES: [&str; 5] = ["UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"];

#[derive(Debug, Clone)]
pub struct NewRecord {
    pub inputs: Object,
    pub input_hash: Vec<u8>,
    pub outputs: Outputs,
    /// Empty if there are none; whether the key was there makes a difference only to a new record.
    pub expectations: Option<Object>,
    pub tags: Object,
    pub source: Option<Source>,
    pub user: Option<String>,
}

/// A record may leave its outputs alone, take them away or set them.
#[derive(Debug, Clone)]
pub enum Outputs {
    Absent,
    Null,
    Value(Box<RawValue>),
}

#[derive(Debug, Clone)]
pub struct Source {
    pub text: String,
    pub id: Option<String>,
    pub kind: &'static str,
}

/// The records of one call.
pub fn parse(records: &str) -> Result<Vec<NewRecord>> {
    let records: Vec<Box<RawValue>> = serde_json::from_str(records)
        .map_err(|error| invalid(format!("'records' must be a JSON list of objects in a string: {error}")))?;
    if records.len() > validate::RECORDS_PER_CALL {
        return Err(invalid(format!(
            "At most {} records can be sent in one call. Got {}.",
            validate::RECORDS_PER_CALL,
            records.len()
        )));
    }
    records
        .iter()
        .enumerate()
        .map(|(index, record)| NewRecord::read(&format!("records[{index}]"), record))
        .collect()
}

impl NewRecord {
    fn read(path: &str, record: &RawValue) -> Result<Self> {
        let record: Object = serde_json::from_str(record.get()).map_err(|_| {
            invalid(format!(
                "Invalid value for '{path}': each record must be a JSON object."
            ))
        })?;
        let inputs = match record.get("inputs") {
            None => Object::default(),
            Some(value) => object(&format!("{path}.inputs"), value)?
                .ok_or_else(|| invalid(format!("Invalid value for '{path}.inputs': inputs must be provided")))?,
        };
        let outputs = match record.get("outputs") {
            None => Outputs::Absent,
            Some(value) if value.get() == "null" => Outputs::Null,
            Some(value) => Outputs::Value(value.to_owned()),
        };
        let optional = |field: &str| match record.get(field) {
            None => Ok(None),
            Some(value) => object(&format!("{path}.{field}"), value),
        };
        let tags = optional("tags")?.unwrap_or_default();
        Ok(Self {
            input_hash: hash(&inputs)?,
            inputs,
            outputs,
            expectations: optional("expectations")?,
            user: tags.text(USER_TAG),
            tags,
            source: optional("source")?
                .filter(|source| !source.is_empty())
                .map(|source| Source::read(&format!("{path}.source"), &source))
                .transpose()?,
        })
    }
}

impl Source {
    fn read(path: &str, source: &Object) -> Result<Self> {
        let written = source
            .text("source_type")
            .ok_or_else(|| invalid(format!("Missing value for required parameter '{path}.source_type'.")))?;
        let upper = written.to_uppercase();
        let kind = SOURCE_TYPES.into_iter().find(|kind| *kind == upper).ok_or_else(|| {
            let upper: String = upper.chars().take(100).collect();
            invalid(format!(
                "Invalid dataset record source type: {upper}. Valid source types: ['UNSPECIFIED', 'TRACE', 'HUMAN', 'DOCUMENT', 'CODE']"
            ))
        })?;
        let data = match source.get("source_data") {
            None => Object::default(),
            Some(value) => object(&format!("{path}.source_data"), value)?.unwrap_or_default(),
        };
        let id = data.text(if kind == "TRACE" { "trace_id" } else { "source_id" });
        Ok(Self {
            text: format!("{{\"source_type\": {}, \"source_data\": {data}}}", Text(kind)),
            id,
            kind,
        })
    }
}

/// An object; none for `null`.
fn object(path: &str, value: &RawValue) -> Result<Option<Object>> {
    serde_json::from_str(value.get())
        .map_err(|_| invalid(format!("Invalid value for '{path}': it must be a JSON object.")))
}

/// Records with equal inputs are one record, in whatever order the keys stand.
fn hash(inputs: &Object) -> Result<Vec<u8>> {
    let value = serde_json::from_str(&inputs.to_string())
        .map_err(|error| invalid(format!("The inputs of a record cannot be read: {error}")))?;
    Ok(digest(&SHA256, canonical(&value).as_bytes()).as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_inputs_have_one_hash() {
        let records = parse(r#"[{"inputs":{"a":1,"b":2}},{"inputs":{"b":2,"a":1}},{"inputs":{"a":1.0,"b":2}},{}]"#)
            .expect("four records");
        assert_eq!(records[0].input_hash, records[1].input_hash);
        assert_ne!(records[0].input_hash, records[2].input_hash);
        assert!(records[3].inputs.is_empty());
    }

    #[test]
    fn a_source_names_its_trace_or_document() {
        let records = parse(
            r#"[{"source":{"source_type":"trace","source_data":{"trace_id":"tr-1"}}},
                {"source":{"source_type":"DOCUMENT","source_data":{"source_id":"d"}}},{"source":{}}]"#,
        )
        .expect("three records");
        let ids: Vec<_> = records
            .iter()
            .map(|r| r.source.as_ref().and_then(|s| s.id.as_deref()))
            .collect();
        assert_eq!(ids, [Some("tr-1"), Some("d"), None]);
        let first = records[0].source.as_ref().expect("a source");
        assert_eq!(
            first.text,
            r#"{"source_type": "TRACE", "source_data": {"trace_id":"tr-1"}}"#.replace("\":\"", "\": \"")
        );
    }

    #[test]
    fn what_is_no_record_is_refused_by_its_place() {
        for (text, part) in [
            ("{", "must be a JSON list"),
            ("{}", "must be a JSON list"),
            ("[1]", "records[0]"),
            (r#"[{},{"inputs":[1]}]"#, "records[1].inputs"),
            (r#"[{"inputs":null}]"#, "inputs must be provided"),
            (r#"[{"expectations":[1]}]"#, "records[0].expectations"),
            (r#"[{"tags":"x"}]"#, "records[0].tags"),
            (
                r#"[{"source":{"source_type":"BOGUS"}}]"#,
                "Invalid dataset record source type: BOGUS",
            ),
            (r#"[{"source":{"source_data":{}}}]"#, "records[0].source.source_type"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }
}

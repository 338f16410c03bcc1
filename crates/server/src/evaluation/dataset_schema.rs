//! The schema of an evaluation dataset: the fields its records have been seen with, and the type each came with first.

use super::{
    json_text::{Object, Text, kind},
    record::{NewRecord, Outputs},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

#[derive(Debug, Default)]
pub struct DatasetSchema {
    inputs: Fields,
    outputs: OutputsSchema,
    expectations: Fields,
}

#[derive(Debug, Default)]
struct Fields(Vec<(String, String)>);

/// Outputs that are no object have one type as a whole.
#[derive(Debug)]
enum OutputsSchema {
    Fields(Fields),
    Whole(String),
}

impl Default for OutputsSchema {
    fn default() -> Self {
        Self::Fields(Fields::default())
    }
}

impl DatasetSchema {
    /// Reads what was stored.
    pub fn stored(text: &str) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Stored {
            inputs: Object,
            outputs: Option<Box<RawValue>>,
            expectations: Object,
        }

        let stored: Stored = serde_json::from_str(text).unwrap_or_default();
        let outputs = stored.outputs.as_deref().map_or("{}", RawValue::get);
        Self {
            inputs: Fields::stored(&stored.inputs),
            outputs: serde_json::from_str(outputs).map_or_else(
                |_| OutputsSchema::Fields(Fields::stored(&Object::stored(outputs))),
                OutputsSchema::Whole,
            ),
            expectations: Fields::stored(&stored.expectations),
        }
    }

    pub fn add(&mut self, record: &NewRecord) {
        self.inputs.add(&record.inputs);
        if let Some(expectations) = &record.expectations {
            self.expectations.add(expectations);
        }
        let Outputs::Value(value) = &record.outputs else { return };
        // What was seen first decides whether outputs have fields.
        match (&mut self.outputs, serde_json::from_str::<Object>(value.get())) {
            (OutputsSchema::Fields(fields), Ok(outputs)) => fields.add(&outputs),
            (OutputsSchema::Fields(Fields(fields)), Err(_)) if fields.is_empty() => {
                self.outputs = OutputsSchema::Whole(kind(value).to_owned());
            }
            _ => {}
        }
    }
}

impl Fields {
    fn stored(object: &Object) -> Self {
        let fields = object
            .iter()
            .filter_map(|(name, _)| Some((name.to_owned(), object.text(name)?)));
        Self(fields.collect())
    }

    fn add(&mut self, object: &Object) {
        for (name, value) in object.iter() {
            if !self.0.iter().any(|(known, _)| known == name) {
                self.0.push((name.to_owned(), kind(value).to_owned()));
            }
        }
    }
}

impl fmt::Display for DatasetSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"inputs\": {}, \"outputs\": ", self.inputs)?;
        match &self.outputs {
            OutputsSchema::Fields(fields) => write!(f, "{fields}")?,
            OutputsSchema::Whole(kind) => write!(f, "{}", Text(kind))?,
        }
        write!(f, ", \"expectations\": {}, \"version\": \"1.0\"}}", self.expectations)
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = self
            .0
            .iter()
            .map(|(name, kind)| format!("{}: {}", Text(name), Text(kind)))
            .collect();
        write!(f, "{{{}}}", entries.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::record;

    fn check(batches: &[&str], schema: &str) {
        let mut stored = String::new();
        for batch in batches {
            let mut grown = DatasetSchema::stored(&stored);
            record::parse(batch)
                .expect(batch)
                .iter()
                .for_each(|record| grown.add(record));
            stored = grown.to_string();
        }
        assert_eq!(stored, schema, "{batches:?}");
    }

    #[test]
    fn fields_keep_the_type_they_came_with_first() {
        check(
            &[
                r#"[{"inputs":{"q":"a","n":1},"outputs":{"o":1.5},"expectations":{"e":[1]}}]"#,
                r#"[{"inputs":{"q":1,"b":true,"z":null},"outputs":"ignored"}]"#,
            ],
            r#"{"inputs": {"q": "string", "n": "integer", "b": "boolean", "z": "null"}, "outputs": {"o": "float"}, "expectations": {"e": "array"}, "version": "1.0"}"#,
        );
    }

    #[test]
    fn outputs_that_are_no_object_have_one_type() {
        check(
            &[r#"[{"outputs":"x"}]"#, r#"[{"outputs":{"k":1}}]"#],
            r#"{"inputs": {}, "outputs": "string", "expectations": {}, "version": "1.0"}"#,
        );
    }
}

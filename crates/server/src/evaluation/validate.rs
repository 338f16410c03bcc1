//! What names, texts and lists of this area may be.

use crate::{
    error::{Result, invalid},
    keyset::{Page, Term},
    page_token,
    tracking::validate::{at_most, experiment_id, text},
};
use fettle_wire::{Int64, Required};

pub const RECORDS_PER_CALL: usize = 100_000;
const EXPERIMENTS_PER_CALL: usize = 1000;
const RESULTS_MAX: usize = 50_000;
const TAGS_PER_CALL: usize = 1000;
const TAG_KEY_LENGTH: usize = 255;
const TAG_VALUE_LENGTH: usize = 5000;

/// Text that must be there, without NUL and within `limit` characters.
pub fn required_text(field: &str, value: Option<String>, limit: usize) -> Result<String> {
    let value = value.required(field)?;
    text(field, &value)?;
    at_most(field, &value, limit)?;
    Ok(value)
}

/// Text that may be missing.
pub fn optional_text(field: &str, value: Option<String>, limit: usize) -> Result<Option<String>> {
    if let Some(value) = &value {
        text(field, value)?;
        at_most(field, value, limit)?;
    }
    Ok(value)
}

pub fn required_experiment_id(id: Option<String>) -> Result<i64> {
    experiment_id(&id.required("experiment_id")?)
}

/// Experiments to tie a dataset to. What is no number is no experiment.
pub fn experiment_ids(ids: Option<Vec<String>>) -> Result<Vec<i64>> {
    let ids = ids.unwrap_or_default();
    at_most_entries("experiment_ids", ids.len(), EXPERIMENTS_PER_CALL)?;
    ids.iter().map(|id| id.parse().map_err(|_| no_experiment(id))).collect()
}

pub fn no_experiment(id: impl std::fmt::Display) -> crate::error::ApiError {
    crate::error::not_found(format!("No Experiment with id={id}"))
}

pub fn at_most_entries(field: &str, length: usize, limit: usize) -> Result<()> {
    if length > limit {
        return Err(invalid(format!(
            "'{field}' can have at most {limit} entries. Got {length}."
        )));
    }
    Ok(())
}

/// A page of a list in this order.
pub fn page(order: Vec<Term>, max_results: Option<Int64>, token: Option<&str>, default: usize) -> Result<Page> {
    let limit = page_token::limit("max_results", max_results, default, RESULTS_MAX)?;
    Page::new(order, token, limit)
}

/// Tags travel as a JSON object in a string. Values that are no text become text as Python writes them; null is none.
pub fn tags(text_of_tags: &str) -> Result<Vec<(String, String)>> {
    let object: super::json_text::Object = serde_json::from_str(text_of_tags)
        .map_err(|error| invalid(format!("'tags' must be a JSON object in a string: {error}")))?;
    let mut tags = Vec::new();
    for (key, value) in object.iter() {
        let value = match value.get() {
            "null" => continue,
            "true" => "True".to_owned(),
            "false" => "False".to_owned(),
            other => object.text(key).unwrap_or_else(|| other.to_owned()),
        };
        at_most("tags", key, TAG_KEY_LENGTH)?;
        at_most("tags", &value, TAG_VALUE_LENGTH)?;
        text("tags", key)?;
        text("tags", &value)?;
        tags.push((key.to_owned(), value));
    }
    at_most_entries("tags", tags.len(), TAGS_PER_CALL)?;
    Ok(tags)
}

/// A list of texts as Python prints it, for MLflow's own words.
pub fn python_list<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    let shown: Vec<String> = values.into_iter().take(100).map(|value| format!("'{value}'")).collect();
    format!("[{}]", shown.join(", "))
}

/// Each value once, in the order they came.
pub fn distinct(values: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    values.into_iter().filter(|value| seen.insert(value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_text() {
        let tags = tags(r#"{"a": "x", "n": 3, "f": 1.5, "b": true, "z": null, "o": {"k": 1}}"#).expect("tags");
        let tags: Vec<(&str, &str)> = tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            tags,
            [
                ("a", "x"),
                ("n", "3"),
                ("f", "1.5"),
                ("b", "True"),
                ("o", r#"{"k": 1}"#)
            ]
        );
        for bad in ["nope", "[]", "\"x\""] {
            assert!(super::tags(bad).is_err(), "{bad}");
        }
    }
}

//! What names and values may be. The rules and the words are those of MLflow 3.17 (`mlflow/utils/validation.py`).

use crate::error::{Result, invalid};
use fettle_wire::{
    Missing,
    tags::{KeyValue, KeyValueInput},
};

pub const METRICS_PER_BATCH: usize = 1000;
pub const PARAMS_PER_BATCH: usize = 100;
pub const TAGS_PER_BATCH: usize = 100;
pub const ENTITIES_PER_BATCH: usize = 1000;
const KEY_LENGTH: usize = 250;
const PARAM_VALUE_LENGTH: usize = 6000;
const RUN_TAG_VALUE_LENGTH: usize = 8000;
const EXPERIMENT_NAME_LENGTH: usize = 500;
const EXPERIMENT_TAG_VALUE_LENGTH: usize = 20_000;
const ARTIFACT_LOCATION_LENGTH: usize = 2048;

/// The name of a param, metric or tag at `path` of the request.
pub fn key<'a>(path: &str, key: &'a str) -> Result<&'a str> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '/' | '_' | '.' | '-' | ' ' | ':');
    if !key.chars().all(allowed) {
        return Err(invalid_value(
            path,
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
        ));
    }
    if !is_normal_path(key) {
        return Err(invalid_value(
            path,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such: \
             no leading or doubled slash and no '.' or '..' between slashes.",
        ));
    }
    at_most(path, key, KEY_LENGTH)
}

/// Whether the name equals itself as a normalised POSIX path that stays where it is.
pub fn is_normal_path(name: &str) -> bool {
    name.split('/').all(|segment| !matches!(segment, "" | "." | "..")) && !name.starts_with("..")
}

pub fn at_most<'a>(path: &str, text: &'a str, limit: usize) -> Result<&'a str> {
    if text.len() > limit && text.chars().count() > limit {
        return Err(invalid(format!(
            "'{path}' exceeds the maximum length of {limit} characters"
        )));
    }
    Ok(text)
}

/// Longer values are cut, as MLflow does by default (`MLFLOW_TRUNCATE_LONG_VALUES`).
fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
    }
    text
}

/// PostgreSQL text cannot hold NUL, and nothing that writes it means to.
fn without_nul(path: &str, text: &str) -> Result<()> {
    if text.contains('\0') {
        return Err(invalid_value(
            path,
            &text.replace('\0', "\\0"),
            "it must not contain NUL bytes.",
        ));
    }
    Ok(())
}

pub fn text(path: &str, text: &str) -> Result<()> {
    without_nul(path, text)
}

pub fn param(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    key_value(path, input, |_, value| Ok(cut(value, PARAM_VALUE_LENGTH)))
}

pub fn run_tag(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    key_value(path, input, |_, value| Ok(cut(value, RUN_TAG_VALUE_LENGTH)))
}

pub fn experiment_tag(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    key_value(path, input, |path, value| {
        at_most(path, &value, EXPERIMENT_TAG_VALUE_LENGTH).map(str::to_owned)
    })
}

/// A key by the rules for keys, and a value by `limit`.
pub fn key_value(path: &str, input: KeyValueInput, limit: impl Fn(&str, String) -> Result<String>) -> Result<KeyValue> {
    let at = |field: &str| {
        if path.is_empty() {
            field.to_owned()
        } else {
            format!("{path}.{field}")
        }
    };
    let name = input
        .key
        .filter(|key| !key.is_empty())
        .ok_or_else(|| Missing { field: at("key") })?;
    key(&at("key"), &name)?;
    let value = input.value.unwrap_or_default();
    without_nul(&at("value"), &value)?;
    Ok(KeyValue {
        key: name,
        value: limit(&at("value"), value)?,
    })
}

/// Each entry of a list, with its place in the error's path. Of entries with one key the last one counts.
pub fn list(
    field: &str,
    inputs: Option<Vec<KeyValueInput>>,
    check: impl Fn(&str, KeyValueInput) -> Result<KeyValue>,
) -> Result<Vec<KeyValue>> {
    let mut all: Vec<KeyValue> = Vec::new();
    for (index, input) in inputs.unwrap_or_default().into_iter().enumerate() {
        let entry = check(&format!("{field}[{index}]"), input)?;
        match all.iter_mut().find(|earlier| earlier.key == entry.key) {
            Some(earlier) => earlier.value = entry.value,
            None => all.push(entry),
        }
    }
    Ok(all)
}

/// Params of one request: a key that comes twice is refused.
pub fn params(inputs: Option<Vec<KeyValueInput>>) -> Result<Vec<KeyValue>> {
    let inputs = inputs.unwrap_or_default();
    let count = inputs.len();
    let keys: Vec<Option<String>> = inputs.iter().map(|input| input.key.clone()).collect();
    let params = list("params", Some(inputs), param)?;
    if params.len() == count {
        return Ok(params);
    }
    let repeated = keys
        .iter()
        .enumerate()
        .filter(|(index, key)| keys[..*index].contains(key))
        .filter_map(|(_, key)| key.as_deref());
    Err(invalid(format!(
        "Duplicate parameter keys have been submitted: {:?}. Please ensure the request contains only one param value per param key.",
        repeated.collect::<Vec<_>>()
    )))
}

pub fn batch_limit(entities: &str, limit: usize, length: usize) -> Result<()> {
    if length > limit {
        return Err(invalid(format!(
            "A batch logging request can contain at most {limit} {entities}. Got {length} {entities}. Please split up {entities} across multiple requests and try again."
        )));
    }
    Ok(())
}

pub fn experiment_name(name: &str) -> Result<()> {
    without_nul("name", name)?;
    at_most("name", name, EXPERIMENT_NAME_LENGTH).map(|_| ())
}

pub fn artifact_location(location: &str) -> Result<()> {
    without_nul("artifact_location", location)?;
    at_most("artifact_location", location, ARTIFACT_LOCATION_LENGTH)?;
    if location.starts_with("runs:") {
        return Err(invalid(format!(
            "Artifact location cannot be a runs:/ URI. Given: '{location}'"
        )));
    }
    if location.contains(['#', '?']) || location.split('/').any(|segment| segment == "..") {
        return Err(invalid_value(
            "artifact_location",
            location,
            "a location must not contain a query, a fragment or a '..' segment.",
        ));
    }
    Ok(())
}

/// Experiment ids are written as text and are numbers; an empty one is the default experiment.
pub fn experiment_id(text: &str) -> Result<i64> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        invalid(format!(
            "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
        ))
    })
}

/// `run_uuid` is the old name of `run_id`; clients send either or both. What cannot be an id is the id of no run.
pub fn any_run_id(run_id: Option<String>, run_uuid: Option<String>) -> Result<String> {
    let id = run_id
        .filter(|id| !id.is_empty())
        .or(run_uuid)
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Missing {
            field: "run_id".to_owned(),
        })?;
    without_nul("run_id", &id)?;
    Ok(id)
}

/// The same where something is written: what cannot be an id is refused as such.
pub fn run_id(run_id: Option<String>, run_uuid: Option<String>) -> Result<String> {
    let id = any_run_id(run_id, run_uuid)?;
    let mut chars = id.chars();
    let good = chars.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        && id.chars().count() <= 256;
    if good {
        Ok(id)
    } else {
        Err(invalid_value("run_id", &id, "it is not the id of a run."))
    }
}

pub fn invalid_value(path: &str, value: &str, why: &str) -> crate::error::ApiError {
    let value: String = value.chars().take(250).collect();
    invalid(format!(
        "Invalid value {} for parameter '{path}' supplied: {why}",
        serde_json::Value::from(value)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_mlflow_takes() {
        for good in [
            "a",
            "loss/train",
            "a.b-c_d e:f",
            "ünï",
            "a..b",
            ".hidden",
            &"k".repeat(250),
        ] {
            assert!(key("key", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a//b",
            "a/../b",
            "..",
            "...",
            ".",
            "../x",
            "./x",
            "a/",
            "a,b",
            "a\0",
            "a\"b",
            &"k".repeat(251),
        ] {
            assert!(key("key", bad).is_err(), "{}", bad.escape_debug());
        }
    }

    #[test]
    fn long_values_are_cut_at_characters() {
        let value = "ü".repeat(6001);
        let param = param(
            "params[0]",
            KeyValueInput {
                key: Some("k".to_owned()),
                value: Some(value),
            },
        );
        assert_eq!(param.expect("a param").value.chars().count(), 6000);
    }

    #[test]
    fn errors_name_the_field() {
        let error = run_tag(
            "tags[3]",
            KeyValueInput {
                key: Some("a,b".to_owned()),
                value: None,
            },
        )
        .expect_err("a comma");
        assert!(error.message.contains("'tags[3].key'"), "{}", error.message);
        let error = run_id(Some("../x".to_owned()), None).expect_err("a path");
        assert!(error.message.contains("'run_id'"), "{}", error.message);
    }

    #[test]
    fn repeated_params_are_refused_and_repeated_tags_overwrite() {
        let two = || {
            let one = |value: &str| KeyValueInput {
                key: Some("k".to_owned()),
                value: Some(value.to_owned()),
            };
            Some(vec![one("1"), one("2")])
        };
        assert!(params(two()).is_err());
        let tags = list("tags", two(), run_tag).expect("tags");
        assert_eq!(
            tags,
            [KeyValue {
                key: "k".to_owned(),
                value: "2".to_owned()
            }]
        );
    }
}

//! What names, aliases, versions and tags of the registry may be: MLflow's rules and words (`mlflow/utils/validation.py`).

use crate::{
    error::{Result, invalid},
    tracking::validate::{at_most, invalid_value, is_normal_path, key, key_value, text},
};
use fettle_wire::{
    Missing, Required,
    tags::{KeyValue, KeyValueInput},
};

const NAME_LENGTH: usize = 256;
const ALIAS_LENGTH: usize = 255;
const TAG_VALUE_LENGTH: usize = 100_000;
const DESCRIPTION_LENGTH: usize = 100_000;
const URI_LENGTH: usize = 2048;
const TAGS_PER_CALL: usize = 1000;

/// A registered model's name, in the request's `field`.
pub fn model_name(field: &str, name: Option<String>) -> Result<String> {
    let name = name.required(field)?;
    if name.trim().is_empty() {
        return Err(Missing {
            field: field.to_owned(),
        }
        .into());
    }
    text(field, &name)?;
    if name.contains(['/', ':']) {
        return Err(invalid_value(field, &name, "model names cannot contain '/' or ':'."));
    }
    if !is_normal_path(&name) {
        return Err(invalid_value(
            field,
            &name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such.",
        ));
    }
    at_most(field, &name, NAME_LENGTH)?;
    Ok(name)
}

/// Versions are numbers that travel as text.
pub fn version(version: Option<String>) -> Result<i64> {
    let version = version.required("version")?;
    version.parse().map_err(|_| {
        let version: String = version.chars().take(250).collect();
        invalid(format!("Parameter 'version' must be an integer, got '{version}'."))
    })
}

/// An alias as `get` and `delete` take it, reserved or not.
pub fn alias(alias: Option<String>) -> Result<String> {
    let alias = alias.required("alias")?;
    if !alias.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(invalid_value(
            "alias",
            &alias,
            "Names may only contain alphanumerics, underscores (_), and dashes (-).",
        ));
    }
    at_most("alias", &alias, ALIAS_LENGTH)?;
    Ok(alias)
}

/// An alias to set: `latest` and `v1` already mean something in a model URI.
pub fn new_alias(name: Option<String>) -> Result<String> {
    let alias = alias(name)?;
    if is_latest(&alias) {
        return Err(invalid_value(
            "alias",
            &alias,
            "'latest' alias name (case insensitive) is reserved.",
        ));
    }
    let digits = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(invalid_value(
            "alias",
            &alias,
            "an alias that looks like a version is reserved.",
        ));
    }
    Ok(alias)
}

pub fn is_latest(alias: &str) -> bool {
    alias.eq_ignore_ascii_case("latest")
}

pub fn tag(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    key_value(path, input, |path, value| {
        at_most(path, &value, TAG_VALUE_LENGTH)?;
        Ok(value)
    })
}

/// The tags of a new model or version; of two with one key the last one counts.
pub fn tags(inputs: Option<Vec<KeyValueInput>>) -> Result<Vec<KeyValue>> {
    let given = inputs.as_ref().map_or(0, Vec::len);
    crate::tracking::validate::batch_limit("tags", TAGS_PER_CALL, given)?;
    crate::tracking::validate::list("tags", inputs, tag)
}

pub fn tag_key(name: Option<String>) -> Result<String> {
    let name = name.required("key")?;
    key("key", &name)?;
    Ok(name)
}

pub fn description(description: Option<String>) -> Result<Option<String>> {
    if let Some(description) = &description {
        text("description", description)?;
        at_most("description", description, DESCRIPTION_LENGTH)?;
    }
    Ok(description)
}

/// A location, a link or an id that is kept as it came.
pub fn uri(field: &str, uri: &str) -> Result<()> {
    text(field, uri)?;
    at_most(field, uri, URI_LENGTH)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_mlflow_takes() {
        for good in ["iris", "a b", "ünï", ".hidden", "a..b", &"x".repeat(256)] {
            assert!(model_name("name", Some(good.to_owned())).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a/b", "a:b", ".", "..", "..x", "a\0b", &"x".repeat(257)] {
            let error = model_name("new_name", Some(bad.to_owned())).expect_err(bad);
            assert!(error.message.contains("'new_name'"), "{}", error.message);
        }
    }

    #[test]
    fn reserved_aliases_cannot_be_set() {
        for good in ["champion", "v", "v1x", "best-2", "ünï", "1"] {
            assert!(new_alias(Some(good.to_owned())).is_ok(), "{good}");
        }
        for bad in ["", "latest", "Latest", "v1", "V22", "a b", "a@b", &"x".repeat(256)] {
            let error = new_alias(Some(bad.to_owned())).expect_err(bad);
            assert!(error.message.contains("'alias'"), "{}", error.message);
        }
    }

    #[test]
    fn versions_are_integers() {
        assert_eq!(version(Some("12".to_owned())).ok(), Some(12));
        for bad in ["", "x", "1.0", "99999999999999999999"] {
            let error = version(Some(bad.to_owned())).expect_err(bad);
            assert!(error.message.contains("'version'"), "{}", error.message);
        }
    }
}

//! What logged models, their params and tags may be called.

use crate::{
    error::{Result, invalid},
    tracking::validate::{at_most, batch_limit, invalid_value, list, text},
};
use fettle_wire::{
    Required,
    tags::{KeyValue, KeyValueInput},
};

const NAME_LENGTH: usize = 500;
const ID_LENGTH: usize = 256;
const KEY_LENGTH: usize = 255;
const VALUE_LENGTH: usize = 100_000;
const ENTRIES_PER_CALL: usize = 1000;

pub fn name(name: Option<String>) -> Result<Option<String>> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    text("name", &name)?;
    if name.contains(['/', ':', '.', '%', '"', '\'']) {
        return Err(invalid_value(
            "name",
            &name,
            "a model name cannot contain any of these characters: / : . % \" '",
        ));
    }
    at_most("name", &name, NAME_LENGTH)?;
    Ok(Some(name))
}

/// An id or a type that is kept as it came, empty for none.
pub fn label(field: &str, label: Option<String>) -> Result<String> {
    let label = label.unwrap_or_default();
    text(field, &label)?;
    at_most(field, &label, NAME_LENGTH)?;
    Ok(label)
}

/// The id in the path; one in the body as well must be the same.
pub fn model_id(path: String, body: Option<String>) -> Result<String> {
    text("model_id", &path)?;
    at_most("model_id", &path, ID_LENGTH)?;
    match body.filter(|id| !id.is_empty() && *id != path) {
        None => Ok(path),
        Some(other) => Err(invalid_value(
            "model_id",
            &other,
            "it differs from the model_id in the path.",
        )),
    }
}

pub fn tags(inputs: Option<Vec<KeyValueInput>>) -> Result<Vec<KeyValue>> {
    batch_limit("tags", ENTRIES_PER_CALL, inputs.as_ref().map_or(0, Vec::len))?;
    list("tags", inputs, entry)
}

/// Params do not change: one that comes twice with two values is refused.
pub fn params(inputs: Option<Vec<KeyValueInput>>) -> Result<Vec<KeyValue>> {
    let inputs = inputs.unwrap_or_default();
    batch_limit("params", ENTRIES_PER_CALL, inputs.len())?;
    let mut params: Vec<KeyValue> = Vec::with_capacity(inputs.len());
    for (index, input) in inputs.into_iter().enumerate() {
        let param = entry(&format!("params[{index}]"), input)?;
        match params.iter().find(|earlier| earlier.key == param.key) {
            Some(earlier) if *earlier == param => {}
            Some(earlier) => return Err(param_changed(&param.key, &earlier.value, &param.value)),
            None => params.push(param),
        }
    }
    Ok(params)
}

pub fn param_changed(key: &str, old: &str, new: &str) -> crate::error::ApiError {
    let shorten = |text: &str| text.chars().take(250).collect::<String>();
    invalid(format!(
        "Changing param values is not allowed. Param with key='{key}' in 'params' was already logged with value='{}'. \
         Attempted logging new value '{}'.",
        shorten(old),
        shorten(new)
    ))
}

/// MLflow has no rule for these keys, and models in its stores have keys of every kind.
fn entry(path: &str, input: KeyValueInput) -> Result<KeyValue> {
    let key = input.key.required(&format!("{path}.key"))?;
    text(&format!("{path}.key"), &key)?;
    at_most(&format!("{path}.key"), &key, KEY_LENGTH)?;
    let value = input.value.unwrap_or_default();
    text(&format!("{path}.value"), &value)?;
    at_most(&format!("{path}.value"), &value, VALUE_LENGTH)?;
    Ok(KeyValue { key, value })
}

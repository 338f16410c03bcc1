//! What a serialized scorer may hold. Clients write it and clients run it; the server keeps it and refuses what should
//! not be passed from one client to another: code, and addresses that a judge would be sent to.

use crate::error::{Result, invalid, not_found};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const DECORATOR: &str = "Custom scorer registration (using @scorer decorator) is disabled by default outside of Databricks \
tracking environments due to security concerns. Custom scorers require arbitrary code execution during deserialization.\n\n\
To use custom scorers:\n\
1. Configure MLflow to use a Databricks tracking URI, or\n\
2. Manage your custom scorer code in a source code repository (e.g., GitHub) and import it directly, or\n\
3. On a self-managed MLflow server (or local environment) that you trust to run the scorer's code, set the \
MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS environment variable to true, or\n\
4. Use built-in scorers or make_judge() scorers instead.";

/// Keys of a third-party scorer's options that choose the host its requests go to.
const DESTINATIONS: [&str; 5] = ["api_base", "base_url", "model_list", "fallbacks", "custom_llm_provider"];

/// Refuses what may not be kept, and says which model the scorer asks, if it names one.
pub fn check(serialized: &str) -> Result<Option<Value>> {
    let scorer: Value =
        serde_json::from_str(serialized).map_err(|_| invalid("serialized_scorer must be valid JSON"))?;
    let Value::Object(scorer) = &scorer else {
        return Err(invalid("serialized_scorer must be a JSON object in a string"));
    };
    let whole = Value::Object(scorer.clone());
    if has_code(&whole) {
        return Err(invalid(DECORATOR));
    }
    check_third_party(&whole)?;
    Ok(model(scorer).filter(|model| !model.is_null()).cloned())
}

/// A model is named by text, and not by an endpoint of the AI gateway, of which this server has none.
pub fn check_model(model: Option<&Value>) -> Result<()> {
    let Some(model) = model else { return Ok(()) };
    let Some(model) = model.as_str() else {
        let kind = match model {
            Value::Bool(_) => "bool",
            Value::Number(number) if number.is_f64() => "float",
            Value::Number(_) => "int",
            Value::Array(_) => "list",
            _ => "dict",
        };
        return Err(invalid(format!("Scorer model must be a string, got {kind}.")));
    };
    if model.trim().is_empty() {
        return Err(invalid("Scorer model cannot be empty or contain only whitespace."));
    }
    match model.strip_prefix("gateway:/") {
        Some(endpoint) => Err(not_found(format!("GatewayEndpoint not found (name='{endpoint}')"))),
        None => Ok(()),
    }
}

fn has_code(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            object.get("call_source").is_some_and(|code| !code.is_null()) || object.values().any(has_code)
        }
        Value::Array(values) => values.iter().any(has_code),
        _ => false,
    }
}

fn check_third_party(value: &Value) -> Result<()> {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(data)) = object.get("third_party_scorer_data") {
                check_options(data.get("kwargs"))?;
            }
            object.values().try_for_each(check_third_party)
        }
        Value::Array(values) => values.iter().try_for_each(check_third_party),
        _ => Ok(()),
    }
}

fn check_options(options: Option<&Value>) -> Result<()> {
    let Some(options) = options.filter(|options| !options.is_null()) else {
        return Ok(());
    };
    if !options.is_object() {
        return Err(invalid("third_party_scorer_data.kwargs must be a JSON object."));
    }
    let mut found = BTreeSet::new();
    find_destinations(options, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = found.into_iter().map(|key| format!("'{key}'")).collect();
    Err(invalid(format!(
        "third_party_scorer_data.kwargs must not contain {}: these options choose where the scorer's LLM client sends \
         requests. Configure the judge endpoint on the server instead, for example through a gateway endpoint \
         ('gateway:/<name>') or the provider's environment variables.",
        found.join(", ")
    )))
}

/// At any depth, as a key or as the first of a pair.
fn find_destinations(value: &Value, found: &mut BTreeSet<&'static str>) {
    let destination = |key: &str| DESTINATIONS.into_iter().find(|known| *known == key);
    match value {
        Value::Object(object) => {
            found.extend(object.keys().filter_map(|key| destination(key)));
            object.values().for_each(|nested| find_destinations(nested, found));
        }
        Value::Array(values) => {
            for nested in values {
                if let Some([Value::String(key), _]) = nested.as_array().map(Vec::as_slice) {
                    found.extend(destination(key));
                }
                find_destinations(nested, found);
            }
        }
        _ => {}
    }
}

/// Each kind of scorer keeps its model in a place of its own.
fn model(scorer: &Map<String, Value>) -> Option<&Value> {
    let part = |name: &str| {
        scorer
            .get(name)
            .and_then(Value::as_object)
            .filter(|object| !object.is_empty())
    };
    if let Some(data) = part("instructions_judge_pydantic_data").or_else(|| part("builtin_scorer_pydantic_data")) {
        return data.get("model");
    }
    if let Some(data) = part("memory_augmented_judge_data") {
        return data.get("base_judge").and_then(Value::as_object).and_then(model);
    }
    part("third_party_scorer_data")?.get("model")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(serialized: &str, part: &str) {
        let outcome = check(serialized).and_then(|model| check_model(model.as_ref()));
        let error = outcome.expect_err(serialized);
        assert!(error.message.contains(part), "{serialized}: {}", error.message);
    }

    #[test]
    fn scorers_without_code_are_kept() {
        for good in [
            "{}",
            r#"{"call_source": null}"#,
            r#"{"builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {"name": "safety"}}"#,
            r#"{"instructions_judge_pydantic_data": {"model": "openai:/gpt"}}"#,
            r#"{"third_party_scorer_data": {"kwargs": {"threshold": 0.5}}}"#,
        ] {
            let model = check(good).expect(good);
            check_model(model.as_ref()).expect(good);
        }
    }

    #[test]
    fn code_and_destinations_are_refused() {
        refused("{", "valid JSON");
        refused("[1]", "JSON object");
        refused(r#"{"call_source": "return 1"}"#, "@scorer decorator");
        refused(r#"{"a": [{"call_source": "return 1"}]}"#, "@scorer decorator");
        refused(
            r#"{"third_party_scorer_data": {"kwargs": {"base_url": "x"}}}"#,
            "'base_url'",
        );
        refused(
            r#"{"a": {"third_party_scorer_data": {"kwargs": {"m": [["api_base", "x"]]}}}}"#,
            "'api_base'",
        );
        refused(
            r#"{"instructions_judge_pydantic_data": {"model": " "}}"#,
            "only whitespace",
        );
        refused(r#"{"builtin_scorer_pydantic_data": {"model": 5}}"#, "got int");
        refused(
            r#"{"memory_augmented_judge_data": {"base_judge": {"instructions_judge_pydantic_data": {"model": "gateway:/e"}}}}"#,
            "name='e'",
        );
    }
}

//! Token usage and cost of a trace: totals over its spans.
//!
//! Clients send them as JSON inside metadata. They are kept as numbers, which metrics add up, and the metadata is written
//! anew from these, so that both say the same.

use fettle_gateway::python_json;
use serde_json::Value;
use std::collections::BTreeMap;

pub const TOKEN_USAGE: &str = "mlflow.trace.tokenUsage";
pub const COST: &str = "mlflow.trace.cost";

/// In the order in which MLflow writes them.
pub const TOKEN_KEYS: [&str; 6] = [
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_input_tokens_above_1hr",
];
pub const COST_KEYS: [&str; 3] = ["input_cost", "output_cost", "total_cost"];

/// A total under its name; none takes away what was there.
pub type Total = (&'static str, Option<f64>);

/// The totals that metadata carries. What is not a number counts as none.
pub fn totals(metadata: &BTreeMap<String, String>) -> Vec<Total> {
    let read = |key: &str, names: &[&'static str], keep: fn(f64) -> bool| -> Vec<Total> {
        let object: Option<serde_json::Map<String, Value>> =
            metadata.get(key).and_then(|text| serde_json::from_str(text).ok());
        let object = object.unwrap_or_default();
        let given = names.iter().filter_map(|name| Some((*name, object.get(*name)?)));
        given
            .map(|(name, value)| (name, number(value).filter(|&value| keep(value))))
            .collect()
    };
    let mut totals = read(TOKEN_USAGE, &TOKEN_KEYS, |tokens| {
        tokens.fract() == 0.0 && tokens.abs() < 9.2e18
    });
    totals.extend(read(COST, &COST_KEYS, f64::is_finite));
    totals
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The metadata that stands for these totals: one text for tokens and one for cost, where there are any.
pub fn metadata(totals: &BTreeMap<String, f64>) -> Vec<(&'static str, String)> {
    let mut metadata = Vec::new();
    let tokens = TOKEN_KEYS.iter().filter_map(|name| Some((*name, *totals.get(*name)?)));
    let tokens: Vec<String> = tokens
        .map(|(name, value)| format!("\"{name}\": {}", value as i64))
        .collect();
    if !tokens.is_empty() {
        metadata.push((TOKEN_USAGE, format!("{{{}}}", tokens.join(", "))));
    }
    let costs = COST_KEYS.iter().filter_map(|name| Some((*name, *totals.get(*name)?)));
    let costs: Vec<String> = costs
        .map(|(name, value)| {
            let mut text = format!("\"{name}\": ");
            python_json::float(&mut text, value);
            text
        })
        .collect();
    if !costs.is_empty() {
        metadata.push((COST, format!("{{{}}}", costs.join(", "))));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_and_written_as_mlflow_does() {
        let given = BTreeMap::from([
            (
                TOKEN_USAGE.to_owned(),
                r#"{"output_tokens": 2, "input_tokens": 1.0, "x": 1, "total_tokens": 1.5}"#.to_owned(),
            ),
            (
                COST.to_owned(),
                r#"{"total_cost": 5e-07, "input_cost": "0.25", "output_cost": true}"#.to_owned(),
            ),
        ]);
        let totals = totals(&given);
        assert_eq!(
            totals,
            [
                ("input_tokens", Some(1.0)),
                ("output_tokens", Some(2.0)),
                ("total_tokens", None),
                ("input_cost", Some(0.25)),
                ("output_cost", None),
                ("total_cost", Some(5e-7)),
            ]
        );
        let kept = totals
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let expected = [
            (TOKEN_USAGE, r#"{"input_tokens": 1, "output_tokens": 2}"#.to_owned()),
            (COST, r#"{"input_cost": 0.25, "total_cost": 5e-07}"#.to_owned()),
        ];
        assert_eq!(metadata(&kept), expected);
    }

    #[test]
    fn what_is_no_object_carries_nothing() {
        for text in ["", "[]", "5", "{", "null"] {
            let given = BTreeMap::from([(TOKEN_USAGE.to_owned(), text.to_owned())]);
            assert_eq!(totals(&given), [], "{text}");
        }
    }
}

//! What a deployment is to run, as a user asks for it: checks that need no database.

use super::{limits::Limits, store::Revision};
use crate::{
    error::{Result, invalid},
    tracking::validate::invalid_value,
};
use fettle_gateway::ExecutorChoice;
use fettle_wire::{Int64, Required};
use serde::Deserialize;
use std::collections::BTreeMap;

const NAME_LENGTH: usize = 63;
const REPLICAS_MAX: i64 = 64;
const CONCURRENCY_MAX: i64 = 10_000;
const VARIABLES_MAX: usize = 64;
const VARIABLE_LENGTH: usize = 4096;

/// The parts of a request that describe a revision; those that are absent stay as they are.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Spec {
    pub model_uri: Option<String>,
    executor: Option<String>,
    /// The same least and greatest number.
    replicas: Option<Int64>,
    replicas_min: Option<Int64>,
    replicas_max: Option<Int64>,
    concurrency: Option<Int64>,
    /// A null keeps the value that the variable has: values are not shown.
    environment: Option<BTreeMap<String, Option<String>>>,
    limits: Option<Limits>,
}

impl Spec {
    /// The revision that follows `before`, or the first one, apart from the model, which the store has to find.
    pub fn revise(self, before: Option<&Revision>) -> Result<Revision> {
        let before = before.cloned().unwrap_or_else(|| Revision {
            executor: "auto".to_owned(),
            replicas_min: 1,
            replicas_max: 1,
            ..Revision::default()
        });
        let model_uri = match self.model_uri {
            None if !before.model_uri.is_empty() => before.model_uri.clone(),
            given => given.required("model_uri")?,
        };
        let executor = self.executor.unwrap_or(before.executor.clone());
        executor
            .parse::<ExecutorChoice>()
            .map_err(|e| invalid_value("executor", &executor, &e))?;
        let (replicas_min, replicas_max) = replicas(
            [self.replicas, self.replicas_min, self.replicas_max].map(|given| given.map(|number| number.0)),
            (before.replicas_min, before.replicas_max),
        )?;
        let concurrency = self.concurrency.map_or(before.concurrency, |given| Some(given.0));
        if let Some(concurrency) = concurrency.filter(|number| !(1..=CONCURRENCY_MAX).contains(number)) {
            return Err(invalid(format!(
                "Parameter 'concurrency' must be between 1 and {CONCURRENCY_MAX}, it is {concurrency}."
            )));
        }
        let environment = match self.environment {
            None => before.environment.clone(),
            Some(given) => environment(given, &before.environment)?,
        };
        let limits = match self.limits {
            None => before.limits.clone(),
            Some(given) => given.over(&before.limits)?,
        };
        Ok(Revision {
            model_uri,
            executor,
            replicas_min,
            replicas_max,
            concurrency,
            environment,
            limits,
            ..before
        })
    }
}

fn replicas([both, min, max]: [Option<i64>; 3], before: (i64, i64)) -> Result<(i64, i64)> {
    let min = min.or(both).unwrap_or(before.0);
    // A greater least number takes the greatest with it, unless that was named.
    let max = max.or(both).unwrap_or(before.1.max(min));
    if !(0..=REPLICAS_MAX).contains(&min) {
        let field = if both == Some(min) { "replicas" } else { "replicas_min" };
        return Err(invalid(format!(
            "Parameter '{field}' must be between 0 and {REPLICAS_MAX}, it is {min}."
        )));
    }
    if !(1..=REPLICAS_MAX).contains(&max) || max < min {
        return Err(invalid(format!(
            "Parameter 'replicas_max' must be between {} and {REPLICAS_MAX}, it is {max}.",
            min.max(1)
        )));
    }
    Ok((min, max))
}

fn environment(
    given: BTreeMap<String, Option<String>>,
    before: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    if given.len() > VARIABLES_MAX {
        return Err(invalid(format!(
            "Parameter 'environment' has {} variables, at most {VARIABLES_MAX} are kept.",
            given.len()
        )));
    }
    let mut variables = BTreeMap::new();
    for (name, value) in given {
        let Some(value) = value.or_else(|| before.get(&name).cloned()) else {
            return Err(invalid(format!(
                "Parameter 'environment': null keeps the value that a variable has, and {name} has none yet."
            )));
        };
        let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !good || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(invalid_value(
                "environment",
                &name,
                "a variable's name has letters, digits and '_'.",
            ));
        }
        if value.len() > VARIABLE_LENGTH || value.contains('\0') {
            return Err(invalid(format!(
                "Parameter 'environment': the value of {name} must have at most {VARIABLE_LENGTH} bytes and no NUL."
            )));
        }
        variables.insert(name, value);
    }
    Ok(variables)
}

/// Names are part of an address.
pub fn check_name(what: &str, name: String) -> Result<String> {
    let good = name.len() <= NAME_LENGTH
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good {
        return Ok(name);
    }
    let rule = format!(
        "the name of {what} has at most {NAME_LENGTH} letters, digits, '-', '_' and '.', and starts with a letter or \
         digit."
    );
    Err(invalid_value("name", &name, &rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn revise(before: Option<&Revision>, body: serde_json::Value) -> Result<Revision, String> {
        let spec: Spec = serde_json::from_value(body).expect("a spec");
        spec.revise(before).map_err(|error| error.message)
    }

    #[test]
    fn what_is_absent_stays_as_it_was() {
        let first = revise(None, json!({ "model_uri": "models:/m/1" })).expect("a revision");
        assert_eq!(
            (first.replicas_min, first.replicas_max, first.executor.as_str()),
            (1, 1, "auto")
        );
        let asked = json!({ "replicas_min": 0, "replicas_max": 4, "concurrency": 8, "environment": { "A": "1" } });
        let second = revise(Some(&first), asked).expect("a revision");
        assert_eq!(
            (second.replicas_min, second.replicas_max, second.concurrency),
            (0, 4, Some(8))
        );
        let third = revise(Some(&second), json!({ "model_uri": "models:/m/2" })).expect("a revision");
        assert_eq!(
            third,
            Revision {
                model_uri: "models:/m/2".to_owned(),
                ..second.clone()
            }
        );
        let fourth = revise(Some(&second), json!({ "replicas_min": 6 })).expect("a revision");
        assert_eq!((fourth.replicas_min, fourth.replicas_max), (6, 6));
        let fifth = revise(Some(&second), json!({ "environment": { "A": null, "B": "2" } })).expect("a revision");
        let environment = [("A", "1"), ("B", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fifth.environment, BTreeMap::from(environment));
    }

    #[test]
    fn bad_specs_are_refused_by_name() {
        for (body, part) in [
            (json!({}), "model_uri"),
            (json!({ "model_uri": "models:/m/1", "executor": "gpu" }), "executor"),
            (json!({ "model_uri": "models:/m/1", "replicas": -1 }), "'replicas'"),
            (json!({ "model_uri": "models:/m/1", "replicas": 65 }), "'replicas'"),
            (
                json!({ "model_uri": "models:/m/1", "replicas": 0 }),
                "'replicas_max' must be between 1",
            ),
            (
                json!({ "model_uri": "models:/m/1", "replicas_min": 3, "replicas_max": 2 }),
                "between 3 and 64",
            ),
            (json!({ "model_uri": "models:/m/1", "concurrency": 0 }), "'concurrency'"),
            (
                json!({ "model_uri": "models:/m/1", "environment": { "A=": "" } }),
                "environment",
            ),
            (
                json!({ "model_uri": "models:/m/1", "environment": { "A": null } }),
                "A has none yet",
            ),
            (
                json!({ "model_uri": "models:/m/1", "environment": { "A": "\u{0}" } }),
                "value of A",
            ),
        ] {
            let error = revise(None, body.clone()).expect_err("a refusal");
            assert!(error.contains(part), "{body}: {error}");
        }
    }
}

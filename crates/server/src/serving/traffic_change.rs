//! How a routing becomes the next one: rules without a database.

use crate::error::{ApiError, ErrorCode, Result, invalid};
use fettle_gateway::routing::{HeaderRule, Mirror, Routing, StickyKey};
use fettle_wire::Int64;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

const NOTE_LENGTH: usize = 1000;

/// What is absent stays as it is; null takes it away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::option_option, reason = "absent and null mean different things")]
pub struct TrafficChange {
    split: Option<BTreeMap<String, Int64>>,
    rules: Option<Vec<HeaderRule>>,
    #[serde(deserialize_with = "given")]
    sticky: Option<Option<StickyKey>>,
    #[serde(deserialize_with = "given")]
    mirror: Option<Option<Mirror>>,
    pub note: Option<String>,
    pub dry_run: bool,
    /// The state that the caller has seen; the change is refused if another is in force.
    expected_number: Option<Int64>,
}

/// Tells null, which becomes `Some(None)`, from nothing.
#[expect(clippy::option_option, reason = "absent and null mean different things")]
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl TrafficChange {
    pub fn check_expected(&self, in_force: i64) -> Result<()> {
        match self.expected_number {
            Some(Int64(expected)) if expected != in_force => Err(ApiError::new(
                ErrorCode::ResourceConflict,
                format!(
                    "Traffic state {expected} was expected to be in force, it is {in_force}: look again before you change it."
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// The routing that `change` asks for, checked for an endpoint with these deployments.
pub fn apply(before: &Routing, change: &TrafficChange, deployments: &[&str]) -> Result<Routing> {
    if change.note.as_ref().is_some_and(|note| note.len() > NOTE_LENGTH) {
        return Err(invalid(format!(
            "Parameter 'note' must have at most {NOTE_LENGTH} bytes."
        )));
    }
    let mut after = before.clone();
    if let Some(rules) = &change.rules {
        after.rules.clone_from(rules);
    }
    if let Some(sticky) = &change.sticky {
        after.sticky.clone_from(sticky);
    }
    if let Some(mirror) = &change.mirror {
        after.mirror.clone_from(mirror);
    }
    if let Some(split) = &change.split {
        let mut percents = BTreeMap::new();
        for (name, Int64(percent)) in split {
            let checked = u8::try_from(*percent).ok().filter(|percent| *percent <= 100);
            let percent = checked.ok_or_else(|| {
                invalid(format!(
                    "split: the percent of `{name}` must be a whole number between 0 and 100, it is {percent}."
                ))
            })?;
            percents.insert(name.clone(), percent);
        }
        if split.is_empty() {
            return Err(invalid(
                "split: the percents must sum to 100, there are none. To stop answering, disable the endpoint.",
            ));
        }
        fettle_gateway::routing::check_split(&percents).map_err(|why| invalid(format!("{why}.")))?;
        let unknown = percents.keys().find(|name| !deployments.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(invalid(format!(
                "split: there is no deployment `{name}`; the endpoint has {}.",
                deployments.join(", ")
            )));
        }
        after = after.with_split(&percents);
    }
    after.check(deployments).map_err(|why| invalid(format!("{why}.")))?;
    Ok(after)
}

/// The deployments that get requests after a change which they did not get before.
pub fn gaining<'r>(before: &Routing, after: &'r Routing) -> Vec<&'r str> {
    let percent = |routing: &Routing, name: &str| routing.split.get(name).copied().unwrap_or_default();
    let mirror = |routing: &'r Routing| routing.mirror.as_ref().map(|mirror| mirror.deployment.as_str());
    let mut gaining: Vec<&str> = after
        .receivers()
        .filter(|name| percent(after, name) > percent(before, name) || !before.receivers().any(|had| had == *name))
        .collect();
    gaining.extend(mirror(after).filter(|name| before.mirror.as_ref().is_none_or(|had| had.deployment != *name)));
    gaining.dedup();
    gaining
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NAMES: [&str; 3] = ["blue", "green", "red"];

    fn change(before: &Routing, body: Value) -> Result<Routing, String> {
        let change: TrafficChange = serde_json::from_value(body).map_err(|error| error.to_string())?;
        apply(before, &change, &NAMES).map_err(|error| error.message)
    }

    fn blue() -> Routing {
        Routing::default().with_split(&BTreeMap::from([("blue".to_owned(), 100)]))
    }

    #[test]
    fn what_is_absent_stays_and_null_takes_away() {
        let mirror = json!({ "mirror": { "deployment": "red", "percent": 20 }, "sticky": { "header": "x-user" } });
        let first = change(&blue(), mirror).expect("a routing");
        assert_eq!(first.split, blue().split);
        let second = change(&first, json!({ "split": { "blue": 90, "green": 10, "red": 0 } })).expect("a routing");
        assert_eq!(
            (&second.mirror, &second.sticky, second.split.len()),
            (&first.mirror, &first.sticky, 2)
        );
        let third = change(&second, json!({ "mirror": null, "sticky": null })).expect("a routing");
        assert_eq!((third.mirror, third.sticky, third.split), (None, None, second.split));
    }

    #[test]
    fn bad_changes_are_refused_by_name() {
        for (body, part) in [
            (
                json!({ "split": { "blue": 90, "green": 9 } }),
                "must sum to 100, they sum to 99",
            ),
            (
                json!({ "split": { "blue": 101, "green": -1 } }),
                "the percent of `blue`",
            ),
            (json!({ "split": { "blue": 50.5, "green": 49.5 } }), "50.5"),
            (json!({ "split": {} }), "there are none"),
            (
                json!({ "split": { "grey": 100 } }),
                "no deployment `grey`; the endpoint has blue, green, red",
            ),
            (
                json!({ "mirror": { "deployment": "red", "percent": 60 } }),
                "between 1 and 50",
            ),
            (
                json!({ "mirror": { "deployment": "grey", "percent": 6 } }),
                "no deployment `grey`",
            ),
            (
                json!({ "rules": [{ "header": "x", "deployment": "blue" }] }),
                "`exact` or `prefix`",
            ),
            (json!({ "note": "n".repeat(1001) }), "'note'"),
        ] {
            let error = change(&blue(), body.clone()).expect_err("a refusal");
            assert!(error.contains(part), "{body}: {error}");
        }
    }

    #[test]
    fn those_gain_who_get_requests_that_they_did_not_get() {
        let check = |body: Value, expected: &[&str]| {
            let after = change(&blue(), body).expect("a routing");
            assert_eq!(gaining(&blue(), &after), expected);
        };
        check(json!({}), &[]);
        check(json!({ "split": { "blue": 90, "green": 10 } }), &["green"]);
        check(json!({ "mirror": { "deployment": "red", "percent": 20 } }), &["red"]);
        check(
            json!({ "rules": [{ "header": "x", "exact": "1", "deployment": "green" }] }),
            &["green"],
        );
    }
}

//! What a webhook may be: MLflow's rules and words (`mlflow/utils/validation.py`).

use super::event::Event;
use crate::{
    error::{Result, invalid},
    tracking::validate::{at_most, text},
};
use fettle_wire::{Missing, webhooks::EventInput};

const NAME_LENGTH: usize = 63;
const DESCRIPTION_LENGTH: usize = 100_000;
const SECRET_LENGTH: usize = 10_000;
/// More than there are, so that repeating some is no error.
const EVENTS_MAX: usize = 100;

pub fn name(name: &str) -> Result<()> {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if bytes.len() <= NAME_LENGTH && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inside) {
        return Ok(());
    }
    let shown: String = name.chars().take(250).collect();
    Err(invalid(format!(
        "Webhook name '{shown}' is invalid. It must start and end with a letter or digit, be less than 63 characters long, \
         and contain only letters, digits, dots (.), underscores (_), and hyphens (-)."
    )))
}

pub fn description(description: Option<&str>) -> Result<()> {
    let description = description.unwrap_or_default();
    text("description", description)?;
    at_most("description", description, DESCRIPTION_LENGTH)?;
    Ok(())
}

pub fn secret(secret: Option<&str>) -> Result<()> {
    at_most("secret", secret.unwrap_or_default(), SECRET_LENGTH)?;
    Ok(())
}

/// The events in MLflow's order, each once.
pub fn events(inputs: Option<Vec<EventInput>>) -> Result<Vec<Event>> {
    let inputs = inputs.ok_or_else(|| Missing {
        field: "events".to_owned(),
    })?;
    if inputs.is_empty() {
        return Err(invalid(
            "Webhook events must be a non-empty list of WebhookEvent objects: [].",
        ));
    }
    if inputs.len() > EVENTS_MAX {
        return Err(invalid(format!("'events' may hold {EVENTS_MAX} entries at most.")));
    }
    let mut events: Vec<Event> = inputs
        .into_iter()
        .enumerate()
        .map(|(index, input)| Event::parse(&format!("events[{index}]"), input))
        .collect::<Result<_>>()?;
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

/// A word that is not a status says nothing, as everywhere in MLflow's requests.
pub fn status(status: Option<&str>) -> Option<&'static str> {
    ["ACTIVE", "DISABLED"].into_iter().find(|known| Some(*known) == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_mlflow_takes() {
        for good in ["a", "A.b_c-d", "9", &"x".repeat(63)] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a b", "ünï", "a\n", &"x".repeat(64)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}

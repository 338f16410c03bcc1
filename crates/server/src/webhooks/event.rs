//! The events that a webhook can ask for: MLflow's entities and what may happen to each (`mlflow/entities/webhook.py`).

use crate::error::{Result, invalid};
use fettle_wire::{
    Missing,
    webhooks::{EventInput, WebhookEvent},
};

/// An entity and an action that belong together, in the words of the payload: `model_version_tag`, `set`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    pub entity: &'static str,
    pub action: &'static str,
}

const ENTITIES: [(&str, &[&str]); 10] = [
    ("registered_model", &["created"]),
    ("model_version", &["created"]),
    ("model_version_tag", &["set", "deleted"]),
    ("model_version_alias", &["created", "deleted"]),
    ("prompt", &["created"]),
    ("prompt_version", &["created"]),
    ("prompt_tag", &["set", "deleted"]),
    ("prompt_version_tag", &["set", "deleted"]),
    ("prompt_alias", &["created", "deleted"]),
    ("budget_policy", &["exceeded"]),
];
const ACTIONS: [&str; 5] = ["created", "updated", "deleted", "set", "exceeded"];

impl Event {
    /// Every event there is.
    #[cfg(test)]
    pub fn all() -> impl Iterator<Item = Self> {
        ENTITIES
            .iter()
            .flat_map(|&(entity, actions)| actions.iter().map(move |&action| Self { entity, action }))
    }

    /// Reads an event of the request's `field`.
    pub fn parse(field: &str, input: EventInput) -> Result<Self> {
        let given = |name: &str, value: Option<String>| {
            value.filter(|value| !value.is_empty()).ok_or_else(|| Missing {
                field: format!("{field}.{name}"),
            })
        };
        let (entity, action) = (given("entity", input.entity)?, given("action", input.action)?);
        let Some((entity, actions)) = ENTITIES.iter().find(|(known, _)| is_enum_name(&entity, known)) else {
            let known = ENTITIES.map(|(known, _)| known.to_ascii_uppercase()).join(", ");
            return Err(unknown(&format!("{field}.entity"), &entity, &known));
        };
        let Some(action) = ACTIONS.iter().find(|known| is_enum_name(&action, known)) else {
            let known = ACTIONS.map(str::to_ascii_uppercase).join(", ");
            return Err(unknown(&format!("{field}.action"), &action, &known));
        };
        if !actions.contains(action) {
            let mut valid = actions.to_vec();
            valid.sort_unstable();
            return Err(invalid(format!(
                "Invalid action '{action}' for entity '{entity}'. Valid actions are: ['{}']",
                valid.join("', '")
            )));
        }
        Ok(Self { entity, action })
    }

    /// An event as it is stored.
    pub fn stored(entity: &str, action: &str) -> Option<Self> {
        let (entity, actions) = ENTITIES.iter().find(|(known, _)| *known == entity)?;
        let action = actions.iter().find(|known| **known == action)?;
        Some(Self { entity, action })
    }

    pub fn to_wire(self) -> WebhookEvent {
        WebhookEvent {
            entity: self.entity.to_ascii_uppercase(),
            action: self.action.to_ascii_uppercase(),
        }
    }

    /// `registered_model.created`
    pub fn topic(self) -> String {
        format!("{}.{}", self.entity, self.action)
    }
}

fn is_enum_name(given: &str, known: &str) -> bool {
    given.len() == known.len()
        && given
            .bytes()
            .zip(known.bytes())
            .all(|(g, k)| g == k.to_ascii_uppercase())
}

fn unknown(field: &str, value: &str, known: &str) -> crate::error::ApiError {
    crate::tracking::validate::invalid_value(field, value, &format!("it must be one of {known}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entity: &str, action: &str) -> Result<Event> {
        let input = EventInput {
            entity: Some(entity.to_owned()),
            action: Some(action.to_owned()),
        };
        Event::parse("events[0]", input)
    }

    #[test]
    fn every_event_comes_back_from_the_wire_and_from_the_store() {
        assert_eq!(Event::all().count(), 15);
        for event in Event::all() {
            let wire = event.to_wire();
            assert_eq!(parse(&wire.entity, &wire.action).ok(), Some(event));
            assert_eq!(Event::stored(event.entity, event.action), Some(event));
        }
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for (entity, action, part) in [
            ("", "CREATED", "events[0].entity"),
            ("PROMPT", "", "events[0].action"),
            ("BOGUS", "CREATED", "BUDGET_POLICY"),
            ("PROMPT", "BOGUS", "EXCEEDED"),
            ("prompt", "created", "REGISTERED_MODEL"),
            ("PROMPT_TAG", "CREATED", "Valid actions are: ['deleted', 'set']"),
        ] {
            let error = parse(entity, action).expect_err(part);
            assert!(error.message.contains(part), "{}", error.message);
        }
    }
}

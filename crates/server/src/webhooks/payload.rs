//! What a webhook is sent, byte for byte as MLflow 3.17 writes it (`mlflow/webhooks/types.py`, `delivery.py`).

use super::{event::Event, python_json};
use crate::error::{ApiError, ErrorCode, Result};
use fettle_wire::tags::KeyValue;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// The `data` of a message. The order of the fields is MLflow's.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Data<'a> {
    /// `registered_model.created` and `prompt.created`
    Model {
        name: &'a str,
        tags: Tags<'a>,
        description: &'a str,
    },
    ModelVersion {
        name: &'a str,
        version: &'a str,
        source: &'a str,
        run_id: Option<&'a str>,
        tags: Tags<'a>,
        description: Option<&'a str>,
    },
    PromptVersion {
        name: &'a str,
        version: &'a str,
        template: Option<&'a str>,
        tags: Tags<'a>,
        description: Option<&'a str>,
    },
    PromptTagSet {
        name: &'a str,
        key: &'a str,
        value: &'a str,
    },
    PromptTagDeleted {
        name: &'a str,
        key: &'a str,
    },
    VersionTagSet {
        name: &'a str,
        version: &'a str,
        key: &'a str,
        value: &'a str,
    },
    VersionTagDeleted {
        name: &'a str,
        version: &'a str,
        key: &'a str,
    },
    AliasCreated {
        name: &'a str,
        alias: &'a str,
        version: &'a str,
    },
    AliasDeleted {
        name: &'a str,
        alias: &'a str,
    },
    BudgetPolicyExceeded {
        budget_policy_id: &'a str,
        budget_unit: &'a str,
        budget_amount: f64,
        current_spend: f64,
        duration_unit: &'a str,
        duration_value: i64,
        target_scope: &'a str,
        workspace: &'a str,
        target_value: Option<&'a str>,
        window_start: i64,
    },
}

/// Tags as an object, in their order.
#[derive(Debug)]
pub struct Tags<'a>(pub Vec<(&'a str, &'a str)>);

impl<'a> Tags<'a> {
    /// Without those whose key is in `hidden`.
    pub fn without(tags: &'a [KeyValue], hidden: &[&str]) -> Self {
        let shown = tags.iter().filter(|tag| !hidden.contains(&tag.key.as_str()));
        Self(shown.map(|tag| (tag.key.as_str(), tag.value.as_str())).collect())
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The whole message.
pub fn body(event: Event, data: &Data<'_>, now_ms: i64) -> Result<String> {
    #[derive(Serialize)]
    struct Message<'a> {
        entity: &'a str,
        action: &'a str,
        timestamp: String,
        data: &'a Data<'a>,
    }
    let message = Message {
        entity: event.entity,
        action: event.action,
        timestamp: isoformat(now_ms),
        data,
    };
    python_json::dumps(&message).map_err(|error| {
        ApiError::new(ErrorCode::InternalError, "A webhook's message could not be written.").because(error)
    })
}

/// As Python's `datetime.isoformat` writes a time in UTC: microseconds, unless there are none.
fn isoformat(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    let seconds = time.strftime("%Y-%m-%dT%H:%M:%S");
    match ms.rem_euclid(1000) {
        0 => format!("{seconds}+00:00"),
        fraction => format!("{seconds}.{fraction:03}000+00:00"),
    }
}

/// What MLflow sends to try a webhook out.
pub fn example(event: Event) -> Data<'static> {
    let is_prompt = event.entity.starts_with("prompt");
    let name = if is_prompt { "example_prompt" } else { "example_model" };
    let (version, key, alias) = ("1", "example_key", "example_alias");
    let tags = || Tags(vec![("example_key", "example_value")]);
    match (event.entity, event.action) {
        ("registered_model", _) => Data::Model {
            name,
            tags: tags(),
            description: "An example registered model",
        },
        ("prompt", _) => Data::Model {
            name,
            tags: tags(),
            description: "An example prompt",
        },
        ("model_version", _) => Data::ModelVersion {
            name,
            version,
            source: "models:/123",
            run_id: Some("abcd1234abcd5678"),
            tags: tags(),
            description: Some("An example model version"),
        },
        ("prompt_version", _) => Data::PromptVersion {
            name,
            version,
            template: Some("Hello {{name}}!"),
            tags: tags(),
            description: Some("An example prompt version"),
        },
        ("prompt_tag", "set") => Data::PromptTagSet {
            name,
            key,
            value: "example_value",
        },
        ("prompt_tag", _) => Data::PromptTagDeleted { name, key },
        ("model_version_tag" | "prompt_version_tag", "set") => Data::VersionTagSet {
            name,
            version,
            key,
            value: "example_value",
        },
        ("model_version_tag" | "prompt_version_tag", _) => Data::VersionTagDeleted { name, version, key },
        ("model_version_alias" | "prompt_alias", "created") => Data::AliasCreated { name, alias, version },
        ("model_version_alias" | "prompt_alias", _) => Data::AliasDeleted { name, alias },
        _ => Data::BudgetPolicyExceeded {
            budget_policy_id: "bp-abc123",
            budget_unit: "USD",
            budget_amount: 100.0,
            current_spend: 105.5,
            duration_unit: "MONTHS",
            duration_value: 1,
            target_scope: "ENDPOINT",
            workspace: "default",
            target_value: Some("ep-abc123"),
            window_start: 1_704_067_200_000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_bytes_of_mlflow() {
        let event = Event::stored("registered_model", "created").expect("an event");
        let tags = ["b", "a"].map(|key| KeyValue {
            key: key.to_owned(),
            value: "dé".to_owned(),
        });
        let data = Data::Model {
            name: "m2",
            tags: Tags::without(&tags, &["x"]),
            description: "",
        };
        assert_eq!(
            body(event, &data, 1_795_250_369_933).expect("it is written"),
            r#"{"entity": "registered_model", "action": "created", "timestamp": "2026-11-21T08:39:29.933000+00:00", "data": {"name": "m2", "tags": {"b": "d\u00e9", "a": "d\u00e9"}, "description": ""}}"#
        );
        assert_eq!(isoformat(1000), "1970-01-01T00:00:01+00:00");
    }

    #[test]
    fn every_event_has_an_example() {
        for event in Event::all() {
            let text = python_json::dumps(&example(event)).expect("it is written");
            assert!(text.contains("example_") || event.entity == "budget_policy", "{text}");
        }
    }
}

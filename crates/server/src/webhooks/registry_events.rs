//! What the registry tells webhooks of: called in the transaction of each change, as MLflow's handlers do after theirs.
//!
//! Prompts are registered models with a tag, and their events have names of their own. When no webhook listens, a
//! change costs one look into an index.

use super::{
    channel::CHANNEL,
    event::Event,
    payload::{self, Data, Tags},
    store,
};
use crate::{
    caller::Caller,
    error::Result,
    outbox::store::{NewDelivery, insert},
    registry::store::tags,
};
use fettle_db::Tx;
use fettle_wire::tags::KeyValue;

const PROMPT_TYPE: &str = "_mlflow_prompt_type";
const PROMPT_TEXT: &str = "mlflow.prompt.text";

/// A new version, as its event tells of it.
#[derive(Debug)]
pub struct NewVersion<'a> {
    pub name: &'a str,
    pub version: i64,
    pub source: &'a str,
    /// Empty for none; so is the description.
    pub run_id: &'a str,
    pub description: &'a str,
    pub tags: &'a [KeyValue],
}

pub fn model_created(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    name: &str,
    tags: &[KeyValue],
    description: &str,
) -> Result<()> {
    let (entity, hidden): (_, &[&str]) = if tags::say_prompt(tags) {
        ("prompt", &[tags::IS_PROMPT, PROMPT_TYPE])
    } else {
        ("registered_model", &[])
    };
    let data = Data::Model {
        name,
        tags: Tags::without(tags, hidden),
        description,
    };
    tell(tx, caller, now_ms, Subject::Known(entity), "created", &data)
}

pub fn version_created(tx: &Tx, caller: &Caller, now_ms: i64, new: &NewVersion<'_>) -> Result<()> {
    let version = &new.version.to_string();
    let (name, tags) = (new.name, new.tags);
    let description = Some(new.description).filter(|description| !description.is_empty());
    let (entity, data) = if tags::say_prompt(tags) {
        let template = tags.iter().find(|tag| tag.key == PROMPT_TEXT);
        let data = Data::PromptVersion {
            name,
            version,
            template: template.map(|tag| tag.value.as_str()),
            tags: Tags::without(tags, &[PROMPT_TEXT, tags::IS_PROMPT, PROMPT_TYPE]),
            description,
        };
        ("prompt_version", data)
    } else {
        let data = Data::ModelVersion {
            name,
            version,
            source: new.source,
            run_id: Some(new.run_id).filter(|run_id| !run_id.is_empty()),
            tags: Tags::without(tags, &[]),
            description,
        };
        ("model_version", data)
    };
    tell(tx, caller, now_ms, Subject::Known(entity), "created", &data)
}

/// A tag of a registered model was set to `value` or, without one, deleted. Only prompts' are told of.
pub fn model_tag(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    (model_id, name): (i64, &str),
    key: &str,
    value: Option<&str>,
) -> Result<()> {
    let subject = Subject::Of {
        model_id,
        model: None,
        prompt: "prompt_tag",
    };
    match value {
        Some(value) => {
            let data = Data::PromptTagSet { name, key, value };
            tell(tx, caller, now_ms, subject, "set", &data)
        }
        None => tell(
            tx,
            caller,
            now_ms,
            subject,
            "deleted",
            &Data::PromptTagDeleted { name, key },
        ),
    }
}

/// A tag of a version was set to `value` or, without one, deleted.
pub fn version_tag(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    (model_id, name, version): (i64, &str, i64),
    key: &str,
    value: Option<&str>,
) -> Result<()> {
    let subject = Subject::Of {
        model_id,
        model: Some("model_version_tag"),
        prompt: "prompt_version_tag",
    };
    let version = &version.to_string();
    if let Some(value) = value {
        let data = Data::VersionTagSet {
            name,
            version,
            key,
            value,
        };
        tell(tx, caller, now_ms, subject, "set", &data)
    } else {
        let data = Data::VersionTagDeleted { name, version, key };
        tell(tx, caller, now_ms, subject, "deleted", &data)
    }
}

/// An alias was pointed at `version` or, without one, deleted.
pub fn alias(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    (model_id, name): (i64, &str),
    alias: &str,
    version: Option<i64>,
) -> Result<()> {
    let subject = Subject::Of {
        model_id,
        model: Some("model_version_alias"),
        prompt: "prompt_alias",
    };
    match version {
        Some(version) => {
            let version = &version.to_string();
            let data = Data::AliasCreated { name, alias, version };
            tell(tx, caller, now_ms, subject, "created", &data)
        }
        None => tell(
            tx,
            caller,
            now_ms,
            subject,
            "deleted",
            &Data::AliasDeleted { name, alias },
        ),
    }
}

/// The entity of an event.
#[derive(Clone, Copy)]
enum Subject {
    Known(&'static str),
    /// One name if the registered model is a prompt, and another, or none, if it is not.
    Of {
        model_id: i64,
        model: Option<&'static str>,
        prompt: &'static str,
    },
}

fn tell(tx: &Tx, caller: &Caller, now_ms: i64, subject: Subject, action: &'static str, data: &Data<'_>) -> Result<()> {
    let (entity, other) = match subject {
        Subject::Known(entity) => (entity, entity),
        Subject::Of { model, prompt, .. } => (prompt, model.unwrap_or(prompt)),
    };
    let subscribers = store::subscribers(tx, caller.workspace_id, action, entity, other)?;
    if subscribers.is_empty() {
        return Ok(());
    }
    let entity = match subject {
        Subject::Known(entity) => Some(entity),
        Subject::Of { model_id, prompt, .. } if tags::is_prompt(tx, model_id)? => Some(prompt),
        Subject::Of { model, .. } => model,
    };
    let Some(event) = entity.and_then(|entity| Event::stored(entity, action)) else {
        return Ok(());
    };
    let (topic, body) = (event.topic(), payload::body(event, data, now_ms)?);
    for (target_id, _) in subscribers.iter().filter(|(_, wanted)| wanted == event.entity) {
        let new = NewDelivery {
            channel: CHANNEL,
            target_id: *target_id,
            topic: &topic,
            body: &body,
        };
        insert(tx, caller.workspace_id, &new, now_ms)?;
    }
    Ok(())
}

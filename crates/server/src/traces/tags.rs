//! Tags of traces, on the paths of v2 and v3.

use super::{rules, store::records, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::validate::run_tag,
};
use axum::extract::State;
use fettle_search::traces::NAME_TAG;
use fettle_wire::{Required, tags::KeyValueInput};
use serde_json::json;
use std::collections::BTreeMap;

/// What the server itself says about a trace. The failure may be taken away, so that archiving is tried again.
const OWN_TAGS: [&str; 3] = [
    "mlflow.trace.spansLocation",
    "mlflow.trace.archiveLocation",
    ARCHIVAL_FAILURE,
];
const ARCHIVAL_FAILURE: &str = "mlflow.trace.archivalFailure";

/// How audit entries name a trace.
pub(super) fn entity(trace_id: &str) -> Entity<'_> {
    Entity::of("trace", trace_id)
}

pub async fn set_tag(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
    Args(request): Args<KeyValueInput>,
) -> Result<Json<Empty>> {
    refuse_own(request.key.as_deref(), "set", &OWN_TAGS)?;
    let tag = if request.key.as_deref() == Some(NAME_TAG) {
        let value = request.value.unwrap_or_default();
        validate::tags(BTreeMap::from([(NAME_TAG.to_owned(), value)]))?
    } else {
        let tag = run_tag("", request)?;
        BTreeMap::from([(tag.key, tag.value)])
    };
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let trace = records::get(tx, caller.workspace_id, &trace_id)?;
            let rules = rules::of(tx, caller.workspace_id, trace.experiment_id)?;
            let kept = rules.map(|rules| rules::apply_to_entries(&rules, &tag));
            let tags = kept.as_ref().unwrap_or(&tag).iter();
            let tags = tags.map(|(key, value)| (key.as_str(), value.as_str()));
            records::set_tags(tx, caller.workspace_id, trace.id, tags)?;
            let detail = json!({ "key": tag.keys().next() });
            audit::record(tx, &caller, now_ms, "set_tag", entity(&trace_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn delete_tag(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
    Args(request): Args<KeyValueInput>,
) -> Result<Json<Empty>> {
    let tag = request.key.required("key")?;
    refuse_own(Some(&tag), "deleted", &OWN_TAGS[..2])?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let missing = || no_tag(&trace_id, &tag);
            let key = records::find_key(tx, caller.workspace_id, &trace_id)?.ok_or_else(missing)?;
            if !records::delete_tag(tx, key, &tag)? {
                return Err(missing());
            }
            let detail = json!({ "key": tag });
            audit::record(tx, &caller, now_ms, "delete_tag", entity(&trace_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

fn no_tag(trace_id: &str, tag: &str) -> ApiError {
    not_found(format!("No trace tag with key '{tag}' for trace with ID '{trace_id}'"))
}

fn refuse_own(key: Option<&str>, operation: &str, own: &[&str]) -> Result<()> {
    match key.filter(|key| own.contains(key)) {
        Some(key) => Err(invalid(format!(
            "Tag '{key}' is immutable and cannot be {operation} on a trace."
        ))),
        None => Ok(()),
    }
}

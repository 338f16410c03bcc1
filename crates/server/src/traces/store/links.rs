//! What traces are linked to: runs and versions of prompts.

use crate::error::Result;
use fettle_db::{Tx, params};
use serde_json::Value;

/// Prompts of one tag, and bytes of their names: what is beyond links nothing.
const PROMPTS_MAX: usize = 1000;
const ID_LENGTH: usize = 250;

/// Links traces to a run. They need not be there yet: clients send traces and links side by side.
pub fn link_to_run<'a>(
    tx: &Tx,
    workspace_id: i64,
    trace_ids: impl IntoIterator<Item = &'a str>,
    run_id: i64,
) -> Result<()> {
    tx.execute_each(
        "INSERT INTO trace_run_links (workspace_id, trace_id, run_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (trace_id, run_id) DO NOTHING",
        trace_ids
            .into_iter()
            .map(|trace_id| params![workspace_id, trace_id, run_id].to_vec()),
    )?;
    Ok(())
}

pub fn link_to_prompts(tx: &Tx, workspace_id: i64, trace_key: i64, prompts: &[(String, String)]) -> Result<()> {
    tx.execute_each(
        "INSERT INTO trace_prompt_links (workspace_id, trace_key, prompt_name, prompt_version) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (trace_key, prompt_name, prompt_version) DO NOTHING",
        prompts
            .iter()
            .map(|(name, version)| params![workspace_id, trace_key, name, version].to_vec()),
    )?;
    Ok(())
}

/// The prompts that the tag `mlflow.linkedPrompts` names: older clients link by it alone.
pub fn prompts_of_tag(tag: &str) -> Vec<(String, String)> {
    let entries: Vec<Value> = serde_json::from_str(tag).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let pairs = entries
        .iter()
        .filter_map(|entry| Some((text(entry.get("name")?)?, text(entry.get("version")?)?)));
    pairs
        .filter(|(name, version)| name.len() <= ID_LENGTH && version.len() <= ID_LENGTH)
        .take(PROMPTS_MAX)
        .collect()
}

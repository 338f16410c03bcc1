//! Summaries of runs: all that hangs on a run as the JSON that clients get, kept beside it, so that a page of a search is
//! one read. They are kept once a run has paused ([`super::ranking`]), and right while `runs.ranked` is 1.

use super::{run_data, runs::Run};
use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Column, Param, Tx, params};
use fettle_wire::runs::RunRest;
use std::collections::HashMap;

/// Runs with more to tell are read anew each time.
const BYTES_MAX: usize = 256 * 1024;

/// Runs as the JSON objects of a list, in their order. Model inputs are left out of lists, as MLflow does.
pub fn texts(tx: &Tx, runs: Vec<Run>) -> Result<Vec<Vec<u8>>> {
    let kept = find(tx, &runs)?;
    let others: Vec<i64> = runs
        .iter()
        .map(|run| run.id)
        .filter(|id| !kept.contains_key(id))
        .collect();
    let mut others = run_data::parts(tx, &others)?;
    let text = |run: Run| {
        if let Some(rest) = kept.get(&run.id) {
            return text_of(run, rest);
        }
        let parts = others.remove(&run.id).unwrap_or_default();
        text_of(run, &rest_of(&parts.into_rest(false))?)
    };
    runs.into_iter().map(text).collect()
}

/// One run as a JSON object, found and read in one statement if its summary is kept.
pub fn text(tx: &Tx, workspace_id: i64, run_uuid: &str) -> Result<Vec<u8>> {
    let found = tx.query_opt(
        "SELECT r.id, r.run_uuid, r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, r.lifecycle_stage, r.ranked, s.data
         FROM runs r LEFT JOIN run_summaries s ON s.id = r.id AND r.ranked = 1
         WHERE r.run_uuid = ?1 AND r.workspace_id = ?2",
        params![run_uuid, workspace_id],
        |row| Ok((Run::read(row)?, row.get::<Option<Vec<u8>>>(11)?)),
    )?;
    let (run, kept) = found.ok_or_else(|| super::runs::no_such_run(run_uuid))?;
    if let Some(rest) = kept {
        return text_of(run, &rest);
    }
    let parts = run_data::parts(tx, &[run.id])?.remove(&run.id).unwrap_or_default();
    text_of(run, &rest_of(&parts.into_rest(true))?)
}

/// The summaries that are kept of these runs and right.
fn find(tx: &Tx, runs: &[Run]) -> Result<HashMap<i64, Vec<u8>>> {
    let ranked: Vec<i64> = runs.iter().filter(|run| run.ranked).map(|run| run.id).collect();
    let mut kept = HashMap::with_capacity(ranked.len());
    if !ranked.is_empty() {
        tx.for_each::<ApiError>(
            "SELECT id, data FROM run_summaries WHERE id IN_IDS(?1)",
            &[Param::from(ranked)],
            |row| {
                kept.insert(row.get(0)?, row.get(1)?);
                Ok(())
            },
        )?;
    }
    Ok(kept)
}

/// `{"info":..}` and the rest in one object.
fn text_of(run: Run, rest: &[u8]) -> Result<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len() + 512);
    text.extend_from_slice(b"{\"info\":");
    serde_json::to_writer(&mut text, &run.into_info()).map_err(unwritable)?;
    text.push(b',');
    text.extend_from_slice(rest.strip_prefix(b"{").unwrap_or(rest));
    Ok(text)
}

fn rest_of((data, inputs, outputs): &run_data::Rest) -> Result<Vec<u8>> {
    serde_json::to_vec(&RunRest { data, inputs, outputs }).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::InternalError, "A run could not be written as JSON.").because(error)
}

/// Keeps the summaries of runs that nobody writes to meanwhile, and forgets those of runs that have too much to tell.
pub fn keep(tx: &Tx, workspace_id: i64, run_ids: &[i64]) -> Result<()> {
    let mut parts = run_data::parts(tx, run_ids)?;
    let (mut kept, mut texts, mut forgotten) = (Vec::new(), Vec::new(), Vec::new());
    for &run_id in run_ids {
        let rest = parts.remove(&run_id).unwrap_or_default().into_rest(true);
        let text = rest_of(&rest)?;
        // Lists and single runs differ in their model inputs.
        if text.len() > BYTES_MAX || !rest.1.model_inputs.is_empty() {
            forgotten.push(run_id);
        } else {
            kept.push(run_id);
            texts.push(text);
        }
    }
    tx.insert_rows(
        "run_summaries (id, workspace_id, data)",
        &[
            Column::Ints(kept.clone()),
            Column::Ints(vec![workspace_id; kept.len()]),
            Column::Bytes(texts.iter().map(Vec::as_slice).collect()),
        ],
        "ON CONFLICT (id) DO UPDATE SET data = excluded.data",
    )?;
    forget(tx, forgotten)
}

pub fn forget(tx: &Tx, run_ids: Vec<i64>) -> Result<()> {
    if !run_ids.is_empty() {
        tx.execute("DELETE FROM run_summaries WHERE id IN_IDS(?1)", &[Param::from(run_ids)])?;
    }
    Ok(())
}

/// To be called before anything that hangs on a run is changed, but for its metrics, which say so themselves.
pub fn outdate(tx: &Tx, run_id: i64) -> Result<()> {
    // Whoever keeps a summary holds the run alone: it has committed, or waits until this is.
    tx.share_row("runs", run_id)?;
    tx.execute(
        "UPDATE runs SET ranked = 0 WHERE id = ?1 AND ranked = 1 AND EXISTS (SELECT 1 FROM run_summaries WHERE id = ?1)",
        params![run_id],
    )?;
    Ok(())
}

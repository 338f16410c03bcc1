//! The SQL of the capture.

use super::settings::Policy;
use crate::error::Result;
use fettle_capture::Gap;
use fettle_db::{Row, Tx, params};
use std::collections::HashMap;

/// A captured file of the artifact store.
#[derive(Debug, Clone)]
pub struct SegmentRow {
    pub id: i64,
    pub identity: String,
    pub log_path: String,
    pub rows_path: Option<String>,
    pub to_ms: i64,
}

#[derive(Debug, Clone)]
pub struct NewSegment {
    pub workspace_id: i64,
    pub endpoint: String,
    pub deployment: String,
    pub identity: String,
    pub log_path: String,
    pub rows_path: Option<String>,
    pub from_ms: i64,
    pub to_ms: i64,
    pub requests: i64,
    pub rows: i64,
    pub bytes: i64,
}

#[derive(Debug)]
pub struct GapRow {
    pub instance: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub detail: String,
}

pub fn policies(tx: &Tx, workspace_id: i64) -> Result<HashMap<String, Policy>> {
    let rows = tx.query(
        "SELECT endpoint, enabled, sampling_rate, retention_ms FROM capture_settings WHERE workspace_id = ?1",
        params![workspace_id],
        |row| Ok((row.get::<String>(0)?, read_policy(row, 1)?)),
    )?;
    Ok(rows.into_iter().collect())
}

pub fn policy(tx: &Tx, workspace_id: i64, endpoint: &str) -> Result<Option<Policy>> {
    Ok(tx.query_opt(
        "SELECT enabled, sampling_rate, retention_ms FROM capture_settings WHERE workspace_id = ?1 AND endpoint = ?2",
        params![workspace_id, endpoint],
        |row| read_policy(row, 0),
    )?)
}

fn read_policy(row: &Row<'_>, first: usize) -> fettle_db::Result<Policy> {
    Ok(Policy {
        enabled: row.get(first)?,
        sampling_rate: row.get(first + 1)?,
        retention_ms: row.get(first + 2)?,
    })
}

pub fn put_policy(tx: &Tx, workspace_id: i64, endpoint: &str, policy: &Policy, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO capture_settings (workspace_id, endpoint, enabled, sampling_rate, retention_ms, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (workspace_id, endpoint) DO UPDATE SET enabled = excluded.enabled,
             sampling_rate = excluded.sampling_rate, retention_ms = excluded.retention_ms, updated_at = excluded.updated_at",
        params![
            workspace_id,
            endpoint,
            policy.enabled,
            policy.sampling_rate,
            policy.retention_ms,
            now_ms
        ],
    )?;
    Ok(())
}

/// Nothing happens if the file was taken before.
pub fn insert_segment(tx: &Tx, new: &NewSegment, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO capture_segments (workspace_id, endpoint, deployment, identity, log_path, rows_path, from_ms,
             to_ms, requests, row_count, bytes, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (identity) DO NOTHING",
        params![
            new.workspace_id,
            &new.endpoint,
            &new.deployment,
            &new.identity,
            &new.log_path,
            &new.rows_path,
            new.from_ms,
            new.to_ms,
            new.requests,
            new.rows,
            new.bytes,
            now_ms
        ],
    )?;
    Ok(())
}

/// Files with requests between the two times, newest first; of all endpoints if `endpoint` is empty.
pub fn segments(
    tx: &Tx,
    workspace_id: i64,
    endpoint: &str,
    from_ms: i64,
    to_ms: i64,
    limit: usize,
) -> Result<Vec<SegmentRow>> {
    Ok(tx.query(
        "SELECT id, identity, log_path, rows_path, to_ms FROM capture_segments
         WHERE workspace_id = ?1 AND (?2 = '' OR endpoint = ?2) AND to_ms >= ?3 AND from_ms < ?4
         ORDER BY to_ms DESC LIMIT ?5",
        params![workspace_id, endpoint, from_ms, to_ms, limit as i64],
        read_segment_row,
    )?)
}

/// Files of an endpoint whose newest request is older, up to a bound.
pub fn segments_before(
    tx: &Tx,
    workspace_id: i64,
    endpoint: &str,
    before_ms: i64,
    limit: usize,
) -> Result<Vec<SegmentRow>> {
    Ok(tx.query(
        "SELECT id, identity, log_path, rows_path, to_ms FROM capture_segments
         WHERE workspace_id = ?1 AND endpoint = ?2 AND to_ms < ?3 ORDER BY to_ms LIMIT ?4",
        params![workspace_id, endpoint, before_ms, limit as i64],
        read_segment_row,
    )?)
}

fn read_segment_row(row: &Row<'_>) -> fettle_db::Result<SegmentRow> {
    Ok(SegmentRow {
        id: row.get(0)?,
        identity: row.get(1)?,
        log_path: row.get(2)?,
        rows_path: row.get(3)?,
        to_ms: row.get(4)?,
    })
}

pub fn delete_segments(tx: &Tx, ids: &[i64]) -> Result<()> {
    tx.execute("DELETE FROM capture_segments WHERE id IN_IDS(?1)", params![ids])?;
    Ok(())
}

/// Endpoints of which something was captured.
pub fn captured_endpoints(tx: &Tx, workspace_id: i64) -> Result<Vec<String>> {
    Ok(tx.query(
        "SELECT DISTINCT endpoint FROM capture_segments WHERE workspace_id = ?1 ORDER BY endpoint",
        params![workspace_id],
        |row| row.get(0),
    )?)
}

pub fn insert_gaps(tx: &Tx, gaps: &[Gap], now_ms: i64) -> Result<()> {
    for gap in gaps {
        let detail = match &gap.file {
            Some(file) => format!(
                "file {file} was not closed; {} bytes of a torn line were left out",
                gap.torn_bytes
            ),
            None => "the capture was not closed; no file was being written".to_owned(),
        };
        tx.execute(
            "INSERT INTO capture_gaps (workspace_id, instance, from_ms, to_ms, detail) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![gap.workspace_id, &gap.instance, gap.last_write_ms, now_ms, detail],
        )?;
    }
    Ok(())
}

/// Gaps between the two times, newest first.
pub fn gaps(tx: &Tx, workspace_id: i64, from_ms: i64, to_ms: i64, limit: usize) -> Result<Vec<GapRow>> {
    Ok(tx.query(
        "SELECT instance, from_ms, to_ms, detail FROM capture_gaps
         WHERE workspace_id = ?1 AND to_ms >= ?2 AND from_ms < ?3 ORDER BY to_ms DESC LIMIT ?4",
        params![workspace_id, from_ms, to_ms, limit as i64],
        |row| {
            Ok(GapRow {
                instance: row.get(0)?,
                from_ms: row.get(1)?,
                to_ms: row.get(2)?,
                detail: row.get(3)?,
            })
        },
    )?)
}

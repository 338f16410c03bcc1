//! The SQL of alerts.

use super::{
    labels::Labels,
    machine::{Moment, State},
};
use crate::error::{ApiError, Result, not_found};
use fettle_db::{Row, Tx, params};

#[derive(Debug, Clone)]
pub struct RuleRow {
    pub id: i64,
    pub workspace_id: i64,
    pub name: String,
    /// JSON.
    pub spec: String,
    pub monitor: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub next_evaluation_at: Option<i64>,
    pub last_error: Option<String>,
}

const RULE: &str = "id, workspace_id, name, spec, monitor, created_at, updated_at, next_evaluation_at, last_error";

fn read_rule(row: &Row<'_>) -> fettle_db::Result<RuleRow> {
    Ok(RuleRow {
        id: row.get(0)?,
        workspace_id: row.get(1)?,
        name: row.get(2)?,
        spec: row.get(3)?,
        monitor: row.get(4)?,
        created_at: row.get(5)?,
        updated_at: row.get(6)?,
        next_evaluation_at: row.get(7)?,
        last_error: row.get(8)?,
    })
}

/// False if the name is taken.
pub fn insert_rule(tx: &Tx, new: &RuleRow) -> Result<bool> {
    let changed = tx.execute(
        "INSERT INTO alert_rules (workspace_id, name, spec, monitor, created_at, updated_at, next_evaluation_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (workspace_id, name) DO NOTHING",
        params![
            new.workspace_id,
            &new.name,
            &new.spec,
            &new.monitor,
            new.created_at,
            new.updated_at,
            new.next_evaluation_at
        ],
    )?;
    Ok(changed > 0)
}

pub fn update_rule(tx: &Tx, id: i64, spec: &str, next_evaluation_at: Option<i64>, now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE alert_rules SET spec = ?1, next_evaluation_at = ?2, updated_at = ?3, last_error = NULL WHERE id = ?4",
        params![spec, next_evaluation_at, now_ms, id],
    )?;
    Ok(())
}

pub fn set_rule_error(tx: &Tx, id: i64, error: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE alert_rules SET last_error = ?1 WHERE id = ?2",
        params![error, id],
    )?;
    Ok(())
}

pub fn delete_rule(tx: &Tx, id: i64) -> Result<()> {
    tx.execute(
        "DELETE FROM alert_transitions WHERE alert_id IN (SELECT id FROM alerts WHERE rule_id = ?1)",
        params![id],
    )?;
    tx.execute("DELETE FROM alerts WHERE rule_id = ?1", params![id])?;
    tx.execute("DELETE FROM alert_rules WHERE id = ?1", params![id])?;
    Ok(())
}

pub fn rules(tx: &Tx, workspace_id: i64) -> Result<Vec<RuleRow>> {
    let sql = format!("SELECT {RULE} FROM alert_rules WHERE workspace_id = ?1 ORDER BY name");
    Ok(tx.query(&sql, params![workspace_id], read_rule)?)
}

pub fn rules_of_monitor(tx: &Tx, workspace_id: i64, monitor: &str) -> Result<Vec<RuleRow>> {
    let sql = format!("SELECT {RULE} FROM alert_rules WHERE workspace_id = ?1 AND monitor = ?2 ORDER BY name");
    Ok(tx.query(&sql, params![workspace_id, monitor], read_rule)?)
}

pub fn find_rule(tx: &Tx, workspace_id: i64, name: &str) -> Result<Option<RuleRow>> {
    let sql = format!("SELECT {RULE} FROM alert_rules WHERE workspace_id = ?1 AND name = ?2");
    Ok(tx.query_opt(&sql, params![workspace_id, name], read_rule)?)
}

pub fn get_rule(tx: &Tx, workspace_id: i64, name: &str) -> Result<RuleRow> {
    find_rule(tx, workspace_id, name)?.ok_or_else(|| not_found(format!("There is no alert rule `{name}`.")))
}

pub fn rule(tx: &Tx, id: i64) -> Result<Option<RuleRow>> {
    let sql = format!("SELECT {RULE} FROM alert_rules WHERE id = ?1");
    Ok(tx.query_opt(&sql, params![id], read_rule)?)
}

/// Whether any rule is due, without a write.
pub fn is_due(tx: &Tx, now_ms: i64) -> Result<bool> {
    let found = tx.query_opt(
        "SELECT id FROM alert_rules WHERE next_evaluation_at <= ?1 LIMIT 1",
        params![now_ms],
        |row| row.get::<i64>(0),
    )?;
    Ok(found.is_some())
}

/// Takes rules that are due, so that no other server does. They are due again when this one dies before it has said
/// when.
pub fn claim(tx: &Tx, now_ms: i64, lease_ms: i64, count: i64) -> Result<Vec<RuleRow>> {
    let sql = format!(
        "UPDATE alert_rules SET next_evaluation_at = ?2
         WHERE next_evaluation_at <= ?1 AND id IN (
             SELECT id FROM alert_rules WHERE next_evaluation_at <= ?1 ORDER BY next_evaluation_at LIMIT ?3)
         RETURNING {RULE}"
    );
    Ok(tx.query(&sql, params![now_ms, now_ms + lease_ms, count], read_rule)?)
}

pub fn set_next_evaluation(tx: &Tx, id: i64, next_ms: Option<i64>) -> Result<()> {
    tx.execute(
        "UPDATE alert_rules SET next_evaluation_at = ?1 WHERE id = ?2 AND next_evaluation_at IS NOT NULL",
        params![next_ms, id],
    )?;
    Ok(())
}

/// The rules that look at a monitor, its own and others.
pub fn rules_on_monitor(tx: &Tx, workspace_id: i64, monitor_id: i64) -> Result<Vec<i64>> {
    let name: Option<String> = tx.query_opt("SELECT name FROM monitors WHERE id = ?1", params![monitor_id], |row| {
        row.get(0)
    })?;
    let Some(name) = name else { return Ok(Vec::new()) };
    let ours = |row: &RuleRow| {
        let spec: serde_json::Value = serde_json::from_str(&row.spec).unwrap_or_default();
        spec["monitor"] == name
            || spec["condition"]
                .as_str()
                .is_some_and(|condition| condition.contains(&name))
    };
    Ok(rules(tx, workspace_id)?
        .iter()
        .filter(|row| ours(row))
        .map(|row| row.id)
        .collect())
}

/// Makes the rules that look at a monitor due.
pub fn hasten_rules(tx: &Tx, ids: &[i64], now_ms: i64) -> Result<()> {
    tx.execute(
        "UPDATE alert_rules SET next_evaluation_at = ?1 WHERE id IN_IDS(?2) AND next_evaluation_at > ?1",
        params![now_ms, ids],
    )?;
    Ok(())
}

#[derive(Debug, Clone)]
pub struct AlertRow {
    pub id: i64,
    pub rule_id: i64,
    pub fingerprint: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub moment: Moment,
    pub value: Option<f64>,
    pub fired_at: Option<i64>,
    pub resolved_at: Option<i64>,
    pub told: String,
    pub told_at: i64,
    pub silenced: bool,
}

const ALERT: &str = "id, rule_id, fingerprint, labels, annotations, state, since, value, breached_at, fired_at, \
     resolved_at, told, told_at, silenced";

fn read_alert(row: &Row<'_>) -> fettle_db::Result<AlertRow> {
    let labels = |index| {
        row.get::<String>(index)
            .map(|text| serde_json::from_str(&text).unwrap_or_default())
    };
    Ok(AlertRow {
        id: row.get(0)?,
        rule_id: row.get(1)?,
        fingerprint: row.get(2)?,
        labels: labels(3)?,
        annotations: labels(4)?,
        moment: Moment {
            state: State::named(row.text(5)?).unwrap_or(State::Inactive),
            since_ms: row.get(6)?,
            breached_ms: row.get(8)?,
        },
        value: row.get(7)?,
        fired_at: row.get(9)?,
        resolved_at: row.get(10)?,
        told: row.get(11)?,
        told_at: row.get(12)?,
        silenced: row.get(13)?,
    })
}

pub fn alerts_of_rule(tx: &Tx, rule_id: i64) -> Result<Vec<AlertRow>> {
    let sql = format!("SELECT {ALERT} FROM alerts WHERE rule_id = ?1 ORDER BY id");
    Ok(tx.query(&sql, params![rule_id], read_alert)?)
}

pub fn alert(tx: &Tx, workspace_id: i64, id: i64) -> Result<AlertRow> {
    let sql = format!("SELECT {ALERT} FROM alerts WHERE workspace_id = ?1 AND id = ?2");
    tx.query_opt(&sql, params![workspace_id, id], read_alert)?
        .ok_or_else(|| not_found(format!("There is no alert {id}.")))
}

/// Alerts of a state, or all; newest change first.
pub fn alerts(tx: &Tx, workspace_id: i64, state: &str, limit: usize) -> Result<Vec<AlertRow>> {
    let sql = format!(
        "SELECT {ALERT} FROM alerts WHERE workspace_id = ?1 AND (?2 = '' OR state = ?2) ORDER BY since DESC, id DESC LIMIT ?3"
    );
    Ok(tx.query(&sql, params![workspace_id, state, limit as i64], read_alert)?)
}

/// Writes an alert, new or known; answers with its id.
pub fn put_alert(tx: &Tx, workspace_id: i64, alert: &AlertRow) -> Result<i64> {
    let text = |labels: &Labels| serde_json::to_string(labels).expect("maps of text serialise");
    Ok(tx.query_one(
        "INSERT INTO alerts (workspace_id, rule_id, fingerprint, labels, annotations, state, since, value, breached_at,
             fired_at, resolved_at, told, told_at, silenced)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (rule_id, fingerprint) DO UPDATE SET annotations = excluded.annotations, state = excluded.state,
             since = excluded.since, value = excluded.value, breached_at = excluded.breached_at,
             fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, told = excluded.told,
             told_at = excluded.told_at, silenced = excluded.silenced
         RETURNING id",
        params![
            workspace_id,
            alert.rule_id,
            &alert.fingerprint,
            text(&alert.labels),
            text(&alert.annotations),
            alert.moment.state.name(),
            alert.moment.since_ms,
            alert.value,
            alert.moment.breached_ms,
            alert.fired_at,
            alert.resolved_at,
            &alert.told,
            alert.told_at,
            alert.silenced
        ],
        |row| row.get(0),
    )?)
}

#[derive(Debug, Clone)]
pub struct Transition {
    pub at: i64,
    pub from: String,
    pub to: String,
    pub value: Option<f64>,
}

pub fn insert_transition(tx: &Tx, workspace_id: i64, alert_id: i64, transition: &Transition) -> Result<()> {
    tx.execute(
        "INSERT INTO alert_transitions (workspace_id, alert_id, at, from_state, to_state, value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            workspace_id,
            alert_id,
            transition.at,
            &transition.from,
            &transition.to,
            transition.value
        ],
    )?;
    Ok(())
}

/// Newest first.
pub fn transitions(tx: &Tx, alert_id: i64, limit: usize) -> Result<Vec<Transition>> {
    Ok(tx.query(
        "SELECT at, from_state, to_state, value FROM alert_transitions WHERE alert_id = ?1 ORDER BY id DESC LIMIT ?2",
        params![alert_id, limit as i64],
        |row| {
            Ok(Transition {
                at: row.get(0)?,
                from: row.get(1)?,
                to: row.get(2)?,
                value: row.get(3)?,
            })
        },
    )?)
}

#[derive(Debug, Clone)]
pub struct Receiver {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub address: Vec<u8>,
    pub created_at: i64,
}

fn read_receiver(row: &Row<'_>) -> fettle_db::Result<Receiver> {
    Ok(Receiver {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        address: row.get(3)?,
        created_at: row.get(4)?,
    })
}

/// False if the name is taken.
pub fn insert_receiver(
    tx: &Tx,
    workspace_id: i64,
    name: &str,
    kind: &str,
    address: &[u8],
    now_ms: i64,
) -> Result<bool> {
    let changed = tx.execute(
        "INSERT INTO alert_receivers (workspace_id, name, kind, address, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (workspace_id, name) DO NOTHING",
        params![workspace_id, name, kind, address, now_ms],
    )?;
    Ok(changed > 0)
}

pub fn delete_receiver(tx: &Tx, workspace_id: i64, name: &str) -> Result<bool> {
    let changed = tx.execute(
        "DELETE FROM alert_receivers WHERE workspace_id = ?1 AND name = ?2",
        params![workspace_id, name],
    )?;
    Ok(changed > 0)
}

pub fn receivers(tx: &Tx, workspace_id: i64) -> Result<Vec<Receiver>> {
    Ok(tx.query(
        "SELECT id, name, kind, address, created_at FROM alert_receivers WHERE workspace_id = ?1 ORDER BY name",
        params![workspace_id],
        read_receiver,
    )?)
}

pub fn receiver(tx: &Tx, id: i64) -> Result<Option<Receiver>> {
    Ok(tx.query_opt(
        "SELECT id, name, kind, address, created_at FROM alert_receivers WHERE id = ?1",
        params![id],
        read_receiver,
    )?)
}

pub fn receiver_named(tx: &Tx, workspace_id: i64, name: &str) -> Result<Option<Receiver>> {
    Ok(tx.query_opt(
        "SELECT id, name, kind, address, created_at FROM alert_receivers WHERE workspace_id = ?1 AND name = ?2",
        params![workspace_id, name],
        read_receiver,
    )?)
}

#[derive(Debug, Clone)]
pub struct SilenceRow {
    pub id: i64,
    /// JSON.
    pub spec: String,
    pub created_by: String,
    pub created_at: i64,
    pub ends_at: Option<i64>,
}

pub fn insert_silence(
    tx: &Tx,
    workspace_id: i64,
    spec: &str,
    created_by: &str,
    ends_at: Option<i64>,
    now_ms: i64,
) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO alert_silences (workspace_id, spec, created_by, created_at, ends_at) VALUES (?1, ?2, ?3, ?4, ?5)
         RETURNING id",
        params![workspace_id, spec, created_by, now_ms, ends_at],
        |row| row.get(0),
    )?)
}

/// Those that have not ended by a time.
pub fn silences(tx: &Tx, workspace_id: i64, now_ms: i64) -> Result<Vec<SilenceRow>> {
    Ok(tx.query(
        "SELECT id, spec, created_by, created_at, ends_at FROM alert_silences
         WHERE workspace_id = ?1 AND (ends_at IS NULL OR ends_at > ?2) ORDER BY id DESC",
        params![workspace_id, now_ms],
        |row| {
            Ok(SilenceRow {
                id: row.get(0)?,
                spec: row.get(1)?,
                created_by: row.get(2)?,
                created_at: row.get(3)?,
                ends_at: row.get(4)?,
            })
        },
    )?)
}

pub fn delete_silence(tx: &Tx, workspace_id: i64, id: i64) -> Result<bool, ApiError> {
    let changed = tx.execute(
        "DELETE FROM alert_silences WHERE workspace_id = ?1 AND id = ?2",
        params![workspace_id, id],
    )?;
    Ok(changed > 0)
}

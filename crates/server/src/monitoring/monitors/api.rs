//! `/api/fettle/v1/monitors`

use super::{
    run::monitor_of,
    spec::{Monitor, MonitorSpec},
    store::{self, MonitorRow},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, already_exists, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    monitoring::{
        alerts::{
            rule::RuleSpec,
            rules::{self, check_actions},
            store as alert_store,
        },
        duration::{iso, moment_ms},
    },
    system::rfc3339,
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::Required;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const MONITORS_MAX: usize = 500;

#[derive(Debug, Serialize)]
pub struct MonitorView {
    name: String,
    endpoint: String,
    deployment: Option<String>,
    window: String,
    signals: Vec<Value>,
    next_run_at: Option<String>,
    last_run: Option<Value>,
    /// Of the newest run: alarm, ok, insufficient_data, or info (measured, and nothing to judge by).
    verdict: Option<String>,
    created_at: String,
    updated_at: String,
    /// As it was given.
    spec: Value,
}

#[derive(Debug, Serialize)]
pub struct MonitorList {
    monitors: Vec<MonitorView>,
}

/// Several monitors at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MonitorBatch {
    monitors: Vec<MonitorSpec>,
    /// Those that are there already, instead of refusing them.
    replace: bool,
}

pub async fn create_monitor(
    State(app): State<App>,
    caller: Caller,
    Args(spec): Args<MonitorSpec>,
) -> Result<Json<MonitorView>> {
    let monitor = spec.check()?;
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let view = app
        .db
        .write(move |tx| create(tx, &caller, &spec, &monitor, now_ms, &external_url))
        .await?;
    Ok(Json(view))
}

/// Makes all of several monitors, or none.
pub async fn put_monitors(
    State(app): State<App>,
    caller: Caller,
    Args(batch): Args<MonitorBatch>,
) -> Result<Json<MonitorList>> {
    let mut checked = Vec::with_capacity(batch.monitors.len());
    for (place, spec) in batch.monitors.into_iter().enumerate() {
        let monitor = spec.check().map_err(|error| error.at("monitors", place))?;
        checked.push((spec, monitor));
    }
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let monitors = app
        .db
        .write(move |tx| {
            let put =
                |(spec, monitor): &(MonitorSpec, Monitor)| match store::find(tx, caller.workspace_id, &monitor.name)? {
                    Some(row) if batch.replace => replace(tx, &caller, &row, spec, monitor, now_ms, &external_url),
                    _ => create(tx, &caller, spec, monitor, now_ms, &external_url),
                };
            let all = checked.iter().enumerate();
            all.map(|(place, one)| put(one).map_err(|error| error.at("monitors", place)))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    app.alerts.waker.wake();
    Ok(Json(MonitorList { monitors }))
}

fn create(
    tx: &Tx,
    caller: &Caller,
    spec: &MonitorSpec,
    monitor: &Monitor,
    now_ms: i64,
    external_url: &str,
) -> Result<MonitorView> {
    if store::list(tx, caller.workspace_id)?.len() >= MONITORS_MAX {
        return Err(invalid(format!(
            "There are {MONITORS_MAX} monitors already: delete some."
        )));
    }
    let row = MonitorRow {
        id: 0,
        workspace_id: caller.workspace_id,
        name: monitor.name.clone(),
        spec: serde_json::to_string(spec).expect("plain structs serialise"),
        created_at: now_ms,
        updated_at: now_ms,
        next_run_at: monitor.schedule.as_ref().and_then(|schedule| schedule.next_ms(now_ms)),
    };
    if !store::insert(tx, &row)? {
        return Err(already_exists(format!("Monitor `{}` already exists.", monitor.name)));
    }
    put_rules(tx, caller.workspace_id, monitor, now_ms, external_url)?;
    note(tx, caller, now_ms, "create", &monitor.name)?;
    view(tx, store::get(tx, caller.workspace_id, &monitor.name)?)
}

/// Its runs stay.
fn replace(
    tx: &Tx,
    caller: &Caller,
    row: &MonitorRow,
    spec: &MonitorSpec,
    monitor: &Monitor,
    now_ms: i64,
    external_url: &str,
) -> Result<MonitorView> {
    let text = serde_json::to_string(spec).expect("plain structs serialise");
    let next_ms = monitor.schedule.as_ref().and_then(|schedule| schedule.next_ms(now_ms));
    store::update(tx, row.id, &text, next_ms, now_ms)?;
    put_rules(tx, caller.workspace_id, monitor, now_ms, external_url)?;
    note(tx, caller, now_ms, "update", &row.name)?;
    view(tx, store::get(tx, caller.workspace_id, &row.name)?)
}

/// An alert rule for each signal that asks for one; those of signals that are gone go.
fn put_rules(tx: &Tx, workspace_id: i64, monitor: &Monitor, now_ms: i64, external_url: &str) -> Result<()> {
    let told = &monitor.notification;
    let mut wanted = Vec::new();
    for (signal, spec) in monitor.signals.iter().filter(|(_, signal)| signal.alert_enabled) {
        let rule = RuleSpec {
            name: Some(format!("{}.{signal}", monitor.name)),
            description: Some(format!(
                "{} of endpoint {}",
                spec.kind.name().replace('_', " "),
                monitor.endpoint
            )),
            condition: Some("max alarms > 0".to_owned()),
            monitor: Some(monitor.name.clone()),
            signal: Some(signal.clone()),
            severity: Some(told.severity.unwrap_or(2)),
            datapoints_to_alert: told.datapoints_to_alert,
            evaluation_periods: told.evaluation_periods,
            actions: told.receivers.clone(),
            ..RuleSpec::default()
        };
        let checked = rule.check()?;
        check_actions(tx, workspace_id, &checked)?;
        wanted.push(checked.name.clone());
        match alert_store::find_rule(tx, workspace_id, &checked.name)? {
            Some(known) if known.monitor.as_deref() == Some(monitor.name.as_str()) => {
                let text = serde_json::to_string(&rule).expect("plain structs serialise");
                alert_store::update_rule(tx, known.id, &text, Some(now_ms), now_ms)?;
            }
            Some(_) => {
                return Err(already_exists(format!(
                    "There is an alert rule `{}` already, which is not of this monitor: rename one of them.",
                    checked.name
                )));
            }
            None => {
                rules::insert(tx, workspace_id, &rule, &checked, Some(&monitor.name), now_ms)?;
            }
        }
    }
    for row in alert_store::rules_of_monitor(tx, workspace_id, &monitor.name)? {
        if !wanted.contains(&row.name) {
            rules::remove(tx, &row, now_ms, external_url)?;
        }
    }
    Ok(())
}

fn note(tx: &Tx, caller: &Caller, now_ms: i64, action: &str, name: &str) -> Result<()> {
    let entity = Entity {
        kind: "monitor",
        id: name,
    };
    audit::record(tx, caller, now_ms, action, entity, None)
}

pub async fn list_monitors(State(app): State<App>, caller: Caller) -> Result<Json<MonitorList>> {
    let monitors = app
        .db
        .read(move |tx| {
            let rows = store::list(tx, caller.workspace_id)?;
            rows.into_iter().map(|row| view(tx, row)).collect::<Result<_>>()
        })
        .await?;
    Ok(Json(MonitorList { monitors }))
}

pub async fn get_monitor(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<MonitorView>> {
    let view = app
        .db
        .read(move |tx| view(tx, store::get(tx, caller.workspace_id, &name)?))
        .await?;
    Ok(Json(view))
}

pub async fn put_monitor(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(mut spec): Args<MonitorSpec>,
) -> Result<Json<MonitorView>> {
    if spec.name.as_ref().is_some_and(|given| *given != name) {
        return Err(invalid(
            "Invalid value for parameter 'name' supplied: a monitor keeps its name.",
        ));
    }
    spec.name = Some(name.clone());
    let monitor = spec.check()?;
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let view = app
        .db
        .write(move |tx| {
            let row = store::get(tx, caller.workspace_id, &name)?;
            replace(tx, &caller, &row, &spec, &monitor, now_ms, &external_url)
        })
        .await?;
    app.alerts.waker.wake();
    Ok(Json(view))
}

pub async fn delete_monitor(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Empty>> {
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    app.db
        .write(move |tx| {
            let row = store::get(tx, caller.workspace_id, &name)?;
            for rule in alert_store::rules_of_monitor(tx, caller.workspace_id, &name)? {
                rules::remove(tx, &rule, now_ms, &external_url)?;
            }
            store::delete(tx, row.id)?;
            note(tx, &caller, now_ms, "delete", &name)
        })
        .await?;
    app.alerts.waker.wake();
    Ok(EMPTY)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SendMetric {
    name: Option<String>,
    value: Option<f64>,
    time: Option<String>,
}

/// A value of a custom signal.
pub async fn send_metric(
    State(app): State<App>,
    caller: Caller,
    PathArg(monitor): PathArg,
    Args(request): Args<SendMetric>,
) -> Result<Json<Empty>> {
    let name = request.name.required("name")?;
    let value = request
        .value
        .ok_or_else(|| invalid("Missing value for required parameter 'value'."))?;
    let now_ms = app.clock.now_ms();
    let at_ms = request
        .time
        .map_or(Ok(now_ms), |time| moment_ms("time", &time, now_ms))?;
    if !value.is_finite() {
        return Err(invalid(
            "Invalid value for parameter 'value' supplied: it must be finite.",
        ));
    }
    app.db
        .write(move |tx| {
            let row = store::get(tx, caller.workspace_id, &monitor)?;
            store::put_custom(tx, caller.workspace_id, row.id, &name, at_ms, value)
        })
        .await?;
    Ok(EMPTY)
}

fn view(tx: &Tx, row: MonitorRow) -> Result<MonitorView, ApiError> {
    let monitor = monitor_of(&row)?;
    let last = store::runs(tx, row.id, false, i64::MAX, 1)?.pop();
    let signals = monitor.signals.iter().map(
        |(name, signal)| json!({ "name": name, "type": signal.kind.name(), "alert_enabled": signal.alert_enabled }),
    );
    Ok(MonitorView {
        window: iso(monitor.lookback.size_ms),
        signals: signals.collect(),
        endpoint: monitor.endpoint,
        deployment: monitor.deployment,
        next_run_at: row.next_run_at.map(rfc3339),
        verdict: last.as_ref().and_then(|run| run.verdict.clone()),
        last_run: last.map(super::runs::run_json),
        created_at: rfc3339(row.created_at),
        updated_at: rfc3339(row.updated_at),
        spec: serde_json::from_str(&row.spec).unwrap_or_default(),
        name: row.name,
    })
}

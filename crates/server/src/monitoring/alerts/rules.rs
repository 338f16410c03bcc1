//! `/api/fettle/v1/alert-rules`

use super::{
    dimension::{Dimension, Name},
    evaluate::{evaluate, resolve_all, rule_of},
    rule::{Rule, RuleSpec, Target},
    store::{self, RuleRow},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, already_exists, invalid},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    monitoring::{alerts::receivers::no_receiver, duration::iso},
    system::rfc3339,
};
use axum::extract::State;
use fettle_db::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const RULES_MAX: usize = 1000;

#[derive(Debug, Serialize)]
pub struct RuleView {
    name: String,
    description: Option<String>,
    /// `Average HttpResponseTime > 5000`
    condition: String,
    time_aggregation: &'static str,
    operator: &'static str,
    threshold: f64,
    target: Value,
    severity: u8,
    window_size: String,
    evaluation_frequency: String,
    #[serde(rename = "for")]
    hold: String,
    keep_firing_for: String,
    datapoints_to_alert: usize,
    evaluation_periods: usize,
    auto_resolve: bool,
    repeat_interval: String,
    actions: Vec<String>,
    enabled: bool,
    /// The monitor that made it.
    monitor: Option<String>,
    /// The most serious state of its alerts.
    state: &'static str,
    last_error: Option<String>,
    created_at: String,
    updated_at: String,
    /// As it was given.
    spec: Value,
}

#[derive(Debug, Serialize)]
pub struct RuleList {
    rules: Vec<RuleView>,
}

/// Several rules at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleBatch {
    rules: Vec<RuleSpec>,
    /// Those that are there already, instead of refusing them.
    replace: bool,
}

pub async fn create_rule(State(app): State<App>, caller: Caller, Args(spec): Args<RuleSpec>) -> Result<Json<RuleView>> {
    let rule = spec.check()?;
    let now_ms = app.clock.now_ms();
    let view = app
        .db
        .write(move |tx| create(tx, &caller, &spec, &rule, now_ms))
        .await?;
    Ok(Json(view))
}

/// Makes all of several rules, or none.
pub async fn put_rules(State(app): State<App>, caller: Caller, Args(batch): Args<RuleBatch>) -> Result<Json<RuleList>> {
    let mut checked = Vec::with_capacity(batch.rules.len());
    for (place, spec) in batch.rules.into_iter().enumerate() {
        let rule = spec.check().map_err(|error| error.at("rules", place))?;
        checked.push((spec, rule));
    }
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let rules = app
        .db
        .write(move |tx| {
            let put = |(spec, rule): &(RuleSpec, Rule)| match store::find_rule(tx, caller.workspace_id, &rule.name)? {
                Some(row) if batch.replace => replace(tx, &caller, &row, spec, rule, now_ms, &external_url),
                _ => create(tx, &caller, spec, rule, now_ms),
            };
            let all = checked.iter().enumerate();
            all.map(|(place, one)| put(one).map_err(|error| error.at("rules", place)))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    app.alerts.waker.wake();
    Ok(Json(RuleList { rules }))
}

fn create(tx: &Tx, caller: &Caller, spec: &RuleSpec, rule: &Rule, now_ms: i64) -> Result<RuleView> {
    let workspace_id = caller.workspace_id;
    check_actions(tx, workspace_id, rule)?;
    if store::rules(tx, workspace_id)?.len() >= RULES_MAX {
        return Err(invalid(format!(
            "There are {RULES_MAX} alert rules already: delete some."
        )));
    }
    if !insert(tx, workspace_id, spec, rule, None, now_ms)? {
        return Err(already_exists(format!("Alert rule `{}` already exists.", rule.name)));
    }
    let detail = json!({ "condition": rule.text() });
    note(tx, caller, now_ms, "create", &rule.name, Some(&detail))?;
    view(tx, store::get_rule(tx, workspace_id, &rule.name)?)
}

/// What it had firing is over: it may mean something else now.
fn replace(
    tx: &Tx,
    caller: &Caller,
    row: &RuleRow,
    spec: &RuleSpec,
    rule: &Rule,
    now_ms: i64,
    external_url: &str,
) -> Result<RuleView> {
    check_actions(tx, caller.workspace_id, rule)?;
    resolve_all(tx, row, None, now_ms, external_url)?;
    let text = serde_json::to_string(spec).expect("plain structs serialise");
    store::update_rule(tx, row.id, &text, rule.enabled.then_some(now_ms), now_ms)?;
    let detail = json!({ "condition": rule.text() });
    note(tx, caller, now_ms, "update", &row.name, Some(&detail))?;
    view(tx, store::get_rule(tx, caller.workspace_id, &row.name)?)
}

/// False if the name is taken.
pub fn insert(
    tx: &Tx,
    workspace_id: i64,
    spec: &RuleSpec,
    rule: &Rule,
    monitor: Option<&str>,
    now_ms: i64,
) -> Result<bool> {
    let row = RuleRow {
        id: 0,
        workspace_id,
        name: rule.name.clone(),
        spec: serde_json::to_string(spec).expect("plain structs serialise"),
        monitor: monitor.map(str::to_owned),
        created_at: now_ms,
        updated_at: now_ms,
        next_evaluation_at: rule.enabled.then_some(now_ms),
        last_error: None,
    };
    store::insert_rule(tx, &row)
}

pub fn check_actions(tx: &Tx, workspace_id: i64, rule: &Rule) -> Result<()> {
    for name in &rule.actions {
        if store::receiver_named(tx, workspace_id, name)?.is_none() {
            let error = no_receiver(name).message;
            return Err(invalid(format!(
                "Invalid value for parameter 'actions' supplied: {error} Make it first."
            )));
        }
    }
    Ok(())
}

fn note(tx: &Tx, caller: &Caller, now_ms: i64, action: &str, name: &str, detail: Option<&Value>) -> Result<()> {
    let entity = Entity {
        kind: "alert_rule",
        id: name,
    };
    audit::record(tx, caller, now_ms, action, entity, detail)
}

pub async fn list_rules(State(app): State<App>, caller: Caller) -> Result<Json<RuleList>> {
    let rules = app
        .db
        .read(move |tx| {
            let rows = store::rules(tx, caller.workspace_id)?;
            rows.into_iter().map(|row| view(tx, row)).collect::<Result<_>>()
        })
        .await?;
    Ok(Json(RuleList { rules }))
}

pub async fn get_rule(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<RuleView>> {
    let view = app
        .db
        .read(move |tx| view(tx, store::get_rule(tx, caller.workspace_id, &name)?))
        .await?;
    Ok(Json(view))
}

pub async fn put_rule(
    State(app): State<App>,
    caller: Caller,
    PathArg(name): PathArg,
    Args(mut spec): Args<RuleSpec>,
) -> Result<Json<RuleView>> {
    if spec.name.as_ref().is_some_and(|given| *given != name) {
        return Err(invalid(
            "Invalid value for parameter 'name' supplied: a rule keeps its name.",
        ));
    }
    spec.name = Some(name.clone());
    let rule = spec.check()?;
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let view = app
        .db
        .write(move |tx| {
            let row = store::get_rule(tx, caller.workspace_id, &name)?;
            replace(tx, &caller, &row, &spec, &rule, now_ms, &external_url)
        })
        .await?;
    app.alerts.waker.wake();
    Ok(Json(view))
}

pub async fn delete_rule(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<Empty>> {
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    app.db
        .write(move |tx| {
            let row = store::get_rule(tx, caller.workspace_id, &name)?;
            remove(tx, &row, now_ms, &external_url)?;
            note(tx, &caller, now_ms, "delete", &name, None)
        })
        .await?;
    app.alerts.waker.wake();
    Ok(EMPTY)
}

/// Deletes a rule. Who knows that it fires is told that it is over.
pub fn remove(tx: &Tx, row: &RuleRow, now_ms: i64, external_url: &str) -> Result<()> {
    resolve_all(tx, row, None, now_ms, external_url)?;
    store::delete_rule(tx, row.id)
}

/// Looks at a rule now, whatever its frequency.
pub async fn evaluate_rule(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<RuleView>> {
    let (workspace_id, wanted) = (caller.workspace_id, name.clone());
    let row = app
        .db
        .peek(move |tx| store::get_rule(tx, workspace_id, &wanted))
        .await?;
    evaluate(&app, row).await?;
    let view = app
        .db
        .read(move |tx| view(tx, store::get_rule(tx, workspace_id, &name)?))
        .await?;
    Ok(Json(view))
}

fn view(tx: &Tx, row: RuleRow) -> Result<RuleView, ApiError> {
    let rule = rule_of(&row)?;
    let alerts = store::alerts_of_rule(tx, row.id)?;
    let state = ["firing", "pending", "resolved"]
        .into_iter()
        .find(|state| alerts.iter().any(|alert| alert.moment.state.name() == *state));
    let target = match &rule.target {
        Target::Operation {
            metric_name,
            endpoints,
            dimensions,
            ..
        } => json!({
            "metric": metric_name,
            "endpoint": endpoints.as_ref().and_then(Dimension::sole),
            "deployment": dimensions.iter().find(|one| one.name == Name::Deployment).and_then(Dimension::sole),
            "dimensions": endpoints.iter().chain(dimensions).map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Target::Signal {
            monitor,
            signal,
            metric,
            feature,
        } => json!({ "monitor": monitor, "signal": signal, "metric": metric, "feature": feature }),
    };
    Ok(RuleView {
        condition: rule.text(),
        time_aggregation: rule.aggregation.name(),
        operator: rule.operator.name(),
        threshold: rule.threshold,
        target,
        severity: rule.severity,
        window_size: iso(rule.window_ms),
        evaluation_frequency: iso(rule.frequency_ms),
        hold: iso(rule.timing.for_ms),
        keep_firing_for: iso(rule.timing.keep_firing_for_ms),
        datapoints_to_alert: rule.needed,
        evaluation_periods: rule.periods,
        auto_resolve: rule.timing.auto_resolve,
        repeat_interval: iso(rule.repeat_ms),
        actions: rule.actions,
        enabled: rule.enabled,
        monitor: row.monitor,
        state: state.unwrap_or("inactive"),
        last_error: row.last_error,
        created_at: rfc3339(row.created_at),
        updated_at: rfc3339(row.updated_at),
        spec: serde_json::from_str(&row.spec).unwrap_or_default(),
        name: row.name,
        description: rule.description,
    })
}

//! A rule's alerts brought up to date, with the messages that follow, in one transaction.

use super::{
    channel::CHANNEL,
    dimension::{self, Dimension},
    labels::{Labels, expand, figure, fingerprint},
    machine::{Moment, State, enough},
    message::{Told, message},
    rule::{Rule, RuleSpec, Target},
    silence::{Silence, SilenceSpec},
    store::{self, AlertRow, RuleRow, Transition},
};
use crate::{
    app::App,
    error::{ApiError, ErrorCode, Result},
    monitoring::{
        monitors::store as monitors,
        operational::{self, figures::Sample, flush, window},
    },
    outbox::{self, store::NewDelivery},
};
use fettle_db::Tx;

/// Endpoints that a rule without one looks at: those of which something is known in this time.
const KNOWN_MS: i64 = 24 * 60 * 60 * 1000;

/// What a rule says of one alert now.
struct Finding {
    labels: Labels,
    value: Option<f64>,
    breached: Option<bool>,
    /// What changed, in words.
    changed: Option<String>,
}

/// Looks at a rule now.
pub async fn evaluate(app: &App, row: RuleRow) -> Result<()> {
    flush(app).await?;
    let (now_ms, external_url) = (app.clock.now_ms(), app.external_url());
    let instance = app.recorder.instance().to_owned();
    let evaluated = app
        .db
        .write(move |tx| {
            // It may have been changed since it was claimed.
            let Some(row) = store::rule(tx, row.id)? else {
                return Ok(());
            };
            let rule = rule_of(&row)?;
            let found = findings(tx, row.workspace_id, &rule, &instance, now_ms)?;
            apply(tx, &row, &rule, found, now_ms, &external_url)?;
            store::set_rule_error(tx, row.id, None)?;
            let next_ms = now_ms + rule.frequency_ms;
            store::set_next_evaluation(tx, row.id, rule.enabled.then_some(next_ms))
        })
        .await;
    app.alerts.waker.wake();
    evaluated
}

pub fn rule_of(row: &RuleRow) -> Result<Rule> {
    serde_json::from_str::<RuleSpec>(&row.spec)
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "An alert rule cannot be read.").because(error))?
        .check()
}

fn findings(tx: &Tx, workspace_id: i64, rule: &Rule, instance: &str, now_ms: i64) -> Result<Vec<Finding>> {
    match &rule.target {
        Target::Operation {
            metric,
            endpoints,
            dimensions,
            ..
        } => {
            let mut found = Vec::new();
            for endpoint in endpoints_of(tx, workspace_id, endpoints.as_ref(), now_ms)? {
                let reach_ms = rule.window_ms * rule.periods as i64;
                let from_ms = now_ms - reach_ms - 4 * operational::WIDTH_MS;
                let samples = window::samples(tx, workspace_id, &endpoint, None, (from_ms, now_ms + 1))?;
                let end_ms = window::settled_ms(tx, workspace_id, &endpoint, instance, now_ms)?;
                for series in dimension::split(samples, dimensions) {
                    let values = windows(&series.samples, rule, end_ms)
                        .map(|window| metric.over(rule.aggregation, window, rule.window_ms));
                    let mut labels = labels(rule, &[("endpoint", &endpoint)]);
                    labels.extend(
                        series
                            .labels
                            .iter()
                            .map(|(name, value)| ((*name).to_owned(), value.clone())),
                    );
                    found.push(finding(rule, labels, &values.collect::<Vec<_>>(), None));
                }
            }
            Ok(found)
        }
        Target::Signal {
            monitor,
            signal,
            metric,
            feature,
        } => {
            let wanted = monitors::SeriesFilter {
                signal: signal.clone(),
                metric: metric.clone(),
                feature: feature.clone().unwrap_or_default(),
            };
            let series = monitors::newest_values(tx, workspace_id, monitor, &wanted, rule.periods)?;
            let found = series.into_iter().map(|series| {
                let mut labels = labels(
                    rule,
                    &[("monitor", monitor), ("signal", &series.signal), ("metric", metric)],
                );
                labels.extend(feature.iter().map(|name| ("feature".to_owned(), name.clone())));
                labels.extend(series.labels);
                finding(rule, labels, &series.values, series.changed)
            });
            Ok(found.collect())
        }
    }
}

/// Those that are named, or those that are known and wanted.
fn endpoints_of(tx: &Tx, workspace_id: i64, wanted: Option<&Dimension>, now_ms: i64) -> Result<Vec<String>> {
    if let Some(named) = wanted.and_then(Dimension::named) {
        return Ok(named.to_vec());
    }
    let mut known = operational::store::endpoints_since(tx, workspace_id, now_ms - KNOWN_MS)?;
    known.retain(|endpoint| wanted.is_none_or(|wanted| wanted.wants(endpoint)));
    Ok(known)
}

/// The samples of the last windows, newest first. A window has the steps of ten seconds that began in it.
fn windows<'s>(samples: &'s [Sample], rule: &'s Rule, last_ms: i64) -> impl Iterator<Item = &'s [Sample]> {
    (0..rule.periods as i64).map(move |period| {
        let end_ms = last_ms - period * rule.window_ms;
        let start_ms = end_ms - rule.window_ms;
        let place = |ms: i64| samples.partition_point(|sample| sample.at_ms <= ms);
        &samples[place(start_ms)..place(end_ms)]
    })
}

fn labels(rule: &Rule, more: &[(&str, &str)]) -> Labels {
    let severity = rule.severity.to_string();
    let own = [("alertname", rule.name.as_str()), ("severity", severity.as_str())];
    let own = own
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    rule.labels.clone().into_iter().chain(own).collect()
}

fn finding(rule: &Rule, labels: Labels, values: &[Option<f64>], changed: Option<String>) -> Finding {
    let breaches: Vec<Option<bool>> = values
        .iter()
        .map(|value| value.map(|value| rule.operator.holds(value, rule.threshold)))
        .collect();
    Finding {
        labels,
        value: values.first().copied().flatten(),
        breached: enough(&breaches, rule.needed),
        changed,
    }
}

fn apply(tx: &Tx, row: &RuleRow, rule: &Rule, found: Vec<Finding>, now_ms: i64, external_url: &str) -> Result<()> {
    let silences = silences(tx, row.workspace_id, now_ms)?;
    let mut known = store::alerts_of_rule(tx, row.id)?;
    let mut told = Tellings::default();
    for finding in found {
        let fingerprint = fingerprint(&finding.labels);
        let before = known.iter().position(|alert| alert.fingerprint == fingerprint);
        let mut alert = before.map_or_else(
            || new_alert(row.id, fingerprint, &finding, now_ms),
            |place| known.swap_remove(place),
        );
        if alert.id == 0 && finding.breached != Some(true) {
            continue;
        }
        let next = alert.moment.step(finding.breached, now_ms, rule.timing);
        if finding.breached.is_some() {
            alert.value = finding.value;
        }
        alert.annotations = annotations(rule, &finding);
        settle(tx, row.workspace_id, rule, alert, next, &silences, now_ms, &mut told)?;
    }
    // What the rule no longer speaks of is over.
    for alert in known {
        let next = alert.moment.step(Some(false), now_ms, rule.timing);
        settle(tx, row.workspace_id, rule, alert, next, &silences, now_ms, &mut told)?;
    }
    told.send(tx, row.workspace_id, rule, now_ms, external_url)
}

fn new_alert(rule_id: i64, fingerprint: String, finding: &Finding, now_ms: i64) -> AlertRow {
    AlertRow {
        id: 0,
        rule_id,
        fingerprint,
        labels: finding.labels.clone(),
        annotations: Labels::new(),
        moment: Moment::start(now_ms),
        value: None,
        fired_at: None,
        resolved_at: None,
        told: String::new(),
        told_at: 0,
        silenced: false,
    }
}

fn annotations(rule: &Rule, finding: &Finding) -> Labels {
    let fill = |text: &str| expand(text, &finding.labels, finding.value, rule.threshold);
    let mut annotations: Labels = rule
        .annotations
        .iter()
        .map(|(name, text)| (name.clone(), fill(text)))
        .collect();
    let value = finding.value.map_or_else(|| "unknown".to_owned(), figure);
    let mut add = |name: &str, text: String| {
        annotations.entry(name.to_owned()).or_insert(text);
    };
    add("summary", format!("{}, and it is {value}", rule.text()));
    add("value", value);
    add("threshold", figure(rule.threshold));
    if let Some(changed) = finding.changed.clone().or_else(|| rule.description.clone()) {
        add("description", changed);
    }
    annotations
}

#[expect(clippy::too_many_arguments, reason = "one alert's whole way, in one place")]
fn settle(
    tx: &Tx,
    workspace_id: i64,
    rule: &Rule,
    mut alert: AlertRow,
    next: Moment,
    silences: &[Silence],
    now_ms: i64,
    told: &mut Tellings,
) -> Result<()> {
    let before = alert.moment;
    alert.moment = next;
    alert.silenced = silences.iter().any(|silence| silence.matches(&alert.labels));
    match next.state {
        State::Firing if before.state != State::Firing => {
            alert.fired_at = Some(now_ms);
            alert.resolved_at = None;
        }
        State::Resolved if before.state != State::Resolved => alert.resolved_at = Some(now_ms),
        _ => {}
    }
    let remind = alert.told != "firing" || rule.repeat_ms > 0 && now_ms - alert.told_at >= rule.repeat_ms;
    if next.state == State::Firing && remind && !alert.silenced {
        told.firing.push(telling(&alert, now_ms));
        "firing".clone_into(&mut alert.told);
        alert.told_at = now_ms;
    } else if next.state == State::Resolved && alert.told == "firing" {
        // Who knows that it fires is told that it is over, silence or not.
        told.resolved.push(telling(&alert, now_ms));
        "resolved".clone_into(&mut alert.told);
        alert.told_at = now_ms;
    }
    let id = store::put_alert(tx, workspace_id, &alert)?;
    if before.state != next.state {
        let transition = Transition {
            at: now_ms,
            from: before.state.name().to_owned(),
            to: next.state.name().to_owned(),
            value: alert.value,
        };
        store::insert_transition(tx, workspace_id, id, &transition)?;
    }
    Ok(())
}

fn telling(alert: &AlertRow, now_ms: i64) -> Told {
    Told {
        labels: alert.labels.clone(),
        annotations: alert.annotations.clone(),
        fingerprint: alert.fingerprint.clone(),
        starts_ms: alert.fired_at.unwrap_or(now_ms),
        ends_ms: alert.resolved_at,
    }
}

/// Alerts that receivers are to hear of.
#[derive(Default)]
pub struct Tellings {
    firing: Vec<Told>,
    resolved: Vec<Told>,
}

impl Tellings {
    fn send(&self, tx: &Tx, workspace_id: i64, rule: &Rule, now_ms: i64, external_url: &str) -> Result<()> {
        for (resolved, told) in [(false, &self.firing), (true, &self.resolved)] {
            if told.is_empty() {
                continue;
            }
            for name in &rule.actions {
                // A receiver that was deleted hears nothing.
                let Some(receiver) = store::receiver_named(tx, workspace_id, name)? else {
                    continue;
                };
                let message = message(&rule.name, name, resolved, told, external_url);
                let body = serde_json::to_string(&message).expect("plain structs serialise");
                let new = NewDelivery {
                    channel: CHANNEL,
                    target_id: receiver.id,
                    topic: if resolved { "resolved" } else { "firing" },
                    body: &body,
                };
                outbox::store::insert(tx, workspace_id, &new, now_ms)?;
            }
        }
        Ok(())
    }
}

fn silences(tx: &Tx, workspace_id: i64, now_ms: i64) -> Result<Vec<Silence>> {
    let rows = store::silences(tx, workspace_id, now_ms)?;
    let silences = rows.iter().filter_map(|row| {
        let spec: SilenceSpec = serde_json::from_str(&row.spec).ok()?;
        spec.check(row.created_at).ok()
    });
    Ok(silences.filter(|silence| silence.is_active(now_ms)).collect())
}

/// Ends what fires of a rule: it is being changed or deleted, or somebody said so.
pub fn resolve_all(tx: &Tx, row: &RuleRow, only: Option<i64>, now_ms: i64, external_url: &str) -> Result<()> {
    let rule = rule_of(row)?;
    let mut told = Tellings::default();
    for alert in store::alerts_of_rule(tx, row.id)? {
        if only.is_some_and(|id| id != alert.id) {
            continue;
        }
        let next = alert.moment.resolve(now_ms);
        settle(tx, row.workspace_id, &rule, alert, next, &[], now_ms, &mut told)?;
    }
    told.send(tx, row.workspace_id, &rule, now_ms, external_url)
}

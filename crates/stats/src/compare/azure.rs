//! Azure Machine Learning's default decisions: one distance and one threshold per type, and no question of how many
//! rows there were.

use super::{
    rule::{Metric, Rule},
    verdict::{ColumnVerdict, Effect, State},
};
use crate::profile::{Kind, column::Column};

/// Numbers by the rule's numerical threshold, everything else by its categorical one. The rule's defaults are Azure's.
pub fn decide(rule: &Rule, verdict: &mut ColumnVerdict, reference: &Column) {
    let is_number = matches!(reference.kind, Some(Kind::Integer | Kind::Float));
    let threshold = if is_number { rule.numerical } else { rule.categorical };
    let Some(&value) = verdict.measures.get(&threshold.metric) else {
        verdict.state = State::NotCompared;
        verdict.reason = format!("{} is not defined for this column", threshold.metric.name());
        return;
    };
    let drifted = if threshold.metric.is_p_value() {
        value < threshold.value
    } else {
        value > threshold.value
    };
    verdict.effect = Some(Effect {
        metric: threshold.metric,
        value,
        threshold: threshold.value,
    });
    verdict.state = if drifted { State::Drift } else { State::NoDrift };
    verdict.reason = format!(
        "{} is {value:.4}, drift beyond {}",
        threshold.metric.name(),
        threshold.value
    );
}

/// The band of the population stability index that many teams work by: below 0.1 nothing, from 0.25 on drift.
pub fn decide_by_stability_index(verdict: &mut ColumnVerdict) {
    const MODERATE: f64 = 0.1;
    const MAJOR: f64 = 0.25;
    let metric = Metric::PopulationStabilityIndex;
    let value = verdict.measures.get(&metric).copied().unwrap_or(0.0);
    verdict.effect = Some(Effect {
        metric,
        value,
        threshold: MAJOR,
    });
    let (state, band) = if value >= MAJOR {
        (State::Drift, "a major shift (0.25 or more)")
    } else if value >= MODERATE {
        (State::ImmaterialChange, "a moderate shift (0.1 to 0.25)")
    } else {
        (State::NoDrift, "no shift (below 0.1)")
    };
    verdict.state = state;
    verdict.reason = format!("population_stability_index is {value:.4}: {band}");
}

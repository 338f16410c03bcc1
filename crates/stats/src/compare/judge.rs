//! All columns together: which differences are no chance, and which of those matter.

use super::{
    evidently,
    power::Basis,
    rule::{Profile, Rule},
    verdict::{ColumnVerdict, Comparison, Detectable, Effect, Measured, ShiftUnit, State},
};
use crate::multiple::benjamini_hochberg;

pub fn judge(rule: &Rule, measured: Vec<Measured>, reference_rows: u64, current_rows: u64) -> Comparison {
    if rule.profile == Profile::Fettle {
        judge_together(rule, measured, reference_rows, current_rows)
    } else {
        judge_one_by_one(rule, measured, reference_rows, current_rows)
    }
}

/// As other tools do: every column by itself.
fn judge_one_by_one(rule: &Rule, measured: Vec<Measured>, reference_rows: u64, current_rows: u64) -> Comparison {
    let columns: Vec<ColumnVerdict> = measured.into_iter().map(|measured| measured.verdict).collect();
    let count = |state: State| columns.iter().filter(|column| column.state == state).count();
    let drifted_columns = count(State::Drift);
    let compared_columns = drifted_columns + count(State::NoDrift) + count(State::ImmaterialChange);
    let drifted = match rule.profile {
        Profile::Evidently => {
            compared_columns > 0 && drifted_columns as f64 / compared_columns as f64 >= evidently::DRIFT_SHARE
        }
        _ => drifted_columns > 0,
    };
    Comparison {
        profile: rule.profile,
        reference_rows,
        current_rows,
        drifted,
        compared_columns,
        drifted_columns,
        immaterial_columns: count(State::ImmaterialChange),
        insufficient_columns: count(State::InsufficientData),
        false_alarm_rate: None,
        columns,
        missing_columns: Vec::new(),
        new_columns: Vec::new(),
    }
}

fn judge_together(rule: &Rule, measured: Vec<Measured>, reference_rows: u64, current_rows: u64) -> Comparison {
    let judged: Vec<usize> = (0..measured.len())
        .filter(|&index| measured[index].verdict.state == State::NoDrift)
        .collect();
    let p_values: Vec<f64> = judged
        .iter()
        .map(|&index| {
            measured[index]
                .verdict
                .significance
                .map_or(1.0, |significance| significance.p_value)
        })
        .collect();
    let adjusted = benjamini_hochberg(&p_values);
    let alpha = rule.false_discovery_rate / judged.len().max(1) as f64;
    let mut measured = measured;
    for (&index, &p) in judged.iter().zip(&adjusted) {
        if let Some(significance) = &mut measured[index].verdict.significance {
            significance.adjusted_p_value = Some(p);
        }
    }
    let columns: Vec<ColumnVerdict> = measured.into_iter().map(|column| decide(rule, alpha, column)).collect();
    let count = |state: State| columns.iter().filter(|column| column.state == state).count();
    let drifted_columns = count(State::Drift);
    let false_alarm_rate = columns.iter().filter_map(|column| column.false_alarm_rate).sum::<f64>();
    Comparison {
        profile: rule.profile,
        reference_rows,
        current_rows,
        drifted: drifted_columns > 0,
        compared_columns: judged.len(),
        drifted_columns,
        immaterial_columns: count(State::ImmaterialChange),
        insufficient_columns: count(State::InsufficientData),
        false_alarm_rate: (!judged.is_empty()).then_some(false_alarm_rate.min(rule.false_discovery_rate)),
        columns,
        missing_columns: Vec::new(),
        new_columns: Vec::new(),
    }
}

fn decide(rule: &Rule, alpha: f64, measured: Measured) -> ColumnVerdict {
    let mut verdict = measured.verdict;
    let threshold = verdict.effect.map_or(0.0, |effect| effect.threshold);
    if rule.states_power && matches!(verdict.state, State::NoDrift | State::InsufficientData) {
        let unit = match measured.power {
            Basis::Levels { .. } => ShiftUnit::ShareOfRows,
            Basis::Numbers { .. } | Basis::Unknown => ShiftUnit::StandardDeviations,
        };
        verdict.smallest_detectable_shift = measured
            .power
            .smallest_detectable_shift(alpha, threshold)
            .map(|value| Detectable { value, unit });
    }
    if verdict.state != State::NoDrift {
        return verdict;
    }
    verdict.false_alarm_rate = Some(alpha.min(measured.chance_effect));
    let adjusted = verdict
        .significance
        .and_then(|significance| significance.adjusted_p_value)
        .unwrap_or(1.0);
    let is_significant = adjusted <= rule.false_discovery_rate;
    let is_material = verdict.effect.is_some_and(reaches);
    verdict.state = match (is_significant, is_material) {
        (true, true) => State::Drift,
        (true, false) => State::ImmaterialChange,
        (false, _) => State::NoDrift,
    };
    verdict.reason = reason(verdict.state, is_material, adjusted, verdict.effect);
    verdict
}

fn reaches(effect: Effect) -> bool {
    if effect.metric.is_p_value() {
        effect.value < effect.threshold
    } else {
        effect.value >= effect.threshold
    }
}

fn reason(state: State, is_material: bool, adjusted: f64, effect: Option<Effect>) -> String {
    let size = effect.map_or_else(String::new, |effect| {
        format!(
            "{} {:.4} against {}",
            effect.metric.name(),
            effect.value,
            effect.threshold
        )
    });
    match state {
        State::Drift => format!("significant (adjusted p {adjusted:.2e}) and material ({size})"),
        State::ImmaterialChange => format!("significant (adjusted p {adjusted:.2e}) and too small to matter ({size})"),
        _ if is_material => format!("{size}, which chance explains (adjusted p {adjusted:.3})"),
        _ => format!("chance explains the difference (adjusted p {adjusted:.3}; {size})"),
    }
}

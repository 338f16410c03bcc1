//! One column: every measure of the difference, and the test and the effect that its kind and size ask for.

use super::{
    azure, evidently,
    levels::Table,
    nannyml,
    power::{self, Basis},
    rule::{Metric, Profile, Rule, Threshold},
    verdict::{Bins, ColumnVerdict, Distribution, Effect, Measured, Significance, State},
};
use crate::{
    bins,
    chi_square::contingency,
    distance::{
        Base, floor, gap, hellinger, jensen_shannon, l_infinity, population_stability_index, shares, total_variation,
    },
    ecdf::Ecdf,
    kolmogorov::{self, Method},
    profile::{Kind, column::Column},
};
use std::collections::BTreeMap;

/// Empty bins count as this share in the population stability index.
const LEAST_SHARE: f64 = 1e-4;
const CHART_BINS: usize = 24;
const CHART_LEVELS: usize = 20;

/// Measures a column; its state is provisional until all columns are judged together.
pub fn column(rule: &Rule, name: &str, reference: &Column, current: &Column) -> Measured {
    column_in_chunks(rule, name, reference, &[], current)
}

/// With the reference also in consecutive chunks, which NannyML's rule needs and the others do not.
pub fn column_in_chunks(rule: &Rule, name: &str, reference: &Column, chunks: &[Column], current: &Column) -> Measured {
    let mut measured = Measured {
        verdict: ColumnVerdict {
            column: name.to_owned(),
            state: State::NotCompared,
            reason: String::new(),
            effect: None,
            significance: None,
            false_alarm_rate: None,
            smallest_detectable_shift: None,
            measures: BTreeMap::new(),
            reference: reference.summary(),
            current: current.summary(),
            distribution: None,
        },
        kind: reference.kind,
        chance_effect: 1.0,
        power: Basis::Unknown,
    };
    if let Some((state, reason)) = not_comparable(reference, current) {
        (measured.verdict.state, measured.verdict.reason) = (state, reason);
        return measured;
    }
    match (reference.numbers(), current.numbers()) {
        (Some(before), Some(now)) if rule.compares_as_numbers(before) => {
            numbers(rule, &mut measured, before, now);
        }
        _ => categories(rule, &mut measured, &Table::of(reference, current)),
    }
    if let Some(significance) = &mut measured.verdict.significance {
        significance.is_sampled = reference.is_sampled() || current.is_sampled();
    }
    let verdict = &mut measured.verdict;
    match rule.profile {
        Profile::Fettle => {
            (verdict.state, verdict.reason) =
                too_few(rule, reference, current).unwrap_or((State::NoDrift, String::new()));
        }
        Profile::Evidently => evidently::decide(verdict, reference, current),
        Profile::Azure => azure::decide(rule, verdict, reference),
        Profile::Nannyml => nannyml::decide(verdict, reference, chunks, current),
        Profile::PsiClassic => azure::decide_by_stability_index(verdict),
    }
    measured
}

fn not_comparable(reference: &Column, current: &Column) -> Option<(State, String)> {
    let reason = if reference.rows == 0 || current.rows == 0 {
        let side = if reference.rows == 0 {
            "reference"
        } else {
            "current window"
        };
        return Some((State::InsufficientData, format!("the {side} has no rows")));
    } else if reference.kind == Some(Kind::Time) {
        "time only moves on".to_owned()
    } else if reference.valid == 0 {
        "the reference has no valid value".to_owned()
    } else if current.valid == 0 {
        "the current window has no valid value; see its rate of missing values".to_owned()
    } else if reference.kept() == 0 || current.kept() == 0 {
        "only sketches are left of the values, and no test is made on those".to_owned()
    } else if !same_family(reference.kind, current.kind) {
        format!(
            "the type has changed from {} to {}",
            kind_name(reference.kind),
            kind_name(current.kind)
        )
    } else {
        return None;
    };
    Some((State::NotCompared, reason))
}

fn same_family(reference: Option<Kind>, current: Option<Kind>) -> bool {
    let is_number = |kind: Kind| matches!(kind, Kind::Integer | Kind::Float);
    match (reference, current) {
        (Some(before), Some(now)) => before == now || (is_number(before) && is_number(now)),
        _ => false,
    }
}

fn kind_name(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Integer) => "integer",
        Some(Kind::Float) => "float",
        Some(Kind::Boolean) => "boolean",
        Some(Kind::Text) => "text",
        Some(Kind::Time) => "time",
        None => "nothing",
    }
}

fn too_few(rule: &Rule, reference: &Column, current: &Column) -> Option<(State, String)> {
    let (side, rows) = if current.valid < rule.minimum_rows {
        ("the current window", current.valid)
    } else if reference.valid < rule.minimum_rows {
        ("the reference", reference.valid)
    } else {
        return None;
    };
    let reason = format!("{side} has {rows} valid rows, and {} are needed", rule.minimum_rows);
    Some((State::InsufficientData, reason))
}

fn numbers(rule: &Rule, measured: &mut Measured, reference: Ecdf<'_>, current: Ecdf<'_>) {
    let (n, m) = (reference.count(), current.count());
    let (_, deviation) = reference.mean_and_deviation();
    let edges = bins::decile_edges(reference);
    let counts = (
        bins::count_between(reference, &edges),
        bins::count_between(current, &edges),
    );
    let measures = &mut measured.verdict.measures;
    of_shares(measures, &shares(&counts.0, n), &shares(&counts.1, m));
    if let Some(gap) = gap(reference, current) {
        measures.insert(Metric::WassersteinDistance, gap.area);
        // Where all of the reference is one value there is nothing to divide by.
        if deviation > 0.0 {
            measures.insert(Metric::NormalizedWassersteinDistance, gap.area / deviation);
        }
        let p_value = kolmogorov::p_value(n, m, gap.height, Method::Auto);
        measures.insert(Metric::TwoSampleKolmogorovSmirnovTest, p_value);
        measured.verdict.significance = Some(Significance {
            test: Metric::TwoSampleKolmogorovSmirnovTest,
            statistic: gap.height,
            p_value,
            adjusted_p_value: None,
            reference_rows: n,
            current_rows: m,
            is_sampled: false,
        });
    }
    measured.verdict.effect = effect(measures, rule.numerical);
    if rule.profile == Profile::Fettle && rule.numerical.metric == Metric::NormalizedWassersteinDistance {
        measured.chance_effect = power::chance_of_wasserstein(reference, deviation, m, rule.numerical.value);
        measured.power = Basis::of_numbers(reference, deviation, m);
    }
    measured.verdict.distribution = Some(chart_of_numbers(reference, current));
}

fn categories(rule: &Rule, measured: &mut Measured, table: &Table) {
    let (n, m) = (table.reference.iter().sum::<u64>(), table.current.iter().sum::<u64>());
    let (before, now) = (shares(&table.reference, n), shares(&table.current, m));
    let measures = &mut measured.verdict.measures;
    of_shares(measures, &before, &now);
    let (pooled_reference, pooled_current) = table.pooled();
    // Where every row is of one category nothing can differ.
    let test = contingency(&pooled_reference, &pooled_current);
    let (statistic, p_value) = test.map_or((0.0, 1.0), |test| (test.statistic, test.p_value));
    measures.insert(Metric::PearsonsChiSquaredTest, p_value);
    measured.verdict.significance = Some(Significance {
        test: Metric::PearsonsChiSquaredTest,
        statistic,
        p_value,
        adjusted_p_value: None,
        reference_rows: n,
        current_rows: m,
        is_sampled: false,
    });
    measured.verdict.effect = effect(measures, rule.categorical);
    if rule.profile == Profile::Fettle && rule.categorical.metric == Metric::JensenShannonDistance {
        measured.chance_effect = power::chance_of_jensen_shannon(table.names.len(), n, m, rule.categorical.value);
        measured.power = Basis::Levels {
            shares: before.iter().copied().filter(|&share| share > 0.0).collect(),
            reference_rows: n,
            current_rows: m,
            categories: pooled_reference.len(),
        };
    }
    measured.verdict.distribution = Some(chart_of_levels(table, &before, &now));
}

fn of_shares(measures: &mut BTreeMap<Metric, f64>, before: &[f64], now: &[f64]) {
    let filled = (floor(before, LEAST_SHARE), floor(now, LEAST_SHARE));
    measures.insert(
        Metric::PopulationStabilityIndex,
        population_stability_index(&filled.0, &filled.1),
    );
    measures.insert(Metric::JensenShannonDistance, jensen_shannon(before, now, Base::Two));
    measures.insert(Metric::HellingerDistance, hellinger(before, now));
    measures.insert(Metric::TotalVariationDistance, total_variation(before, now));
    measures.insert(Metric::LInfinityDistance, l_infinity(before, now));
}

fn effect(measures: &BTreeMap<Metric, f64>, threshold: Threshold) -> Option<Effect> {
    measures.get(&threshold.metric).map(|&value| Effect {
        metric: threshold.metric,
        value,
        threshold: threshold.value,
    })
}

/// Equal bins over the middle of both samples; what lies further out counts for the outermost.
fn chart_of_numbers(reference: Ecdf<'_>, current: Ecdf<'_>) -> Distribution {
    let ends = [reference, current].map(|sample| sample.quantiles(&[0.005, 0.995]));
    let (low, high) = (ends[0][0].min(ends[1][0]), ends[0][1].max(ends[1][1]));
    let edges = if low < high {
        bins::linspace(low, high, CHART_BINS)
    } else {
        vec![low - 0.5, low + 0.5]
    };
    let inner = &edges[1..edges.len() - 1];
    let of = |sample: Ecdf<'_>| shares(&bins::count_between(sample, inner), sample.count());
    Distribution {
        reference: of(reference),
        current: of(current),
        bins: Bins::Edges(edges),
    }
}

fn chart_of_levels(table: &Table, before: &[f64], now: &[f64]) -> Distribution {
    let shown = if table.names.len() > CHART_LEVELS {
        CHART_LEVELS - 1
    } else {
        table.names.len()
    };
    let mut names: Vec<String> = table.names[..shown].iter().map(ToString::to_string).collect();
    let shorten = |shares: &[f64]| {
        let rest: f64 = shares[shown..].iter().sum();
        let mut shares = shares[..shown].to_vec();
        if shown < table.names.len() {
            shares.push(rest);
        }
        shares
    };
    if shown < table.names.len() {
        names.push("(others)".to_owned());
    }
    Distribution {
        bins: Bins::Levels(names),
        reference: shorten(before),
        current: shorten(now),
    }
}

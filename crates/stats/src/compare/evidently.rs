//! Evidently's numbers and decisions (0.7): the test by type, distinct values and reference rows, with its thresholds.
//!
//! Kept as they are, also where they are not to be recommended: its chi-squared test takes the reference for exact, and
//! its normed Wasserstein distance explodes on nearly constant columns.

use super::{
    levels::side_by_side,
    rule::Metric,
    verdict::{ColumnVerdict, Effect, State},
};
use crate::{
    bins,
    chi_square::{goodness_of_fit, two_proportions_as_evidently},
    distance::{Base, fill_as_evidently, jensen_shannon, population_stability_index, shares, wasserstein},
    kolmogorov::{Method, two_sample},
    profile::{Kind, column::Column},
};

/// References with more rows are compared by distances, others by p-values.
const SMALL_REFERENCE: u64 = 1000;
/// Integer columns with no more distinct values are categories.
const INTEGER_CATEGORIES: u64 = 10;
/// Numbers with no more distinct values on both sides together are compared as categories.
const FEW_NUMBERS: u64 = 5;
const ALPHA: f64 = 0.05;
const DISTANCE: f64 = 0.1;
/// The table has drifted when this share of its columns has.
pub const DRIFT_SHARE: f64 = 0.5;

pub fn decide(verdict: &mut ColumnVerdict, reference: &Column, current: &Column) {
    let is_category = match current.kind {
        Some(Kind::Float) => false,
        Some(Kind::Integer) => current.distinct <= INTEGER_CATEGORIES,
        _ => true,
    };
    if current.kind == Some(Kind::Text) && current.distinct as f64 > 0.5 * current.valid as f64 {
        verdict.state = State::NotCompared;
        "Evidently takes it for free text and trains a classifier on it".clone_into(&mut verdict.reason);
        return;
    }
    let (metric, value) = chosen(reference, current, is_category);
    let psi = stability_index(reference, current, is_category);
    verdict.measures.insert(Metric::PopulationStabilityIndex, psi);
    verdict.measures.insert(
        Metric::JensenShannonDistance,
        jensen_shannon_distance(reference, current, is_category),
    );
    if let Some(value) = value {
        verdict.measures.insert(metric, value);
        settle(verdict, metric, value);
    } else {
        verdict.state = State::NotCompared;
        "Evidently's test is not defined here".clone_into(&mut verdict.reason);
    }
}

/// The test by what the column holds and by the reference's rows, and its value where it has one.
fn chosen(reference: &Column, current: &Column, is_category: bool) -> (Metric, Option<f64>) {
    let small = reference.valid <= SMALL_REFERENCE;
    if !is_category && reference.distinct > FEW_NUMBERS {
        return for_numbers(reference, current, small);
    }
    let (before, now) = side_by_side(reference, current);
    match before.len() as u64 {
        count if count > FEW_NUMBERS && !is_category => for_numbers(reference, current, small),
        _ if !small => (
            Metric::JensenShannonDistance,
            Some(jensen_shannon_distance(reference, current, is_category)),
        ),
        0..=2 => (Metric::ProportionsZTest, z_test(&before, &now, reference, current)),
        _ => (
            Metric::ChiSquaredGoodnessOfFitTest,
            goodness_of_fit(&before, &now).map(|test| test.p_value),
        ),
    }
}

fn for_numbers(reference: &Column, current: &Column, small: bool) -> (Metric, Option<f64>) {
    if small {
        (
            Metric::TwoSampleKolmogorovSmirnovTest,
            kolmogorov_smirnov(reference, current),
        )
    } else {
        (
            Metric::NormalizedWassersteinDistance,
            normed_wasserstein(reference, current),
        )
    }
}

fn settle(verdict: &mut ColumnVerdict, metric: Metric, value: f64) {
    let threshold = if metric.is_p_value() { ALPHA } else { DISTANCE };
    let drifted = match metric {
        Metric::TwoSampleKolmogorovSmirnovTest => value <= threshold,
        _ if metric.is_p_value() => value < threshold,
        _ => value >= threshold,
    };
    verdict.effect = Some(Effect {
        metric,
        value,
        threshold,
    });
    verdict.significance = verdict.significance.filter(|significance| significance.test == metric);
    verdict.state = if drifted { State::Drift } else { State::NoDrift };
    let comparison = if metric.is_p_value() {
        "drift below"
    } else {
        "drift from"
    };
    verdict.reason = format!("{} is {value:.4}, {comparison} {threshold}", metric.name());
}

fn z_test(before: &[u64], now: &[u64], reference: &Column, current: &Column) -> Option<f64> {
    if before.len() < 2 {
        return Some(1.0);
    }
    // The first in the order of their values is the failure.
    let (n, m) = (reference.kept(), current.kept());
    two_proportions_as_evidently([n - before[0], m - now[0]], [n, m]).map(|test| test.p_value)
}

fn kolmogorov_smirnov(reference: &Column, current: &Column) -> Option<f64> {
    two_sample(reference.numbers()?, current.numbers()?, Method::Auto).map(|test| test.p_value)
}

fn normed_wasserstein(reference: &Column, current: &Column) -> Option<f64> {
    let (before, now) = (reference.numbers()?, current.numbers()?);
    Some(wasserstein(before, now)? / before.mean_and_deviation().1.max(0.001))
}

fn binned(reference: &Column, current: &Column, is_category: bool) -> (Vec<f64>, Vec<f64>) {
    let (before, now) = match (reference.numbers(), current.numbers()) {
        (Some(before), Some(now)) if !is_category && before.distinct_up_to(21) > 20 => {
            let integers = reference.kind == Some(Kind::Integer) && current.kind == Some(Kind::Integer);
            let edges = bins::sturges_edges(before, now, integers);
            (bins::histogram(before, &edges), bins::histogram(now, &edges))
        }
        _ => {
            let (before, now) = side_by_side(reference, current);
            (before, now)
        }
    };
    (shares(&before, reference.kept()), shares(&now, current.kept()))
}

fn jensen_shannon_distance(reference: &Column, current: &Column, is_category: bool) -> f64 {
    let (before, now) = binned(reference, current, is_category);
    jensen_shannon(&before, &now, Base::Natural)
}

fn stability_index(reference: &Column, current: &Column, is_category: bool) -> f64 {
    let (before, now) = binned(reference, current, is_category);
    population_stability_index(&fill_as_evidently(&before), &fill_as_evidently(&now))
}

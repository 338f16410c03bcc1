//! Data quality: values that are missing, of another type, outside of what the reference knew.
//!
//! A rate counts as a violation when it lies above the reference's own rate by a margin that matters and by more than
//! chance explains. The reference's own rate of values out of bounds is what leaving one row out at a time shows: the
//! least and the greatest value, and every level that occurs once, would have been out of the bounds of the rest.

use crate::{
    compare::levels::{Table, UNSEEN},
    multiple::benjamini_hochberg,
    profile::{
        Kind,
        column::{Column, Data},
    },
    special::binomial_mass,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The names that Azure uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    NullValueRate,
    DataTypeErrorRate,
    /// Numbers beyond the reference's least and greatest, infinities, levels that the reference does not have.
    OutOfBoundsRate,
}

impl Rate {
    pub const ALL: [Self; 3] = [Self::NullValueRate, Self::DataTypeErrorRate, Self::OutOfBoundsRate];

    pub fn name(self) -> &'static str {
        match self {
            Self::NullValueRate => "null_value_rate",
            Self::DataTypeErrorRate => "data_type_error_rate",
            Self::OutOfBoundsRate => "out_of_bounds_rate",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QualityRule {
    /// How far above the reference's own rate a rate has to be to matter.
    pub margin: f64,
    pub false_discovery_rate: f64,
    /// Azure's rule instead, for the rates that have one: any rate above it.
    pub fixed_thresholds: BTreeMap<Rate, f64>,
}

impl Default for QualityRule {
    fn default() -> Self {
        Self {
            margin: 0.01,
            false_discovery_rate: 0.05,
            fixed_thresholds: BTreeMap::new(),
        }
    }
}

impl QualityRule {
    /// Azure's defaults: one bad value is a violation.
    pub fn azure() -> Self {
        Self {
            fixed_thresholds: Rate::ALL.into_iter().map(|rate| (rate, 0.0)).collect(),
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityVerdict {
    pub column: String,
    pub metric: Rate,
    pub reference_rate: f64,
    pub current_rate: f64,
    /// What the rate is held against.
    pub threshold: f64,
    /// One-sided, exact: that so many bad values are no chance.
    pub p_value: f64,
    pub adjusted_p_value: f64,
    pub is_violation: bool,
}

/// How many of how many rows are bad on either side.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    pub column: String,
    pub metric: Rate,
    pub reference: [u64; 2],
    pub current: [u64; 2],
}

/// The three rates of a column. Values of a sample count for all rows it was drawn from.
pub fn count(name: &str, reference: &Column, current: &Column) -> Vec<Counted> {
    if reference.rows == 0 || current.rows == 0 {
        return Vec::new();
    }
    let of = |metric, reference, current| Counted {
        column: name.to_owned(),
        metric,
        reference,
        current,
    };
    let filled = |column: &Column| column.rows - column.missing;
    let mut rates = vec![
        of(
            Rate::NullValueRate,
            [reference.missing, reference.rows],
            [current.missing, current.rows],
        ),
        of(
            Rate::DataTypeErrorRate,
            [reference.mistyped, filled(reference)],
            [current.mistyped, filled(current)],
        ),
    ];
    if let Some((own, outside)) = out_of_bounds(reference, current) {
        let rows = |column: &Column| column.kept() + column.infinite;
        rates.push(of(
            Rate::OutOfBoundsRate,
            [own, rows(reference)],
            [outside, rows(current)],
        ));
    }
    rates.retain(|rate| rate.reference[1] > 0 && rate.current[1] > 0);
    rates
}

fn out_of_bounds(reference: &Column, current: &Column) -> Option<(u64, u64)> {
    if reference.kept() == 0 || reference.kind == Some(Kind::Time) {
        return None;
    }
    match (reference.numbers(), current.numbers()) {
        (Some(before), Some(now)) => {
            let (least, most) = (reference.moments.min, reference.moments.max);
            let beyond = now.below(least) + (now.count() - now.at_most(most));
            let alone = |count: u64| u64::from(count == 1);
            let ends = alone(before.at_most(least)) + alone(before.count() - before.below(most));
            Some((ends + reference.infinite, beyond + current.infinite))
        }
        (None, None) => {
            let Data::Levels(levels) = &reference.data else {
                return None;
            };
            let once = levels.iter().filter(|level| level.1 == 1).count() as u64;
            let table = Table::of(reference, current);
            let unseen = table.names.iter().position(|name| &**name == UNSEEN);
            Some((once, unseen.map_or(0, |place| table.current[place])))
        }
        _ => None,
    }
}

/// Judges the rates of all columns together.
pub fn judge(rule: &QualityRule, counted: Vec<Counted>) -> Vec<QualityVerdict> {
    let p_values: Vec<f64> = counted
        .iter()
        .map(|rate| chance_of_so_many(rate.reference, rate.current))
        .collect();
    let adjusted = benjamini_hochberg(&p_values);
    counted
        .into_iter()
        .zip(p_values.into_iter().zip(adjusted))
        .map(|(rate, (p_value, adjusted_p_value))| {
            let [reference_rate, current_rate] =
                [rate.reference, rate.current].map(|[bad, rows]| bad as f64 / rows as f64);
            let fixed = rule.fixed_thresholds.get(&rate.metric);
            let is_violation = match fixed {
                // Azure reports rates to five digits.
                Some(threshold) => (current_rate * 1e5).round() / 1e5 > *threshold,
                None => adjusted_p_value <= rule.false_discovery_rate && current_rate - reference_rate >= rule.margin,
            };
            QualityVerdict {
                column: rate.column,
                metric: rate.metric,
                reference_rate,
                current_rate,
                threshold: fixed.copied().unwrap_or(reference_rate + rule.margin),
                p_value,
                adjusted_p_value,
                is_violation,
            }
        })
        .collect()
}

/// Fisher's exact test, one-sided: the chance that at least as many of all bad values fall on the current rows.
pub fn chance_of_so_many(reference: [u64; 2], current: [u64; 2]) -> f64 {
    let bad = (reference[0] + current[0]) as f64;
    let (n, m) = (reference[1] as f64, current[1] as f64);
    if current[0] == 0 || bad == n + m {
        return 1.0;
    }
    let share = m / (n + m);
    let all = binomial_mass(m, n + m, share);
    // The hypergeometric mass, as a ratio of binomial ones.
    let mass = |k: f64| binomial_mass(k, bad, share) * binomial_mass(m - k, n + m - bad, share) / all;
    let most = bad.min(m);
    let expected = bad * share;
    let (mut sum, mut k) = (0.0, current[0] as f64);
    while k <= most {
        let term = mass(k);
        sum += term;
        if k > expected && term < sum * 1e-17 {
            break;
        }
        k += 1.0;
    }
    sum.min(1.0)
}

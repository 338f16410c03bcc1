//! Adding up values in groups.

use super::validate::number_of;
use crate::error::{Result, invalid};
use fettle_wire::{Double, traces::MetricAggregation};
use std::collections::BTreeMap;

/// Groups of one answer, before it is cut to what was asked for.
const GROUPS_MAX: usize = 200_000;

const KINDS: [&str; 6] = ["COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"];

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregation {
    Count,
    Sum,
    Average,
    /// Between 0 and 100.
    Percentile(f64),
    Least,
    Most,
}

impl Aggregation {
    pub fn parse(given: &MetricAggregation) -> Result<Self> {
        let kind = given
            .aggregation_type
            .as_ref()
            .map_or(Some(0), |kind| number_of(kind, &KINDS, 1));
        let percentile = given.percentile_value.map(|value| value.0);
        let aggregation = match (kind.and_then(|kind| KINDS.get(kind).copied()), percentile) {
            (Some("PERCENTILE"), Some(value)) if (0.0..=100.0).contains(&value) => Self::Percentile(value),
            (Some("PERCENTILE"), Some(value)) => {
                return Err(invalid(format!(
                    "Percentile value must be between 0 and 100, got {value}"
                )));
            }
            (Some("PERCENTILE"), None) => {
                return Err(invalid("Percentile value is required for PERCENTILE aggregation"));
            }
            (Some(kind), Some(_)) => {
                return Err(invalid(format!(
                    "Percentile value is only allowed for PERCENTILE aggregation type, got {kind}"
                )));
            }
            (Some("COUNT"), None) => Self::Count,
            (Some("SUM"), None) => Self::Sum,
            (Some("AVG"), None) => Self::Average,
            (Some("MIN"), None) => Self::Least,
            (Some(_), None) => Self::Most,
            (None, _) => {
                let name = given.aggregation_type.clone().unwrap_or_default().0;
                return Err(invalid(format!(
                    "aggregation_type must be one of {KINDS:?}, got '{name}'"
                )));
            }
        };
        Ok(aggregation)
    }

    pub fn kind(self) -> &'static str {
        match self {
            Self::Count => "COUNT",
            Self::Sum => "SUM",
            Self::Average => "AVG",
            Self::Percentile(_) => "PERCENTILE",
            Self::Least => "MIN",
            Self::Most => "MAX",
        }
    }

    /// How answers name it: `P90.0` as Python prints the number.
    fn label(self) -> String {
        match self {
            Self::Percentile(value) => {
                let mut label = "P".to_owned();
                fettle_gateway::python_json::float(&mut label, value);
                label
            }
            other => other.kind().to_owned(),
        }
    }
}

/// A bucket's start and the values of the dimensions.
type Group = (Option<i64>, Vec<String>);

pub struct Groups<'a> {
    aggregations: &'a [Aggregation],
    keeps_values: bool,
    groups: BTreeMap<Group, Summary>,
}

#[derive(Default)]
struct Summary {
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
    values: Vec<f64>,
}

impl<'a> Groups<'a> {
    pub fn new(aggregations: &'a [Aggregation]) -> Self {
        let is_percentile = |aggregation: &Aggregation| matches!(aggregation, Aggregation::Percentile(_));
        Self {
            aggregations,
            keeps_values: aggregations.iter().any(is_percentile),
            groups: BTreeMap::new(),
        }
    }

    /// Counts a value. A point that belongs to no group is left out.
    pub fn add(&mut self, group: Option<Group>, value: f64) -> Result<()> {
        let Some(group) = group else { return Ok(()) };
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&group) {
            return Err(invalid(format!(
                "The query has more than {GROUPS_MAX} groups: ask for fewer dimensions or a longer interval."
            )));
        }
        let summary = self.groups.entry(group).or_default();
        if summary.count == 0 {
            (summary.least, summary.most) = (value, value);
        }
        summary.count += 1;
        summary.sum += value;
        summary.least = summary.least.min(value);
        summary.most = summary.most.max(value);
        if self.keeps_values {
            summary.values.push(value);
        }
        Ok(())
    }

    /// The first groups in order. Counting over everything answers even when there is nothing.
    pub fn finish(mut self, ungrouped: bool, limit: usize) -> Vec<(Group, BTreeMap<String, Double>)> {
        if ungrouped && self.groups.is_empty() && self.aggregations.contains(&Aggregation::Count) {
            self.groups.insert((None, Vec::new()), Summary::default());
        }
        let aggregations = self.aggregations;
        let groups = self.groups.into_iter().take(limit);
        groups
            .map(|(group, summary)| (group, summary.values(aggregations)))
            .collect()
    }
}

impl Summary {
    fn values(mut self, aggregations: &[Aggregation]) -> BTreeMap<String, Double> {
        self.values.sort_unstable_by(f64::total_cmp);
        let values = aggregations.iter().filter_map(|aggregation| {
            let value = match aggregation {
                Aggregation::Count => Some(self.count as f64),
                _ if self.count == 0 => None,
                Aggregation::Sum => Some(self.sum),
                Aggregation::Average => Some(self.sum / self.count as f64),
                Aggregation::Percentile(at) => percentile(&self.values, *at),
                Aggregation::Least => Some(self.least),
                Aggregation::Most => Some(self.most),
            };
            Some((aggregation.label(), Double(value?)))
        });
        values.collect()
    }
}

/// Between the two nearest values, in proportion.
fn percentile(sorted: &[f64], at: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = at / 100.0 * last as f64;
    let below = place as usize;
    let (low, high) = (sorted[below.min(last)], sorted[(below + 1).min(last)]);
    Some(low + (place - below as f64) * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_added_up_in_groups() {
        let aggregations = [
            Aggregation::Count,
            Aggregation::Sum,
            Aggregation::Average,
            Aggregation::Percentile(90.0),
            Aggregation::Percentile(99.5),
            Aggregation::Least,
            Aggregation::Most,
        ];
        let mut groups = Groups::new(&aggregations);
        for value in [1000.0, 1.0, 4000.0, 500.0] {
            groups.add(Some((None, Vec::new())), value).expect("room");
        }
        groups.add(None, 7.0).expect("room");
        let found = groups.finish(true, 10);
        let values: Vec<(&str, f64)> = found[0]
            .1
            .iter()
            .map(|(name, value)| (name.as_str(), value.0))
            .collect();
        // The percentiles are those of MLflow, to the last digit.
        let expected = [
            ("AVG", 1375.25),
            ("COUNT", 4.0),
            ("MAX", 4000.0),
            ("MIN", 1.0),
            ("P90.0", 3_100.000_000_000_000_5),
            ("P99.5", 3_954.999_999_999_999_5),
            ("SUM", 5501.0),
        ];
        assert_eq!(values, expected);
    }

    #[test]
    fn nothing_counts_as_zero_and_has_no_average() {
        let aggregations = [Aggregation::Count, Aggregation::Average];
        let found = Groups::new(&aggregations).finish(true, 10);
        assert_eq!(
            found,
            [((None, vec![]), BTreeMap::from([("COUNT".to_owned(), Double(0.0))]))]
        );
        assert_eq!(Groups::new(&aggregations[1..]).finish(true, 10), []);
        assert_eq!(Groups::new(&aggregations).finish(false, 10), []);
    }
}

//! Feature-attribution drift: whether the model still leans on the features that it leaned on before.

use super::{super::spec::Features, Finding, Verdict};
use fettle_capture::Table;
use fettle_stats::attribution::normalized_discounted_cumulative_gain;
use serde_json::json;
use std::collections::BTreeMap;

/// The conventional name, as Azure writes it.
pub const METRIC: &str = "normalized_discounted_cumulative_gain";
/// Where Azure and SageMaker draw the line.
pub const THRESHOLD: f64 = 0.9;
/// Fewer explained rows rank features by chance.
const ROWS_MIN: usize = 50;
const RESAMPLES: u64 = 200;
const PREFIXES: [&str; 2] = ["attribution_", "prediction_attribution_"];

/// What a captured column explains, if it is an attribution that the model answered with.
pub fn explained(column: &str) -> Option<&str> {
    PREFIXES.iter().find_map(|prefix| column.strip_prefix(prefix))
}

/// Attributions of some rows without their signs: one value for each feature.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributed {
    pub features: Vec<String>,
    /// Row by row.
    pub values: Vec<f64>,
}

impl Attributed {
    /// Those that came with the answers. None if there are none.
    pub fn of_columns(table: &Table) -> Option<Self> {
        let columns: Vec<_> = table
            .columns
            .iter()
            .filter_map(|column| Some((explained(&column.name)?, column)))
            .collect();
        let mut values = Vec::new();
        for row in 0..table.rows {
            let cells: Option<Vec<f64>> = columns
                .iter()
                .map(|(_, column)| column.cells.cell(row).as_number().filter(|value| value.is_finite()))
                .collect();
            // A row without all of its explanations is none.
            values.extend(cells.into_iter().flatten().map(f64::abs));
        }
        let features = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        (!values.is_empty()).then_some(Self { features, values })
    }

    fn rows(&self) -> usize {
        self.values.len().checked_div(self.features.len()).unwrap_or_default()
    }

    /// How much each feature mattered on the average; `row` chooses which rows are taken.
    fn importances(&self, wanted: &Features, row: impl Fn(usize) -> usize) -> BTreeMap<String, f64> {
        let (width, rows) = (self.features.len(), self.rows());
        let mut sums = vec![0.0; width];
        for number in 0..rows {
            let start = row(number) * width;
            for (sum, value) in sums.iter_mut().zip(&self.values[start..start + width]) {
                *sum += value;
            }
        }
        let means = sums.into_iter().map(|sum| sum / rows.max(1) as f64);
        let named = self.features.iter().cloned().zip(means);
        named
            .filter(|(name, _)| match wanted {
                Features::All => true,
                Features::Named(names) => names.contains(name),
            })
            .collect()
    }
}

pub fn judge(
    threshold: f64,
    features: &Features,
    reference: &Attributed,
    current: &Attributed,
) -> (Vec<Finding>, bool) {
    let (rows_before, rows_now) = (reference.rows(), current.rows());
    let before = reference.importances(features, |row| row);
    let now = current.importances(features, |row| row);
    let Some(value) = normalized_discounted_cumulative_gain(&before, &now) else {
        return (
            Finding::nothing("no feature has an attribution in the reference; name features that the model has"),
            false,
        );
    };
    let interval = interval(features, reference, current);
    let enough = rows_before.min(rows_now) >= ROWS_MIN;
    // All of the interval must be below: two features of like importance change places by chance.
    let verdict = match interval {
        _ if !enough => Verdict::InsufficientData,
        Some([_, high]) if high < threshold => Verdict::Alarm,
        _ => Verdict::Ok,
    };
    let (ranks_before, ranks_now) = (ranks(&before), ranks(&now));
    let mut moved: Vec<(&String, usize, usize)> = ranks_before
        .iter()
        .filter_map(|(name, was)| Some((name, *was, *ranks_now.get(name)?)))
        .filter(|(_, was, is)| was != is)
        .collect();
    moved.sort_by_key(|(_, was, is)| (std::cmp::Reverse(was.abs_diff(*is)), *was));
    let words: Vec<String> = moved
        .iter()
        .take(3)
        .map(|(name, was, is)| format!("{name} from place {was} to {is}"))
        .collect();
    let mut findings = vec![Finding {
        metric: METRIC.to_owned(),
        feature: String::new(),
        value: Some(value),
        threshold: Some(threshold),
        verdict,
        detail: json!({
            "interval": interval, "reference_rows": rows_before, "current_rows": rows_now, "moved": words.join(", "),
            "minimum_rows": ROWS_MIN,
        }),
    }];
    let total = |importances: &BTreeMap<String, f64>| importances.values().sum::<f64>();
    let (total_before, total_now) = (total(&before), total(&now));
    let share = |value: Option<&f64>, total: f64| value.filter(|_| total > 0.0).map(|value| value / total);
    for name in ranks_before
        .keys()
        .chain(ranks_now.keys().filter(|name| !before.contains_key(*name)))
    {
        findings.push(Finding {
            metric: "attribution_share".to_owned(),
            feature: name.clone(),
            value: share(now.get(name), total_now),
            threshold: None,
            verdict: Verdict::Info,
            detail: json!({
                "reference_share": share(before.get(name), total_before),
                "reference_place": ranks_before.get(name), "current_place": ranks_now.get(name),
                "reference_mean": before.get(name), "current_mean": now.get(name),
            }),
        });
    }
    (findings, verdict == Verdict::Alarm)
}

/// Places from 1, the most important first.
fn ranks(importances: &BTreeMap<String, f64>) -> BTreeMap<String, usize> {
    let mut sorted: Vec<(&String, f64)> = importances.iter().map(|(name, value)| (name, *value)).collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let places = sorted.into_iter().enumerate();
    places.map(|(place, (name, _))| (name.clone(), place + 1)).collect()
}

/// Where the value lies in 95 of 100 resamples of the rows of both sides; the same resamples every time.
fn interval(features: &Features, reference: &Attributed, current: &Attributed) -> Option<[f64; 2]> {
    let mut values: Vec<f64> = (0..RESAMPLES)
        .filter_map(|draw| {
            let of = |side: &Attributed, salt: u64| {
                let rows = side.rows().max(1) as u64;
                side.importances(features, |row| {
                    (fettle_stats::sketch::mix(2 * draw + salt, row as u64) % rows) as usize
                })
            };
            normalized_discounted_cumulative_gain(&of(reference, 0), &of(current, 1))
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        values
            .get((share * values.len().saturating_sub(1) as f64).round() as usize)
            .copied()
    };
    Some([at(0.025)?, at(0.975)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributed(rows: usize, scales: [f64; 3]) -> Attributed {
        let values = (0..rows).flat_map(|row| {
            let wave = 1.0 + 0.5 * (row as f64 * 0.7).sin();
            scales.map(|scale| scale * wave)
        });
        Attributed {
            features: ["a", "b", "c"].map(str::to_owned).into(),
            values: values.collect(),
        }
    }

    #[test]
    fn a_model_that_leans_on_something_else_is_an_alarm() {
        let before = attributed(200, [5.0, 1.0, 0.1]);
        let (findings, alarmed) = judge(THRESHOLD, &Features::All, &before, &attributed(200, [6.0, 0.5, 0.2]));
        assert!(!alarmed, "the order is the same");
        assert_eq!(findings[0].value, Some(1.0));
        let (findings, alarmed) = judge(THRESHOLD, &Features::All, &before, &attributed(200, [0.1, 1.0, 5.0]));
        assert!(alarmed);
        // sklearn.metrics.ndcg_score([[5, 1, 0.1]], [[0.1, 1, 5]])
        let value = findings[0].value.expect("a value");
        assert!((value - 0.568_732_565_569_967).abs() < 1e-9, "{value}");
        assert!(
            findings[0].detail["moved"]
                .as_str()
                .is_some_and(|moved| moved.contains("a from place 1 to 3"))
        );
        assert_eq!(findings.len(), 4);
    }

    #[test]
    fn few_rows_say_nothing() {
        let (before, now) = (attributed(200, [5.0, 1.0, 0.1]), attributed(20, [0.1, 1.0, 5.0]));
        let (findings, alarmed) = judge(THRESHOLD, &Features::All, &before, &now);
        assert!(!alarmed);
        assert_eq!(findings[0].verdict, Verdict::InsufficientData);
    }
}

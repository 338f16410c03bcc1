//! How good predictions were once the truth is known: scikit-learn's metrics, each with an interval and with the share
//! of predictions whose truth has come.

use crate::{sketch::mix, special::normal_upper_quantile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Resamples of a bootstrap interval.
const RESAMPLES: u64 = 200;
/// Rows a bootstrap resamples; of more, the interval of these is narrowed by the root of the ratio.
const BOOTSTRAP_ROWS: usize = 5_000;
const TWO_SIDED_TAIL: f64 = 0.025;
/// What scikit-learn clips probabilities to for the logarithm.
const LEAST_PROBABILITY: f64 = f64::EPSILON;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub value: f64,
    /// The ends of a 95 % interval: Wilson's for shares of rows, of a bootstrap for the rest.
    pub low: f64,
    pub high: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    pub predictions: u64,
    pub labels: u64,
    /// Labels for each prediction.
    pub label_coverage: f64,
    pub metrics: BTreeMap<String, Measurement>,
}

impl Performance {
    fn new(predictions: u64, labels: u64, metrics: Vec<(&str, Measurement)>) -> Self {
        Self {
            predictions: predictions.max(labels),
            labels,
            label_coverage: labels as f64 / predictions.max(labels).max(1) as f64,
            metrics: metrics
                .into_iter()
                .filter(|(_, measured)| labels > 0 && measured.value.is_finite())
                .map(|(name, measured)| (name.to_owned(), measured))
                .collect(),
        }
    }
}

/// `mae`, `mse`, `rmse`, `r2` of pairs of truth and prediction; `predictions` counts also those without a truth yet.
pub fn regression(pairs: &[(f64, f64)], predictions: u64) -> Performance {
    let metrics = [
        ("mae", mae as fn(&[(f64, f64)]) -> f64),
        ("mse", mse),
        ("rmse", |pairs| mse(pairs).sqrt()),
        ("r2", r2),
    ];
    let measured = metrics
        .into_iter()
        .map(|(name, metric)| (name, bootstrapped(pairs, metric)));
    Performance::new(predictions, pairs.len() as u64, measured.collect())
}

fn mae(pairs: &[(f64, f64)]) -> f64 {
    pairs.iter().map(|(truth, answer)| (truth - answer).abs()).sum::<f64>() / pairs.len() as f64
}

fn mse(pairs: &[(f64, f64)]) -> f64 {
    pairs
        .iter()
        .map(|(truth, answer)| (truth - answer).powi(2))
        .sum::<f64>()
        / pairs.len() as f64
}

fn r2(pairs: &[(f64, f64)]) -> f64 {
    if pairs.len() < 2 {
        return f64::NAN;
    }
    let mean = pairs.iter().map(|pair| pair.0).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(truth, _)| (truth - mean).powi(2)).sum();
    let rest: f64 = pairs.iter().map(|(truth, answer)| (truth - answer).powi(2)).sum();
    match (rest == 0.0, total == 0.0) {
        (true, _) => 1.0,
        (false, true) => 0.0,
        (false, false) => 1.0 - rest / total,
    }
}

/// `accuracy` and, over all classes alike (macro), `precision`, `recall`, `f1_score`; with two classes those of `positive`.
/// A ratio over nothing is zero, as scikit-learn says by default.
pub fn classification(pairs: &[(&str, &str)], predictions: u64, positive: Option<&str>) -> Performance {
    let mut classes: Vec<&str> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
    classes.sort_unstable();
    classes.dedup();
    let code = |class: &str| classes.binary_search(&class).unwrap_or(0) as u32;
    let coded: Vec<(u32, u32)> = pairs
        .iter()
        .map(|(truth, answer)| (code(truth), code(answer)))
        .collect();
    let right = coded.iter().filter(|pair| pair.0 == pair.1).count() as u64;
    let accuracy = wilson(right, coded.len() as u64);
    let chosen: Vec<u32> = match positive {
        Some(class) => classes
            .binary_search(&class)
            .ok()
            .map(|place| place as u32)
            .into_iter()
            .collect(),
        None => (0..classes.len() as u32).collect(),
    };
    let mut measured = vec![("accuracy", accuracy)];
    if let ([class], true) = (&chosen[..], positive.is_some()) {
        let count = |fits: &dyn Fn(&(u32, u32)) -> bool| coded.iter().filter(|pair| fits(pair)).count() as u64;
        let hits = count(&|pair| pair.0 == *class && pair.1 == *class);
        measured.push(("precision", wilson(hits, count(&|pair| pair.1 == *class))));
        measured.push(("recall", wilson(hits, count(&|pair| pair.0 == *class))));
    } else {
        measured.push(("precision", bootstrapped(&coded, |pairs| scores(pairs, &chosen)[0])));
        measured.push(("recall", bootstrapped(&coded, |pairs| scores(pairs, &chosen)[1])));
    }
    measured.push(("f1_score", bootstrapped(&coded, |pairs| scores(pairs, &chosen)[2])));
    Performance::new(predictions, pairs.len() as u64, measured)
}

/// Precision, recall and F1, averaged over `classes`.
fn scores(pairs: &[(u32, u32)], classes: &[u32]) -> [f64; 3] {
    let places = classes.iter().max().map_or(0, |&class| class as usize + 1);
    let (mut hits, mut truths, mut answers) = (vec![0_u64; places], vec![0_u64; places], vec![0_u64; places]);
    for &(truth, answer) in pairs {
        if let Some(count) = truths.get_mut(truth as usize) {
            *count += 1;
        }
        if let Some(count) = answers.get_mut(answer as usize) {
            *count += 1;
            hits[answer as usize] += u64::from(truth == answer);
        }
    }
    let ratio = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let mut sums = [0.0; 3];
    // Classes that do not occur at all do not count for the average.
    let present = classes
        .iter()
        .filter(|&&class| truths[class as usize] + answers[class as usize] > 0);
    let mut count = 0.0;
    for &class in present {
        let class = class as usize;
        sums[0] += ratio(hits[class], answers[class]);
        sums[1] += ratio(hits[class], truths[class]);
        sums[2] += ratio(2 * hits[class], truths[class] + answers[class]);
        count += 1.0;
    }
    sums.map(|sum| if count == 0.0 { 0.0 } else { sum / count })
}

/// `roc_auc` and `log_loss` of pairs of truth and the probability given to it being true.
pub fn probabilities(pairs: &[(bool, f64)], predictions: u64) -> Performance {
    let measured = vec![
        ("roc_auc", bootstrapped(pairs, roc_auc)),
        ("log_loss", bootstrapped(pairs, log_loss)),
    ];
    Performance::new(predictions, pairs.len() as u64, measured)
}

/// The chance that a true row scores above a false one, ties counting half. NaN when one of them is missing.
fn roc_auc(pairs: &[(bool, f64)]) -> f64 {
    let mut ordered = pairs.to_vec();
    ordered.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    let (mut wins, mut falses, mut trues) = (0.0, 0.0, 0.0);
    for tied in ordered.chunk_by(|a, b| a.1 == b.1) {
        let yes = tied.iter().filter(|pair| pair.0).count() as f64;
        let no = tied.len() as f64 - yes;
        wins += yes * (falses + no / 2.0);
        trues += yes;
        falses += no;
    }
    wins / (trues * falses)
}

fn log_loss(pairs: &[(bool, f64)]) -> f64 {
    let sum: f64 = pairs
        .iter()
        .map(|&(truth, probability)| {
            let probability = probability.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
            if truth {
                -probability.ln()
            } else {
                -(1.0 - probability).ln()
            }
        })
        .sum();
    sum / pairs.len() as f64
}

/// A share with Wilson's 95 % interval; of no rows, zero with an interval of everything.
pub fn wilson(hits: u64, rows: u64) -> Measurement {
    if rows == 0 {
        return Measurement {
            value: 0.0,
            low: 0.0,
            high: 1.0,
        };
    }
    let (n, p) = (rows as f64, hits as f64 / rows as f64);
    let z = normal_upper_quantile(TWO_SIDED_TAIL);
    let center = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    Measurement {
        value: p,
        low: (center - half).max(0.0),
        high: (center + half).min(1.0),
    }
}

/// The value of all rows with the percentile interval of resampled ones; the same resamples every time.
fn bootstrapped<T: Copy>(rows: &[T], metric: impl Fn(&[T]) -> f64) -> Measurement {
    let value = metric(rows);
    if rows.len() < 2 || !value.is_finite() {
        return Measurement {
            value,
            low: value,
            high: value,
        };
    }
    let drawn = rows.len().min(BOOTSTRAP_ROWS);
    let narrowing = (drawn as f64 / rows.len() as f64).sqrt();
    let mut resample = Vec::with_capacity(drawn);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|round| {
            resample.clear();
            resample.extend((0..drawn as u64).map(|place| rows[(mix(round, place) % rows.len() as u64) as usize]));
            metric(&resample)
        })
        .filter(|value| value.is_finite())
        .collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        values
            .get((share * (values.len() as f64 - 1.0)).round() as usize)
            .copied()
            .unwrap_or(value)
    };
    Measurement {
        value,
        low: value + (at(TWO_SIDED_TAIL) - value).min(0.0) * narrowing,
        high: value + (at(1.0 - TWO_SIDED_TAIL) - value).max(0.0) * narrowing,
    }
}

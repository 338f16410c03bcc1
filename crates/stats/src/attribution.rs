//! Feature-attribution drift: whether the model still leans on the features it leaned on when it was trained.

use std::collections::BTreeMap;

/// The normalised discounted cumulative gain of the current ranking of features, with the reference's importances as
/// gains, as `sklearn.metrics.ndcg_score`: 1 when both rank alike. Equal importances share the average discount.
///
/// Features that one side lacks have no importance there. `None` when the reference finds nothing important or a value
/// is negative or not a number (give mean absolute attributions).
pub fn normalized_discounted_cumulative_gain(
    reference: &BTreeMap<String, f64>,
    current: &BTreeMap<String, f64>,
) -> Option<f64> {
    let importances: Vec<(f64, f64)> = reference
        .keys()
        .chain(current.keys().filter(|name| !reference.contains_key(*name)))
        .map(|name| {
            let of = |side: &BTreeMap<String, f64>| side.get(name).copied().unwrap_or(0.0);
            (of(reference), of(current))
        })
        .collect();
    let is_sound = |value: f64| value >= 0.0 && value.is_finite();
    if !importances
        .iter()
        .all(|&(before, now)| is_sound(before) && is_sound(now))
    {
        return None;
    }
    let ideal = gain(importances.iter().map(|&(before, _)| (before, before)).collect());
    (ideal > 0.0).then(|| gain(importances) / ideal)
}

/// The discounted sum of gains in the order of falling scores.
fn gain(mut pairs: Vec<(f64, f64)>) -> f64 {
    pairs.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
    let mut place = 0_usize;
    let mut sum = 0.0;
    for tied in pairs.chunk_by(|a, b| a.1 == b.1) {
        let discounts: f64 = (place..place + tied.len())
            .map(|place| 1.0 / (place as f64 + 2.0).log2())
            .sum();
        let gains: f64 = tied.iter().map(|pair| pair.0).sum();
        sum += discounts * gains / tied.len() as f64;
        place += tied.len();
    }
    sum
}

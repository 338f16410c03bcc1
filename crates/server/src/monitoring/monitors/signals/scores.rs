//! How good predictions were, each with the interval in which the truth lies in 19 of 20 cases.

use std::collections::BTreeMap;

/// Of a 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Wilson's interval of a share.
pub fn wilson(count: u64, rows: u64) -> (f64, f64) {
    if rows == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (rows as f64, count as f64 / rows as f64);
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

fn share(count: u64, rows: u64) -> Option<Score> {
    let (low, high) = wilson(count, rows);
    (rows > 0).then(|| Score {
        value: count as f64 / rows as f64,
        low,
        high,
    })
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> Option<Score> {
    let count = values.clone().count() as f64;
    if count < 2.0 {
        return None;
    }
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = Z * (variance / count).sqrt();
    Some(Score {
        value: mean,
        low: (mean - half).max(0.0),
        high: mean + half,
    })
}

/// Of classes that are named: the share that is right.
pub fn of_classes(right: u64, rows: u64) -> BTreeMap<&'static str, Score> {
    share(right, rows)
        .map(|score| ("accuracy", score))
        .into_iter()
        .collect()
}

/// Of yes and no, by probability: (probability, truth).
pub fn of_probabilities(pairs: &[(f64, bool)], threshold: f64) -> BTreeMap<&'static str, Score> {
    let count = |wanted: &dyn Fn(bool, bool) -> bool| {
        pairs
            .iter()
            .filter(|(p, truth)| wanted(*p >= threshold, *truth))
            .count() as u64
    };
    let (hits, claims, positives) = (
        count(&|said, is| said && is),
        count(&|said, _| said),
        count(&|_, is| is),
    );
    let right = count(&|said, is| said == is);
    let mut scores = of_classes(right, pairs.len() as u64);
    scores.extend(share(hits, claims).map(|score| ("precision", score)));
    scores.extend(share(hits, positives).map(|score| ("recall", score)));
    if claims + positives > 0 {
        // F1 is 2 hits of (claims + positives); its interval is that of the share of agreement among them.
        let union = claims + positives - hits;
        let f1 = |jaccard: f64| 2.0 * jaccard / (1.0 + jaccard);
        if let Some(jaccard) = share(hits, union) {
            let score = Score {
                value: f1(jaccard.value),
                low: f1(jaccard.low),
                high: f1(jaccard.high),
            };
            scores.insert("f1_score", score);
        }
    }
    scores.extend(roc_auc(pairs).map(|score| ("roc_auc", score)));
    let losses = pairs.iter().map(|(p, truth)| {
        let p = p.clamp(1e-15, 1.0 - 1e-15);
        if *truth { -p.ln() } else { -(1.0 - p).ln() }
    });
    scores.extend(mean(losses).map(|score| ("log_loss", score)));
    scores
}

/// The chance that a positive has a higher probability than a negative (Mann-Whitney), with Hanley and McNeil's interval.
fn roc_auc(pairs: &[(f64, bool)]) -> Option<Score> {
    let positives = pairs.iter().filter(|(_, truth)| *truth).count() as f64;
    let negatives = pairs.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank, mut rank_sum) = (0.0, 0.0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let size = ties.len() as f64;
        let middle = rank + f64::midpoint(size, 1.0);
        rank_sum += middle * ties.iter().filter(|(_, truth)| *truth).count() as f64;
        rank += size;
    }
    let auc = (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives);
    let (q1, q2) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let variance = (auc * (1.0 - auc) + (positives - 1.0) * (q1 - auc * auc) + (negatives - 1.0) * (q2 - auc * auc))
        / (positives * negatives);
    let half = Z * variance.max(0.0).sqrt();
    Some(Score {
        value: auc,
        low: (auc - half).max(0.0),
        high: (auc + half).min(1.0),
    })
}

/// Of numbers: (prediction, truth).
pub fn of_numbers(pairs: &[(f64, f64)]) -> BTreeMap<&'static str, Score> {
    let errors = pairs.iter().map(|(prediction, truth)| prediction - truth);
    let mut scores = BTreeMap::new();
    scores.extend(mean(errors.clone().map(f64::abs)).map(|score| ("mae", score)));
    if let Some(mse) = mean(errors.clone().map(|error| error * error)) {
        scores.insert("mse", mse);
        let root = Score {
            value: mse.value.sqrt(),
            low: mse.low.sqrt(),
            high: mse.high.sqrt(),
        };
        scores.insert("rmse", root);
        let truth = pairs.iter().map(|(_, truth)| *truth);
        let middle = truth.clone().sum::<f64>() / pairs.len() as f64;
        let spread = truth.map(|truth| (truth - middle).powi(2)).sum::<f64>() / pairs.len() as f64;
        if spread > 0.0 {
            let r2 = |mse: f64| 1.0 - mse / spread;
            let score = Score {
                value: r2(mse.value),
                low: r2(mse.high),
                high: r2(mse.low),
            };
            scores.insert("r2", score);
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    /// Values of scikit-learn 1.7 and of `statsmodels.stats.proportion.proportion_confint(method="wilson")`.
    #[test]
    fn scores_are_scikit_learns() {
        let pairs = [
            (0.1, false),
            (0.4, false),
            (0.35, true),
            (0.8, true),
            (0.8, false),
            (0.7, true),
        ];
        let scores = of_probabilities(&pairs, 0.5);
        near(scores["accuracy"].value, 4.0 / 6.0);
        near(scores["precision"].value, 2.0 / 3.0);
        near(scores["recall"].value, 2.0 / 3.0);
        near(scores["f1_score"].value, 2.0 / 3.0);
        near(scores["roc_auc"].value, 6.5 / 9.0 - 1.0 / 9.0);
        let numbers = of_numbers(&[(2.5, 3.0), (0.0, -0.5), (2.0, 2.0), (8.0, 7.0)]);
        near(numbers["mae"].value, 0.5);
        near(numbers["mse"].value, 0.375);
        near(numbers["rmse"].value, 0.375_f64.sqrt());
        near(numbers["r2"].value, 0.948_608_137_044_967_9);
        let (low, high) = wilson(8, 10);
        near(low, 0.490_162_471_536_640_4);
        near(high, 0.943_317_848_545_625_5);
    }
}

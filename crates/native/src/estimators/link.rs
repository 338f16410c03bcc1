//! From raw scores to probabilities and back.

use super::sums::pairwise_sum;

/// `1 / (1 + exp(-x))`.
pub(super) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The inverse of [`expit`].
pub(super) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// Turns every row of `width` scores into probabilities.
pub(crate) fn softmax(scores: &mut [f64], width: usize) {
    for row in scores.chunks_exact_mut(width) {
        let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for score in row.iter_mut() {
            *score = (*score - greatest).exp();
        }
        let sum: f64 = row.iter().sum();
        for score in row.iter_mut() {
            *score /= sum;
        }
    }
}

/// Divides every row of `width` shares by its sum; a row of zeros becomes equal shares.
pub(super) fn share_out(shares: &mut [f64], width: usize) {
    for row in shares.chunks_exact_mut(width) {
        let sum = pairwise_sum(row);
        for share in row.iter_mut() {
            *share = if sum == 0.0 { 1.0 / width as f64 } else { *share / sum };
        }
    }
}

/// Takes `log(sum(exp(row)))` from every row of `width` scores, computed as scipy does it.
pub(super) fn log_shares(scores: &mut [f64], width: usize) {
    for row in scores.chunks_exact_mut(width) {
        let greatest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shift = if greatest.is_finite() { greatest } else { 0.0 };
        let equals = row.iter().filter(|score| **score == greatest).count() as f64;
        let others: Vec<f64> = row
            .iter()
            .map(|&score| if score == greatest { 0.0 } else { (score - shift).exp() })
            .collect();
        let sum = pairwise_sum(&others);
        let sum = if sum == 0.0 { sum } else { sum / equals };
        let total = sum.ln_1p() + equals.ln() + greatest;
        for score in row.iter_mut() {
            *score -= total;
        }
    }
}

/// The probabilities of the second class as those of both.
pub(crate) fn both_classes(second: impl Iterator<Item = f64>) -> Vec<f64> {
    second.flat_map(|p| [1.0 - p, p]).collect()
}

/// Scores whose [`softmax`] is `shares`, centred on zero.
pub(super) fn multinomial_logit(shares: &[f64]) -> Vec<f64> {
    let geometric_mean = (shares.iter().map(|share| share.ln()).sum::<f64>() / shares.len() as f64).exp();
    shares.iter().map(|share| (share / geometric_mean).ln()).collect()
}

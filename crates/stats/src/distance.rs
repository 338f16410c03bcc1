//! How far two distributions are apart: of samples (Wasserstein) and of shares per bin or category (the others).

use crate::ecdf::{Ecdf, walk};

/// The greatest vertical distance between the distribution functions of two samples, and the area between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    pub height: f64,
    pub area: f64,
}

/// Both in one walk. `None` when a sample is empty.
pub fn gap(reference: Ecdf<'_>, current: Ecdf<'_>) -> Option<Gap> {
    let (n, m) = (reference.count(), current.count());
    if n == 0 || m == 0 {
        return None;
    }
    let mut gap = Gap { height: 0.0, area: 0.0 };
    let (mut from, mut height) = (0.0, 0.0);
    walk(reference, current, |value, below_reference, below_current| {
        gap.area += height * (value - from);
        height = (below_reference as f64 / n as f64 - below_current as f64 / m as f64).abs();
        gap.height = gap.height.max(height);
        from = value;
    });
    Some(gap)
}

/// The first Wasserstein distance, as `scipy.stats.wasserstein_distance`. `None` when a sample is empty.
pub fn wasserstein(reference: Ecdf<'_>, current: Ecdf<'_>) -> Option<f64> {
    gap(reference, current).map(|gap| gap.area)
}

/// The base of the logarithm in the Jensen-Shannon distance. Base 2 makes 1 its greatest value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    Two,
    Natural,
}

/// The Jensen-Shannon distance (the root of the divergence), as `scipy.spatial.distance.jensenshannon`. Shares are
/// divided by their sum first.
pub fn jensen_shannon(reference: &[f64], current: &[f64], base: Base) -> f64 {
    let (n, m): (f64, f64) = (reference.iter().sum(), current.iter().sum());
    let entropy = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
    let (mut left, mut right) = (0.0, 0.0);
    for (p, q) in pairs(reference, current) {
        let (p, q) = (p / n, q / m);
        let middle = f64::midpoint(p, q);
        left += entropy(p, middle);
        right += entropy(q, middle);
    }
    let scale = match base {
        Base::Two => std::f64::consts::LN_2,
        Base::Natural => 1.0,
    };
    ((left + right) / scale / 2.0).max(0.0).sqrt()
}

/// The population stability index. Shares of zero have to be filled before: [`floor`] or [`fill_as_evidently`].
pub fn population_stability_index(reference: &[f64], current: &[f64]) -> f64 {
    pairs(reference, current).map(|(p, q)| (p - q) * (p / q).ln()).sum()
}

/// Raises shares below `least` to it.
pub fn floor(shares: &[f64], least: f64) -> Vec<f64> {
    shares.iter().map(|share| share.max(least)).collect()
}

/// Evidently's filling of empty bins: 0.0001, or a millionth of the smallest share when that is no greater.
pub fn fill_as_evidently(shares: &[f64]) -> Vec<f64> {
    let smallest = shares
        .iter()
        .copied()
        .filter(|&share| share > 0.0)
        .fold(f64::INFINITY, f64::min);
    let filling = if smallest <= 1e-4 { smallest / 1e6 } else { 1e-4 };
    shares
        .iter()
        .map(|&share| if share == 0.0 { filling } else { share })
        .collect()
}

/// The greatest difference between two shares (Chebyshev).
pub fn l_infinity(reference: &[f64], current: &[f64]) -> f64 {
    pairs(reference, current)
        .map(|(p, q)| (p - q).abs())
        .fold(0.0, f64::max)
}

/// The Hellinger distance, between 0 and 1.
pub fn hellinger(reference: &[f64], current: &[f64]) -> f64 {
    let squares: f64 = pairs(reference, current)
        .map(|(p, q)| (p.sqrt() - q.sqrt()).powi(2))
        .sum();
    (squares / 2.0).sqrt()
}

/// The total variation distance: half the sum of the differences, between 0 and 1.
pub fn total_variation(reference: &[f64], current: &[f64]) -> f64 {
    pairs(reference, current).map(|(p, q)| (p - q).abs()).sum::<f64>() / 2.0
}

/// Counts as shares of `rows`.
pub fn shares(counts: &[u64], rows: u64) -> Vec<f64> {
    counts.iter().map(|&count| count as f64 / rows as f64).collect()
}

fn pairs(reference: &[f64], current: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    reference.iter().copied().zip(current.iter().copied())
}

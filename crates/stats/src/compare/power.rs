//! What a comparison of so many rows can show, and how often it cries wolf.

use crate::{
    bins::linspace,
    distance::{Base, jensen_shannon},
    ecdf::Ecdf,
    kolmogorov::critical_distance,
    sketch::mix,
    special::{bisect, chi_squared_sf, chi_squared_upper_quantile, noncentral_chi_squared_sf, normal_upper_quantile},
};
use std::{f64::consts::LN_2, sync::LazyLock};

/// Four times in five.
const POWER: f64 = 0.8;
const STEPS: usize = 128;
/// Levels are halved so often towards either end: in a long tail the last step would be most of the distribution.
const TAIL: i32 = 13;
const DRAWS: usize = 500;
/// How much of the reference a quantile is averaged over, times the fifth root of its rows. The noise of few rows would
/// look like a distribution that is easy to tell apart.
const SMOOTHING: f64 = 0.75;

/// What is kept of a column to compute its smallest detectable shift once the number of columns is known.
#[derive(Debug, Clone)]
pub enum Basis {
    Numbers {
        /// Quantiles of the reference in its standard deviations, at [`LEVELS`].
        quantiles: Vec<f64>,
        reference_rows: u64,
        current_rows: u64,
    },
    Levels {
        /// Shares of the reference's categories, the greatest first.
        shares: Vec<f64>,
        reference_rows: u64,
        current_rows: u64,
        categories: usize,
    },
    Unknown,
}

impl Basis {
    pub fn of_numbers(reference: Ecdf<'_>, deviation: f64, current_rows: u64) -> Self {
        let quantiles = reference.quantiles(&LEVELS);
        // The integral of the quantiles, of which an average is a difference.
        let mut integral = vec![0.0; LEVELS.len()];
        for at in 1..LEVELS.len() {
            let middle = f64::midpoint(quantiles[at - 1], quantiles[at]);
            integral[at] = integral[at - 1] + middle * (LEVELS[at] - LEVELS[at - 1]);
        }
        let window = SMOOTHING * (reference.count() as f64).powf(-0.2);
        let average = |(&level, &quantile): (&f64, &f64)| {
            let half = window.min(level).min(1.0 - level);
            let sum = between(&LEVELS, &integral, level + half) - between(&LEVELS, &integral, level - half);
            if half > 0.0 { sum / (2.0 * half) } else { quantile }
        };
        Self::Numbers {
            quantiles: LEVELS
                .iter()
                .zip(&quantiles)
                .map(average)
                .map(|quantile| quantile / deviation)
                .collect(),
            reference_rows: reference.count(),
            current_rows,
        }
    }

    /// The shift that a test at level `alpha` together with an effect of at least `threshold` finds four times in five.
    pub fn smallest_detectable_shift(&self, alpha: f64, threshold: f64) -> Option<f64> {
        match self {
            Self::Unknown => None,
            Self::Numbers {
                quantiles,
                reference_rows,
                current_rows,
            } => {
                let critical = critical_distance(*reference_rows, *current_rows, alpha);
                let noise = noise(*reference_rows, *current_rows);
                let found = |shift: f64| share_found(quantiles, shift, noise, critical, threshold) >= POWER;
                let most = 8.0;
                found(most).then(|| bisect_coarsely(0.0, most, found))
            }
            Self::Levels {
                shares,
                reference_rows,
                current_rows,
                categories,
            } => {
                let degrees = (*categories).saturating_sub(1).max(1) as f64;
                let (n, m) = (*reference_rows as f64, *current_rows as f64);
                // The squared distance is, times as much, chi-squared, too: both hurdles are one.
                let material = threshold * threshold * 8.0 * LN_2 * n * m / (n + m);
                let critical = chi_squared_upper_quantile(alpha, degrees).max(material);
                let needed = bisect(0.0, 4.0 * critical + 100.0, |noncentrality| {
                    noncentral_chi_squared_sf(critical, degrees, noncentrality) >= POWER
                });
                let most = *shares.first()?;
                let found = |moved: f64| {
                    let mut after = shares.clone();
                    after[0] -= moved;
                    match after.get_mut(1) {
                        Some(next) => *next += moved,
                        None => after.push(moved),
                    }
                    let mut before = shares.clone();
                    before.resize(after.len(), 0.0);
                    let noncentrality: f64 = before
                        .iter()
                        .zip(&after)
                        .filter(|(p, q)| p != q)
                        .map(|(p, q)| (p - q).powi(2) / ((n * p + m * q) / (n + m)))
                        .sum();
                    noncentrality * n * m / (n + m) >= needed && jensen_shannon(&before, &after, Base::Two) >= threshold
                };
                found(most).then(|| bisect(0.0, most, found))
            }
        }
    }
}

/// At most how often two samples of one distribution are `threshold` apart in the normalised Wasserstein distance: the
/// distance is a Lipschitz function of a Gaussian process in the limit (Borell's inequality).
pub fn chance_of_wasserstein(reference: Ecdf<'_>, deviation: f64, current_rows: u64, threshold: f64) -> f64 {
    let noise = noise(reference.count(), current_rows);
    let levels = linspace(0.0, 1.0, STEPS);
    let quantiles = reference.quantiles(&levels);
    let spread: f64 = quantiles
        .windows(2)
        .zip(&levels)
        .map(|(pair, level)| {
            let middle = level + 0.5 / STEPS as f64;
            (middle * (1.0 - middle)).sqrt() * (pair[1] - pair[0]) / deviation
        })
        .sum();
    let expected = noise * (2.0 / std::f64::consts::PI).sqrt() * spread;
    if threshold <= expected {
        return 1.0;
    }
    (-((threshold - expected) / noise).powi(2) / 2.0).exp()
}

/// How often two samples of one distribution are `threshold` apart in the Jensen-Shannon distance of base 2: its square
/// is, in the limit, a chi-squared variable.
pub fn chance_of_jensen_shannon(categories: usize, reference_rows: u64, current_rows: u64, threshold: f64) -> f64 {
    let scale = noise(reference_rows, current_rows).powi(2);
    let degrees = categories.saturating_sub(1).max(1) as f64;
    chi_squared_sf(threshold * threshold * 8.0 * LN_2 / scale, degrees)
}

/// The standard deviation of the difference of two means, in standard deviations of a row.
fn noise(n: u64, m: u64) -> f64 {
    (1.0 / n as f64 + 1.0 / m as f64).sqrt()
}

/// Simulates the difference of the two distribution functions, in the limit a Brownian bridge around the shift, and
/// counts how often it passes both hurdles.
fn share_found(quantiles: &[f64], shift: f64, noise: f64, critical: f64, threshold: f64) -> f64 {
    // Where values are heaped a step is not its level; the level of the value is.
    let drift: Vec<f64> = quantiles
        .iter()
        .map(|&value| between(quantiles, &LEVELS, value) - between(quantiles, &LEVELS, value - shift))
        .collect();
    // Right of the reference's greatest value only the shifted sample has rows.
    let greatest_value = quantiles[quantiles.len() - 1];
    let beyond = shift * (1.0 - between(quantiles, &LEVELS, greatest_value - shift)) / 2.0;
    let found = BRIDGES.iter().filter(|bridge| {
        let distance = |step: usize| (drift[step] + noise * bridge[step]).abs();
        let (mut greatest, mut area, mut before) = (0.0_f64, beyond, distance(0));
        for step in 1..quantiles.len() {
            let here = distance(step);
            greatest = greatest.max(here);
            area += f64::midpoint(before, here) * (quantiles[step] - quantiles[step - 1]);
            before = here;
        }
        greatest >= critical && area >= threshold
    });
    found.count() as f64 / DRAWS as f64
}

/// The value at `x` of a line through these points, whose `x` ascend; outside of them that of the nearest.
fn between(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let above = xs.partition_point(|&known| known <= x);
    if above == 0 {
        return ys[0];
    }
    if above == xs.len() {
        return ys[above - 1];
    }
    let share = (x - xs[above - 1]) / (xs[above] - xs[above - 1]);
    ys[above - 1] + (ys[above] - ys[above - 1]) * share
}

/// Equal steps, and ever smaller ones at both ends.
static LEVELS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let tails = (8..=TAIL).map(|halvings| 0.5_f64.powi(halvings));
    let mut levels: Vec<f64> = linspace(0.0, 1.0, STEPS)
        .into_iter()
        .chain(tails.flat_map(|tail| [tail, 1.0 - tail]))
        .collect();
    levels.sort_by(f64::total_cmp);
    levels
});

/// The power is simulated, so three digits are all there are.
fn bisect_coarsely(mut low: f64, mut high: f64, found: impl Fn(f64) -> bool) -> f64 {
    while high - low > 0.002 * high.max(0.1) {
        let middle = f64::midpoint(low, high);
        if found(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Brownian bridges at [`LEVELS`]; the same ones every time.
static BRIDGES: LazyLock<Vec<Vec<f64>>> = LazyLock::new(|| {
    (0..DRAWS as u64)
        .map(|draw| {
            let mut walk = vec![0.0; LEVELS.len()];
            for step in 1..walk.len() {
                let uniform = (mix(draw, step as u64) >> 11) as f64 / (1_u64 << 53) as f64;
                let normal = normal_upper_quantile(uniform.clamp(1e-12, 1.0 - 1e-12));
                walk[step] = walk[step - 1] + normal * (LEVELS[step] - LEVELS[step - 1]).sqrt();
            }
            let end = walk[walk.len() - 1];
            walk.iter()
                .zip(LEVELS.iter())
                .map(|(at, level)| at - end * level)
                .collect()
        })
        .collect()
});

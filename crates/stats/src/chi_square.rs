//! Tests of counts: the contingency test of two samples, the one-sample test that takes the reference for exact, and
//! the z-test of two proportions.

use crate::special::{chi_squared_sf, normal_cdf, normal_sf};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    pub statistic: f64,
    pub degrees_of_freedom: u64,
    pub p_value: f64,
}

/// `scipy.stats.chi2_contingency([reference, current], correction=False)`. Categories that both lack are left out;
/// `None` when fewer than two are left or a side is empty.
pub fn contingency(reference: &[u64], current: &[u64]) -> Option<ChiSquare> {
    let (n, m) = (sum(reference), sum(current));
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let total = n + m;
    let (mut statistic, mut categories) = (0.0, 0_u64);
    for (&r, &c) in reference.iter().zip(current) {
        let both = (r + c) as f64;
        if both == 0.0 {
            continue;
        }
        categories += 1;
        for (observed, rows) in [(r, n), (c, m)] {
            let expected = both * rows / total;
            statistic += (observed as f64 - expected).powi(2) / expected;
        }
    }
    let degrees_of_freedom = categories.checked_sub(1).filter(|&degrees| degrees > 0)?;
    Some(ChiSquare {
        statistic,
        degrees_of_freedom,
        p_value: chi_squared_sf(statistic, degrees_of_freedom as f64),
    })
}

/// `scipy.stats.chisquare(current, reference scaled to current)`: the reference counts as known without error, so that
/// a category it lacks makes the statistic infinite.
pub fn goodness_of_fit(reference: &[u64], current: &[u64]) -> Option<ChiSquare> {
    let (n, m) = (sum(reference), sum(current));
    if n == 0.0 || m == 0.0 || reference.len() < 2 {
        return None;
    }
    let scale = m / n;
    let statistic = reference
        .iter()
        .zip(current)
        .map(|(&r, &c)| {
            let expected = r as f64 * scale;
            (c as f64 - expected).powi(2) / expected
        })
        .sum();
    let degrees_of_freedom = reference.len() as u64 - 1;
    Some(ChiSquare {
        statistic,
        degrees_of_freedom,
        p_value: chi_squared_sf(statistic, degrees_of_freedom as f64),
    })
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZTest {
    pub statistic: f64,
    pub p_value: f64,
}

/// The two-sided z-test of two proportions with a pooled variance; its square is the contingency test of two
/// categories. `None` when a side is empty or all rows are alike.
pub fn two_proportions(successes: [u64; 2], rows: [u64; 2]) -> Option<ZTest> {
    proportions(successes, rows).map(|statistic| ZTest {
        statistic,
        p_value: 2.0 * normal_sf(statistic.abs()),
    })
}

/// As [`two_proportions`], with the p-value as `2 * (1 - cdf)`, which is zero far in the tail as Evidently's is.
pub fn two_proportions_as_evidently(successes: [u64; 2], rows: [u64; 2]) -> Option<ZTest> {
    proportions(successes, rows).map(|statistic| ZTest {
        statistic,
        p_value: 2.0 * (1.0 - normal_cdf(statistic.abs())),
    })
}

fn proportions(successes: [u64; 2], rows: [u64; 2]) -> Option<f64> {
    let [n, m] = rows.map(|count| count as f64);
    let pooled = (successes[0] + successes[1]) as f64 / (n + m);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m);
    let difference = successes[0] as f64 / n - successes[1] as f64 / m;
    (variance > 0.0 && variance.is_finite()).then(|| difference / variance.sqrt())
}

fn sum(counts: &[u64]) -> f64 {
    counts.iter().sum::<u64>() as f64
}

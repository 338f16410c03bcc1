//! Bins of numbers: the reference's deciles, and the bins of numpy that other tools use.

use crate::ecdf::Ecdf;

/// The inner edges of the reference's deciles, each once; a value belongs to the bin right of the edges below it.
pub fn decile_edges(reference: Ecdf<'_>) -> Vec<f64> {
    let levels: Vec<f64> = (1..10).map(|tenth| f64::from(tenth) / 10.0).collect();
    let mut edges = reference.quantiles(&levels);
    edges.dedup();
    edges
}

/// Rows per bin of `(-inf, e0], (e0, e1], .. (ek, inf)`.
pub fn count_between(sample: Ecdf<'_>, inner_edges: &[f64]) -> Vec<u64> {
    let mut counts = Vec::with_capacity(inner_edges.len() + 1);
    let mut before = 0;
    for &edge in inner_edges {
        let up_to = sample.at_most(edge);
        counts.push(up_to - before);
        before = up_to;
    }
    counts.push(sample.count() - before);
    counts
}

/// Rows per bin as `numpy.histogram` counts them: `[e0, e1), .. [ek-1, ek]`; rows outside belong to none.
pub fn histogram(sample: Ecdf<'_>, edges: &[f64]) -> Vec<u64> {
    let Some((&last, rest)) = edges.split_last() else {
        return Vec::new();
    };
    let mut below: Vec<u64> = rest.iter().map(|&edge| sample.below(edge)).collect();
    below.push(sample.at_most(last));
    below.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// `numpy.histogram_bin_edges(.., bins="sturges")` over both samples together. `integers` says whether all values are
/// of an integer type, for which numpy makes no bin narrower than 1.
pub fn sturges_edges(reference: Ecdf<'_>, current: Ecdf<'_>, integers: bool) -> Vec<f64> {
    let count = (reference.count() + current.count()) as f64;
    let (low, high) = both_ends(reference, current);
    equal_width(low, high, (high - low) / (count.log2() + 1.0), integers)
}

/// `numpy.histogram_bin_edges(sample, bins="doane")`.
pub fn doane_edges(sample: Ecdf<'_>, integers: bool) -> Vec<f64> {
    let (low, high) = both_ends(sample, sample);
    let count = sample.count() as f64;
    let mut width = 0.0;
    if count > 2.0 {
        let (mean, deviation) = sample.mean_and_deviation();
        if deviation > 0.0 {
            let spread = (6.0 * (count - 2.0) / ((count + 1.0) * (count + 3.0))).sqrt();
            let mut cubes = 0.0;
            sample.for_each(|value, rows| cubes += ((value - mean) / deviation).powi(3) * rows as f64);
            let skew = cubes / count;
            width = (high - low) / (1.0 + count.log2() + (1.0 + skew.abs() / spread).log2());
        }
    }
    equal_width(low, high, width, integers)
}

fn both_ends(a: Ecdf<'_>, b: Ecdf<'_>) -> (f64, f64) {
    let low = a.min().into_iter().chain(b.min()).fold(f64::INFINITY, f64::min);
    let high = a.max().into_iter().chain(b.max()).fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

fn equal_width(low: f64, high: f64, width: f64, integers: bool) -> Vec<f64> {
    if !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    let width = if integers && width < 1.0 && width > 0.0 {
        1.0
    } else {
        width
    };
    let bins = if width > 0.0 {
        ((high - low) / width).ceil()
    } else {
        1.0
    };
    let (low, high) = if low == high {
        (low - 0.5, high + 0.5)
    } else {
        (low, high)
    };
    linspace(low, high, bins as usize)
}

/// The edges of `bins` bins of equal width, rounded as numpy rounds them.
pub fn linspace(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let step = (high - low) / bins as f64;
    (0..bins).map(|index| index as f64 * step + low).chain([high]).collect()
}

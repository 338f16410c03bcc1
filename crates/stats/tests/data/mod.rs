//! Numbers that `oracle/data.py` makes, too, to the bit.

#![allow(dead_code, reason = "each test uses some of them")]

use fettle_stats::sketch::mix;

pub fn uniforms(seed: u64, count: usize) -> impl Iterator<Item = f64> {
    (0..count as u64).map(move |position| (mix(seed, position) >> 11) as f64 / (1_u64 << 53) as f64)
}

/// Nearly normal.
pub fn bells(seed: u64, count: usize, shift: f64) -> Vec<f64> {
    let parts: Vec<f64> = uniforms(seed, 12 * count).collect();
    parts
        .chunks(12)
        .map(|twelve| twelve.iter().fold(0.0, |sum, part| sum + part) - 6.0 + shift)
        .collect()
}

/// As [`bells`], of four uniform numbers scaled to a standard deviation of one: cheaper, and not in `data.py`.
pub fn hills(seed: u64, count: usize, shift: f64) -> Vec<f64> {
    let parts: Vec<f64> = uniforms(seed, 4 * count).collect();
    parts
        .chunks(4)
        .map(|four| (four.iter().sum::<f64>() - 2.0) * 3.0_f64.sqrt() + shift)
        .collect()
}

/// With a long right tail.
pub fn skewed(seed: u64, count: usize, shift: f64) -> Vec<f64> {
    uniforms(seed, count).map(|u| u / (1.0 - u) + shift).collect()
}

/// Levels, the last ones rarer.
pub fn counts(seed: u64, count: usize, levels: f64, tilt: f64) -> Vec<f64> {
    uniforms(seed, count)
        .map(|u| (levels * u * (u * (1.0 - tilt) + tilt * u * u)).floor())
        .collect()
}

pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// Equal to `digits` significant digits, or both negligible.
#[track_caller]
pub fn assert_close(ours: f64, theirs: f64, relative: f64, what: &str) {
    let difference = (ours - theirs).abs();
    assert!(
        difference <= relative * theirs.abs() || difference < 1e-290,
        "{what}: {ours:e} is not {theirs:e}, off by {:e}",
        difference / theirs.abs()
    );
}

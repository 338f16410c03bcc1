//! The tables of `oracle/data.py`, as profiles.

use crate::data::{bells, counts, skewed, uniforms};
use fettle_stats::profile::{ColumnProfile, Settings, Value};
use std::ops::Range;

const NAMES: [&str; 12] = [
    "bell",
    "tail",
    "few_integers",
    "many_integers",
    "letters",
    "two_letters",
    "flag",
    "few_floats",
    "two_floats",
    "gaps",
    "steady",
    "new_letters",
];

/// Rows of a table of every kind of column, column by column.
pub fn table(seed: u64, rows: usize, drift: f64, range: Range<usize>) -> Vec<(&'static str, ColumnProfile)> {
    let settings = Settings {
        sample: rows,
        ..Settings::default()
    };
    let half = counts(seed + 5, rows, 2.0, drift);
    NAMES
        .into_iter()
        .map(|name| {
            let mut profile = ColumnProfile::new(settings);
            let mut floats = |values: Vec<f64>| {
                values[range.clone()]
                    .iter()
                    .for_each(|&value| profile.push(Value::Float(value)));
            };
            match name {
                "bell" => floats(bells(seed, rows, drift)),
                "tail" => floats(skewed(seed + 1, rows, drift)),
                "few_floats" => floats(
                    counts(seed + 6, rows, 4.0, drift)
                        .iter()
                        .map(|level| level / 2.0)
                        .collect(),
                ),
                "two_floats" => floats(
                    counts(seed + 6, rows, 2.0, drift)
                        .iter()
                        .map(|level| level / 2.0)
                        .collect(),
                ),
                "steady" => floats(vec![2.5; rows]),
                "gaps" => floats(
                    uniforms(seed + 8, rows)
                        .zip(bells(seed + 7, rows, drift))
                        .map(|(gap, value)| if gap < 0.1 { f64::NAN } else { value })
                        .collect(),
                ),
                "few_integers" | "many_integers" => {
                    let (offset, levels) = if name == "few_integers" { (2, 4.0) } else { (3, 40.0) };
                    for level in &counts(seed + offset, rows, levels, drift)[range.clone()] {
                        profile.push(Value::Integer(*level as i64));
                    }
                }
                "flag" => half[range.clone()]
                    .iter()
                    .for_each(|&level| profile.push(Value::Boolean(level == 1.0))),
                "two_letters" => letters(&mut profile, &half[range.clone()]),
                "letters" => letters(&mut profile, &counts(seed + 4, rows, 5.0, drift)[range.clone()]),
                _ => {
                    let jump = 9.0 * f64::from(u8::from(drift > 0.0));
                    let jumps = counts(seed + 10, rows, 6.0, 0.0)
                        .into_iter()
                        .map(|level| f64::from(u8::from(level == 5.0)) * jump);
                    let levels: Vec<f64> = counts(seed + 9, rows, 4.0, 0.0)
                        .into_iter()
                        .zip(jumps)
                        .map(|(a, b)| a + b)
                        .collect();
                    letters(&mut profile, &levels[range.clone()]);
                }
            }
            (name, profile)
        })
        .collect()
}

fn letters(profile: &mut ColumnProfile, levels: &[f64]) {
    for level in levels {
        profile.push(Value::Text(&format!("level {level}")));
    }
}

//! Sorting numbers, the greater part of the work on a long column.

/// Shorter slices are sorted by comparing.
const RADIX_LEAST: usize = 50_000;
const BITS: u32 = 11;
const BUCKETS: usize = 1 << BITS;
const PASSES: usize = u64::BITS.div_ceil(BITS) as usize;

/// Sorts numbers in the order of `f64::total_cmp`. Long slices by their digits, several times faster than by comparing,
/// at the price of a copy.
pub fn ascending(values: &mut [f64]) {
    if values.len() < RADIX_LEAST || u32::try_from(values.len()).is_err() {
        values.sort_unstable_by(f64::total_cmp);
        return;
    }
    let mut keys: Vec<u64> = values.iter().map(|value| key(*value)).collect();
    let mut histograms = vec![[0_u32; BUCKETS]; PASSES];
    for &key in &keys {
        for (pass, histogram) in histograms.iter_mut().enumerate() {
            histogram[digit(key, pass)] += 1;
        }
    }
    let mut other = vec![0_u64; keys.len()];
    for (pass, histogram) in histograms.iter_mut().enumerate() {
        // Digits that all share need no pass: exponents, and what 32-bit floats lack.
        if histogram.iter().any(|&count| count as usize == keys.len()) {
            continue;
        }
        let mut place = 0;
        for count in histogram.iter_mut() {
            place += std::mem::replace(count, place);
        }
        for &key in &keys {
            let next = &mut histogram[digit(key, pass)];
            other[*next as usize] = key;
            *next += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    for (value, key) in values.iter_mut().zip(keys) {
        *value = number(key);
    }
}

fn digit(key: u64, pass: usize) -> usize {
    (key >> (pass as u32 * BITS)) as usize & (BUCKETS - 1)
}

/// An integer in the order of the numbers: all bits of negative ones flipped, the sign of the others.
fn key(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::mix;

    #[test]
    fn digits_sort_as_comparing_does() {
        for (scale, narrow) in [(1.0, false), (1e-300, false), (1e9, true)] {
            let mut values: Vec<f64> = (0..RADIX_LEAST as u64 + 17)
                .map(|row| {
                    let value = (mix(3, row) as f64 / 1e19 - 0.9) * scale;
                    if narrow { f64::from(value as f32) } else { value }
                })
                .chain([0.0, -0.0, f64::MAX, f64::MIN, f64::INFINITY, f64::NEG_INFINITY])
                .collect();
            let mut expected = values.clone();
            expected.sort_unstable_by(f64::total_cmp);
            ascending(&mut values);
            assert!(values.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}

//! Splits on sets of categories, as `HistGradientBoosting` has them.

/// One bit for each of 256 categories.
pub(crate) type Bitset = [u32; 8];

pub(crate) struct Categories {
    /// The categories that go left, for each categorical node.
    pub(crate) left: Vec<Bitset>,
    /// The categories known from training, for each feature; empty for features that are numbers.
    pub(crate) known: Vec<Bitset>,
}

impl Categories {
    /// Whether `value` goes left. Missing, negative and unknown categories go where missing values go.
    pub(super) fn goes_left(&self, value: f64, feature: usize, set: u32, missing_left: bool) -> bool {
        if value.is_nan() || value < 0.0 {
            return missing_left;
        }
        let category = as_byte(value);
        if contains(&self.left[set as usize], category) {
            return true;
        }
        if contains(&self.known[feature], category) {
            false
        } else {
            missing_left
        }
    }
}

fn contains(set: &Bitset, category: u8) -> bool {
    set[usize::from(category / 32)] >> (category % 32) & 1 == 1
}

/// C's conversion of a double to an unsigned byte, as compiled for x86-64: through a 32-bit integer, of which the low
/// byte stays.
fn as_byte(value: f64) -> u8 {
    if value < 2_147_483_648.0 { value as i32 as u8 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_categories_are_missing_ones() {
        let mut known = [0; 8];
        known[0] = 0b111;
        let categories = Categories {
            left: vec![[0b010, 0, 0, 0, 0, 0, 0, 0]],
            known: vec![known],
        };
        assert!(categories.goes_left(1.0, 0, 0, false));
        assert!(!categories.goes_left(2.0, 0, 0, true));
        assert!(categories.goes_left(3.0, 0, 0, true));
        assert!(!categories.goes_left(f64::NAN, 0, 0, false));
        assert!(categories.goes_left(-1.0, 0, 0, true));
        assert!(categories.goes_left(257.0, 0, 0, false));
    }
}

//! Splits on sets of categories.

/// One bit for each of 256 categories.
pub(crate) type Bitset = [u32; 8];

pub(crate) enum Categories {
    /// As `HistGradientBoosting` has them: missing, negative and unknown categories go where missing values go.
    Bytes {
        /// The categories that go left, for each categorical node.
        left: Vec<Bitset>,
        /// The categories known from training, for each feature; empty for features that are numbers.
        known: Vec<Bitset>,
    },
    /// As LightGBM has them: what is not in the node's set goes right. One bit for each category, as many as needed.
    Sets(Vec<Box<[u32]>>),
    /// As XGBoost has them: what is in the node's set goes right; missing values have a way of their own.
    RightSets(Vec<Box<[u32]>>),
}

impl Categories {
    /// Whether `value` goes left.
    pub(super) fn goes_left(&self, value: f64, feature: usize, set: u32, missing_left: bool) -> bool {
        match self {
            Self::Bytes { .. } if value.is_nan() || value < 0.0 => missing_left,
            Self::Bytes { left, known } => {
                let category = as_byte(value);
                contains(&left[set as usize], category) || (missing_left && !contains(&known[feature], category))
            }
            Self::RightSets(_) if value.is_nan() => missing_left,
            Self::RightSets(sets) => {
                !((0.0..XGBOOST_CATEGORIES).contains(&value) && has(&sets[set as usize], value as u32))
            }
            // C's conversion to an integer cuts off the fraction; NaN and what is too large give a negative one.
            Self::Sets(sets) => {
                let inside = value > -1.0 && value < 2_147_483_648.0;
                inside && has(&sets[set as usize], value as u32)
            }
        }
    }
}

/// What is no less is no category.
const XGBOOST_CATEGORIES: f64 = 16_777_216.0;

fn has(set: &[u32], category: u32) -> bool {
    let word = set.get(category as usize / 32);
    word.is_some_and(|word| word >> (category % 32) & 1 == 1)
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
        let categories = Categories::Bytes {
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

    #[test]
    fn what_is_not_in_the_set_goes_right() {
        let categories = Categories::Sets(vec![Box::new([0b001, 0b010])]);
        for (value, left) in [
            (0.0, true),
            (-0.5, true),
            (33.9, true),
            (1.0, false),
            (64.0, false),
            (257.0, false),
        ] {
            assert_eq!(categories.goes_left(value, 0, 0, false), left, "{value}");
        }
        for value in [-1.0, f64::NAN, f64::INFINITY, 1e18] {
            assert!(!categories.goes_left(value, 0, 0, false), "{value}");
        }
    }
}

//! One node in 16 bytes: four of them share a cache line.

/// Set in [`Node::feature`] where a missing value goes left.
pub(super) const MISSING_LEFT: u32 = 1 << 31;
/// Set where the node asks for membership in a set of categories instead of comparing.
pub(super) const CATEGORICAL: u32 = 1 << 30;
/// Set where zero is missing too.
const MISSING_ZERO: u32 = 1 << 29;
const FLAGS: u32 = MISSING_LEFT | CATEGORICAL | MISSING_ZERO;
/// What LightGBM takes for zero.
const ZERO_MAX: f64 = 1e-35_f32 as f64;

/// The most features a model may have.
pub(super) const FEATURES_MAX: usize = 1 << 24;
/// Bits of a quiet NaN; a leaf keeps its number in the rest.
const LEAF_BITS: u64 = 0x7ff8_0000_0000_0000;

/// The left child of a node is the next node of the array. A leaf is a node that leads to itself: its threshold is
/// NaN, which no value is less than, and its right child is the node itself. Walks may therefore go on past a leaf
/// without looking, which lets several of them proceed together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// A categorical node keeps the number of its set here.
    threshold: f64,
    feature: u32,
    pub(super) right: u32,
}

impl Node {
    pub(super) fn leaf(at: u32, number: u32) -> Self {
        Self {
            threshold: f64::from_bits(LEAF_BITS | u64::from(number)),
            feature: 0,
            right: at,
        }
    }

    /// `threshold` is not NaN, and `right` is still to be set.
    pub(super) fn comparing(feature: u32, threshold: f64, missing_left: bool) -> Self {
        Self {
            threshold,
            feature: feature | if missing_left { MISSING_LEFT } else { 0 },
            right: 0,
        }
    }

    pub(super) fn categorical(feature: u32, set: u32, missing_left: bool) -> Self {
        let mut node = Self::comparing(feature, f64::from_bits(u64::from(set)), missing_left);
        node.feature |= CATEGORICAL;
        node
    }

    /// The low bits of the threshold: the number of a leaf.
    pub(super) fn leaf_number(self) -> u32 {
        self.threshold.to_bits() as u32
    }

    pub(super) fn set_number(self) -> u32 {
        self.threshold.to_bits() as u32
    }

    pub(super) fn feature(self) -> usize {
        (self.feature & !FLAGS) as usize
    }

    pub(super) fn is_categorical(self) -> bool {
        self.feature & CATEGORICAL != 0
    }

    pub(super) fn with_missing_zero(mut self) -> Self {
        self.feature |= MISSING_ZERO;
        self
    }

    /// Where a comparing node at `at` leads, if zero is missing in it too.
    pub(super) fn next_with_zeros(self, at: u32, value: f64) -> u32 {
        let missing = value.is_nan() || (self.feature & MISSING_ZERO != 0 && value.abs() <= ZERO_MAX);
        let left = if missing {
            self.missing_left()
        } else {
            value <= self.threshold
        };
        if left { at + 1 } else { self.right }
    }

    pub(super) fn missing_left(self) -> bool {
        self.feature & MISSING_LEFT != 0
    }

    /// Where a comparing node or a leaf at `at` leads.
    #[inline]
    pub(super) fn next<T: Feature>(self, at: u32, row: &[T]) -> u32 {
        let value = row[self.feature()].widen();
        // Without short circuits, so that there is no branch to mispredict: a third of the time.
        let left = (value <= self.threshold) | (value.is_nan() & self.missing_left());
        if left { at + 1 } else { self.right }
    }
}

/// The precision in which a model keeps its input. Thresholds are double in all of them.
pub(crate) trait Feature: Copy {
    fn widen(self) -> f64;
}

impl Feature for f32 {
    #[inline]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Feature for f64 {
    #[inline]
    fn widen(self) -> f64 {
        self
    }
}

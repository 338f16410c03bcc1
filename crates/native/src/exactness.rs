//! How near to Python's an answer is promised to be.

/// What may be claimed when an answer is compared with Python's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exactness {
    /// The same bits.
    BitExact,
    /// Within this fraction of the largest magnitude among the answers in the same column and the terms that were
    /// added up for them, which [`Model::largest_term`](crate::Model::largest_term) tells. The last bits of `exp`,
    /// `log` and a matrix product depend on the Python build and the processor. Labels are decided from raw scores as
    /// scikit-learn decides them, so that only a score within rounding of a tie can differ.
    WithinRelative(f64),
}

impl Exactness {
    /// The weaker of two promises.
    pub(crate) fn least(self, other: Self) -> Self {
        match (self, other) {
            (Self::BitExact, other) | (other, Self::BitExact) => other,
            (Self::WithinRelative(one), Self::WithinRelative(two)) => Self::WithinRelative(one.max(two)),
        }
    }
}

/// The bound for models that need `exp`, `log` or a matrix product.
pub(crate) const ROUNDING: Exactness = Exactness::WithinRelative(1e-12);

//! The classes of a classifier, and the choice among them.

use crate::error::Refusal;
use crate::rows::Output;
use crate::skops::{Items, Node, Scalar};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Labels {
    I64(Vec<i64>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
}

impl Labels {
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Refusal> {
        let labels = if node.is_array() {
            match node.array()?.items {
                Items::I64(values) => Self::I64(values),
                Items::F64(values) => Self::F64(values),
                Items::Bool(values) => Self::Bool(values),
                Items::Text(values) => Self::Text(values),
                other => return Err(node.refuse(format!("holds {} labels, which are not read", other.kind()))),
            }
        } else {
            let texts = node.items()?.into_iter().map(|item| match item.scalar()? {
                Scalar::Text(text) => Ok(text),
                _ => Err(item.refuse("is a label that is not text, in an array of objects")),
            });
            Self::Text(texts.collect::<Result<_, Refusal>>()?)
        };
        if labels.count() == 0 {
            Err(node.refuse("has no classes"))
        } else {
            Ok(labels)
        }
    }

    pub(crate) fn count(&self) -> usize {
        match self {
            Self::I64(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// Whether the labels are the same, in the same order.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self == other
    }

    /// The labels at these positions.
    pub(crate) fn take(&self, positions: impl Iterator<Item = usize>) -> Output {
        match self {
            Self::I64(values) => Output::I64(positions.map(|at| values[at]).collect()),
            Self::F64(values) => Output::F64 {
                values: positions.map(|at| values[at]).collect(),
                columns: 1,
            },
            Self::Bool(values) => Output::Bool(positions.map(|at| values[at]).collect()),
            Self::Text(values) => Output::Text(positions.map(|at| values[at].clone()).collect()),
        }
    }

    /// The label with the greatest score of each row of `scores`.
    pub(crate) fn greatest(&self, scores: &[f64]) -> Output {
        self.take(scores.chunks_exact(self.count()).map(greatest))
    }
}

/// `numpy.argmax`: the first of equals, and the first NaN before anything else.
pub(super) fn greatest(scores: &[f64]) -> usize {
    let mut best = 0;
    for (at, &score) in scores.iter().enumerate() {
        if score.is_nan() {
            return at;
        }
        if score > scores[best] {
            best = at;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::greatest;

    #[test]
    fn ties_go_to_the_first() {
        assert_eq!(greatest(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(greatest(&[0.5, 0.5]), 0);
        assert_eq!(greatest(&[0.5, f64::NAN, 0.9]), 1);
    }
}

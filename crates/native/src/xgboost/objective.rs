//! From scores to answers, in single precision as XGBoost does it (src/objective, src/common/math.h).

use crate::error::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Objective {
    Identity,
    Sigmoid,
    Exp,
    Hinge,
    Softmax,
    /// The class as a number.
    SoftmaxLabel,
}

impl Objective {
    pub(super) fn find(name: &str) -> Result<Self, Refusal> {
        Ok(match name {
            "reg:squarederror"
            | "reg:squaredlogerror"
            | "reg:pseudohubererror"
            | "reg:absoluteerror"
            | "reg:quantileerror"
            | "rank:ndcg"
            | "rank:map"
            | "rank:pairwise"
            | "binary:logitraw" => Self::Identity,
            "binary:logistic" | "reg:logistic" => Self::Sigmoid,
            "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => Self::Exp,
            "binary:hinge" => Self::Hinge,
            "multi:softprob" => Self::Softmax,
            "multi:softmax" => Self::SoftmaxLabel,
            other => {
                return Err(Refusal::new(
                    "objective.name",
                    format!("is {other:?}, which is not evaluated natively"),
                ));
            }
        })
    }

    /// The score that trees add to, from the base score of the file.
    pub(super) fn margin(self, base: f32) -> f32 {
        match self {
            Self::Sigmoid => -(1.0 / base - 1.0).ln(),
            Self::Exp => base.ln(),
            Self::Identity | Self::Hinge | Self::Softmax | Self::SoftmaxLabel => base,
        }
    }

    /// Whether answers pass through `exp`, whose last bit is the processor's and the C library's.
    pub(super) fn is_rounded(self) -> bool {
        matches!(self, Self::Sigmoid | Self::Exp | Self::Softmax)
    }

    /// Turns rows of `width` scores into answers. The class of `SoftmaxLabel` stands in the first column.
    pub(super) fn apply(self, scores: &mut [f32], width: usize) {
        match self {
            Self::Identity => {}
            Self::Sigmoid => scores.iter_mut().for_each(|score| *score = sigmoid(*score)),
            Self::Exp => scores.iter_mut().for_each(|score| *score = score.exp()),
            Self::Hinge => scores
                .iter_mut()
                .for_each(|score| *score = if *score > 0.0 { 1.0 } else { 0.0 }),
            Self::Softmax => scores.chunks_exact_mut(width).for_each(softmax),
            Self::SoftmaxLabel => scores
                .chunks_exact_mut(width)
                .for_each(|row| row[0] = greatest(row) as f32),
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    // As XGBoost: no overflow of exp, no division by zero.
    let x = (-x).min(88.7);
    1.0 / (x.exp() + 1.0 + 1e-16)
}

fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(row[0], f32::max);
    let mut sum = 0.0_f64;
    for score in row.iter_mut() {
        *score = (*score - most).exp();
        sum += f64::from(*score);
    }
    for score in row.iter_mut() {
        *score /= sum as f32;
    }
}

/// The first of the greatest.
pub(super) fn greatest(row: &[f32]) -> usize {
    let mut best = 0;
    for (at, &score) in row.iter().enumerate() {
        if score > row[best] {
            best = at;
        }
    }
    best
}

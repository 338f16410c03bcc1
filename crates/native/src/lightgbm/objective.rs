//! From scores to answers, as LightGBM's `ConvertOutput` does it for each objective.

use super::file::Section;
use crate::error::Refusal;
use crate::estimators::softmax;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Objective {
    Identity,
    /// Regression on the root of the target (`reg_sqrt`).
    SignedSquare,
    Exp,
    Sigmoid(f64),
    Softmax,
    LogOnePlusExp,
}

impl Objective {
    pub(super) fn read(header: &Section<'_>) -> Result<Self, Refusal> {
        // A model of a custom objective has none, and answers with raw scores.
        let Some(text) = header.find("objective") else {
            return Ok(Self::Identity);
        };
        let mut words = text.split_ascii_whitespace();
        let name = words.next().unwrap_or_default();
        let options: Vec<&str> = words.collect();
        let sigmoid = || {
            let found = options.iter().find_map(|option| option.strip_prefix("sigmoid:"));
            match found.map_or(Ok(1.0), str::parse) {
                Ok(factor) => Ok(Self::Sigmoid(factor)),
                Err(_) => Err(header.refuse("objective", format!("is `{text}`"))),
            }
        };
        Ok(match name {
            "regression" if options.contains(&"sqrt") => Self::SignedSquare,
            "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg"
            | "custom" => Self::Identity,
            "poisson" | "gamma" | "tweedie" => Self::Exp,
            "binary" | "multiclassova" => sigmoid()?,
            "cross_entropy" => Self::Sigmoid(1.0),
            "cross_entropy_lambda" => Self::LogOnePlusExp,
            "multiclass" => Self::Softmax,
            other => return Err(header.refuse("objective", format!("is `{other}`, which is not evaluated natively"))),
        })
    }

    /// Whether answers pass through `exp` or `log`.
    pub(super) fn is_rounded(self) -> bool {
        !matches!(self, Self::Identity | Self::SignedSquare)
    }

    /// Turns rows of `width` scores into answers.
    pub(super) fn apply(self, scores: &mut [f64], width: usize) {
        let one: fn(f64, f64) -> f64 = match self {
            Self::Identity => return,
            Self::Softmax => return softmax(scores, width),
            Self::SignedSquare => |score, _| score.signum() * score * score,
            Self::Exp => |score, _| score.exp(),
            Self::Sigmoid(_) => |score, factor| 1.0 / (1.0 + (-factor * score).exp()),
            Self::LogOnePlusExp => |score, _| score.exp().ln_1p(),
        };
        let factor = if let Self::Sigmoid(factor) = self { factor } else { 1.0 };
        for score in scores {
            *score = one(*score, factor);
        }
    }
}

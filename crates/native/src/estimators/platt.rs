//! The probabilities of a support vector machine: a sigmoid for each pair of classes, and the distribution over all
//! classes that fits them best (libsvm's `multiclass_probability`).

use crate::error::Refusal;
use crate::skops::Object;

pub(super) struct Platt {
    slopes: Vec<f64>,
    offsets: Vec<f64>,
}

/// No probability is nearer to zero or one than this.
const LEAST: f64 = 1e-7;
const ROUNDS_MAX: usize = 100;

impl Platt {
    /// `None` if the model was trained without probabilities.
    pub(super) fn read(object: &Object<'_>, pairs: usize) -> Result<Option<Self>, Refusal> {
        // Older releases kept them as `probA_`, then in private.
        let parameter = |private: &str, public: &str| {
            let node = object.find(private).map_or_else(|| object.get(public), Ok)?;
            Ok((node.doubles()?.1, node))
        };
        let (slopes, node) = parameter("_probA", "probA_")?;
        let (offsets, _) = parameter("_probB", "probB_")?;
        if slopes.is_empty() {
            return Ok(None);
        }
        if slopes.len() != pairs || offsets.len() != pairs {
            return Err(node.refuse(format!("has {} values for {pairs} pairs of classes", slopes.len())));
        }
        Ok(Some(Self { slopes, offsets }))
    }

    /// The probabilities of `classes` classes from the scores of their pairs.
    pub(super) fn probabilities(&self, scores: &[f64], classes: usize) -> Vec<f64> {
        let mut pairs = vec![vec![0.0; classes]; classes];
        let all = (0..classes).flat_map(|first| (first + 1..classes).map(move |second| (first, second)));
        let sigmoids = scores.iter().zip(self.slopes.iter().zip(&self.offsets));
        for ((first, second), (score, (slope, offset))) in all.zip(sigmoids) {
            let share = sigmoid(score * slope + offset).clamp(LEAST, 1.0 - LEAST);
            pairs[first][second] = share;
            pairs[second][first] = 1.0 - share;
        }
        couple(&pairs)
    }
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        (-x).exp() / (1.0 + (-x).exp())
    } else {
        1.0 / (1.0 + x.exp())
    }
}

/// `pairs[i][j]` is the probability of class `i` where it can only be `i` or `j`.
fn couple(pairs: &[Vec<f64>]) -> Vec<f64> {
    let classes = pairs.len();
    let tolerance = 0.005 / classes as f64;
    let mut p = vec![1.0 / classes as f64; classes];
    let mut q = vec![vec![0.0; classes]; classes];
    for t in 0..classes {
        for j in 0..t {
            q[t][t] += pairs[j][t] * pairs[j][t];
            q[t][j] = q[j][t];
        }
        for j in t + 1..classes {
            q[t][t] += pairs[j][t] * pairs[j][t];
            q[t][j] = -pairs[j][t] * pairs[t][j];
        }
    }
    for _ in 0..ROUNDS_MAX.max(classes) {
        let mut products: Vec<f64> = q
            .iter()
            .map(|row| row.iter().zip(&p).fold(0.0, |sum, (q, p)| sum + q * p))
            .collect();
        let mut total = p.iter().zip(&products).fold(0.0, |sum, (p, product)| sum + p * product);
        let error = products
            .iter()
            .fold(0.0_f64, |most, product| most.max((product - total).abs()));
        if error < tolerance {
            break;
        }
        for t in 0..classes {
            let step = (-products[t] + total) / q[t][t];
            p[t] += step;
            total = (total + step * (step * q[t][t] + 2.0 * products[t])) / (1.0 + step) / (1.0 + step);
            for j in 0..classes {
                products[j] = (products[j] + step * q[t][j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
    p
}

#[cfg(test)]
mod tests {
    use super::couple;

    #[test]
    fn two_classes_keep_nearly_their_share() {
        let found = couple(&[vec![0.0, 0.8], vec![0.2, 0.0]]);
        assert!(
            (found[0] - 0.8).abs() < 0.01 && (found[0] + found[1] - 1.0).abs() < 1e-12,
            "{found:?}"
        );
    }
}

//! `CalibratedClassifierCV`: scores turned into probabilities that were measured.

use super::interpolation::interpolate;
use super::labels::Labels;
use super::link::{expit, softmax};
use super::members::{self, Members};
use super::sums::pairwise_sum;
use super::{Estimator, Inputs, Scores};
use crate::error::{PredictError, Refusal};
use crate::exactness::{Exactness, ROUNDING};
use crate::rows::Output;
use crate::skops::{Node, Object};
use crate::table::Table;

const NAME: &str = "CalibratedClassifierCV";
const KNOWN: &[&str] = &[
    "base_estimator",
    "calibrated_classifiers_",
    "classes_",
    "cv",
    "ensemble",
    "estimator",
    "method",
    "n_jobs",
];
const MEMBER_KNOWN: &[&str] = &["calibrators", "classes", "estimator", "method"];

struct Calibrated {
    inputs: Inputs,
    labels: Labels,
    members: Members,
    /// Those of each member.
    calibrators: Vec<Calibrators>,
}

enum Calibrators {
    /// One for each class, or one for the second of two.
    Curves(Vec<Curve>),
    Temperature(f64),
}

enum Curve {
    Sigmoid {
        slope: f64,
        offset: f64,
    },
    Steps {
        points: Vec<f64>,
        values: Vec<f64>,
        range: (f64, f64),
    },
}

impl Curve {
    fn read(node: &Node<'_>) -> Result<Self, Refusal> {
        let object = node.object()?;
        match object.class() {
            "sklearn.calibration._SigmoidCalibration" => Ok(Self::Sigmoid {
                slope: object.get("a_")?.float()?,
                offset: object.get("b_")?.float()?,
            }),
            "sklearn.isotonic.IsotonicRegression" => {
                let bounds = object.get("out_of_bounds")?;
                if bounds.text()? != "clip" {
                    return Err(bounds.refuse(format!("is {}, which is not evaluated", bounds.text()?)));
                }
                let points = object.get("X_thresholds_")?.doubles()?.1;
                let values = object.get("y_thresholds_")?.doubles()?.1;
                if points.is_empty() || points.len() != values.len() || !points.is_sorted() {
                    return Err(node.refuse("has thresholds that do not fit"));
                }
                Ok(Self::Steps {
                    points,
                    values,
                    range: (object.get("X_min_")?.float()?, object.get("X_max_")?.float()?),
                })
            }
            class => Err(node.refuse(format!("is a {class}, which is not evaluated natively"))),
        }
    }

    fn at(&self, score: f64) -> f64 {
        match self {
            Self::Sigmoid { slope, offset } => expit(-(slope * score + offset)),
            Self::Steps { points, values, range } => interpolate(score.max(range.0).min(range.1), points, values),
        }
    }
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    object.expect_only(KNOWN)?;
    let labels = Labels::read(&object.get("classes_")?)?;
    let mut members = Vec::new();
    let mut calibrators = Vec::new();
    for node in object.get("calibrated_classifiers_")?.items()? {
        let (member, of_member) = read_member(&node, &labels)?;
        members.push(member);
        calibrators.push(of_member);
    }
    if members.is_empty() || labels.count() < 2 {
        return Err(object.refuse("has no calibrated classifiers of two classes"));
    }
    // With numpy before 2, which those releases mostly ran on, single-precision scores stayed single.
    if !object.version()?.since(6) {
        members::expect_double(object, members.iter())?;
    }
    let inputs = members::inputs(object, &members)?;
    Ok(Box::new(Calibrated {
        inputs,
        labels,
        members,
        calibrators,
    }))
}

fn read_member(node: &Node<'_>, labels: &Labels) -> Result<(Box<dyn Estimator>, Calibrators), Refusal> {
    let object = node.object()?;
    if object.class() != "sklearn.calibration._CalibratedClassifier" {
        return Err(node.refuse(format!("is a {}", object.class())));
    }
    object.expect_only(MEMBER_KNOWN)?;
    let member = super::read(&object.get("estimator")?.object()?)?;
    // For temperatures the classes are numbered first.
    let numbered = |known: &Labels| {
        known
            .numbers(labels.count())
            .is_some_and(|known| known.into_iter().eq(0..labels.count()))
    };
    if member
        .labels()
        .is_none_or(|known| !known.same_as(labels) && !numbered(known))
    {
        return Err(node.refuse("does not know all classes, which is not evaluated"));
    }
    let list = object.get("calibrators")?;
    let items = list.items()?;
    if let [only] = items.as_slice()
        && only.object()?.class() == "sklearn.calibration._TemperatureScaling"
    {
        let beta = only.object()?.get("beta_")?.float()?;
        return Ok((member, Calibrators::Temperature(beta)));
    }
    let expected = if labels.count() == 2 { 1 } else { labels.count() };
    if items.len() != expected {
        return Err(list.refuse(format!("has {} curves for {} classes", items.len(), labels.count())));
    }
    let curves = items.iter().map(Curve::read).collect::<Result<_, _>>()?;
    Ok((member, Calibrators::Curves(curves)))
}

impl Calibrated {
    /// The scores of a member, as its `decision_function` gives them or else as probabilities.
    fn scores(&self, member: &dyn Estimator, table: &Table<'_>) -> Result<(Scores, bool), PredictError> {
        let (scores, decided) = match member.decision(table.by_ref())? {
            Some(scores) => (scores, true),
            None => (members::probabilities(member, table.by_ref())?, false),
        };
        let expected = if self.labels.count() == 2 && decided {
            1
        } else {
            self.labels.count()
        };
        if scores.width == expected {
            Ok((scores, decided))
        } else {
            Err(PredictError::NoNumbers)
        }
    }

    fn shares(&self, table: &Table<'_>) -> Result<Vec<f64>, PredictError> {
        let width = self.labels.count();
        let mut sums = vec![0.0; table.rows() * width];
        for (member, calibrators) in self.members.iter().zip(&self.calibrators) {
            let (scores, decided) = self.scores(member.as_ref(), table)?;
            let shares = calibrators.shares(&scores, decided, width);
            sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        }
        let count = self.members.len() as f64;
        for sum in &mut sums {
            *sum /= count;
        }
        Ok(sums)
    }
}

impl Calibrators {
    fn shares(&self, scores: &Scores, decided: bool, width: usize) -> Vec<f64> {
        let mut shares: Vec<f64> = match self {
            Self::Temperature(beta) => {
                let mut logits: Vec<f64> = if scores.width == 1 {
                    scores.values.iter().flat_map(|score| [-score, *score]).collect()
                } else if decided {
                    scores.values.clone()
                } else {
                    scores.values.iter().map(|share| (share + 1e-12).ln()).collect()
                };
                for logit in &mut logits {
                    *logit *= beta;
                }
                softmax(&mut logits, width);
                logits
            }
            Self::Curves(curves) => match curves.as_slice() {
                [curve] => {
                    // Of two probabilities the second counts.
                    let second = scores
                        .values
                        .chunks_exact(scores.width)
                        .map(|row| curve.at(row[row.len() - 1]));
                    second.flat_map(|share| [1.0 - share, share]).collect()
                }
                curves => {
                    let mut shares: Vec<f64> = scores
                        .values
                        .chunks_exact(width)
                        .flat_map(|row| row.iter().zip(curves).map(|(score, curve)| curve.at(*score)))
                        .collect();
                    for row in shares.chunks_exact_mut(width) {
                        let sum = pairwise_sum(row);
                        let uniform = 1.0 / width as f64;
                        for share in row.iter_mut() {
                            *share = if sum == 0.0 { uniform } else { *share / sum };
                        }
                    }
                    shares
                }
            },
        };
        for share in &mut shares {
            if *share > 1.0 && *share <= 1.0 + 1e-5 {
                *share = 1.0;
            }
        }
        shares
    }
}

impl Estimator for Calibrated {
    fn describe(&self) -> String {
        members::describe(NAME, &self.members)
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn exactness(&self) -> Exactness {
        ROUNDING
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        members::largest_term(&self.members, &table)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(self.labels.greatest(&self.shares(&table)?))
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        Ok(Output::F64 {
            values: self.shares(&table)?,
            columns: self.labels.count(),
        })
    }

    fn labels(&self) -> Option<&Labels> {
        Some(&self.labels)
    }
}

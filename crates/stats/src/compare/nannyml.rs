//! NannyML's univariate drift (0.13): the Jensen-Shannon distance to the whole reference, against what ten consecutive
//! chunks of the reference themselves show.

use super::{
    levels::side_by_side,
    rule::Metric,
    verdict::{ColumnVerdict, Effect, State},
};
use crate::{
    bins,
    distance::{Base, jensen_shannon, shares},
    profile::{Kind, column::Column},
};

/// The reference is cut into consecutive chunks of a tenth of its rows; what is left over is one more.
pub const CHUNKS: u64 = 10;
const DEVIATIONS: f64 = 3.0;

/// Without chunks there is no threshold, and so no decision.
pub fn decide(verdict: &mut ColumnVerdict, reference: &Column, chunks: &[Column], current: &Column) {
    let distances: Vec<f64> = chunks
        .iter()
        .filter(|chunk| chunk.kept() > 0)
        .map(|chunk| distance(reference, chunk))
        .collect();
    if distances.is_empty() {
        verdict.state = State::NotCompared;
        "NannyML's threshold needs the reference's rows in their order".clone_into(&mut verdict.reason);
        return;
    }
    let count = distances.len() as f64;
    let mean = distances.iter().sum::<f64>() / count;
    let variance = distances.iter().map(|distance| (distance - mean).powi(2)).sum::<f64>() / count;
    let threshold = mean + DEVIATIONS * variance.sqrt();
    let value = distance(reference, current);
    let metric = Metric::JensenShannonDistance;
    verdict.measures.insert(metric, value);
    verdict.effect = Some(Effect {
        metric,
        value,
        threshold,
    });
    verdict.state = if value > threshold {
        State::Drift
    } else {
        State::NoDrift
    };
    verdict.reason = format!(
        "{} is {value:.4}; the reference's own chunks reach {threshold:.4}",
        metric.name()
    );
}

fn distance(reference: &Column, other: &Column) -> f64 {
    let (mut before, mut now) = match (reference.numbers(), other.numbers()) {
        (Some(before), Some(now)) if reference.kind != Some(Kind::Time) => {
            let edges = bins::doane_edges(before, false);
            (
                shares(&bins::histogram(before, &edges), before.count()),
                shares(&bins::histogram(now, &edges), now.count()),
            )
        }
        _ => {
            let (before, now) = side_by_side(reference, other);
            let known = before.iter().zip(&now).filter(|pair| *pair.0 > 0);
            let (before, now): (Vec<u64>, Vec<u64>) = known.unzip();
            (shares(&before, reference.kept()), shares(&now, other.kept()))
        }
    };
    let leftover = 1.0 - now.iter().sum::<f64>();
    if leftover > 0.0 {
        before.push(0.0);
        now.push(leftover);
    }
    jensen_shannon(&before, &now, Base::Two)
}

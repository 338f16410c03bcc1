//! `traces/calculate-filter-correlation`: how often two filters hold of the same traces, as normalised pointwise mutual
//! information between -1 (never) and 1 (always).

use super::search::{experiments, plan};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, Result},
    extract::{Args, Json},
};
use axum::extract::State;
use fettle_wire::{
    Missing, Required,
    traces::{CalculateTraceFilterCorrelation, TraceFilterCorrelation},
};
use std::collections::HashSet;

/// Jeffreys' prior.
const SMOOTHING: f64 = 0.5;

pub async fn calculate_filter_correlation(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CalculateTraceFilterCorrelation>,
) -> Result<Json<TraceFilterCorrelation>> {
    let experiment_ids = request.experiment_ids.ok_or_else(|| Missing {
        field: "experiment_ids".to_owned(),
    })?;
    let experiment_ids = experiments(&experiment_ids)?;
    let first = request.filter_string1.required("filter_string1")?;
    let second = request.filter_string2.required("filter_string2")?;
    let base = request.base_filter.unwrap_or_default();
    let on_base = |written: &str| match base.as_str() {
        "" => written.to_owned(),
        base => format!("{base} and {written}"),
    };
    let search = |written: &str| plan(&caller, experiment_ids.clone(), written);
    let (all, first, second) = (search(&base)?, search(&on_base(&first))?, search(&on_base(&second))?);
    app.db
        .read(move |tx| {
            let total_count = all.keys(tx)?.len() as u64;
            let first: HashSet<i64> = first.keys(tx)?.into_iter().collect();
            let second = second.keys(tx)?;
            let joint_count = second.iter().filter(|key| first.contains(key)).count() as u64;
            let counts = Counts {
                total: total_count,
                first: first.len() as u64,
                second: second.len() as u64,
                joint: joint_count,
            };
            Ok::<_, ApiError>(Json(counts.correlation()))
        })
        .await
}

struct Counts {
    total: u64,
    first: u64,
    second: u64,
    joint: u64,
}

impl Counts {
    fn correlation(&self) -> TraceFilterCorrelation {
        TraceFilterCorrelation {
            npmi: self.npmi(0.0),
            npmi_smoothed: self.npmi(SMOOTHING),
            filter1_count: self.first,
            filter2_count: self.second,
            joint_count: self.joint,
            total_count: self.total,
        }
    }

    /// A filter that holds of nothing says nothing.
    fn is_defined(&self) -> bool {
        self.total > 0 && self.first > 0 && self.second > 0 && self.first + self.second <= self.total + self.joint
    }

    fn npmi(&self, smoothing: f64) -> Option<f64> {
        if !self.is_defined() {
            return None;
        }
        let only_first = self.first - self.joint;
        let only_second = self.second - self.joint;
        let neither = self.total + self.joint - self.first - self.second;
        if self.joint == 0 && smoothing == 0.0 {
            return Some(-1.0);
        }
        if only_first == 0 && only_second == 0 && neither == 0 {
            return Some(1.0);
        }
        let joint = self.joint as f64 + smoothing;
        let (only_first, only_second) = (only_first as f64 + smoothing, only_second as f64 + smoothing);
        let total = joint + only_first + only_second + neither as f64 + smoothing;
        let shared = joint.ln() + total.ln() - ((joint + only_first).ln() + (joint + only_second).ln());
        Some((shared / -(joint.ln() - total.ln())).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Right-hand sides: what MLflow 3.17.2 answers for the same counts.
    #[test]
    fn agrees_with_mlflow() {
        let check = |total: u64, first: u64, second: u64, joint: u64, npmi: Option<f64>, smoothed: Option<f64>| {
            let counts = Counts {
                total,
                first,
                second,
                joint,
            };
            let correlation = counts.correlation();
            let near = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
                (found, expected) => found == expected,
            };
            assert!(
                near(correlation.npmi, npmi),
                "{total} {first} {second} {joint}: {correlation:?}"
            );
            assert!(
                near(correlation.npmi_smoothed, smoothed),
                "{total} {first} {second} {joint}: {correlation:?}"
            );
        };
        check(8, 3, 1, 1, Some(0.471_679_166_426_281_2), Some(0.331_348_920_695_802_9));
        check(
            6,
            3,
            1,
            1,
            Some(0.386_852_807_234_541_5),
            Some(0.242_216_736_135_911_77),
        );
        check(8, 3, 0, 0, None, None);
        check(0, 0, 0, 0, None, None);
        check(4, 4, 4, 4, Some(1.0), Some(1.0));
    }
}

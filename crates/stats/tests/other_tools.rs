//! The profiles of other tools, held to what those tools answered (`oracle/record_evidently.py`, `record_nannyml.py`).

mod data;
#[path = "data/table.rs"]
mod tables;

use data::assert_close;
use fettle_stats::{
    compare::{
        judge, measure,
        rule::{Metric, Profile, Rule},
        verdict::{Comparison, State},
    },
    profile::column::Column,
};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Recorded<C> {
    seed: u64,
    rows: [usize; 2],
    drift: f64,
    columns: BTreeMap<String, C>,
    drifted_share: Option<f64>,
}

#[derive(Deserialize)]
struct OfEvidently {
    method: String,
    score: f64,
    drifted: bool,
}

#[derive(Deserialize)]
struct OfNannyml {
    value: f64,
    threshold: f64,
    drifted: bool,
}

fn compare<C>(profile: Profile, recorded: &Recorded<C>) -> Comparison {
    let rule = Rule::of(profile);
    let [n, m] = recorded.rows;
    let reference = tables::table(recorded.seed, n, 0.0, 0..n);
    let current = tables::table(recorded.seed + 50, m, recorded.drift, 0..m);
    let size = n / 10;
    let parts = (0..n.div_ceil(size))
        .map(|chunk| tables::table(recorded.seed, n, 0.0, chunk * size..((chunk + 1) * size).min(n)));
    let parts: Vec<_> = parts.collect();
    let measured = reference
        .into_iter()
        .zip(current)
        .enumerate()
        .map(|(place, ((name, before), (_, now)))| {
            let chunks: Vec<Column> = parts.iter().map(|part| part[place].1.clone().into_column()).collect();
            measure::column_in_chunks(&rule, name, &before.into_column(), &chunks, &now.into_column())
        })
        .collect();
    judge::judge(&rule, measured, n as u64, m as u64)
}

#[test]
fn evidently() {
    let all: Vec<Recorded<OfEvidently>> = serde_json::from_str(include_str!("oracle/evidently.json")).expect("JSON");
    for recorded in all {
        let comparison = compare(Profile::Evidently, &recorded);
        for column in &comparison.columns {
            let theirs = &recorded.columns[&column.column];
            let what = format!("{} of table {}", column.column, recorded.seed);
            let ours = column.effect.expect("every column is compared");
            let method = match ours.metric {
                Metric::TwoSampleKolmogorovSmirnovTest => "K-S p_value",
                Metric::ChiSquaredGoodnessOfFitTest => "chi-square p_value",
                Metric::ProportionsZTest => "Z-test p_value",
                Metric::NormalizedWassersteinDistance => "Wasserstein distance (normed)",
                Metric::JensenShannonDistance => "Jensen-Shannon distance",
                other => panic!("Evidently does not use {}", other.name()),
            };
            assert_eq!(method, theirs.method, "{what}");
            assert_close(ours.value, theirs.score, 1e-9, &what);
            assert_eq!(column.state == State::Drift, theirs.drifted, "{what}");
        }
        let share = comparison.drifted_columns as f64 / comparison.compared_columns as f64;
        assert_eq!(Some(share), recorded.drifted_share);
        assert_eq!(comparison.drifted, share >= 0.5);
    }
}

#[test]
fn nannyml() {
    let all: Vec<Recorded<OfNannyml>> = serde_json::from_str(include_str!("oracle/nannyml.json")).expect("JSON");
    for recorded in all {
        for column in compare(Profile::Nannyml, &recorded).columns {
            let theirs = &recorded.columns[&column.column];
            let what = format!("{} of table {}", column.column, recorded.seed);
            let ours = column.effect.expect("every column is compared");
            assert_close(ours.value, theirs.value, 1e-9, &what);
            assert_close(ours.threshold, theirs.threshold, 1e-9, &what);
            assert_eq!(column.state == State::Drift, theirs.drifted, "{what}");
        }
    }
}

/// Azure publishes thresholds and no code: its numbers are scipy's, decided by its defaults.
#[test]
fn azure_decides_by_one_distance_whatever_the_rows() {
    let numbers =
        |seed, rows, shift| Column::of_numbers(fettle_stats::profile::Kind::Float, &data::bells(seed, rows, shift));
    let rule = Rule::of(Profile::Azure);
    let judge = |before: &Column, now: &Column| {
        let comparison = fettle_stats::compare::columns(&rule, [("x", before, now)]);
        comparison.columns.into_iter().next().expect("one column")
    };
    let verdict = judge(&numbers(1, 60, 0.0), &numbers(2, 60, 0.0));
    let effect = verdict.effect.expect("numbers");
    assert_eq!(
        (effect.metric, effect.threshold),
        (Metric::NormalizedWassersteinDistance, 0.1)
    );
    assert_eq!(
        verdict.state,
        State::Drift,
        "sixty rows of nothing at all are drift to it"
    );
    let levels = |a, b| Column::of_levels(&[("a", a), ("b", b)]);
    let verdict = judge(&levels(500, 500), &levels(55, 45));
    let effect = verdict.effect.expect("levels");
    assert_eq!(
        (effect.metric, effect.threshold, verdict.state),
        (Metric::JensenShannonDistance, 0.1, State::NoDrift)
    );
    assert_eq!(judge(&levels(500, 500), &levels(100, 10)).state, State::Drift);
}

#[test]
fn the_classic_index_has_two_bands() {
    let levels = |a, b| Column::of_levels(&[("a", a), ("b", b)]);
    let rule = Rule::of(Profile::PsiClassic);
    for (now, state) in [
        (levels(520, 480), State::NoDrift),
        (levels(340, 660), State::ImmaterialChange),
        (levels(200, 800), State::Drift),
    ] {
        let comparison = fettle_stats::compare::columns(&rule, [("x", &levels(500, 500), &now)]);
        assert_eq!(comparison.columns[0].state, state, "{}", comparison.columns[0].reason);
    }
}

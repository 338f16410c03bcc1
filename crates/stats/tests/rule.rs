//! The default rule on columns that are out of the ordinary, and on samples.

mod data;

use data::{bells, counts, hills};
use fettle_stats::{
    compare::{
        self,
        rule::{Metric, Rule},
        verdict::{Bins, ColumnVerdict, ShiftUnit, State},
    },
    profile::{ColumnProfile, Kind, Settings, Value, column::Column, dataset::DatasetProfile},
};

fn verdict(reference: &Column, current: &Column) -> ColumnVerdict {
    let comparison = compare::columns(&Rule::default(), [("x", reference, current)]);
    let verdict = comparison.columns.into_iter().next().expect("one column");
    let json = serde_json::to_string(&verdict).expect("every verdict is JSON");
    let again: ColumnVerdict = serde_json::from_str(&json).expect("and reads back");
    assert_eq!(
        (again.state, again.measures.len()),
        (verdict.state, verdict.measures.len())
    );
    verdict
}

fn floats(values: impl IntoIterator<Item = f64>) -> Column {
    let mut profile = ColumnProfile::of_kind(Kind::Float, Settings::default());
    values.into_iter().for_each(|value| profile.push(Value::Float(value)));
    profile.into_column()
}

fn repeated(value: f64, count: usize) -> impl Iterator<Item = f64> {
    std::iter::repeat_n(value, count)
}

#[test]
fn constant_columns_are_compared_as_categories() {
    let steady = floats(repeated(5.0, 1_000));
    let same = verdict(&steady, &floats(repeated(5.0, 500)));
    assert_eq!(same.state, State::NoDrift);
    assert_eq!(same.significance.expect("a test").p_value, 1.0);
    // A tenth of the rows moves by a fiftieth: the normed Wasserstein distance would be 9.
    let moved = verdict(&steady, &floats(repeated(5.0, 450).chain(repeated(5.1, 50))));
    let effect = moved.effect.expect("an effect");
    assert_eq!(
        (moved.state, effect.metric),
        (State::Drift, Metric::JensenShannonDistance)
    );
    assert!(effect.value < 0.3, "{effect:?}");
    assert_eq!(
        moved.smallest_detectable_shift.expect("a shift").unit,
        ShiftUnit::ShareOfRows
    );
    // The reference varies and the current rows do not.
    let frozen = verdict(&floats(bells(1, 1_000, 0.0)), &floats(repeated(0.0, 500)));
    assert_eq!(frozen.state, State::Drift);
}

#[test]
fn windows_without_values_are_no_drift() {
    let reference = floats(bells(1, 1_000, 0.0));
    let state = |current: &Column| verdict(&reference, current).state;
    assert_eq!(state(&floats([])), State::InsufficientData);
    assert_eq!(state(&floats(repeated(f64::NAN, 500))), State::NotCompared);
    assert_eq!(state(&floats(repeated(f64::INFINITY, 500))), State::NotCompared);
    assert_eq!(state(&floats(bells(2, 199, 3.0))), State::InsufficientData);
    let few = verdict(&reference, &floats(bells(2, 199, 3.0)));
    assert!(
        few.reason.contains("199 valid rows, and 200 are needed"),
        "{}",
        few.reason
    );
    assert!(few.effect.expect("still measured").value > 2.0);
    let texts = Column::of_levels(&[("a", 500)]);
    assert_eq!(state(&texts), State::NotCompared, "numbers have become texts");
}

#[test]
fn infinities_and_gaps_belong_to_no_distribution() {
    let reference = floats(bells(1, 2_000, 0.0));
    let odd = bells(2, 2_000, 0.0)
        .into_iter()
        .chain(repeated(f64::NEG_INFINITY, 300))
        .chain(repeated(f64::NAN, 300));
    let verdict = verdict(&reference, &floats(odd));
    assert_eq!(verdict.state, State::NoDrift);
    assert_eq!((verdict.current.infinite, verdict.current.missing), (300, 300));
}

#[test]
fn new_categories_are_seen_and_make_nothing_infinite() {
    let reference = Column::of_levels(&[("a", 600), ("b", 400)]);
    let verdict = verdict(
        &reference,
        &Column::of_levels(&[("a", 300), ("b", 150), ("c", 40), ("d", 30)]),
    );
    assert_eq!(verdict.state, State::Drift);
    assert!(verdict.measures.values().all(|value| value.is_finite()));
    let Some(Bins::Levels(names)) = verdict.distribution.map(|distribution| distribution.bins) else {
        panic!("levels have names");
    };
    assert_eq!(names, ["a", "b", "(unseen)"]);
}

#[test]
fn many_levels_are_a_hundred_categories() {
    let names: Vec<String> = (0..400).map(|name| format!("{name:03}")).collect();
    let of = |seed: u64, tilt: f64| {
        let mut profile = ColumnProfile::new(Settings::default());
        for level in counts(seed, 20_000, 400.0, tilt) {
            profile.push(Value::Text(&names[level as usize]));
        }
        profile.into_column()
    };
    let same = verdict(&of(1, 0.0), &of(2, 0.0));
    assert_eq!(same.state, State::NoDrift);
    let distribution = same.distribution.expect("a distribution");
    assert!((distribution.reference.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert_eq!(distribution.reference.len(), 20);
    assert_eq!(verdict(&of(1, 0.0), &of(2, 1.0)).state, State::Drift);
}

#[test]
fn many_rows_find_small_changes_and_call_them_small() {
    let moved = verdict(
        &Column::of_numbers(Kind::Float, &hills(1, 60_000, 0.0)),
        &Column::of_numbers(Kind::Float, &hills(2, 60_000, 0.04)),
    );
    assert_eq!(moved.state, State::ImmaterialChange, "{}", moved.reason);
    let shift = moved.smallest_detectable_shift.expect("a shift").value;
    assert!((0.1..0.11).contains(&shift), "what is material is seen: {shift}");
    assert!(moved.false_alarm_rate.expect("a rate") < 1e-6);
}

#[test]
fn who_looks_at_more_columns_sees_less_in_each() {
    let columns: Vec<[Column; 2]> = (0..30)
        .map(|seed| {
            [hills(seed, 500, 0.0), hills(seed + 90, 500, 0.0)].map(|values| Column::of_numbers(Kind::Float, &values))
        })
        .collect();
    let shift = |count: usize| {
        let names: Vec<String> = (0..count).map(|name| name.to_string()).collect();
        let pairs = names
            .iter()
            .zip(&columns)
            .map(|(name, pair)| (name.as_str(), &pair[0], &pair[1]));
        let comparison = compare::columns(&Rule::default(), pairs);
        assert!(comparison.false_alarm_rate.expect("a rate") <= 0.05 + 1e-12);
        comparison.columns[0].smallest_detectable_shift.expect("a shift").value
    };
    let (one, thirty) = (shift(1), shift(30));
    assert!(one < thirty && thirty < 2.0 * one, "{one} and {thirty}");
}

/// Windows longer than their samples: the p-values are of the samples, and as often wrong as they should be.
#[test]
fn samples_keep_the_promise() {
    let settings = |seed| Settings {
        sample: 400,
        levels: 50,
        seed,
    };
    let rule = Rule {
        states_power: false,
        ..Rule::default()
    };
    let rounds = 400;
    let significant = (0..rounds).filter(|round| {
        let side = |salt: u64| {
            let mut window = DatasetProfile::new(settings(round * 2 + salt));
            for column in 0..10_u64 {
                // Two replicas saw a part each.
                let seed = (round * 10 + column) * 4 + salt * 2 + 31_000_000;
                let name = column.to_string();
                window.extend(&name, Kind::Float, &hills(seed, 900, 0.0));
                let mut replica = DatasetProfile::new(settings(round * 2 + salt + 50_000));
                replica.extend(&name, Kind::Float, &hills(seed + 1, 300, 0.0));
                window.merge(replica);
            }
            window
        };
        let comparison = compare::datasets(&rule, side(0), side(1));
        assert!(comparison.columns.iter().all(|column| {
            let significance = column.significance.expect("a test");
            significance.is_sampled && significance.reference_rows == 400
        }));
        comparison.drifted_columns + comparison.immaterial_columns > 0
    });
    let share = significant.count() as f64 / rounds as f64;
    assert!(
        (0.02..=0.08).contains(&share),
        "{share} of the windows find a difference"
    );
}

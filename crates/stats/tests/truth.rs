//! Quality, performance and attribution, held to scikit-learn, statsmodels and scipy (`oracle/record_sklearn.py`).

mod data;

use data::{assert_close, bells, counts, uniforms};
use fettle_stats::{
    attribution::normalized_discounted_cumulative_gain,
    performance::{Performance, classification, probabilities, regression, wilson},
    profile::{ColumnProfile, Kind, Settings, Value, column::Column},
    quality::{self, QualityRule, Rate, chance_of_so_many},
};
use serde::Deserialize;
use std::collections::BTreeMap;

const ROWS: usize = 700;

#[derive(Deserialize)]
struct Recorded {
    regression: BTreeMap<String, f64>,
    several: BTreeMap<String, f64>,
    binary: BTreeMap<String, f64>,
    probability: BTreeMap<String, f64>,
    wilson: Vec<(u64, u64, f64, f64)>,
    fisher: Vec<(u64, u64, u64, u64, f64)>,
    ndcg: Vec<(Vec<f64>, Vec<f64>, f64)>,
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("oracle/sklearn.json")).expect("the recorded answers are of this shape")
}

#[track_caller]
fn check(ours: &Performance, theirs: &BTreeMap<String, f64>) {
    assert_eq!(
        ours.metrics.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (name, measured) in &ours.metrics {
        assert_close(measured.value, theirs[name], 1e-9, name);
        assert!(
            measured.low < measured.value && measured.value < measured.high,
            "{name}: {measured:?}"
        );
        assert!(
            measured.high - measured.low < 0.3 * measured.value,
            "{name}: {measured:?}"
        );
    }
}

#[test]
fn metrics_of_scikit_learn() {
    let recorded = recorded();
    let truth = bells(1, ROWS, 0.0);
    let answers = bells(2, ROWS, 0.0);
    let pairs: Vec<(f64, f64)> = truth
        .iter()
        .zip(&answers)
        .map(|(&a, &b)| (a, a * 0.8 + b * 0.3))
        .collect();
    let performance = regression(&pairs, 1_000);
    check(&performance, &recorded.regression);
    assert_eq!((performance.predictions, performance.labels), (1_000, 700));
    assert_close(performance.label_coverage, 0.7, 1e-12, "coverage");

    let classes = counts(3, ROWS, 4.0, 0.0);
    let others = counts(5, ROWS, 5.0, 0.0);
    let right = uniforms(4, ROWS).map(|u| u < 0.6);
    let guesses: Vec<f64> = right
        .zip(classes.iter().zip(others))
        .map(|(right, (&a, b))| if right { a } else { b })
        .collect();
    let text = |class: &f64| class.to_string();
    let texts: Vec<(String, String)> = classes.iter().zip(&guesses).map(|(a, b)| (text(a), text(b))).collect();
    let pairs: Vec<(&str, &str)> = texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    check(&classification(&pairs, 0, None), &recorded.several);

    let word = |is: bool| if is { "yes" } else { "no" };
    let pairs: Vec<(&str, &str)> = classes
        .iter()
        .zip(&guesses)
        .map(|(&a, &b)| (word(a == 1.0), word(b == 1.0)))
        .collect();
    check(&classification(&pairs, 0, Some("yes")), &recorded.binary);

    let scores = uniforms(6, ROWS).zip(&classes).map(|(u, &class)| {
        let positive = class == 1.0;
        let score = 0.3 * f64::from(u8::from(positive)) + 0.7 * u;
        (positive, (score.clamp(0.0, 1.0) * 50.0).round_ties_even() / 50.0)
    });
    check(&probabilities(&scores.collect::<Vec<_>>(), 0), &recorded.probability);
}

#[test]
fn intervals_and_exact_tests() {
    let recorded = recorded();
    for (hits, rows, low, high) in recorded.wilson {
        let ours = wilson(hits, rows);
        assert!(
            (ours.low - low).abs() < 1e-9 && (ours.high - high).abs() < 1e-9,
            "{hits} of {rows}: {ours:?}"
        );
    }
    for (a, n, b, m, p) in recorded.fisher {
        assert_close(
            chance_of_so_many([a, n], [b, m]),
            p,
            1e-9,
            &format!("{a} of {n}, {b} of {m}"),
        );
    }
    for (trained, now, gain) in recorded.ndcg {
        let named = |values: &[f64]| {
            values
                .iter()
                .enumerate()
                .map(|(place, &value)| (place.to_string(), value))
                .collect()
        };
        let ours = normalized_discounted_cumulative_gain(&named(&trained), &named(&now)).expect("something matters");
        assert_close(ours, gain, 1e-9, "ndcg");
    }
}

#[test]
fn metrics_without_rows_or_with_one_class() {
    assert!(regression(&[], 5).metrics.is_empty());
    assert!(classification(&[], 5, None).metrics.is_empty());
    assert_eq!(regression(&[], 5).label_coverage, 0.0);
    assert!(
        !probabilities(&[(true, 0.5)], 1).metrics.contains_key("roc_auc"),
        "one class has no ranking"
    );
    let performance = classification(&[("a", "b")], 1, Some("a"));
    assert_eq!(performance.metrics["precision"].value, 0.0);
    assert_eq!(performance.metrics["recall"].value, 0.0);
    let nothing = BTreeMap::from([("a".to_owned(), 0.0)]);
    assert_eq!(normalized_discounted_cumulative_gain(&nothing, &nothing), None);
}

fn numbers(seed: u64, rows: usize, missing_every: usize) -> ColumnProfile {
    let mut profile = ColumnProfile::of_kind(Kind::Float, Settings::default());
    for (row, value) in bells(seed, rows, 0.0).into_iter().enumerate() {
        let missing = missing_every > 0 && row.is_multiple_of(missing_every);
        profile.push(if missing { Value::Missing } else { Value::Float(value) });
    }
    profile
}

fn violations(reference: &Column, current: &Column, rule: &QualityRule) -> Vec<Rate> {
    let verdicts = quality::judge(rule, quality::count("x", reference, current));
    verdicts
        .into_iter()
        .filter(|verdict| verdict.is_violation)
        .map(|verdict| verdict.metric)
        .collect()
}

#[test]
fn rates_are_violations_when_they_rise_beyond_chance_and_margin() {
    let ours = QualityRule::default();
    let reference = numbers(1, 5_000, 50).into_column();
    assert_eq!(violations(&reference, &numbers(2, 2_000, 50).into_column(), &ours), []);
    assert_eq!(
        violations(&reference, &numbers(2, 2_000, 20).into_column(), &ours),
        [Rate::NullValueRate]
    );
    let mut mixed = numbers(3, 2_000, 0);
    (0..40).for_each(|_| mixed.push(Value::Text("n/a")));
    (0..60).for_each(|_| mixed.push(Value::Float(99.0)));
    (0..5).for_each(|_| mixed.push(Value::Float(f64::INFINITY)));
    let mixed = mixed.into_column();
    assert_eq!(
        violations(&reference, &mixed, &ours),
        [Rate::DataTypeErrorRate, Rate::OutOfBoundsRate]
    );
    let plain = numbers(5, 5_000, 0).into_column();
    let mut one_beyond = bells(6, 300, 0.0);
    one_beyond.push(50.0);
    let one_beyond = Column::of_numbers(Kind::Float, &one_beyond);
    assert_eq!(
        violations(&plain, &one_beyond, &ours),
        [],
        "one value beyond the bounds may be chance"
    );
    assert_eq!(
        violations(&plain, &one_beyond, &QualityRule::azure()),
        [Rate::OutOfBoundsRate]
    );
}

#[test]
fn unseen_categories_are_out_of_bounds_unless_the_reference_is_full_of_rare_ones() {
    let ours = QualityRule::default();
    let reference = Column::of_levels(&[("a", 600), ("b", 400)]);
    assert_eq!(
        violations(&reference, &Column::of_levels(&[("a", 500), ("c", 30)]), &ours),
        [Rate::OutOfBoundsRate]
    );
    let names: Vec<String> = (0..500).map(|name| name.to_string()).collect();
    let rare: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let others: Vec<String> = (1_000..1_400).map(|name| name.to_string()).collect();
    let unseen: Vec<(&str, u64)> = others.iter().map(|name| (name.as_str(), 1)).collect();
    assert_eq!(
        violations(&Column::of_levels(&rare), &Column::of_levels(&unseen), &ours),
        [],
        "an identifier is new in every row"
    );
}

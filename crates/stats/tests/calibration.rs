//! The default rule's promise: when nothing has drifted, one monitor in twenty says so at most, at any size; and what
//! has drifted by as much as the verdict says it can see is seen.
//!
//! A monitor has twenty columns: twelve nearly normal, three with a long tail, three of categories, one of two levels
//! and one of small counts.

mod data;

use data::{counts, hills, skewed, uniforms};
use fettle_stats::{
    compare::{
        self,
        rule::Rule,
        verdict::{Comparison, State},
    },
    profile::{Kind, column::Column},
};

const COLUMNS: u64 = 20;

/// A pair of columns that come from one distribution, apart from `shift` in the first column.
fn pair(monitor: u64, column: u64, rows: [usize; 2], shift: f64) -> [Column; 2] {
    let seed = (monitor * COLUMNS + column) * 2 + 1_000_000;
    let make = |seed: u64, rows: usize, shift: f64| match column {
        0..12 => Column::of_numbers(Kind::Float, &hills(seed, rows, shift)),
        12..15 => Column::of_numbers(Kind::Float, &skewed(seed, rows, shift)),
        15..18 => of_levels(&counts(seed, rows, 6.0, 0.0)),
        18 => of_levels(&counts(seed, rows, 2.0, 0.0)),
        _ => Column::of_numbers(Kind::Integer, &counts(seed, rows, 12.0, 0.0)),
    };
    [
        make(seed, rows[0], 0.0),
        make(seed + 1, rows[1], if column == 0 { shift } else { 0.0 }),
    ]
}

fn of_levels(values: &[f64]) -> Column {
    let mut levels = [0_u64; 16];
    for &value in values {
        levels[value as usize] += 1;
    }
    let names: Vec<String> = (0..levels.len()).map(|level| level.to_string()).collect();
    let named: Vec<(&str, u64)> = names
        .iter()
        .map(String::as_str)
        .zip(levels)
        .filter(|level| level.1 > 0)
        .collect();
    Column::of_levels(&named)
}

fn monitor(index: u64, rows: [usize; 2], shift: f64) -> Comparison {
    let pairs: Vec<[Column; 2]> = (0..COLUMNS).map(|column| pair(index, column, rows, shift)).collect();
    let names: Vec<String> = (0..COLUMNS).map(|column| column.to_string()).collect();
    let rule = Rule {
        states_power: false,
        ..Rule::default()
    };
    compare::columns(
        &rule,
        names
            .iter()
            .map(String::as_str)
            .zip(&pairs)
            .map(|(name, pair)| (name, &pair[0], &pair[1])),
    )
}

/// Comparisons of many monitors, on two processors.
fn monitors(count: u64, rows: [usize; 2], shift: f64) -> Vec<Comparison> {
    std::thread::scope(|scope| {
        let halves = [0..count / 2, count / 2..count];
        let workers =
            halves.map(|half| scope.spawn(move || half.map(|index| monitor(index, rows, shift)).collect::<Vec<_>>()));
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no monitor panics"))
            .collect()
    })
}

fn share(comparisons: &[Comparison], says: impl Fn(&Comparison) -> bool) -> f64 {
    comparisons.iter().filter(|comparison| says(comparison)).count() as f64 / comparisons.len() as f64
}

/// How often one of twenty columns is found once it has moved by what its verdict says it can see.
fn share_seen(count: u64, rows: [usize; 2], make: impl Fn(u64, usize, f64) -> Column + Sync) -> f64 {
    let make = &make;
    let seen = |index: u64| {
        let seed = (index + 500_000_000) * 2;
        let compared = |shift: f64, states_power: bool| {
            let pair = [make(seed, rows[0], 0.0), make(seed + 1, rows[1], shift)];
            let rule = Rule {
                states_power,
                // What Benjamini and Hochberg ask of the least p-value of twenty.
                false_discovery_rate: Rule::default().false_discovery_rate / COLUMNS as f64,
                ..Rule::default()
            };
            let mut comparison = compare::columns(&rule, [("column", &pair[0], &pair[1])]);
            comparison.columns.remove(0)
        };
        // In standard deviations of the reference, or in rows that move.
        let stated = compared(0.0, true).smallest_detectable_shift.expect("a shift");
        compared(stated.value, false).state == State::Drift
    };
    std::thread::scope(|scope| {
        let halves = [0..count / 2, count / 2..count];
        let workers = halves.map(|half| scope.spawn(move || half.filter(|&index| seen(index)).count()));
        let found: usize = workers
            .into_iter()
            .map(|worker| worker.join().expect("no monitor panics"))
            .sum();
        found as f64 / count as f64
    })
}

/// 400 draws are good to two points (one standard deviation); the stated shift errs to the safe side.
#[test]
fn what_is_said_to_be_seen_is_seen_four_times_in_five() {
    let deviation = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
    };
    for rows in [[200, 200], [1000, 200], [1000, 1000], [3000, 3000]] {
        let nearly_normal = share_seen(400, rows, |seed, rows, shift| {
            Column::of_numbers(Kind::Float, &hills(seed, rows, shift))
        });
        let with_a_tail = share_seen(400, rows, |seed, count, shift| {
            // The reference of a pair has the seed before.
            let scale = if shift > 0.0 {
                deviation(&tail(seed - 1, rows[0]))
            } else {
                0.0
            };
            let moved: Vec<f64> = tail(seed, count).iter().map(|value| value + shift * scale).collect();
            Column::of_numbers(Kind::Float, &moved)
        });
        let of_categories = share_seen(400, rows, |seed, count, shift| {
            let moved = uniforms(seed, count).map(|u| categories(u, shift)).collect::<Vec<_>>();
            of_levels(&moved)
        });
        println!("{rows:?}: normal {nearly_normal}, tail {with_a_tail}, categories {of_categories}");
        for share in [nearly_normal, with_a_tail, of_categories] {
            assert!(share >= 0.76, "{rows:?}: {share} are seen");
        }
    }
}

/// Exponential.
fn tail(seed: u64, count: usize) -> Vec<f64> {
    uniforms(seed, count).map(|u| -(1.0 - u).ln()).collect()
}

/// Shares 0.5, 0.3 and 0.2, of which the first gives so many rows to the second.
fn categories(u: f64, moved: f64) -> f64 {
    match u {
        u if u < 0.5 - moved => 0.0,
        u if u < 0.8 => 1.0,
        _ => 2.0,
    }
}

#[test]
fn nothing_drifts_and_five_monitors_in_a_hundred_find_something_significant() {
    for rows in [[200, 200], [1000, 200], [1000, 1000], [3000, 3000]] {
        let all = monitors(1000, rows, 0.0);
        let significant = share(&all, |comparison| {
            comparison.drifted_columns + comparison.immaterial_columns > 0
        });
        let drifted = share(&all, |comparison| comparison.drifted);
        println!("{rows:?}: significant {significant}, drift {drifted}");
        assert!(
            (0.03..=0.07).contains(&significant),
            "{rows:?}: {significant} find a difference"
        );
        assert!(drifted <= 0.07, "{rows:?}: {drifted} say drift");
    }
}

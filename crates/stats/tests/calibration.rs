//! The default rule's promise: when nothing has drifted, one monitor in twenty says so at most, at any size; and what
//! has drifted by as much as the verdict says it can see is seen.
//!
//! A monitor has twenty columns: twelve nearly normal, three with a long tail, three of categories, one of two levels
//! and one of small counts.

mod data;

use data::{counts, hills, skewed};
use fettle_stats::{
    compare::{self, rule::Rule, verdict::Comparison},
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

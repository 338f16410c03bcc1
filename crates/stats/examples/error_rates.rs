//! Measures the false alarms and the power of this crate's rule and of others', as the tables of `docs/drift.md`:
//! `cargo run -p fettle-stats --example error_rates`.

#[path = "../tests/data/mod.rs"]
mod data;

use data::hills;
use fettle_stats::{
    compare::{
        self,
        rule::{Metric, Profile, Rule},
        verdict::{Comparison, State},
    },
    profile::{Kind, column::Column},
    special::chi_squared_upper_quantile,
};

const COLUMNS: u64 = 20;
const RULES: [&str; 6] = ["Fettle", "Evidently", "Azure", "PSI >= 0.1", "PSI >= 0.25", "Scouter"];

/// Twenty columns of numbers with a standard deviation of one, the first shifted in the current rows.
fn monitor(index: u64, rows: [usize; 2], shift: f64) -> Vec<[Column; 2]> {
    (0..COLUMNS)
        .map(|column| {
            let seed = (index * COLUMNS + column) * 2 + 77_000_000;
            let shift = if column == 0 { shift } else { 0.0 };
            [
                Column::of_numbers(Kind::Float, &hills(seed, rows[0], 0.0)),
                Column::of_numbers(Kind::Float, &hills(seed + 1, rows[1], shift)),
            ]
        })
        .collect()
}

fn compared(profile: Profile, pairs: &[[Column; 2]], states_power: bool) -> Comparison {
    let names: Vec<String> = (0..pairs.len()).map(|column| format!("{column:02}")).collect();
    let rule = Rule {
        states_power,
        ..Rule::of(profile)
    };
    let named = names.iter().zip(pairs);
    compare::columns(&rule, named.map(|(name, pair)| (name.as_str(), &pair[0], &pair[1])))
}

/// Which columns each rule says have drifted.
fn verdicts(pairs: &[[Column; 2]], rows: [usize; 2]) -> [Vec<bool>; 6] {
    let drifted = |comparison: &Comparison| {
        comparison
            .columns
            .iter()
            .map(|column| column.state == State::Drift)
            .collect()
    };
    let fettle = compared(Profile::Fettle, pairs, false);
    let index = |threshold: f64| {
        let value = |measures: &std::collections::BTreeMap<Metric, f64>| measures[&Metric::PopulationStabilityIndex];
        fettle
            .columns
            .iter()
            .map(|column| value(&column.measures) >= threshold)
            .collect()
    };
    // Scouter's default: the quantile of chi-squared with nine degrees of freedom over the current rows alone.
    let scouter = chi_squared_upper_quantile(0.05, 9.0) / rows[1] as f64;
    [
        drifted(&fettle),
        drifted(&compared(Profile::Evidently, pairs, false)),
        drifted(&compared(Profile::Azure, pairs, false)),
        index(0.1),
        index(0.25),
        index(scouter),
    ]
}

fn both<T: Send>(rounds: u64, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let halves = [0..rounds / 2, rounds / 2..rounds];
        let workers = halves.map(|half| scope.spawn(move || half.map(work).collect::<Vec<T>>()));
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("no round panics"))
            .collect()
    })
}

fn main() {
    let sizes = [[200, 200], [1_000, 200], [1_000, 1_000], [10_000, 10_000]];
    println!("| reference / current rows | shift | {} |", RULES.join(" | "));
    println!("|---|---|{}", "---|".repeat(RULES.len()));
    for rows in sizes {
        let rounds = if rows[0] >= 10_000 { 100 } else { 500 };
        for shift in [0.0, 0.05, 0.2, 0.3] {
            let all = both(rounds, |index| verdicts(&monitor(index, rows, shift), rows));
            let cells = (0..RULES.len()).map(|rule| {
                let share = |hit: &dyn Fn(&[bool]) -> bool| {
                    all.iter().filter(|verdicts| hit(&verdicts[rule])).count() as f64 / rounds as f64
                };
                let falsely = share(&|columns| columns[usize::from(shift > 0.0)..].contains(&true));
                if shift == 0.0 {
                    format!("{falsely:.2} / -")
                } else {
                    format!("{falsely:.2} / {:.2}", share(&|columns| columns[0]))
                }
            });
            println!(
                "| {} / {} | {shift} | {} |",
                rows[0],
                rows[1],
                cells.collect::<Vec<_>>().join(" | ")
            );
        }
    }
    println!("\n| reference / current rows | stated smallest detectable shift | found at that shift |\n|---|---|---|");
    for rows in sizes {
        let stated = compared(Profile::Fettle, &monitor(0, rows, 0.0), true);
        let Some(shift) = stated.columns[0].smallest_detectable_shift else {
            continue;
        };
        let rounds = if rows[0] >= 10_000 { 100 } else { 400 };
        let found = both(rounds, |index| {
            let comparison = compared(Profile::Fettle, &monitor(index + 9_000, rows, shift.value), false);
            comparison.columns[0].state == State::Drift
        });
        let share = found.iter().filter(|&&found| found).count() as f64 / rounds as f64;
        println!("| {} / {} | {:.3} | {share:.2} |", rows[0], rows[1], shift.value);
    }
}

//! The model's performance on both sides, when both files have the truth and the model's answer.

use super::Compare;
use anyhow::{Result, bail};
use fettle_stats::performance::{Performance, classification, probabilities, regression};
use fettle_tables::{
    Table,
    pairs::{self, Cell, Pairs},
};
use serde::Serialize;

/// Whole numbers with more distinct values than this are amounts, not classes.
const CLASSES_MAX: usize = 20;

#[derive(Debug, Serialize)]
pub(super) struct BothSides {
    pub(super) reference: Performance,
    pub(super) current: Performance,
}

pub(super) fn measure(args: &Compare, reference: &Table, current: &Table) -> Result<Option<BothSides>> {
    let (Some(target), Some(prediction)) = (&args.target, &args.prediction) else {
        return Ok(None);
    };
    let positive = args.positive.as_deref();
    let before = pairs::read(reference, target, prediction)?;
    let now = pairs::read(current, target, prediction)?;
    // The reference decides what kind of a task it is, so that both sides are measured alike.
    let task = Task::of(&before, positive);
    Ok(Some(BothSides {
        reference: task.measure(&before, positive)?,
        current: task.measure(&now, positive)?,
    }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Regression,
    Classification,
    /// Answers are probabilities of the positive class.
    Probability,
}

impl Task {
    fn of(pairs: &Pairs, positive: Option<&str>) -> Self {
        let is_share = |cell: &Cell| matches!(cell, Cell::Number(number) if (0.0..=1.0).contains(number));
        let is_fraction = |cell: &Cell| matches!(cell, Cell::Number(number) if number.fract() != 0.0);
        if positive.is_some() {
            let shares =
                pairs.rows.iter().all(|pair| is_share(&pair.1)) && pairs.rows.iter().any(|pair| is_fraction(&pair.1));
            return if shares {
                Self::Probability
            } else {
                Self::Classification
            };
        }
        let all_numbers =
            |pick: fn(&(Cell, Cell)) -> &Cell| pairs.rows.iter().all(|pair| matches!(pick(pair), Cell::Number(_)));
        if !all_numbers(|pair| &pair.0) || !all_numbers(|pair| &pair.1) {
            return Self::Classification;
        }
        let mut targets: Vec<String> = pairs.rows.iter().map(|pair| text(&pair.0)).collect();
        targets.sort_unstable();
        targets.dedup();
        let amounts = targets.len() > CLASSES_MAX || pairs.rows.iter().any(|pair| is_fraction(&pair.0));
        if amounts {
            Self::Regression
        } else {
            Self::Classification
        }
    }

    fn measure(self, pairs: &Pairs, positive: Option<&str>) -> Result<Performance> {
        let texts: Vec<(String, String)> = match self {
            Self::Regression => Vec::new(),
            Self::Classification | Self::Probability => pairs
                .rows
                .iter()
                .map(|(truth, answer)| (text(truth), text(answer)))
                .collect(),
        };
        let predictions = pairs.predictions;
        let mut performance = match self {
            Self::Regression => {
                let mut numbers = Vec::with_capacity(pairs.rows.len());
                for pair in &pairs.rows {
                    match pair {
                        (Cell::Number(truth), Cell::Number(answer)) => numbers.push((*truth, *answer)),
                        (truth, answer) => bail!("{} and {} are not both numbers", text(truth), text(answer)),
                    }
                }
                regression(&numbers, predictions)
            }
            Self::Classification => {
                let classes: Vec<(&str, &str)> = texts.iter().map(|(truth, answer)| (&**truth, &**answer)).collect();
                classification(&classes, predictions, positive)
            }
            Self::Probability => {
                let positive = positive.unwrap_or_default();
                let scored: Vec<(bool, f64)> = pairs
                    .rows
                    .iter()
                    .zip(&texts)
                    .filter_map(|(pair, (truth, _))| match pair.1 {
                        Cell::Number(score) => Some((truth == positive, score)),
                        _ => None,
                    })
                    .collect();
                // The class at even odds, beside the quality of the probabilities.
                let word = |is: bool| if is { "yes" } else { "no" };
                let classes: Vec<(&str, &str)> = scored
                    .iter()
                    .map(|&(truth, score)| (word(truth), word(score >= 0.5)))
                    .collect();
                let mut performance = classification(&classes, predictions, Some("yes"));
                performance.metrics.extend(probabilities(&scored, predictions).metrics);
                performance
            }
        };
        performance.labels = pairs.labels;
        Ok(performance)
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.to_string(),
    }
}

pub(super) fn print(performance: Option<&BothSides>) {
    let Some(both) = performance else {
        return;
    };
    eprintln!(
        "Performance, reference ({} labels) and current ({} labels), with 95 % intervals:",
        both.reference.labels, both.current.labels
    );
    for (name, before) in &both.reference.metrics {
        if let Some(now) = both.current.metrics.get(name) {
            eprintln!(
                "  {name:<10} {:.4} [{:.4}, {:.4}]   {:.4} [{:.4}, {:.4}]",
                before.value, before.low, before.high, now.value, now.low, now.high
            );
        }
    }
}

//! Categories of two columns side by side.

use crate::{
    ecdf::{Ecdf, walk},
    profile::column::Column,
};
use std::collections::HashMap;

/// Beyond this many levels of the reference the rarer ones are one category.
pub const LEVELS_MAX: usize = 100;
pub const OTHER: &str = "(other)";
pub const UNSEEN: &str = "(unseen)";

/// Counts of the same categories on both sides: the reference's levels, the most frequent first, then `(other)` for its
/// rarer ones and `(unseen)` for those it does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub names: Vec<Box<str>>,
    pub reference: Vec<u64>,
    pub current: Vec<u64>,
}

impl Table {
    pub fn of(reference: &Column, current: &Column) -> Self {
        match (reference.numbers(), current.numbers()) {
            (Some(before), Some(now)) => Self::of_numbers(before, now),
            _ => Self::of_levels(reference.levels(), current.levels()),
        }
    }

    /// Numbers as categories, without a text for each: the current ones may be many.
    fn of_numbers(reference: Ecdf<'_>, current: Ecdf<'_>) -> Self {
        let mut known: HashMap<Box<str>, u64> = HashMap::new();
        let mut seen: HashMap<Box<str>, u64> = HashMap::new();
        let mut unseen = 0;
        let mut below = (0, 0);
        walk(reference, current, |value, reference, current| {
            let counts = (reference - below.0, current - below.1);
            below = (reference, current);
            if counts.0 == 0 {
                unseen += counts.1;
            } else {
                known.insert(value.to_string().into(), counts.0);
                seen.insert(value.to_string().into(), counts.1);
            }
        });
        let mut table = Self::of_levels(known, seen);
        table.add(UNSEEN, 0, unseen);
        table
    }

    fn of_levels(reference: HashMap<Box<str>, u64>, current: HashMap<Box<str>, u64>) -> Self {
        let mut ordered: Vec<(Box<str>, u64)> = reference.into_iter().collect();
        ordered.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let kept = if ordered.len() > LEVELS_MAX {
            LEVELS_MAX - 1
        } else {
            ordered.len()
        };
        let places: HashMap<&str, usize> = ordered
            .iter()
            .enumerate()
            .map(|(place, (name, _))| (&**name, place))
            .collect();
        let mut table = Self {
            names: ordered[..kept].iter().map(|level| level.0.clone()).collect(),
            reference: ordered[..kept].iter().map(|level| level.1).collect(),
            current: vec![0; kept],
        };
        let (mut other, mut unseen) = (0, 0);
        for (name, count) in current {
            match places.get(&*name) {
                Some(&place) if place < kept => table.current[place] += count,
                Some(_) => other += count,
                None => unseen += count,
            }
        }
        let rare: u64 = ordered[kept..].iter().map(|level| level.1).sum();
        table.add(OTHER, rare, other);
        table.add(UNSEEN, 0, unseen);
        table
    }

    fn add(&mut self, name: &str, reference: u64, current: u64) {
        if reference + current > 0 {
            self.names.push(name.into());
            self.reference.push(reference);
            self.current.push(current);
        }
    }

    /// Counts with categories joined until every one can expect five rows on either side (Cochran's condition for the
    /// chi-squared approximation). Which are joined is decided by both sides' sums, so that the test stays fair.
    pub fn pooled(&self) -> (Vec<u64>, Vec<u64>) {
        let (n, m) = (self.reference.iter().sum::<u64>(), self.current.iter().sum::<u64>());
        let least = n.min(m) as f64 / (n + m) as f64;
        let mut pairs: Vec<(u64, u64)> = self
            .reference
            .iter()
            .copied()
            .zip(self.current.iter().copied())
            .collect();
        pairs.sort_unstable_by_key(|pair| std::cmp::Reverse(pair.0 + pair.1));
        let expects_enough = |pair: &(u64, u64)| (pair.0 + pair.1) as f64 * least >= 5.0;
        let enough = pairs.partition_point(expects_enough);
        let mut rest = pairs
            .split_off(enough)
            .into_iter()
            .fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        if rest.0 + rest.1 > 0 {
            if !expects_enough(&rest)
                && let Some(smallest) = pairs.pop()
            {
                rest = (rest.0 + smallest.0, rest.1 + smallest.1);
            }
            pairs.push(rest);
        }
        pairs.into_iter().unzip()
    }
}

/// The counts of every value of either side, none joined, in the order of the values: numbers by size, texts by letters.
pub fn side_by_side(reference: &Column, current: &Column) -> (Vec<u64>, Vec<u64>) {
    let (mut before, mut now) = (Vec::new(), Vec::new());
    if let (Some(numbers), Some(others)) = (reference.numbers(), current.numbers()) {
        let mut below = (0, 0);
        walk(numbers, others, |_, reference, current| {
            before.push(reference - below.0);
            now.push(current - below.1);
            below = (reference, current);
        });
        return (before, now);
    }
    let (reference, current) = (reference.levels(), current.levels());
    let mut names: Vec<&str> = reference.keys().chain(current.keys()).map(|name| &**name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        before.push(reference.get(name).copied().unwrap_or(0));
        now.push(current.get(name).copied().unwrap_or(0));
    }
    (before, now)
}

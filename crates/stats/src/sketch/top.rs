//! The most frequent levels of a text column with too many to count: Misra and Gries (1982), in the mergeable form of
//! Agarwal and others (2012). A level's true count is at most `missed()` above what is kept for it.

use std::collections::HashMap;

/// Levels kept after a purge; `missed()` is at most the rows divided by this.
pub const LEVELS: usize = 500;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Top {
    counts: HashMap<Box<str>, u64>,
    missed: u64,
}

impl Top {
    pub fn push(&mut self, level: &str, count: u64) {
        if let Some(known) = self.counts.get_mut(level) {
            *known += count;
            return;
        }
        self.counts.insert(level.into(), count);
        if self.counts.len() > 2 * LEVELS {
            self.purge();
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (level, &count) in &other.counts {
            *self.counts.entry(level.clone()).or_default() += count;
        }
        self.missed += other.missed;
        if self.counts.len() > 2 * LEVELS {
            self.purge();
        }
    }

    /// By how much a count may be too small.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Levels and counts, the most frequent first.
    pub fn levels(&self) -> Vec<(Box<str>, u64)> {
        let mut levels: Vec<_> = self
            .counts
            .iter()
            .map(|(level, &count)| (level.clone(), count))
            .collect();
        levels.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        levels
    }

    /// `None` when there are more levels than are ever kept.
    pub fn restore(missed: u64, levels: Vec<(Box<str>, u64)>) -> Option<Self> {
        (levels.len() <= 2 * LEVELS).then(|| Self {
            counts: levels.into_iter().collect(),
            missed,
        })
    }

    /// Takes the count of the first level too many from all, and drops those that have no more.
    fn purge(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let (_, &mut cut, _) = counts.select_nth_unstable_by(LEVELS, |a, b| b.cmp(a));
        self.missed += cut;
        self.counts.retain(|_, count| {
            *count = count.saturating_sub(cut);
            *count > 0
        });
    }
}

//! Quantiles of a stream: the sketch of Karnin, Lang and Liberty (2016).
//!
//! Values stand in levels; one in level l speaks for 2^l rows. A level that is full is sorted and every other value moves
//! up, beginning at random with the first or the second.

use super::mix;

/// Room in the top level. With 400 the rank of a quantile is off by less than [`RANK_ERROR`] 99 times in 100.
const WIDTH: usize = 400;
const LEAST: usize = 8;
/// More than any stream fills.
const LEVELS_MAX: usize = 54;

/// As measured for sketches of this width (2.296 / width^0.9723 in Apache DataSketches).
pub const RANK_ERROR: f64 = 0.0068;

#[derive(Debug, Clone, PartialEq)]
pub struct Quantiles {
    levels: Vec<Vec<f64>>,
    count: u64,
    compactions: u64,
    seed: u64,
}

impl Quantiles {
    pub fn new(seed: u64) -> Self {
        Self {
            levels: vec![Vec::new()],
            count: 0,
            compactions: 0,
            seed,
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn push(&mut self, value: f64) {
        self.levels[0].push(value);
        self.count += 1;
        if self.levels[0].len() >= self.room(0) {
            self.compress();
        }
    }

    /// The same value `count` times: once in the level of each binary digit.
    pub fn push_many(&mut self, value: f64, count: u64) {
        let digits = (u64::BITS - count.leading_zeros()) as usize;
        if self.levels.len() < digits {
            self.levels.resize(digits, Vec::new());
        }
        for digit in (0..digits).filter(|digit| count >> digit & 1 == 1) {
            self.levels[digit].push(value);
        }
        self.count += count;
        self.compress();
    }

    pub fn merge(&mut self, other: &Self) {
        if self.levels.len() < other.levels.len() {
            self.levels.resize(other.levels.len(), Vec::new());
        }
        for (mine, theirs) in self.levels.iter_mut().zip(&other.levels) {
            mine.extend_from_slice(theirs);
        }
        self.count += other.count;
        self.compress();
    }

    /// Ascending values with the rows each speaks for.
    pub fn runs(&self) -> Vec<(f64, u64)> {
        let mut runs: Vec<(f64, u64)> = Vec::new();
        for (level, values) in self.levels.iter().enumerate() {
            runs.extend(values.iter().map(|&value| (value, 1 << level)));
        }
        runs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        runs
    }

    /// The parts that [`Quantiles::restore`] takes.
    pub fn parts(&self) -> (u64, u64, &[Vec<f64>]) {
        (self.seed, self.compactions, &self.levels)
    }

    /// `None` when there are more levels or values than a sketch can have.
    pub fn restore(seed: u64, compactions: u64, levels: Vec<Vec<f64>>) -> Option<Self> {
        if levels.is_empty() || levels.len() > LEVELS_MAX || levels.iter().any(|level| level.len() > WIDTH) {
            return None;
        }
        let count = levels
            .iter()
            .enumerate()
            .map(|(level, values)| (values.len() as u64) << level)
            .sum();
        Some(Self {
            levels,
            count,
            compactions,
            seed,
        })
    }

    fn room(&self, level: usize) -> usize {
        let depth = (self.levels.len() - 1 - level) as i32;
        ((WIDTH as f64 * (2.0_f64 / 3.0).powi(depth)).ceil() as usize).max(LEAST)
    }

    fn compress(&mut self) {
        let mut level = 0;
        while level < self.levels.len() {
            if self.levels[level].len() < self.room(level) {
                level += 1;
                continue;
            }
            if level + 1 == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let mut values = std::mem::take(&mut self.levels[level]);
            values.sort_unstable_by(f64::total_cmp);
            // An odd one out stays, so that the weights still add up to the count.
            if values.len() % 2 == 1 {
                self.levels[level].extend(values.pop());
            }
            self.compactions += 1;
            let offset = (mix(self.seed, self.compactions) & 1) as usize;
            let promoted = values.iter().skip(offset).step_by(2).copied();
            self.levels[level + 1].extend(promoted);
            level += 1;
        }
    }
}

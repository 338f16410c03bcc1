//! Samples as ascending runs of equal values, so that a column of three million rows and five values costs five steps.

/// A sample in ascending order. Values are finite.
#[derive(Debug, Clone, Copy)]
pub enum Ecdf<'a> {
    Sorted(&'a [f64]),
    /// Distinct values with how often each occurs.
    Counted(&'a [(f64, u64)]),
}

impl Ecdf<'_> {
    pub fn count(self) -> u64 {
        match self {
            Self::Sorted(values) => values.len() as u64,
            Self::Counted(runs) => runs.iter().map(|run| run.1).sum(),
        }
    }

    pub fn is_empty(self) -> bool {
        match self {
            Self::Sorted(values) => values.is_empty(),
            Self::Counted(runs) => runs.is_empty(),
        }
    }

    pub fn for_each(self, mut visit: impl FnMut(f64, u64)) {
        match self {
            Self::Sorted(values) => values.iter().for_each(|&value| visit(value, 1)),
            Self::Counted(runs) => runs.iter().for_each(|&(value, count)| visit(value, count)),
        }
    }

    pub fn min(self) -> Option<f64> {
        match self {
            Self::Sorted(values) => values.first().copied(),
            Self::Counted(runs) => runs.first().map(|run| run.0),
        }
    }

    pub fn max(self) -> Option<f64> {
        match self {
            Self::Sorted(values) => values.last().copied(),
            Self::Counted(runs) => runs.last().map(|run| run.0),
        }
    }

    pub fn mean(self) -> f64 {
        let mut sum = 0.0;
        self.for_each(|value, count| sum += value * count as f64);
        sum / self.count() as f64
    }

    /// The mean and the standard deviation of a population (`ddof=0`).
    pub fn mean_and_deviation(self) -> (f64, f64) {
        let mean = self.mean();
        let mut squares = 0.0;
        self.for_each(|value, count| squares += (value - mean).powi(2) * count as f64);
        (mean, (squares / self.count() as f64).sqrt())
    }

    /// Distinct values, counted no further than to `most`.
    pub fn distinct_up_to(self, most: usize) -> usize {
        match self {
            Self::Counted(runs) => runs.len().min(most),
            Self::Sorted(values) => {
                let breaks = values.windows(2).filter(|pair| pair[0] != pair[1]);
                (breaks.take(most).count() + usize::from(!values.is_empty())).min(most)
            }
        }
    }

    /// How many values are below `value`.
    pub fn below(self, value: f64) -> u64 {
        match self {
            Self::Sorted(values) => values.partition_point(|&other| other < value) as u64,
            Self::Counted(runs) => runs.iter().take_while(|run| run.0 < value).map(|run| run.1).sum(),
        }
    }

    /// How many values are at most `value`.
    pub fn at_most(self, value: f64) -> u64 {
        match self {
            Self::Sorted(values) => values.partition_point(|&other| other <= value) as u64,
            Self::Counted(runs) => runs.iter().take_while(|run| run.0 <= value).map(|run| run.1).sum(),
        }
    }

    /// Quantiles by linear interpolation, as numpy computes them, of ascending `levels`.
    pub fn quantiles(self, levels: &[f64]) -> Vec<f64> {
        let last = self.count().saturating_sub(1) as f64;
        levels
            .iter()
            .map(|level| {
                let position = level * last;
                let (low, high) = (self.at(position.floor() as u64), self.at(position.ceil() as u64));
                let share = position - position.floor();
                // numpy interpolates from the nearer end.
                if share >= 0.5 {
                    high - (high - low) * (1.0 - share)
                } else {
                    low + (high - low) * share
                }
            })
            .collect()
    }

    fn at(self, rank: u64) -> f64 {
        match self {
            Self::Sorted(values) => values.get(rank as usize).copied().unwrap_or(f64::NAN),
            Self::Counted(runs) => {
                let mut below = 0;
                for &(value, count) in runs {
                    below += count;
                    if rank < below {
                        return value;
                    }
                }
                f64::NAN
            }
        }
    }
}

/// Visits every distinct value of both samples in ascending order with the number of rows at most that value in each.
pub fn walk(reference: Ecdf<'_>, current: Ecdf<'_>, visit: impl FnMut(f64, u64, u64)) {
    match (reference, current) {
        (Ecdf::Sorted(a), Ecdf::Sorted(b)) => merge(singles(a), singles(b), visit),
        (Ecdf::Sorted(a), Ecdf::Counted(b)) => merge(singles(a), b.iter().copied(), visit),
        (Ecdf::Counted(a), Ecdf::Sorted(b)) => merge(a.iter().copied(), singles(b), visit),
        (Ecdf::Counted(a), Ecdf::Counted(b)) => merge(a.iter().copied(), b.iter().copied(), visit),
    }
}

fn singles(values: &[f64]) -> impl Iterator<Item = (f64, u64)> {
    values.iter().map(|&value| (value, 1))
}

fn merge(
    mut a: impl Iterator<Item = (f64, u64)>,
    mut b: impl Iterator<Item = (f64, u64)>,
    mut visit: impl FnMut(f64, u64, u64),
) {
    let (mut next_a, mut next_b) = (a.next(), b.next());
    let (mut below_a, mut below_b) = (0, 0);
    loop {
        let value = match (next_a, next_b) {
            (Some((x, _)), Some((y, _))) => x.min(y),
            (Some((x, _)), None) | (None, Some((x, _))) => x,
            (None, None) => return,
        };
        while let Some((x, count)) = next_a
            && x == value
        {
            below_a += count;
            next_a = a.next();
        }
        while let Some((y, count)) = next_b
            && y == value
        {
            below_b += count;
            next_b = b.next();
        }
        visit(value, below_a, below_b);
    }
}

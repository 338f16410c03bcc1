//! A uniform sample of bounded size: all values until there are more than fit, then those with the lowest of as many
//! random priorities. Samples of the parts merge into a sample of the whole.

use super::mix;

#[derive(Debug, Clone, PartialEq)]
pub struct Sample<T> {
    capacity: usize,
    seed: u64,
    seen: u64,
    values: Vec<T>,
    /// Beside `values` once something had to be left out; empty before.
    priorities: Vec<u64>,
    /// Values with a priority at or above this are left out.
    limit: u64,
}

impl<T> Sample<T> {
    pub fn new(capacity: usize, seed: u64) -> Self {
        Self {
            capacity,
            seed,
            seen: 0,
            values: Vec::new(),
            priorities: Vec::new(),
            limit: u64::MAX,
        }
    }

    /// Whether it holds every value that it has seen, in their order.
    pub fn is_whole(&self) -> bool {
        self.seen == self.values.len() as u64 && self.priorities.is_empty()
    }

    pub fn seen(&self) -> u64 {
        self.seen
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn push(&mut self, value: T) {
        let position = self.seen;
        self.seen += 1;
        if self.priorities.is_empty() {
            if position < self.capacity as u64 {
                self.values.push(value);
                return;
            }
            if self.capacity == 0 {
                return;
            }
            self.draw_priorities();
        }
        let priority = mix(self.seed, position);
        if priority < self.limit {
            self.values.push(value);
            self.priorities.push(priority);
            if self.values.len() >= 2 * self.capacity {
                self.shrink();
            }
        }
    }

    /// The same value `count` times. Of very many only the lowest priorities matter, and those are drawn as what they
    /// are: the first order statistics of as many uniform numbers.
    pub fn push_many(&mut self, value: &T, count: u64)
    where
        T: Clone,
    {
        if count <= 4 * self.capacity as u64 {
            (0..count).for_each(|_| self.push(value.clone()));
            return;
        }
        if self.capacity > 0 {
            self.draw_priorities();
            let mut lowest = 0.0_f64;
            for drawn in 0..self.capacity as u64 {
                let uniform = ((mix(self.seed, self.seen + drawn) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
                lowest += (1.0 - lowest) * -(uniform.ln() / (count - drawn) as f64).exp_m1();
                let priority = (lowest * 2.0_f64.powi(64)) as u64;
                if priority >= self.limit {
                    break;
                }
                self.values.push(value.clone());
                self.priorities.push(priority);
            }
            self.shrink();
        }
        self.seen += count;
    }

    pub fn merge(&mut self, mut other: Self) {
        let seen = self.seen + other.seen;
        if self.is_whole() && other.is_whole() && seen <= self.capacity as u64 {
            self.values.append(&mut other.values);
        } else if self.capacity == 0 || other.capacity == 0 {
            *self = Self::new(0, self.seed);
        } else {
            self.draw_priorities();
            other.draw_priorities();
            self.capacity = self.capacity.min(other.capacity);
            self.limit = self.limit.min(other.limit);
            self.values.append(&mut other.values);
            self.priorities.append(&mut other.priorities);
            self.shrink();
        }
        self.seen = seen;
    }

    /// The values, no more than the capacity.
    pub fn into_values(mut self) -> Vec<T> {
        self.shrink();
        self.values
    }

    pub fn values(&mut self) -> &[T] {
        self.shrink();
        &self.values
    }

    /// The parts that [`Sample::restore`] takes.
    pub fn parts(&mut self) -> (u64, u64, &[T], &[u64]) {
        self.shrink();
        (self.seed, self.seen, &self.values, &self.priorities)
    }

    /// `None` when the parts do not belong together.
    pub fn restore(capacity: usize, seed: u64, seen: u64, values: Vec<T>, priorities: Vec<u64>) -> Option<Self> {
        let whole = priorities.is_empty() && (seen == values.len() as u64 || capacity == 0);
        let drawn = priorities.len() == values.len() && seen >= values.len() as u64;
        let limit = priorities.iter().copied().max().filter(|_| values.len() == capacity);
        (values.len() <= capacity && (whole || drawn)).then_some(Self {
            capacity,
            seed,
            seen,
            values,
            priorities,
            limit: limit.unwrap_or(u64::MAX),
        })
    }

    fn draw_priorities(&mut self) {
        if self.priorities.is_empty() {
            self.priorities = (0..self.values.len() as u64)
                .map(|position| mix(self.seed, position))
                .collect();
        }
    }

    /// Keeps the values of lowest priority.
    fn shrink(&mut self) {
        if self.values.len() <= self.capacity {
            return;
        }
        let priorities = std::mem::take(&mut self.priorities);
        let mut entries: Vec<(u64, T)> = priorities.into_iter().zip(self.values.drain(..)).collect();
        entries.select_nth_unstable_by_key(self.capacity - 1, |entry| entry.0);
        entries.truncate(self.capacity);
        self.limit = entries.last().map_or(u64::MAX, |entry| entry.0);
        (self.priorities, self.values) = entries.into_iter().unzip();
    }
}

impl Sample<f64> {
    /// As [`Sample::push`] for each.
    pub fn extend(&mut self, values: &[f64]) {
        let room = self.capacity.saturating_sub(self.values.len());
        let fits = if self.priorities.is_empty() {
            room.min(values.len())
        } else {
            0
        };
        let (fitting, rest) = values.split_at(fits);
        self.values.extend_from_slice(fitting);
        self.seen += fits as u64;
        for &value in rest {
            self.push(value);
        }
    }
}

//! Count, mean, variance and extremes of finite numbers.

/// Merged as Chan, Golub and LeVeque do, so that order and grouping change no more than the last digits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    pub count: u64,
    pub mean: f64,
    /// The sum of squared differences from the mean.
    pub squares: f64,
    pub min: f64,
    pub max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            mean: 0.0,
            squares: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Moments {
    pub fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len() as u64;
        let mean = values.iter().sum::<f64>() / count as f64;
        let mut moments = Self {
            count,
            mean,
            ..Self::default()
        };
        for &value in values {
            moments.squares += (value - mean).powi(2);
            moments.min = moments.min.min(value);
            moments.max = moments.max.max(value);
        }
        moments
    }

    pub fn push(&mut self, value: f64) {
        self.count += 1;
        let difference = value - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let difference = other.mean - self.mean;
        self.mean += difference * b / (a + b);
        self.squares += other.squares + difference * difference * a * b / (a + b);
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The standard deviation of a population.
    pub fn deviation(&self) -> f64 {
        (self.squares / self.count as f64).sqrt()
    }
}

//! Averages of the recent past.

use std::collections::VecDeque;
use std::time::Duration;

/// Values with the spans of time they held for, the newest last.
#[derive(Debug)]
pub(super) struct Window {
    keep: Duration,
    spans: VecDeque<(Duration, f64)>,
    kept: Duration,
}

impl Window {
    /// Remembers `keep`, and what reaches into it.
    pub(super) fn new(keep: Duration) -> Self {
        Self {
            keep,
            spans: VecDeque::new(),
            kept: Duration::ZERO,
        }
    }

    pub(super) fn push(&mut self, span: Duration, value: f64) {
        self.spans.push_back((span, value));
        self.kept += span;
        while let Some(&(oldest, _)) = self.spans.front() {
            if self.kept.saturating_sub(oldest) < self.keep {
                break;
            }
            self.kept -= oldest;
            self.spans.pop_front();
        }
    }

    /// Of the last `over`, weighted by time; of less, if there is no more.
    pub(super) fn average(&self, over: Duration) -> f64 {
        let (mut left, mut sum, mut seconds) = (over.as_secs_f64(), 0.0, 0.0);
        for (span, value) in self.spans.iter().rev() {
            let part = span.as_secs_f64().min(left);
            sum += value * part;
            seconds += part;
            left -= part;
            if left <= 0.0 {
                break;
            }
        }
        if seconds > 0.0 { sum / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_weighted_by_time_and_forget() {
        let seconds = Duration::from_secs;
        let mut window = Window::new(seconds(10));
        assert_eq!(window.average(seconds(10)), 0.0);
        window.push(seconds(2), 6.0);
        assert_eq!(window.average(seconds(10)), 6.0, "of what there is");
        window.push(seconds(2), 0.0);
        assert_eq!(window.average(seconds(10)), 3.0);
        assert_eq!(window.average(seconds(3)), 2.0, "half of the older span");
        window.push(seconds(8), 0.0);
        window.push(seconds(2), 0.0);
        assert_eq!(window.average(seconds(10)), 0.0, "a whole window without anything");
        assert!(window.spans.len() <= 3, "{window:?}");
    }
}

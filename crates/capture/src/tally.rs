//! Operational figures of a deployment over a few seconds, by status: mergeable over replicas and over time.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// Latency buckets grow by a quarter, so a quantile is within 12 % of the truth. The first ends at 10 microseconds,
/// the last holds what took longer than two minutes.
const BUCKETS: usize = 74;
const FIRST_US: f64 = 10.0;
const GROWTH: f64 = 1.25;

/// Requests of one deployment over some time. Answers have few statuses, so a list is searched faster than a map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    statuses: Vec<(u16, Counts)>,
}

#[derive(Debug, Clone, PartialEq)]
struct Counts {
    requests: u64,
    latency_sum_us: u64,
    latency_min_us: u64,
    latency_max_us: u64,
    histogram: [u32; BUCKETS],
}

/// A [`Tally`] as it is kept: a point for each status.
pub type Points = BTreeMap<u16, Point>;

/// Requests that were answered with one status, or with any of several.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub requests: i64,
    pub latency_sum_us: i64,
    pub latency_min_us: i64,
    pub latency_max_us: i64,
    /// Bucket and count, of those buckets that are not empty.
    pub histogram: Vec<(u8, u32)>,
}

impl Tally {
    pub fn add(&mut self, status: u16, latency_us: u64) {
        let counts = self.of(status);
        counts.requests += 1;
        counts.latency_sum_us += latency_us;
        counts.latency_min_us = counts.latency_min_us.min(latency_us);
        counts.latency_max_us = counts.latency_max_us.max(latency_us);
        counts.histogram[bucket(latency_us)] += 1;
    }

    fn of(&mut self, status: u16) -> &mut Counts {
        let known = self.statuses.iter().position(|(known, _)| *known == status);
        let place = known.unwrap_or_else(|| {
            self.statuses.push((status, Counts::none()));
            self.statuses.len() - 1
        });
        &mut self.statuses[place].1
    }

    pub fn merge(&mut self, other: &Self) {
        for (status, more) in &other.statuses {
            self.of(*status).merge(more);
        }
    }

    pub fn requests(&self) -> u64 {
        self.statuses.iter().map(|(_, counts)| counts.requests).sum()
    }

    pub fn points(&self) -> Points {
        let points = self.statuses.iter().map(|(status, counts)| (*status, counts.point()));
        points.collect()
    }
}

impl Counts {
    fn none() -> Self {
        Self {
            requests: 0,
            latency_sum_us: 0,
            latency_min_us: u64::MAX,
            latency_max_us: 0,
            histogram: [0; BUCKETS],
        }
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.latency_sum_us += other.latency_sum_us;
        self.latency_min_us = self.latency_min_us.min(other.latency_min_us);
        self.latency_max_us = self.latency_max_us.max(other.latency_max_us);
        for (own, more) in self.histogram.iter_mut().zip(&other.histogram) {
            *own += more;
        }
    }

    fn point(&self) -> Point {
        let histogram = self.histogram.iter().enumerate();
        Point {
            requests: self.requests as i64,
            latency_sum_us: self.latency_sum_us as i64,
            latency_min_us: self.latency_min_us.min(i64::MAX as u64) as i64,
            latency_max_us: self.latency_max_us as i64,
            histogram: histogram
                .filter(|(_, count)| **count > 0)
                .map(|(index, count)| (index as u8, *count))
                .collect(),
        }
    }
}

impl Point {
    pub fn merge(&mut self, other: &Self) {
        if other.requests == 0 {
            return;
        }
        self.latency_min_us = if self.requests == 0 {
            other.latency_min_us
        } else {
            self.latency_min_us.min(other.latency_min_us)
        };
        self.requests += other.requests;
        self.latency_sum_us += other.latency_sum_us;
        self.latency_max_us = self.latency_max_us.max(other.latency_max_us);
        for (index, count) in &other.histogram {
            match self.histogram.iter_mut().find(|(known, _)| known == index) {
                Some((_, total)) => *total += count,
                None => self.histogram.push((*index, *count)),
            }
        }
    }
}

fn bucket(latency_us: u64) -> usize {
    ENDS.partition_point(|end| *end < latency_us).min(BUCKETS - 1)
}

/// The greatest latency of each bucket.
static ENDS: LazyLock<[u64; BUCKETS]> =
    LazyLock::new(|| std::array::from_fn(|bucket| (FIRST_US * GROWTH.powi(bucket as i32)) as u64));

/// The latency below which this share of the requests lies, in milliseconds, by the buckets of a point.
pub fn latency_quantile_ms(point: &Point, share: f64) -> Option<f64> {
    let total: u64 = point.histogram.iter().map(|(_, count)| u64::from(*count)).sum();
    let mut sorted = point.histogram.clone();
    sorted.sort_unstable();
    let mut below = 0;
    for (index, count) in sorted {
        below += u64::from(count);
        if below as f64 >= share * total as f64 {
            let upper = FIRST_US * GROWTH.powi(i32::from(index));
            // The middle of the bucket, but never beyond what was seen.
            let middle = upper / GROWTH.sqrt();
            let seen = (point.latency_min_us as f64, point.latency_max_us as f64);
            return Some(middle.clamp(seen.0, seen.1.max(seen.0)) / 1e3);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_an_eighth() {
        let mut tally = Tally::default();
        for latency in 1..=10_000u64 {
            tally.add(200, latency * 10);
        }
        let point = &tally.points()[&200];
        for (share, truth) in [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0)] {
            let found = latency_quantile_ms(point, share).expect("requests");
            assert!((found / truth - 1.0).abs() < 0.13, "{share}: {found} for {truth}");
        }
        assert_eq!(latency_quantile_ms(&Point::default(), 0.5), None);
    }

    #[test]
    fn parts_merge_to_the_whole() {
        let (mut whole, mut parts) = (Tally::default(), [Tally::default(), Tally::default()]);
        for step in 0..2000u64 {
            let (status, latency) = ([200, 404, 503][(step % 3) as usize], step * step % 7919);
            whole.add(status, latency);
            parts[(step % 2) as usize].add(status, latency);
        }
        let mut merged = parts[0].clone();
        merged.merge(&parts[1]);
        assert_eq!((merged.points(), merged.requests()), (whole.points(), 2000));
        let mut kept = Points::new();
        for part in &parts {
            for (status, point) in part.points() {
                kept.entry(status).or_default().merge(&point);
            }
        }
        for point in kept.values_mut() {
            point.histogram.sort_unstable();
        }
        assert_eq!(kept, whole.points());
    }
}

//! What the answers should be, written without care for speed.

use std::ops::RangeInclusive;

use fettle_series::point::Point;

pub(crate) fn rows(points: impl IntoIterator<Item = Point>) -> Vec<Point> {
    let mut rows: Vec<Point> = points.into_iter().collect();
    rows.sort();
    rows.dedup();
    rows
}

pub(crate) fn within(rows: &[Point], steps: Option<&RangeInclusive<i64>>) -> Vec<Point> {
    rows.iter()
        .copied()
        .filter(|row| steps.is_none_or(|steps| steps.contains(&row.step())))
        .collect()
}

/// Deals rows out to buckets one at a time, as the SQL standard describes `NTILE`.
pub(crate) fn ntile(total: usize, buckets: usize) -> Vec<Vec<usize>> {
    let mut sizes = vec![0; buckets];
    for row in 0..total {
        sizes[row % buckets] += 1;
    }
    let mut next = 0..total;
    sizes
        .into_iter()
        .map(|size| next.by_ref().take(size).collect())
        .collect()
}

/// `MLflow`'s `get_metric_history_bulk_interval`, statement by statement.
pub(crate) fn sample(rows: &[Point], max_results: usize) -> Vec<Point> {
    let max_results = max_results.max(1);
    let mut sample: Vec<Point> = ntile(rows.len(), max_results)
        .iter()
        .filter_map(|bucket| bucket.first())
        .map(|&rank| rows[rank])
        .collect();
    if let Some(last) = rows.last()
        && sample.last() != Some(last)
    {
        if sample.len() >= max_results {
            sample.pop();
        }
        sample.push(*last);
    }
    sample
}

pub(crate) fn history(rows: &[Point]) -> Vec<Point> {
    let mut rows = rows.to_vec();
    rows.sort_by_key(|row| (row.timestamp(), row.step(), *row));
    rows
}

//! SQL's `NTILE`, by arithmetic: which rows `MLflow` keeps when it samples a history.

/// Ranks at which the buckets of `NTILE(buckets)` over `total` rows start. There are never more buckets than rows,
/// and the first `total % buckets` hold one row more than the others.
pub(crate) fn starts(total: u64, buckets: u64) -> impl Iterator<Item = u64> + Clone {
    let buckets = buckets.max(1).min(total);
    let size = total.checked_div(buckets).unwrap_or(0);
    let larger = total - size * buckets;
    (0..buckets).map(move |bucket| bucket * size + bucket.min(larger))
}

/// Ranks of the rows that `MLflow`'s `get-history-bulk-interval` returns from `total` sorted rows: the first of each
/// bucket, and the overall last in place of the last of those.
pub fn ranks(total: u64, max_results: u64) -> Vec<u64> {
    let mut ranks: Vec<u64> = starts(total, max_results).collect();
    // Where there is a bucket for every row this changes nothing; otherwise `max_results` rows are kept already, and
    // MLflow never returns more.
    if let Some(last) = ranks.last_mut() {
        *last = total - 1;
    }
    ranks
}

//! Bounds on what one search may ask for. They sit far above real use and keep a hostile text cheap to refuse.

/// Longest filter text, in bytes.
pub const FILTER_BYTES_MAX: usize = 64 * 1024;

/// Most comparisons in one filter. Each usually becomes a join.
pub const FILTER_CLAUSES_MAX: usize = 200;

/// Most values in one `IN` or `NOT IN` list.
pub const LIST_VALUES_MAX: usize = 1000;

/// Most entries in one `order_by`.
pub const ORDER_BY_ENTRIES_MAX: usize = 50;

/// Longest single `order_by` entry, in bytes.
pub const ORDER_BY_ENTRY_BYTES_MAX: usize = 4096;

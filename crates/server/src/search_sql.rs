//! Search trees as SQL conditions, for all areas that search.

use fettle_db::{Query, Tx};
use fettle_search::{Direction, Number, NumberComparison, NumberOperator, TextComparison};

/// The lifecycle stages that a `view_type` shows. What is not known is read as the default, as MLflow does.
pub fn lifecycle_stages(view_type: Option<&str>) -> &'static [&'static str] {
    match view_type {
        Some("DELETED_ONLY" | "2") => &["deleted"],
        Some("ALL" | "3") => &["active", "deleted"],
        _ => &["active"],
    }
}

pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => " ASC",
        Direction::Descending => " DESC",
    }
}

/// A test of a text column. A NULL passes only `IS NULL`.
pub fn push_text<'q>(tx: &Tx, query: &'q mut Query, column: &str, comparison: &TextComparison) -> &'q mut Query {
    match comparison {
        TextComparison::Equal(text) => query.push(column).push(" = ").bind(text.clone()),
        TextComparison::NotEqual(text) => query.push(column).push(" <> ").bind(text.clone()),
        TextComparison::Like(pattern) => query.push(column).push(" LIKE ").bind(tx.like_pattern(pattern)),
        TextComparison::ILike(pattern) => query
            .push(&format!("LOWER({column}) LIKE LOWER("))
            .bind(tx.like_pattern(pattern))
            .push(")"),
        TextComparison::RLike(pattern) => query.push(column).push(tx.regexp_operator()).bind(pattern.clone()),
        TextComparison::In(texts) => query.push(column).push(" IN ").bind_list(texts.iter().cloned()),
        TextComparison::NotIn(texts) => query.push(column).push(" NOT IN ").bind_list(texts.iter().cloned()),
        TextComparison::IsNull => query.push(column).push(" IS NULL"),
        TextComparison::IsNotNull => query.push(column).push(" IS NOT NULL"),
    }
}

/// A test of the value that stands under `key` in a table of keys and values. `rows` is the table with its alias and
/// its link to the outer row. A missing key passes only `IS NULL`.
pub fn push_keyed<'q>(
    tx: &Tx,
    query: &'q mut Query,
    rows: &str,
    alias: &str,
    key: &str,
    comparison: &TextComparison,
) -> &'q mut Query {
    let negated = matches!(comparison, TextComparison::IsNull);
    query.push(if negated {
        "NOT EXISTS (SELECT 1 FROM "
    } else {
        "EXISTS (SELECT 1 FROM "
    });
    query
        .push(rows)
        .push(&format!(" AND {alias}.key = "))
        .bind(key.to_owned());
    if !matches!(comparison, TextComparison::IsNull | TextComparison::IsNotNull) {
        query.push(" AND ");
        push_text(tx, query, &format!("{alias}.value"), comparison);
    }
    query.push(")")
}

/// A test of an integer column against a number that may have a fraction.
pub fn push_number<'q>(query: &'q mut Query, column: &str, comparison: &NumberComparison<Number>) -> &'q mut Query {
    let symbol = comparison.operator.symbol();
    match comparison.value {
        Number::Integer(value) => query.push(&format!("{column} {symbol} ")).bind(value),
        Number::Float(value) => query
            .push(&format!("CAST({column} AS DOUBLE PRECISION) {symbol} "))
            .bind(value),
    }
}

/// A test of a metric's latest value, whose NaN is a flag. NaN equals nothing, so it passes only `!=`.
pub fn push_metric_value<'q>(query: &'q mut Query, alias: &str, comparison: &NumberComparison<f64>) -> &'q mut Query {
    let symbol = comparison.operator.symbol();
    if comparison.operator == NumberOperator::NotEqual {
        query
            .push(&format!("({alias}.is_nan = 1 OR {alias}.value {symbol} "))
            .bind(comparison.value)
            .push(")")
    } else {
        query
            .push(&format!("({alias}.is_nan = 0 AND {alias}.value {symbol} "))
            .bind(comparison.value)
            .push(")")
    }
}

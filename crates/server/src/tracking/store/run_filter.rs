//! The conditions of a search over runs, and which of them an index answers.

use crate::{
    error::Result,
    search_sql::{push_keyed, push_metric_value, push_number, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    NumberOperator, TextComparison,
    runs::{DatasetField, RunPredicate, RunTextAttribute, RunTimeAttribute},
};

/// As many runs as are rather looked at one by one than found on the way through all of them.
const FEW: usize = 5_000;

/// As much of a value as the indexes over params and tags hold, in characters.
pub const INDEXED_CHARACTERS: usize = 64;

/// Writes the condition over a run `r`.
pub fn push_predicate(tx: &Tx, query: &mut Query, predicate: &RunPredicate) {
    match predicate {
        RunPredicate::Text { attribute, comparison } => push_text(tx, query, text_column(*attribute), comparison),
        RunPredicate::Time { attribute, comparison } => push_number(query, time_column(*attribute), comparison),
        RunPredicate::Metric { key, comparison } => {
            query
                .push("EXISTS (SELECT 1 FROM latest_metrics m WHERE m.run_id = r.id AND m.key = ")
                .bind(key.clone());
            query.push(" AND ");
            push_metric_value(query, "m", comparison).push(")")
        }
        RunPredicate::Param { key, comparison } => {
            push_keyed(tx, query, "params p WHERE p.run_id = r.id", "p", key, comparison)
        }
        RunPredicate::Tag { key, comparison } => {
            push_keyed(tx, query, "tags t WHERE t.run_id = r.id", "t", key, comparison)
        }
        RunPredicate::Dataset { field, comparison } => push_dataset(tx, query, *field, comparison),
    };
}

fn push_dataset<'q>(tx: &Tx, query: &'q mut Query, field: DatasetField, comparison: &TextComparison) -> &'q mut Query {
    query.push("EXISTS (SELECT 1 FROM run_dataset_inputs i JOIN datasets d ON d.id = i.dataset_id");
    let column = match field {
        DatasetField::Name => "d.name",
        DatasetField::Digest => "d.digest",
        DatasetField::Context => {
            query.push(" JOIN run_dataset_input_tags c ON c.input_id = i.id AND c.key = 'mlflow.data.context'");
            "c.value"
        }
    };
    query.push(" WHERE i.run_id = r.id AND ");
    push_text(tx, query, column, comparison).push(")")
}

pub fn text_column(attribute: RunTextAttribute) -> &'static str {
    match attribute {
        RunTextAttribute::RunId => "r.run_uuid",
        RunTextAttribute::RunName => "r.name",
        RunTextAttribute::Status => "r.status",
        RunTextAttribute::ArtifactUri => "r.artifact_uri",
        RunTextAttribute::UserId => "r.user_id",
    }
}

pub fn time_column(attribute: RunTimeAttribute) -> &'static str {
    match attribute {
        RunTimeAttribute::StartTime => "r.start_time",
        RunTimeAttribute::EndTime => "r.end_time",
    }
}

/// A condition that few runs of the experiments meet, as an index knows them.
pub struct Few<'f> {
    predicate: &'f RunPredicate,
}

impl<'f> Few<'f> {
    /// The condition that the fewest runs meet, if they are few.
    pub fn find(tx: &Tx, experiment_ids: &[i64], predicates: &'f [RunPredicate]) -> Result<Option<Self>> {
        let (mut best, mut fewest) = (None, FEW);
        for predicate in predicates {
            let mut count = Query::new("SELECT COUNT(*) FROM (SELECT 1 AS one");
            if !push_indexed(&mut count, predicate, experiment_ids, false) {
                continue;
            }
            count.push(" LIMIT ").bind(fewest as i64 + 1).push(") few");
            let met = count.run(tx, |row| row.get::<i64>(0))?;
            let met = met.first().map_or(0, |&met| met as usize);
            if met <= fewest {
                (best, fewest) = (Some(predicate), met);
            }
        }
        Ok(best.map(|predicate| Self { predicate }))
    }

    /// Whether it lags behind for runs that are not ranked yet.
    pub fn is_ranked(&self) -> bool {
        matches!(self.predicate, RunPredicate::Metric { .. })
    }

    /// Writes the test that a run is among them.
    pub fn push(&self, query: &mut Query, experiment_ids: &[i64]) {
        query.push("r.id IN (SELECT x.run_id");
        push_indexed(query, self.predicate, experiment_ids, true);
        query.push(")");
    }
}

/// Writes ` FROM .. WHERE ..` of a condition that an index answers, over rows `x`. False for all others.
fn push_indexed(query: &mut Query, predicate: &RunPredicate, experiment_ids: &[i64], exact: bool) -> bool {
    let (table, key, value) = match predicate {
        RunPredicate::Metric { key, comparison } if comparison.operator != NumberOperator::NotEqual => {
            query.push(" FROM latest_metrics x WHERE ");
            push_one_or_many(query, "x.experiment_id", experiment_ids);
            query.push(" AND x.key = ").bind(key.clone());
            let symbol = comparison.operator.symbol();
            query
                .push(&format!(" AND x.ranked_nan = 0 AND x.ranked_value {symbol} "))
                .bind(comparison.value);
            return true;
        }
        RunPredicate::Param {
            key,
            comparison: TextComparison::Equal(value),
        } => ("params", key, value),
        RunPredicate::Tag {
            key,
            comparison: TextComparison::Equal(value),
        } => ("tags", key, value),
        _ => return false,
    };
    query.push(&format!(" FROM {table} x WHERE "));
    push_one_or_many(query, "x.experiment_id", experiment_ids);
    query.push(" AND x.key = ").bind(key.clone());
    query.push(" AND substr(x.value, 1, 64) = ").bind(indexed(value));
    if exact {
        query.push(" AND x.value = ").bind(value.clone());
    }
    true
}

/// The part of a value that an index holds.
pub fn indexed(value: &str) -> String {
    value.chars().take(INDEXED_CHARACTERS).collect()
}

/// An equality where one is meant, so that an index can also give the order.
pub fn push_one_or_many<T: Copy + Into<fettle_db::Param<'static>>>(query: &mut Query, column: &str, values: &[T]) {
    match values {
        [value] => query.push(&format!("{column} = ")).bind(*value),
        values => query.push(&format!("{column} IN ")).bind_list(values.iter().copied()),
    };
}

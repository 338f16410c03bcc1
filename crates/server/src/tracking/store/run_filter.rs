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
/// The same if several conditions have an index, through which most of these runs drop out.
const FEW_OF_SEVERAL: usize = 16_000;

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

/// Conditions that few runs of the experiments meet, as indexes know them.
pub struct Few<'f> {
    /// The one that the fewest runs meet, and the others that an index answers.
    predicate: &'f RunPredicate,
    others: Vec<&'f RunPredicate>,
}

impl<'f> Few<'f> {
    /// If so few runs meet the conditions that looking at them costs less than going through all in their order until
    /// a page of `limit` is full.
    pub fn find(tx: &Tx, experiment_ids: &[i64], predicates: &'f [RunPredicate], limit: usize) -> Result<Option<Self>> {
        let indexed: Vec<&RunPredicate> = predicates.iter().filter(|predicate| is_indexed(predicate)).collect();
        let most = if indexed.len() > 1 { FEW_OF_SEVERAL } else { FEW };
        let mut met = Vec::new();
        for predicate in &indexed {
            let mut count = Query::new("SELECT COUNT(*) FROM (SELECT 1 AS one");
            push_indexed(&mut count, predicate, experiment_ids, false);
            count.push(" LIMIT ").bind(most as i64 + 1).push(") few");
            let found = count.run(tx, |row| row.get::<i64>(0))?;
            met.push(found.first().map_or(0, |&met| met as usize));
            if met.last() <= Some(&FEW) {
                break;
            }
        }
        let Some((best, &fewest)) = met.iter().enumerate().min_by_key(|&(_, met)| met) else {
            return Ok(None);
        };
        if fewest > most || (fewest > FEW && fewest as f64 > cost_in_order(tx, &met, limit)?) {
            return Ok(None);
        }
        let mut others = indexed;
        Ok(Some(Self {
            predicate: others.remove(best),
            others,
        }))
    }

    /// Whether it lags behind for runs that are not ranked yet.
    pub fn is_ranked(&self) -> bool {
        matches!(self.predicate, RunPredicate::Metric { .. })
    }

    /// Whether [`Few::push`] has tested it already, to the last character.
    pub fn has_tested(&self, predicate: &RunPredicate) -> bool {
        std::ptr::eq(self.predicate, predicate)
            || self.others.iter().any(|other| std::ptr::eq(*other, predicate)) && is_short(predicate)
    }

    /// Writes the test that a run is among them.
    pub fn push(&self, tx: &Tx, query: &mut Query, experiment_ids: &[i64]) {
        query.push("r.id IN (SELECT x.run_id");
        push_indexed(query, self.predicate, experiment_ids, true);
        for other in &self.others {
            let Some((table, index, key, value)) = indexed_text(other) else {
                continue;
            };
            // Rows of one value stand in the order of their runs, so that these look-ups go through it once. Left to
            // itself SQLite would look each run up in the table.
            query.push(&format!(
                " AND EXISTS (SELECT 1 FROM {table} y{} WHERE y.experiment_id = x.experiment_id AND y.key = ",
                tx.by_index(index)
            ));
            query.bind(key.to_owned()).push(" AND y.value_start = ");
            query
                .bind(beginning(value).to_owned())
                .push(" AND y.run_id = x.run_id)");
        }
        query.push(")");
    }
}

/// Runs that are looked at in their order until a page is full, if the conditions have nothing to do with each other.
fn cost_in_order(tx: &Tx, met: &[usize], limit: usize) -> Result<f64> {
    // There are as many runs at most.
    let newest: Option<i64> = tx.query_one("SELECT MAX(id) FROM runs", &[], |row| row.get(0))?;
    let runs = newest.unwrap_or_default().max(1) as f64;
    let shares = met.iter().map(|&met| (met as f64 / runs).min(1.0));
    Ok(limit as f64 / shares.product::<f64>())
}

fn is_indexed(predicate: &RunPredicate) -> bool {
    match predicate {
        RunPredicate::Metric { comparison, .. } => comparison.operator != NumberOperator::NotEqual,
        other => indexed_text(other).is_some(),
    }
}

/// The table and the index over its values, the key and the value of an equality.
fn indexed_text(predicate: &RunPredicate) -> Option<(&'static str, &'static str, &str, &str)> {
    match predicate {
        RunPredicate::Param {
            key,
            comparison: TextComparison::Equal(value),
        } => Some(("params", "params_by_value", key, value)),
        RunPredicate::Tag {
            key,
            comparison: TextComparison::Equal(value),
        } => Some(("tags", "tags_by_value", key, value)),
        _ => None,
    }
}

/// Whether the index holds the whole value.
fn is_short(predicate: &RunPredicate) -> bool {
    indexed_text(predicate).is_some_and(|(_, _, _, value)| value.chars().nth(INDEXED_CHARACTERS - 1).is_none())
}

/// Writes ` FROM .. WHERE ..` of a condition that an index answers, over rows `x`.
fn push_indexed(query: &mut Query, predicate: &RunPredicate, experiment_ids: &[i64], exact: bool) {
    if let RunPredicate::Metric { key, comparison } = predicate {
        query.push(" FROM latest_metrics x WHERE ");
        push_one_or_many(query, "x.experiment_id", experiment_ids);
        query.push(" AND x.key = ").bind(key.clone());
        let symbol = comparison.operator.symbol();
        query
            .push(&format!(" AND x.ranked_nan = 0 AND x.ranked_value {symbol} "))
            .bind(comparison.value);
    } else if let Some((table, _, key, value)) = indexed_text(predicate) {
        query.push(&format!(" FROM {table} x WHERE "));
        push_one_or_many(query, "x.experiment_id", experiment_ids);
        query.push(" AND x.key = ").bind(key.to_owned());
        query.push(" AND x.value_start = ").bind(beginning(value).to_owned());
        // Looks at the row, which is not needed where the index holds the whole value.
        if exact && !is_short(predicate) {
            query.push(" AND x.value = ").bind(value.to_owned());
        }
    }
}

/// The part of a value that an index holds.
pub fn beginning(value: &str) -> &str {
    let end = value.char_indices().nth(INDEXED_CHARACTERS);
    end.map_or(value, |(end, _)| &value[..end])
}

/// An equality where one is meant, so that an index can also give the order.
pub fn push_one_or_many<T: Copy + Into<fettle_db::Param<'static>>>(query: &mut Query, column: &str, values: &[T]) {
    match values {
        [value] => query.push(&format!("{column} = ")).bind(*value),
        values => query.push(&format!("{column} IN ")).bind_list(values.iter().copied()),
    };
}

//! Searching runs: a tree to a statement.

use super::runs::{COLUMNS, Run};
use crate::{
    error::Result,
    search_sql::{direction, push_keyed, push_metric_value, push_number, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    Filter, Order, TextComparison,
    runs::{DatasetField, RunOrderKey, RunPredicate, RunTextAttribute, RunTimeAttribute},
};

pub struct RunSearch {
    pub workspace_id: i64,
    pub experiment_ids: Vec<i64>,
    pub stages: &'static [&'static str],
    pub filter: Filter<RunPredicate>,
    pub order: Vec<Order<RunOrderKey>>,
    pub limit: usize,
    pub offset: u64,
}

impl RunSearch {
    pub fn run(&self, tx: &Tx) -> Result<Vec<Run>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::new("SELECT ");
        query.push(COLUMNS).push(" FROM runs r");
        self.push_order_joins(&mut query);
        query.push(" WHERE r.workspace_id = ").bind(self.workspace_id);
        push_one_or_many(&mut query, "r.experiment_id", &self.experiment_ids);
        push_one_or_many(&mut query, "r.lifecycle_stage", self.stages);
        for predicate in self.filter.predicates() {
            query.push(" AND ");
            push_predicate(tx, &mut query, predicate);
        }
        self.push_order(&mut query);
        query
            .push(" LIMIT ")
            .bind(self.limit as i64)
            .push(" OFFSET ")
            .bind(self.offset as i64);
        Ok(query.run(tx, Run::read)?)
    }

    /// Each sort key that is no column of its own joins its one row per run.
    fn push_order_joins(&self, query: &mut Query) {
        for (index, by) in self.order.iter().enumerate() {
            let (table, key) = match &by.key {
                RunOrderKey::Metric(key) => ("latest_metrics", key),
                RunOrderKey::Param(key) => ("params", key),
                RunOrderKey::Tag(key) => ("tags", key),
                RunOrderKey::Text(_) | RunOrderKey::Time(_) => continue,
            };
            query
                .push(&format!(
                    " LEFT JOIN {table} o{index} ON o{index}.run_id = r.id AND o{index}.key = "
                ))
                .bind(key.clone());
        }
    }

    /// Values first, then NaN, then missing, in both directions; ties by start, newest first, then by id.
    fn push_order(&self, query: &mut Query) {
        query.push(" ORDER BY ");
        for (index, by) in self.order.iter().enumerate() {
            let direction = direction(by.direction);
            match &by.key {
                RunOrderKey::Text(attribute) => query.push(&format!("{}{direction}, ", text_column(*attribute))),
                RunOrderKey::Time(RunTimeAttribute::StartTime) => query.push(&format!("r.start_time{direction}, ")),
                RunOrderKey::Time(RunTimeAttribute::EndTime) => query.push(&format!(
                    "CASE WHEN r.end_time IS NULL THEN 1 ELSE 0 END, r.end_time{direction}, "
                )),
                RunOrderKey::Metric(_) => query.push(&format!(
                    "CASE WHEN o{index}.is_nan IS NULL THEN 2 ELSE o{index}.is_nan END, o{index}.value{direction}, "
                )),
                RunOrderKey::Param(_) | RunOrderKey::Tag(_) => query.push(&format!(
                    "CASE WHEN o{index}.value IS NULL THEN 1 ELSE 0 END, o{index}.value{direction}, "
                )),
            };
        }
        query.push("r.start_time DESC, r.run_uuid ASC");
    }
}

/// An equality where one value is meant, so that an index can also give the order.
fn push_one_or_many<T: Copy + Into<fettle_db::Param<'static>>>(query: &mut Query, column: &str, values: &[T]) {
    match values {
        [value] => query.push(&format!(" AND {column} = ")).bind(*value),
        values => query
            .push(&format!(" AND {column} IN "))
            .bind_list(values.iter().copied()),
    };
}

fn push_predicate(tx: &Tx, query: &mut Query, predicate: &RunPredicate) {
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

fn text_column(attribute: RunTextAttribute) -> &'static str {
    match attribute {
        RunTextAttribute::RunId => "r.run_uuid",
        RunTextAttribute::RunName => "r.name",
        RunTextAttribute::Status => "r.status",
        RunTextAttribute::ArtifactUri => "r.artifact_uri",
        RunTextAttribute::UserId => "r.user_id",
    }
}

fn time_column(attribute: RunTimeAttribute) -> &'static str {
    match attribute {
        RunTimeAttribute::StartTime => "r.start_time",
        RunTimeAttribute::EndTime => "r.end_time",
    }
}

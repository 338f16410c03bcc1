//! `datasets/search` as SQL.

use super::datasets::{COLUMNS, Dataset};
use crate::{
    error::Result,
    search_sql::{direction, push_keyed, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    Filter, Order,
    evaluation_datasets::{
        EvaluationDatasetOrderKey, EvaluationDatasetPredicate, EvaluationDatasetText, EvaluationDatasetTime,
    },
};

#[derive(Debug)]
pub struct DatasetSearch {
    pub workspace_id: i64,
    /// None is every experiment, and datasets without one.
    pub experiments: Option<Vec<i64>>,
    pub filter: Filter<EvaluationDatasetPredicate>,
    pub order: Vec<Order<EvaluationDatasetOrderKey>>,
    pub limit: usize,
    pub offset: u64,
}

impl DatasetSearch {
    pub fn run(&self, tx: &Tx) -> Result<Vec<Dataset>> {
        let mut query = Query::new("SELECT ");
        query
            .push(COLUMNS)
            .push(" FROM evaluation_datasets d WHERE d.workspace_id = ")
            .bind(self.workspace_id);
        if let Some(experiments) = &self.experiments {
            query
                .push(
                    " AND d.id IN (SELECT dataset_key FROM evaluation_dataset_experiments WHERE experiment_id IN_IDS(",
                )
                .bind(experiments.clone())
                .push("))");
        }
        for predicate in self.filter.predicates() {
            query.push(" AND ");
            push_predicate(tx, &mut query, predicate);
        }
        query.push(" ORDER BY ");
        if self.order.is_empty() {
            query.push("d.created_time DESC, ");
        }
        for by in &self.order {
            let column = match by.key {
                EvaluationDatasetOrderKey::Name => "d.name",
                EvaluationDatasetOrderKey::Time(time) => time_column(time),
            };
            query.push(column).push(direction(by.direction)).push(", ");
        }
        query
            .push("d.id DESC LIMIT ")
            .bind(self.limit as i64)
            .push(" OFFSET ")
            .bind(self.offset as i64);
        Ok(query.run(tx, Dataset::read)?)
    }
}

fn push_predicate(tx: &Tx, query: &mut Query, predicate: &EvaluationDatasetPredicate) {
    match predicate {
        EvaluationDatasetPredicate::Text { attribute, comparison } => {
            let column = match attribute {
                EvaluationDatasetText::Name => "d.name",
                EvaluationDatasetText::CreatedBy => "d.created_by",
                EvaluationDatasetText::LastUpdatedBy => "d.last_updated_by",
            };
            push_text(tx, query, column, comparison)
        }
        EvaluationDatasetPredicate::Time { attribute, comparison } => query
            .push(&format!(
                "{} {} ",
                time_column(*attribute),
                comparison.operator.symbol()
            ))
            .bind(comparison.value),
        EvaluationDatasetPredicate::Tag { key, comparison } => {
            let rows = "evaluation_dataset_tags t WHERE t.dataset_key = d.id";
            push_keyed(tx, query, rows, "t", key, comparison)
        }
    };
}

fn time_column(time: EvaluationDatasetTime) -> &'static str {
    match time {
        EvaluationDatasetTime::Created => "d.created_time",
        EvaluationDatasetTime::LastUpdate => "d.last_update_time",
    }
}

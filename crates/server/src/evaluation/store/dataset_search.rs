//! `datasets/search` as SQL.

use super::datasets::{COLUMN_COUNT, COLUMNS, Dataset};
use crate::{
    error::Result,
    keyset::{Found, Kind, Page, Term, newest_first},
    search_sql::{push_keyed, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    Direction, Filter, Order,
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
    pub page: Page,
}

/// The terms of an order; without one the newest comes first.
pub fn terms(order: &[Order<EvaluationDatasetOrderKey>]) -> Vec<Term> {
    if order.is_empty() {
        return newest_first("d.created_time", "d.id");
    }
    let terms = order.iter().map(|by| match by.key {
        EvaluationDatasetOrderKey::Name => Term::new("d.name", Kind::Text, by.direction),
        EvaluationDatasetOrderKey::Time(time) => Term::new(time_column(time), Kind::Int, by.direction),
    });
    terms
        .chain([Term::new("d.id", Kind::Int, Direction::Descending)])
        .collect()
}

impl DatasetSearch {
    pub fn run(&self, tx: &Tx) -> Result<Found<Dataset>> {
        let mut query = self.page.select(COLUMNS);
        query
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
        self.page.run(tx, query, COLUMN_COUNT, Dataset::read)
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

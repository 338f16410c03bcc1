//! Searching logged models: a tree to a statement.

use super::models::{COLUMN_COUNT, COLUMNS, Model};
use crate::{
    error::Result,
    keyset::{self, Key, Kind, Start, Term},
    search_sql::{push_keyed, push_metric_value, push_number, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    Direction, Filter, Order,
    logged_models::{LoggedModelOrderKey, LoggedModelPredicate, LoggedModelTextAttribute, LoggedModelTimeAttribute},
};

pub struct ModelSearch {
    pub workspace_id: i64,
    pub experiment_ids: Vec<i64>,
    pub filter: Filter<LoggedModelPredicate>,
    /// Narrow which points count: a dataset's name and perhaps its digest.
    pub datasets: Vec<(String, Option<String>)>,
    pub order: Vec<Order<LoggedModelOrderKey>>,
    pub terms: Vec<Term>,
    pub start: Start,
    pub limit: usize,
}

/// The terms of an order. Models without a value come last in both directions; ties by creation, newest first, then by
/// id.
pub fn terms(order: &[Order<LoggedModelOrderKey>]) -> Vec<Term> {
    let last = [
        Term::new("m.creation_timestamp", Kind::Int, Direction::Descending),
        Term::new("m.model_id", Kind::Text, Direction::Ascending),
    ];
    let terms = order.iter().enumerate().map(|(index, by)| match &by.key {
        LoggedModelOrderKey::Text(attribute) => {
            let term = Term::new(text_column(*attribute), Kind::Text, by.direction);
            if *attribute == LoggedModelTextAttribute::StatusMessage {
                term.optional()
            } else {
                term
            }
        }
        LoggedModelOrderKey::Time(attribute) => Term::new(time_column(*attribute), Kind::Int, by.direction),
        LoggedModelOrderKey::Metric { .. } => {
            Term::new(format!("m.order_{index}"), Kind::Real, by.direction).optional()
        }
    });
    terms.chain(last).collect()
}

impl ModelSearch {
    /// A page of models with their keys.
    pub fn run(&self, tx: &Tx) -> Result<Vec<(Model, Vec<Key>)>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = Query::new("SELECT ");
        query.push(COLUMNS);
        keyset::push_columns(&mut query, &self.terms);
        query.push(" FROM (SELECT m.*");
        self.push_order_values(&mut query);
        query
            .push(" FROM logged_models m WHERE m.workspace_id = ")
            .bind(self.workspace_id);
        query.push(" AND m.lifecycle_stage = 'active' AND m.experiment_id ");
        match self.experiment_ids.as_slice() {
            // An index over creation then gives the order.
            [experiment_id] => query.push("= ").bind(*experiment_id),
            ids => query.push("IN_IDS(").bind(ids.to_vec()).push(")"),
        };
        self.push_filter(tx, &mut query);
        query.push(") m WHERE 1 = 1");
        keyset::push_page(&mut query, &self.terms, &self.start, self.limit);
        Ok(query.run(tx, |row| {
            Ok((Model::read(row)?, keyset::keys(&self.terms, row, COLUMN_COUNT)?))
        })?)
    }

    /// The latest value of each metric that orders, as a column of its own: one look-up a model.
    fn push_order_values(&self, query: &mut Query) {
        for (index, by) in self.order.iter().enumerate() {
            let LoggedModelOrderKey::Metric {
                key,
                dataset_name,
                dataset_digest,
            } = &by.key
            else {
                continue;
            };
            query.push(
                ", (SELECT CASE WHEN p.is_nan = 1 THEN NULL ELSE p.value END FROM logged_model_metrics p WHERE p.logged_model_id = m.id AND p.key = ",
            );
            query.bind(key.clone());
            for (column, value) in [("dataset_name", dataset_name), ("dataset_digest", dataset_digest)] {
                if let Some(value) = value {
                    query.push(&format!(" AND p.{column} = ")).bind(value.clone());
                }
            }
            query.push(&format!(
                " ORDER BY p.timestamp DESC, p.step DESC, p.run_id DESC, p.value DESC LIMIT 1) AS order_{index}"
            ));
        }
    }

    fn push_filter(&self, tx: &Tx, query: &mut Query) {
        let mut tests_metrics = false;
        for predicate in self.filter.predicates() {
            query.push(" AND ");
            match predicate {
                LoggedModelPredicate::Text { attribute, comparison } => {
                    push_text(tx, query, text_column(*attribute), comparison);
                }
                LoggedModelPredicate::Time { attribute, comparison } => {
                    push_number(query, time_column(*attribute), comparison);
                }
                LoggedModelPredicate::Metric { key, comparison } => {
                    tests_metrics = true;
                    query
                        .push(
                            "EXISTS (SELECT 1 FROM logged_model_metrics p WHERE p.logged_model_id = m.id AND p.key = ",
                        )
                        .bind(key.clone())
                        .push(" AND ");
                    push_metric_value(query, "p", comparison);
                    self.push_datasets(query);
                    query.push(")");
                }
                LoggedModelPredicate::Param { key, comparison } => {
                    let rows = "logged_model_params a WHERE a.logged_model_id = m.id";
                    push_keyed(tx, query, rows, "a", key, comparison);
                }
                LoggedModelPredicate::Tag { key, comparison } => {
                    let rows = "logged_model_tags t WHERE t.logged_model_id = m.id";
                    push_keyed(tx, query, rows, "t", key, comparison);
                }
            }
        }
        // Datasets without a test of a metric ask for models that have any metric on them.
        if !tests_metrics && !self.datasets.is_empty() {
            query.push(" AND EXISTS (SELECT 1 FROM logged_model_metrics p WHERE p.logged_model_id = m.id");
            self.push_datasets(query);
            query.push(")");
        }
    }

    fn push_datasets(&self, query: &mut Query) {
        for (index, (name, digest)) in self.datasets.iter().enumerate() {
            query.push(if index == 0 { " AND (" } else { " OR " });
            query.push("(p.dataset_name = ").bind(name.clone());
            if let Some(digest) = digest {
                query.push(" AND p.dataset_digest = ").bind(digest.clone());
            }
            query.push(")");
        }
        if !self.datasets.is_empty() {
            query.push(")");
        }
    }
}

fn text_column(attribute: LoggedModelTextAttribute) -> &'static str {
    match attribute {
        LoggedModelTextAttribute::ModelId => "m.model_id",
        LoggedModelTextAttribute::Name => "m.name",
        LoggedModelTextAttribute::ModelType => "m.model_type",
        LoggedModelTextAttribute::SourceRunId => "m.source_run_id",
        LoggedModelTextAttribute::Status => "m.status",
        LoggedModelTextAttribute::StatusMessage => "m.status_message",
        LoggedModelTextAttribute::ExperimentId => "CAST(m.experiment_id AS TEXT)",
        LoggedModelTextAttribute::ArtifactLocation => "m.artifact_location",
        LoggedModelTextAttribute::LifecycleStage => "m.lifecycle_stage",
    }
}

fn time_column(attribute: LoggedModelTimeAttribute) -> &'static str {
    match attribute {
        LoggedModelTimeAttribute::Created => "m.creation_timestamp",
        LoggedModelTimeAttribute::LastUpdated => "m.last_updated_timestamp",
    }
}

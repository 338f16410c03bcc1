//! Searching registered models and versions: trees to statements.
//!
//! Prompts live in the same tables. A search leaves them out unless its filter asks for them by their tag; any other
//! test of that tag means "no prompt", although models do not have it.

use super::{models, models::Model, tags::IS_PROMPT, versions, versions::Version};
use crate::{
    error::Result,
    search_sql::{direction, push_keyed, push_text},
};
use fettle_db::{Query, Tx};
use fettle_search::{
    Direction, Filter, Order, TextComparison,
    model_versions::{ModelVersionOrderKey, ModelVersionPredicate},
    registered_models::{RegisteredModelOrderKey, RegisteredModelPredicate},
};

pub struct ModelSearch {
    pub workspace_id: i64,
    pub filter: Filter<RegisteredModelPredicate>,
    pub order: Vec<Order<RegisteredModelOrderKey>>,
    pub limit: usize,
    pub offset: u64,
}

pub struct VersionSearch {
    pub workspace_id: i64,
    pub filter: Filter<ModelVersionPredicate>,
    pub order: Vec<Order<ModelVersionOrderKey>>,
    pub limit: usize,
    pub offset: u64,
}

const MODEL_IS_NO_PROMPT: &str = " AND NOT EXISTS (SELECT 1 FROM registered_model_tags p WHERE p.registered_model_id = m.id AND p.key = 'mlflow.prompt.is_prompt' AND LOWER(p.value) = 'true')";

const VERSION_IS_NO_PROMPT: &str = " AND NOT EXISTS (SELECT 1 FROM model_version_tags q WHERE q.model_version_id = v.id AND q.key = 'mlflow.prompt.is_prompt' AND LOWER(q.value) = 'true')";

impl ModelSearch {
    pub fn run(&self, tx: &Tx) -> Result<Vec<Model>> {
        let mut query = Query::new("SELECT ");
        query
            .push(models::COLUMNS)
            .push(" FROM registered_models m WHERE m.workspace_id = ")
            .bind(self.workspace_id);
        let wants_prompts = self.filter.predicates().iter().find_map(|predicate| match predicate {
            RegisteredModelPredicate::Tag { key, comparison } => asks_for_prompts(key, comparison),
            RegisteredModelPredicate::Name(_) => None,
        }) == Some(true);
        if !wants_prompts {
            query.push(MODEL_IS_NO_PROMPT);
        }
        for predicate in self.filter.predicates() {
            match predicate {
                RegisteredModelPredicate::Name(comparison) => {
                    query.push(" AND ");
                    push_text(tx, &mut query, "m.name", comparison);
                }
                RegisteredModelPredicate::Tag { key, .. } if key == IS_PROMPT && !wants_prompts => {}
                RegisteredModelPredicate::Tag { key, comparison } => {
                    query.push(" AND ");
                    let rows = "registered_model_tags t WHERE t.registered_model_id = m.id";
                    push_keyed(tx, &mut query, rows, "t", key, comparison);
                }
            }
        }
        query.push(" ORDER BY ");
        for by in &self.order {
            let column = match by.key {
                RegisteredModelOrderKey::Name => "m.name",
                RegisteredModelOrderKey::LastUpdated => "m.last_updated_time",
            };
            query.push(column).push(direction(by.direction)).push(", ");
        }
        query.push("m.name ASC");
        push_page(&mut query, self.limit, self.offset);
        Ok(query.run(tx, Model::read)?)
    }
}

impl VersionSearch {
    pub fn run(&self, tx: &Tx) -> Result<Vec<Version>> {
        let mut query = Query::new("SELECT ");
        query
            .push(versions::COLUMNS)
            .push(" FROM model_versions v JOIN registered_models m ON m.id = v.registered_model_id WHERE v.workspace_id = ")
            .bind(self.workspace_id);
        let wants_prompts = self.filter.predicates().iter().find_map(|predicate| match predicate {
            ModelVersionPredicate::Tag { key, comparison } => asks_for_prompts(key, comparison),
            _ => None,
        }) == Some(true);
        if !wants_prompts {
            query.push(MODEL_IS_NO_PROMPT).push(VERSION_IS_NO_PROMPT);
        }
        for predicate in self.filter.predicates() {
            if matches!(predicate, ModelVersionPredicate::Tag { key, .. } if key == IS_PROMPT && !wants_prompts) {
                continue;
            }
            query.push(" AND ");
            push_version_predicate(tx, &mut query, predicate);
        }
        self.push_order(&mut query);
        push_page(&mut query, self.limit, self.offset);
        Ok(query.run(tx, Version::read)?)
    }

    fn push_order(&self, query: &mut Query) {
        query.push(" ORDER BY ");
        let newest_first = [Order {
            key: ModelVersionOrderKey::LastUpdated,
            direction: Direction::Descending,
        }];
        let order = if self.order.is_empty() {
            &newest_first
        } else {
            self.order.as_slice()
        };
        for by in order {
            let column = match by.key {
                ModelVersionOrderKey::Name => "m.name",
                ModelVersionOrderKey::Version => "v.version",
                ModelVersionOrderKey::Created => "v.creation_time",
                ModelVersionOrderKey::LastUpdated => "v.last_updated_time",
            };
            query.push(column).push(direction(by.direction)).push(", ");
        }
        query.push("m.name ASC, v.version DESC");
    }
}

fn push_version_predicate(tx: &Tx, query: &mut Query, predicate: &ModelVersionPredicate) {
    match predicate {
        ModelVersionPredicate::Name(comparison) => push_text(tx, query, "m.name", comparison),
        ModelVersionPredicate::RunId(comparison) => push_text(tx, query, "v.run_uuid", comparison),
        ModelVersionPredicate::SourcePath(comparison) => push_text(tx, query, "v.source", comparison),
        ModelVersionPredicate::Version(comparison) => query
            .push(&format!("v.version {} ", comparison.operator.symbol()))
            .bind(comparison.value),
        ModelVersionPredicate::Tag { key, comparison } => {
            let rows = "model_version_tags t WHERE t.model_version_id = v.id";
            push_keyed(tx, query, rows, "t", key, comparison)
        }
    };
}

/// Whether a test of a tag asks for prompts; none for another tag.
fn asks_for_prompts(key: &str, comparison: &TextComparison) -> Option<bool> {
    (key == IS_PROMPT).then(|| match comparison {
        TextComparison::Equal(value) => value.eq_ignore_ascii_case("true"),
        TextComparison::NotEqual(value) => value.eq_ignore_ascii_case("false"),
        _ => false,
    })
}

fn push_page(query: &mut Query, limit: usize, offset: u64) {
    query
        .push(" LIMIT ")
        .bind(limit as i64)
        .push(" OFFSET ")
        .bind(offset as i64);
}

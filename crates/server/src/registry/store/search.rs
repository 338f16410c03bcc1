//! Searching registered models and versions: trees to statements.
//!
//! Prompts live in the same tables. A search leaves them out unless its filter asks for them by their tag; any other
//! test of that tag means "no prompt", although models do not have it.

use super::{models, models::Model, tags::IS_PROMPT, versions, versions::Version};
use crate::{
    error::Result,
    keyset::{Found, Kind, Page, Term},
    search_sql::{push_keyed, push_text},
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
    pub page: Page,
}

pub struct VersionSearch {
    pub workspace_id: i64,
    pub filter: Filter<ModelVersionPredicate>,
    pub page: Page,
}

/// The terms of an order over models, ties by name.
pub fn model_terms(order: &[Order<RegisteredModelOrderKey>]) -> Vec<Term> {
    let terms = order.iter().map(|by| match by.key {
        RegisteredModelOrderKey::Name => Term::new("m.name", Kind::Text, by.direction),
        RegisteredModelOrderKey::LastUpdated => Term::new("m.last_updated_time", Kind::Int, by.direction),
    });
    terms
        .chain([Term::new("m.name", Kind::Text, Direction::Ascending)])
        .collect()
}

/// The terms of an order over versions, ties by model and number; without an order the last updated comes first.
pub fn version_terms(order: &[Order<ModelVersionOrderKey>]) -> Vec<Term> {
    let newest_first = [Order {
        key: ModelVersionOrderKey::LastUpdated,
        direction: Direction::Descending,
    }];
    let order = if order.is_empty() { &newest_first } else { order };
    let terms = order.iter().map(|by| match by.key {
        ModelVersionOrderKey::Name => Term::new("m.name", Kind::Text, by.direction),
        ModelVersionOrderKey::Version => Term::new("v.version", Kind::Int, by.direction),
        ModelVersionOrderKey::Created => Term::new("v.creation_time", Kind::Int, by.direction),
        ModelVersionOrderKey::LastUpdated => Term::new("v.last_updated_time", Kind::Int, by.direction),
    });
    let last = [
        Term::new("m.name", Kind::Text, Direction::Ascending),
        Term::new("v.version", Kind::Int, Direction::Descending),
    ];
    terms.chain(last).collect()
}

const MODEL_IS_NO_PROMPT: &str = " AND NOT EXISTS (SELECT 1 FROM registered_model_tags p WHERE p.registered_model_id = m.id AND p.key = 'mlflow.prompt.is_prompt' AND LOWER(p.value) = 'true')";

const VERSION_IS_NO_PROMPT: &str = " AND NOT EXISTS (SELECT 1 FROM model_version_tags q WHERE q.model_version_id = v.id AND q.key = 'mlflow.prompt.is_prompt' AND LOWER(q.value) = 'true')";

impl ModelSearch {
    pub fn run(&self, tx: &Tx) -> Result<Found<Model>> {
        let mut query = self.page.select(models::COLUMNS);
        query
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
        self.page.run(tx, query, 5, Model::read)
    }
}

impl VersionSearch {
    pub fn run(&self, tx: &Tx) -> Result<Found<Version>> {
        let mut query = self.page.select(versions::COLUMNS);
        query.push(" FROM model_versions v JOIN registered_models m ON m.id = v.registered_model_id WHERE ");
        self.push_beginning(&mut query);
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
        self.page.run(tx, query, 16, Version::read)
    }

    /// The versions of one model are found through it, and those of all along the order: given both ways, SQLite takes the
    /// second.
    fn push_beginning(&self, query: &mut Query) {
        let name = self.filter.predicates().iter().find_map(|predicate| match predicate {
            ModelVersionPredicate::Name(TextComparison::Equal(name)) => Some(name),
            _ => None,
        });
        match name {
            Some(name) => query
                .push("v.registered_model_id = (SELECT id FROM registered_models WHERE workspace_id = ")
                .bind(self.workspace_id)
                .push(" AND name = ")
                .bind(name.clone())
                .push(")"),
            None => query.push("v.workspace_id = ").bind(self.workspace_id),
        };
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

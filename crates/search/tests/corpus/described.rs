//! Our predicates in the shape MLflow's parser reports its own: entity, key, comparator, value.

use std::fmt::Display;

use fettle_search::experiments::{ExperimentIdComparison, ExperimentPredicate};
use fettle_search::logged_models::LoggedModelPredicate;
use fettle_search::model_versions::ModelVersionPredicate;
use fettle_search::registered_models::RegisteredModelPredicate;
use fettle_search::runs::{RunOrderKey, RunPredicate};
use fettle_search::traces::{AssessmentComparison, SpanField, TraceOrderKey, TracePredicate};
use fettle_search::{Number, NumberComparison, Order, TextComparison};

#[derive(Debug, Clone)]
pub(crate) struct Clause {
    entity: String,
    key: String,
    comparator: String,
    value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    None,
    Text(String),
    Number(f64),
    List(Vec<String>),
}

impl Clause {
    pub(crate) fn new(entity: &str, key: &str, comparator: &str, value: Value) -> Self {
        // MLflow resolves these aliases only in its stores, and calls entities by two names.
        let entity = entity.strip_suffix('s').unwrap_or(entity).replace("parameter", "param");
        let key = match (entity.as_str(), key) {
            ("attribute", "created" | "Created") => "start_time",
            ("attribute", "run name" | "Run name" | "Run Name") => "run_name",
            ("attribute", "creation_timestamp_ms" | "creation_time_ms") => "creation_timestamp",
            ("attribute", "last_updated_timestamp_ms" | "timestamp") => "last_updated_timestamp",
            (_, key) => key,
        };
        Self {
            entity,
            key: key.to_owned(),
            comparator: comparator.to_owned(),
            value,
        }
    }
}

impl PartialEq for Clause {
    fn eq(&self, other: &Self) -> bool {
        self.entity == other.entity
            && self.key == other.key
            && self.comparator == other.comparator
            && self.value == other.value
    }
}

/// MLflow reports some numbers as written, so a number equals its text.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::None, Self::None) => true,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Number(number), Self::Text(text)) | (Self::Text(text), Self::Number(number)) => {
                text.trim().parse() == Ok(*number)
            }
            _ => false,
        }
    }
}

pub(crate) fn run(predicate: &RunPredicate) -> Clause {
    match predicate {
        RunPredicate::Text { attribute, comparison } => text("attribute", attribute.name(), comparison),
        RunPredicate::Time { attribute, comparison } => number("attribute", attribute.name(), comparison),
        RunPredicate::Metric { key, comparison } => number("metric", key, comparison),
        RunPredicate::Param { key, comparison } => text("param", key, comparison),
        RunPredicate::Tag { key, comparison } => text("tag", key, comparison),
        RunPredicate::Dataset { field, comparison } => text("dataset", field.name(), comparison),
    }
}

pub(crate) fn experiment(predicate: &ExperimentPredicate) -> Clause {
    match predicate {
        ExperimentPredicate::Id(comparison) => {
            let list = |ids: &[i64]| Value::List(ids.iter().map(ToString::to_string).collect());
            let (comparator, value) = match comparison {
                ExperimentIdComparison::Equal(id) => ("=", Value::Text(id.to_string())),
                ExperimentIdComparison::NotEqual(id) => ("!=", Value::Text(id.to_string())),
                ExperimentIdComparison::In(ids) => ("IN", list(ids)),
                ExperimentIdComparison::NotIn(ids) => ("NOT IN", list(ids)),
            };
            Clause::new("attribute", "experiment_id", comparator, value)
        }
        ExperimentPredicate::Name(comparison) => text("attribute", "name", comparison),
        ExperimentPredicate::Time { attribute, comparison } => number("attribute", attribute.name(), comparison),
        ExperimentPredicate::Tag { key, comparison } => text("tag", key, comparison),
    }
}

pub(crate) fn registered_model(predicate: &RegisteredModelPredicate) -> Clause {
    match predicate {
        RegisteredModelPredicate::Name(comparison) => text("attribute", "name", comparison),
        RegisteredModelPredicate::Tag { key, comparison } => text("tag", key, comparison),
    }
}

pub(crate) fn model_version(predicate: &ModelVersionPredicate) -> Clause {
    match predicate {
        ModelVersionPredicate::Name(comparison) => text("attribute", "name", comparison),
        ModelVersionPredicate::RunId(comparison) => text("attribute", "run_id", comparison),
        ModelVersionPredicate::SourcePath(comparison) => text("attribute", "source_path", comparison),
        ModelVersionPredicate::Version(comparison) => number("attribute", "version_number", comparison),
        ModelVersionPredicate::Tag { key, comparison } => text("tag", key, comparison),
    }
}

pub(crate) fn logged_model(predicate: &LoggedModelPredicate) -> Clause {
    match predicate {
        LoggedModelPredicate::Text { attribute, comparison } => text("attribute", attribute.name(), comparison),
        LoggedModelPredicate::Time { attribute, comparison } => number("attribute", attribute.name(), comparison),
        LoggedModelPredicate::Metric { key, comparison } => number("metric", key, comparison),
        LoggedModelPredicate::Param { key, comparison } => text("param", key, comparison),
        LoggedModelPredicate::Tag { key, comparison } => text("tag", key, comparison),
    }
}

pub(crate) fn trace(predicate: &TracePredicate) -> Clause {
    let is = |entity: &str, key: &str, value: &str| Clause::new(entity, key, "=", Value::Text(value.to_owned()));
    match predicate {
        TracePredicate::Text { attribute, comparison } => text("attribute", attribute.name(), comparison),
        TracePredicate::Time { attribute, comparison } => number("attribute", attribute.name(), comparison),
        TracePredicate::Tag { key, comparison } => text("tag", key, comparison),
        TracePredicate::Metadata { key, comparison } => text("request_metadata", key, comparison),
        TracePredicate::Run(run_id) => is("request_metadata", "mlflow.sourceRun", run_id),
        TracePredicate::Prompt { name, version } => is("tag", "mlflow.linkedPrompts", &format!("{name}/{version}")),
        TracePredicate::Span { field, comparison } => match field {
            SpanField::Attribute(key) => text("span", &format!("attributes.{key}"), comparison),
            field => {
                let name = field.to_string();
                text("span", name.strip_prefix("span.").unwrap_or(&name), comparison)
            }
        },
        TracePredicate::Assessment { kind, name, comparison } => match comparison {
            AssessmentComparison::Text(comparison) => text(kind.name(), name, comparison),
            AssessmentComparison::Number(comparison) => number(kind.name(), name, comparison),
        },
        TracePredicate::Issue(id) => is("issue", "id", id),
    }
}

pub(crate) fn trace_order(order: &Order<TraceOrderKey>) -> Clause {
    let (entity, key) = match &order.key {
        TraceOrderKey::Text(attribute) => ("attribute", attribute.name()),
        TraceOrderKey::Time(attribute) => ("attribute", attribute.name()),
        TraceOrderKey::ExperimentId => ("attribute", "experiment_id"),
        TraceOrderKey::Tag(key) => ("tag", key.as_str()),
        TraceOrderKey::Metadata(key) => ("request_metadata", key.as_str()),
    };
    Clause::new(entity, key, &order.direction.to_string(), Value::None)
}

pub(crate) fn run_order(order: &Order<RunOrderKey>) -> Clause {
    let (entity, key) = match &order.key {
        RunOrderKey::Text(attribute) => ("attribute", attribute.name()),
        RunOrderKey::Time(attribute) => ("attribute", attribute.name()),
        RunOrderKey::Metric(key) => ("metric", key.as_str()),
        RunOrderKey::Param(key) => ("param", key.as_str()),
        RunOrderKey::Tag(key) => ("tag", key.as_str()),
    };
    Clause::new(entity, key, &order.direction.to_string(), Value::None)
}

/// For entities that are ordered by attributes only.
pub(crate) fn plain_order<K: Display>(order: &Order<K>) -> Clause {
    Clause::new(
        "attribute",
        &order.key.to_string(),
        &order.direction.to_string(),
        Value::None,
    )
}

fn text(entity: &str, key: &str, comparison: &TextComparison) -> Clause {
    let (comparator, value) = match comparison {
        TextComparison::Equal(value) => ("=", Value::Text(value.clone())),
        TextComparison::NotEqual(value) => ("!=", Value::Text(value.clone())),
        TextComparison::Like(value) => ("LIKE", Value::Text(value.clone())),
        TextComparison::ILike(value) => ("ILIKE", Value::Text(value.clone())),
        TextComparison::RLike(value) => ("RLIKE", Value::Text(value.clone())),
        TextComparison::In(values) => ("IN", Value::List(values.clone())),
        TextComparison::NotIn(values) => ("NOT IN", Value::List(values.clone())),
        TextComparison::IsNull => ("IS NULL", Value::None),
        TextComparison::IsNotNull => ("IS NOT NULL", Value::None),
    };
    Clause::new(entity, key, comparator, value)
}

fn number<T: Copy + ToFloat>(entity: &str, key: &str, comparison: &NumberComparison<T>) -> Clause {
    Clause::new(
        entity,
        key,
        comparison.operator.symbol(),
        Value::Number(comparison.value.to_float()),
    )
}

trait ToFloat {
    fn to_float(self) -> f64;
}

impl ToFloat for f64 {
    fn to_float(self) -> f64 {
        self
    }
}

impl ToFloat for i64 {
    fn to_float(self) -> f64 {
        self as f64
    }
}

impl ToFloat for Number {
    fn to_float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

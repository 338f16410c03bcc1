//! The order of traces in a search, and a trace's place in it, from which the next page starts.

use crate::search_sql::direction;
use fettle_db::{Param, Query, Row};
use fettle_search::{
    Direction, Order,
    traces::{TraceOrderKey, TraceTextAttribute, TraceTimeAttribute},
};
use serde::{Deserialize, Serialize};

/// Where a trace stands: what it is ordered by, and what decides between traces that are equal in that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    order: Vec<Option<Value>>,
    request_time: i64,
    trace_id: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    fn param(&self) -> Param<'static> {
        match self {
            Self::Number(number) => Param::from(*number),
            Self::Text(text) => Param::from(text.clone()),
        }
    }
}

/// A column of the order, with the value it has at a place.
struct Step {
    column: String,
    direction: Direction,
    value: Param<'static>,
}

impl Place {
    /// Reads what [`columns`] names, from the column `first` on.
    pub fn read(row: &Row<'_>, first: usize, order: &[Order<TraceOrderKey>]) -> fettle_db::Result<Self> {
        let value = |(index, by): (usize, &Order<TraceOrderKey>)| {
            Ok(if is_number(&by.key) {
                row.get::<Option<i64>>(first + index)?.map(Value::Number)
            } else {
                row.get::<Option<String>>(first + index)?.map(Value::Text)
            })
        };
        Ok(Self {
            order: order.iter().enumerate().map(value).collect::<fettle_db::Result<_>>()?,
            request_time: row.get(first + order.len())?,
            trace_id: row.get(first + order.len() + 1)?,
        })
    }

    /// Whether it is a place in this order.
    pub fn fits(&self, order: &[Order<TraceOrderKey>]) -> bool {
        let fits = |(value, by): (&Option<Value>, &Order<TraceOrderKey>)| match value {
            None => may_be_null(&by.key),
            Some(value) => matches!(value, Value::Number(_)) == is_number(&by.key),
        };
        self.order.len() == order.len() && self.order.iter().zip(order).all(fits)
    }

    /// The condition that a trace comes later.
    pub fn push(&self, query: &mut Query, order: &[Order<TraceOrderKey>]) {
        let mut equal: Vec<String> = Vec::new();
        let mut ways = Vec::new();
        let mut at_least = String::new();
        for step in self.steps(order) {
            let value = query.param(step.value);
            let (column, later) = (&step.column, later(step.direction));
            if ways.is_empty() {
                // Says what the ways below have in common, for the sake of indexes.
                at_least = format!("{column} {later}= {value} AND ");
            }
            ways.push(format!("({}{column} {later} {value})", equal.concat()));
            equal.push(format!("{column} = {value} AND "));
        }
        query.push(&format!("{at_least}({})", ways.join(" OR ")));
    }

    fn steps(&self, order: &[Order<TraceOrderKey>]) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, (by, value)) in order.iter().zip(&self.order).enumerate() {
            let column = column(index, &by.key);
            if may_be_null(&by.key) {
                steps.push(Step {
                    column: null_last(&column),
                    direction: Direction::Ascending,
                    value: Param::from(value.is_none()),
                });
            }
            if let Some(value) = value {
                steps.push(Step {
                    column,
                    direction: by.direction,
                    value: value.param(),
                });
            }
        }
        let step = |column: &str, direction, value| Step {
            column: column.to_owned(),
            direction,
            value,
        };
        steps.push(step("t.request_time", Direction::Descending, self.request_time.into()));
        steps.push(step("t.trace_id", Direction::Ascending, self.trace_id.clone().into()));
        steps
    }
}

fn later(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => ">",
        Direction::Descending => "<",
    }
}

/// What [`Place::read`] reads, as it follows other columns.
pub fn columns(order: &[Order<TraceOrderKey>]) -> String {
    let columns = order.iter().enumerate().map(|(index, by)| column(index, &by.key));
    let columns = columns.chain(["t.request_time".to_owned(), "t.trace_id".to_owned()]);
    let columns: Vec<String> = [String::new()].into_iter().chain(columns).collect();
    columns.join(", ")
}

/// Whether the order is by tags or metadata, whose values [`push_values`] has to find first.
pub fn has_keys(order: &[Order<TraceOrderKey>]) -> bool {
    order.iter().any(|by| keyed(&by.key).is_some())
}

/// The table and key behind an order by a tag or by metadata.
fn keyed(key: &TraceOrderKey) -> Option<(&'static str, &str)> {
    match key {
        TraceOrderKey::Tag(key) => Some(("trace_tags", key)),
        TraceOrderKey::Metadata(key) => Some(("trace_metadata", key)),
        _ => None,
    }
}

/// The values of tags and metadata as columns of the traces.
pub fn push_values(query: &mut Query, order: &[Order<TraceOrderKey>]) {
    for (index, by) in order.iter().enumerate() {
        if let Some((table, key)) = keyed(&by.key) {
            query
                .push(&format!(
                    ", (SELECT o.value FROM {table} o WHERE o.trace_key = t.id AND o.key = "
                ))
                .bind(key.to_owned())
                .push(&format!(") AS order_{index}"));
        }
    }
}

/// Traces without a value come last in both directions; ties by time, newest first, then by id.
pub fn push(query: &mut Query, order: &[Order<TraceOrderKey>]) {
    query.push(" ORDER BY ");
    for (index, by) in order.iter().enumerate() {
        let column = column(index, &by.key);
        if may_be_null(&by.key) {
            query.push(&format!("{}, ", null_last(&column)));
        }
        query.push(&format!("{column}{}, ", direction(by.direction)));
    }
    query.push("t.request_time DESC, t.trace_id ASC");
}

fn column(index: usize, key: &TraceOrderKey) -> String {
    match key {
        TraceOrderKey::Text(attribute) => text_column(*attribute).to_owned(),
        TraceOrderKey::Time(attribute) => time_column(*attribute).to_owned(),
        TraceOrderKey::ExperimentId => "t.experiment_id".to_owned(),
        TraceOrderKey::Tag(_) | TraceOrderKey::Metadata(_) => format!("t.order_{index}"),
    }
}

fn null_last(column: &str) -> String {
    format!("CASE WHEN {column} IS NULL THEN 1 ELSE 0 END")
}

fn may_be_null(key: &TraceOrderKey) -> bool {
    !matches!(
        key,
        TraceOrderKey::ExperimentId
            | TraceOrderKey::Time(TraceTimeAttribute::Timestamp | TraceTimeAttribute::EndTime)
            | TraceOrderKey::Text(TraceTextAttribute::TraceId | TraceTextAttribute::Status)
    )
}

fn is_number(key: &TraceOrderKey) -> bool {
    matches!(key, TraceOrderKey::ExperimentId | TraceOrderKey::Time(_))
}

pub fn text_column(attribute: TraceTextAttribute) -> &'static str {
    match attribute {
        TraceTextAttribute::TraceId => "t.trace_id",
        TraceTextAttribute::Status => "t.state",
        TraceTextAttribute::ClientRequestId => "t.client_request_id",
    }
}

pub fn time_column(attribute: TraceTimeAttribute) -> &'static str {
    match attribute {
        TraceTimeAttribute::Timestamp => "t.request_time",
        TraceTimeAttribute::ExecutionTime => "t.execution_duration",
        TraceTimeAttribute::EndTime => "(t.request_time + COALESCE(t.execution_duration, 0))",
    }
}

//! Conditions over the values of a row: `amount > 1000 and country in ('NG', 'KP') or score is missing`.
//!
//! A value that is missing, or of another kind than it is compared with, makes a comparison false and never an error: a
//! fallback has to answer.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{parser, rows::Row};

/// A condition, kept with the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    text: String,
    condition: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Literal(Value),
    /// A column by its name, or by its place for rows without names.
    Column(String),
    Not(Box<Node>),
    Negate(Box<Node>),
    IsMissing(Box<Node>),
    Both(Operator, Box<Node>, Box<Node>),
    In(Box<Node>, Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Over,
}

impl Expression {
    pub fn parse(text: &str) -> Result<Self, String> {
        let condition = parser::parse(text).map_err(|why| format!("`{text}` is not a condition: {why}"))?;
        Ok(Self {
            text: text.to_owned(),
            condition,
        })
    }

    pub(super) fn holds(&self, row: &Row) -> bool {
        self.condition.holds(row)
    }
}

impl Node {
    fn holds(&self, row: &Row) -> bool {
        self.value(row) == Some(Value::Bool(true))
    }

    /// None for what is missing or makes no sense.
    fn value(&self, row: &Row) -> Option<Value> {
        let truth = |holds: bool| Some(Value::Bool(holds));
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Column(name) => row.get(name).filter(|value| !value.is_null()).cloned(),
            Self::Not(node) => truth(!node.holds(row)),
            Self::Negate(node) => number(-node.value(row)?.as_f64()?),
            Self::IsMissing(node) => truth(node.value(row).is_none()),
            Self::In(node, list) => {
                let value = node.value(row)?;
                truth(
                    list.iter()
                        .any(|item| item.value(row).is_some_and(|item| same(&value, &item))),
                )
            }
            Self::Both(Operator::And, a, b) => truth(a.holds(row) && b.holds(row)),
            Self::Both(Operator::Or, a, b) => truth(a.holds(row) || b.holds(row)),
            Self::Both(operator, a, b) => operator.apply(&a.value(row)?, &b.value(row)?),
        }
    }
}

impl Operator {
    fn apply(self, a: &Value, b: &Value) -> Option<Value> {
        let order = match (a, b) {
            (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b)),
        };
        let numbers = a.as_f64().zip(b.as_f64());
        let truth = |holds: bool| Some(Value::Bool(holds));
        match self {
            Self::Equal => truth(same(a, b)),
            Self::Unequal => truth(!same(a, b)),
            Self::Less => truth(order?.is_lt()),
            Self::LessOrEqual => truth(order?.is_le()),
            Self::Greater => truth(order?.is_gt()),
            Self::GreaterOrEqual => truth(order?.is_ge()),
            Self::Plus => number(numbers?.0 + numbers?.1),
            Self::Minus => number(numbers?.0 - numbers?.1),
            Self::Times => number(numbers?.0 * numbers?.1),
            Self::Over => number(numbers?.0 / numbers?.1),
            Self::And | Self::Or => None,
        }
    }
}

/// 1 and 1.0 are one number.
fn same(a: &Value, b: &Value) -> bool {
    match a.as_f64().zip(b.as_f64()) {
        Some((a, b)) => a == b,
        None => a == b,
    }
}

fn number(value: f64) -> Option<Value> {
    serde_json::Number::from_f64(value).map(Value::Number)
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Expression {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

//! What a predicate compares its left side with.

use std::fmt;

use crate::quote::{List, Value};

/// A test on text. A missing value passes only [`TextComparison::IsNull`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextComparison {
    Equal(String),
    NotEqual(String),
    /// `%` stands for any text and `_` for any character; case matters.
    Like(String),
    /// As [`TextComparison::Like`], but case does not matter.
    ILike(String),
    /// A regular expression found anywhere in the text.
    RLike(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    IsNull,
    IsNotNull,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberOperator {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

/// A test on a number: `f64` for metrics, `i64` or [`Number`] for times and versions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberComparison<T> {
    pub operator: NumberOperator,
    pub value: T,
}

/// A number compared with a time. MLflow takes fractions for runs, and integers past 64 bits become floats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Integer(i64),
    Float(f64),
}

impl NumberOperator {
    pub const ALL: [Self; 6] = [
        Self::Less,
        Self::LessOrEqual,
        Self::Equal,
        Self::NotEqual,
        Self::GreaterOrEqual,
        Self::Greater,
    ];

    /// The operator as filters and SQL write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">",
        }
    }

    pub(crate) fn from_symbol(symbol: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.symbol() == symbol)
    }
}

impl fmt::Display for TextComparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal(value) => write!(formatter, "= {}", Value(value)),
            Self::NotEqual(value) => write!(formatter, "!= {}", Value(value)),
            Self::Like(pattern) => write!(formatter, "LIKE {}", Value(pattern)),
            Self::ILike(pattern) => write!(formatter, "ILIKE {}", Value(pattern)),
            Self::RLike(pattern) => write!(formatter, "RLIKE {}", Value(pattern)),
            Self::In(values) => write!(formatter, "IN {}", List(values)),
            Self::NotIn(values) => write!(formatter, "NOT IN {}", List(values)),
            Self::IsNull => formatter.write_str("IS NULL"),
            Self::IsNotNull => formatter.write_str("IS NOT NULL"),
        }
    }
}

impl fmt::Display for NumberComparison<f64> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.operator.symbol(), Number::Float(self.value))
    }
}

impl fmt::Display for NumberComparison<i64> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.operator.symbol(), self.value)
    }
}

impl fmt::Display for NumberComparison<Number> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.operator.symbol(), self.value)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(formatter, "{value}"),
            // Filters have no word for infinity; a number beyond the range of floats is the way to write it.
            Self::Float(f64::INFINITY) => formatter.write_str("1e999"),
            Self::Float(f64::NEG_INFINITY) => formatter.write_str("-1e999"),
            Self::Float(value) => write!(formatter, "{value:?}"),
        }
    }
}

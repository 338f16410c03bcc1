//! What answers for an endpoint whose models are switched off: a constant, rules over a row's values, or a deployment
//! that is still trusted.

mod expression;
mod parser;
mod rows;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use expression::Expression;

use crate::error::ScoreError;

const RULES_MAX: usize = 100;

/// Declared in one of three ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// The answer for every row.
    Constant(Value),
    Rules(Rules),
    /// The deployment that answers everything.
    Deployment(String),
}

/// The first rule that holds for a row gives its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub otherwise: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub when: Expression,
    pub answer: Value,
}

impl Fallback {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Rules(_) => "rules",
            Self::Deployment(_) => "deployment",
        }
    }

    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Rules(rules) if rules.rules.len() > RULES_MAX => Err(format!(
                "fallback: at most {RULES_MAX} rules are kept, these are {}",
                rules.rules.len()
            )),
            _ => Ok(()),
        }
    }

    /// What answers a request, in MLflow's shape.
    pub(crate) fn answer(&self, content_type: Option<&str>, body: &Bytes) -> Result<Substitute<'_>, ScoreError> {
        let answer = |of_row: &dyn Fn(&rows::Row) -> Value| {
            let rows = rows::read(content_type, body).map_err(ScoreError::BadRequest)?;
            let predictions: Vec<Value> = rows.iter().map(of_row).collect();
            let body = json!({ "predictions": predictions }).to_string();
            Ok(Substitute::Answer(body.into()))
        };
        match self {
            Self::Deployment(name) => Ok(Substitute::Deployment(name)),
            Self::Constant(value) => answer(&|_| value.clone()),
            Self::Rules(rules) => answer(&|row| rules.answer(row)),
        }
    }
}

/// What answers in the place of the models.
#[derive(Debug, PartialEq)]
pub(crate) enum Substitute<'a> {
    Answer(Bytes),
    Deployment(&'a str),
}

impl Rules {
    fn answer(&self, row: &rows::Row) -> Value {
        let rule = self.rules.iter().find(|rule| rule.when.holds(row));
        rule.map_or(&self.otherwise, |rule| &rule.answer).clone()
    }
}

#[cfg(test)]
mod tests;

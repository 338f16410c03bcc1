//! Searching issues: two attributes, equal or not. Alone among the filters this one takes values without quotes.

use std::fmt;

use crate::clause::{Clause, Operand, Test};
use crate::error::{excerpt, name_set};
use crate::quote::Value;
use crate::{Filter, SearchError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuePredicate {
    pub attribute: IssueAttribute,
    /// `!=` instead of `=`.
    pub negated: bool,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueAttribute {
    Status,
    SourceRunId,
}

pub fn parse_filter(text: &str) -> Result<Filter<IssuePredicate>, SearchError> {
    Filter::parse(text, interpret)
}

fn interpret(clause: &Clause<'_>) -> Result<IssuePredicate, SearchError> {
    let written = clause.identifier.written();
    let attribute = match written.trim_matches(['"', '`']) {
        "status" => IssueAttribute::Status,
        "source_run_id" => IssueAttribute::SourceRunId,
        _ => {
            return Err(SearchError::new(format!(
                "Invalid filter field '{}'. Supported fields: {}",
                excerpt(written),
                name_set(["status", "source_run_id"])
            )));
        }
    };
    let (negated, operand) = match &clause.test {
        Test::Compare { comparator, operand } if comparator == "=" => (false, operand),
        Test::Compare { comparator, operand } if comparator == "!=" => (true, operand),
        test => {
            return Err(SearchError::new(format!(
                "Invalid comparator '{}'. Supported comparators: {}",
                excerpt(test.comparator()),
                name_set(["=", "!="])
            )));
        }
    };
    let value = match operand {
        Operand::Quoted(value) | Operand::Number(value) | Operand::Bare(value) => value.trim().to_owned(),
        Operand::List => {
            return Err(SearchError::new(format!(
                "Expected one value for '{}'",
                attribute.name()
            )));
        }
    };
    Ok(IssuePredicate {
        attribute,
        negated,
        value,
    })
}

impl IssueAttribute {
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::SourceRunId => "source_run_id",
        }
    }
}

impl fmt::Display for IssuePredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparator = if self.negated { "!=" } else { "=" };
        write!(
            formatter,
            "{} {comparator} {}",
            self.attribute.name(),
            Value(&self.value)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_may_stand_with_or_without_quotes() {
        for text in ["status = 'resolved'", "status = \"resolved\"", "status = resolved"] {
            let filter = parse_filter(text).expect(text);
            assert_eq!(filter.predicates()[0].to_string(), "status = 'resolved'", "{text}");
        }
        let filter = parse_filter("source_run_id != 'r' AND status = 5").expect("two clauses");
        assert_eq!(filter.predicates().len(), 2);
    }

    #[test]
    fn what_mlflow_refuses_is_refused_in_its_words() {
        for (text, part) in [
            ("name = 'n'", "Invalid filter field 'name'"),
            ("attributes.status = 'a'", "Invalid filter field 'attributes.status'"),
            ("status LIKE 'r%'", "Invalid comparator 'LIKE'"),
            ("status IN ('a')", "Invalid comparator 'IN'"),
            ("status = 'a' OR status = 'b'", "Invalid clause(s)"),
            ("nonsense", "Invalid clause(s)"),
        ] {
            let error = parse_filter(text).expect_err(text);
            assert!(error.message().contains(part), "{text}: {error}");
        }
    }
}

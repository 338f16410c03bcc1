//! A whole filter of one entity.

use std::fmt;

use crate::SearchError;
use crate::clause::Clause;
use crate::grammar::parse_clauses;

/// Predicates that must all hold. An empty filter lets everything pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter<P> {
    predicates: Vec<P>,
}

impl<P> Filter<P> {
    /// Parses `text`, turning each clause into the entity's predicate with `interpret`.
    pub(crate) fn parse(
        text: &str,
        interpret: impl Fn(&Clause<'_>) -> Result<P, SearchError>,
    ) -> Result<Self, SearchError> {
        let predicates = parse_clauses(text)?.iter().map(interpret).collect::<Result<_, _>>()?;
        Ok(Self { predicates })
    }

    /// The predicates in the order they were written.
    pub fn predicates(&self) -> &[P] {
        &self.predicates
    }
}

impl<P> Default for Filter<P> {
    fn default() -> Self {
        Self { predicates: Vec::new() }
    }
}

impl<P> From<Vec<P>> for Filter<P> {
    fn from(predicates: Vec<P>) -> Self {
        Self { predicates }
    }
}

/// Canonical filter text, which parses to the same filter.
impl<P: fmt::Display> fmt::Display for Filter<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, predicate) in self.predicates.iter().enumerate() {
            let separator = if index == 0 { "" } else { " AND " };
            write!(formatter, "{separator}{predicate}")?;
        }
        Ok(())
    }
}

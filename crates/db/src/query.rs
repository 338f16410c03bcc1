//! A statement whose shape depends on the request: text and its parameters, grown together.

use crate::{Param, Result, Row, Sql, Tx};

/// SQL under construction. Values go in through [`Query::bind`] only.
#[derive(Debug, Clone, Default)]
pub struct Query {
    text: String,
    params: Vec<Param<'static>>,
}

impl Query {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
        }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a value and writes its placeholder.
    pub fn bind(&mut self, value: impl Into<Param<'static>>) -> &mut Self {
        let placeholder = self.param(value);
        self.push(&placeholder)
    }

    /// Adds a value and returns its placeholder, for a value that is written more than once.
    pub fn param(&mut self, value: impl Into<Param<'static>>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    /// Writes `values` as a list for `IN`.
    pub fn bind_list<T: Into<Param<'static>>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        self.push("(");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.bind(value);
        }
        self.push(")")
    }

    pub fn run<T>(&self, tx: &Tx, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        tx.query(Sql::from(&self.text), &self.params, read)
    }

    /// Gives each row to `visit`.
    pub fn for_each<E: From<crate::Error>>(
        &self,
        tx: &Tx,
        visit: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        tx.for_each(Sql::from(&self.text), &self.params, visit)
    }
}

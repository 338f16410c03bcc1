//! The one error of this crate: a message for the client.
//!
//! Callers have nothing to tell apart: every failure is an invalid parameter value. Where MLflow has a wording for the
//! same mistake the message follows it, because clients match on it.

use std::fmt;

/// Longest part of the client's own text repeated in a message, in characters.
const EXCERPT_CHARS_MAX: usize = 200;

/// Why a filter or an `order_by` was refused, worded for the client that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchError {
    message: String,
}

impl SearchError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for SearchError {}

/// The client's text as a message may repeat it: shortened when it is long.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS_MAX) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}...", &text[..cut]),
    }
}

/// Names as Python prints a set of them, which is how MLflow's messages list what is valid.
pub(crate) fn name_set<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("'{name}'")).collect();
    format!("{{{}}}", quoted.join(", "))
}

/// MLflow's answer to an attribute it does not know.
pub(crate) fn invalid_attribute<'a>(key: &str, valid: impl IntoIterator<Item = &'a str>) -> SearchError {
    let key = excerpt(key);
    SearchError::new(format!(
        "Invalid attribute key '{key}' specified. Valid keys are '{}'",
        name_set(valid)
    ))
}

/// MLflow's answer to a comparator that the left side does not take.
pub(crate) fn invalid_comparator<'a>(comparator: &str, valid: impl IntoIterator<Item = &'a str>) -> SearchError {
    let comparator = excerpt(comparator);
    SearchError::new(format!(
        "Invalid comparator '{comparator}' not one of '{}'",
        name_set(valid)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_shortened_at_a_character_boundary() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(
            excerpt(&"é".repeat(500)),
            format!("{}...", "é".repeat(EXCERPT_CHARS_MAX))
        );
    }
}

//! Printing keys and values back as filter text.
//!
//! MLflow's grammar has no escapes in single values and keys, so a text that holds both kinds of quotes, or that ends
//! with a backslash, cannot always be written. Printing is for logs and tests and does its best there.

use std::fmt;

/// A key as it can stand after `metrics.` or `tags.`.
pub(crate) struct Key<'a>(pub(crate) &'a str);

impl fmt::Display for Key<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('`') { '"' } else { '`' };
        write!(formatter, "{quote}{}{quote}", self.0)
    }
}

/// A value taken verbatim between quotes.
pub(crate) struct Value<'a>(pub(crate) &'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('\'') { '"' } else { '\'' };
        write!(formatter, "{quote}{}{quote}", self.0)
    }
}

/// The values of an `IN` list. Unlike single values these know backslash escapes.
pub(crate) struct List<'a>(pub(crate) &'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(")?;
        for (index, value) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}'")?;
            for character in value.chars() {
                match character {
                    // Not a doubled backslash: the lexer would take its second half to escape a closing quote.
                    '\\' => formatter.write_str("\\x5c")?,
                    '\'' => formatter.write_str("\\'")?,
                    '\n' => formatter.write_str("\\n")?,
                    '\r' => formatter.write_str("\\r")?,
                    _ => write!(formatter, "{character}")?,
                }
            }
            formatter.write_str("'")?;
        }
        formatter.write_str(")")
    }
}

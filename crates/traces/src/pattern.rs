//! Patterns of LIKE, ILIKE and RLIKE.

use regex::{Regex, RegexBuilder};

/// Largest compiled pattern, in bytes.
const COMPILED_MAX: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
#[error("Invalid pattern '{pattern}': {reason}")]
pub struct BadPattern {
    pattern: String,
    reason: String,
}

/// A compiled pattern, and the pieces of text that whatever it matches must have in it.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    /// Set if the pattern asks for nothing but this text somewhere, which is faster to look for.
    anywhere: Option<String>,
    pieces: Vec<String>,
    /// Whether the pieces may occur in another case.
    any_case: bool,
}

impl Pattern {
    /// `%` stands for any text and `_` for one character, as in MLflow; nothing else is special.
    pub fn like(pattern: &str) -> Result<Self, BadPattern> {
        Self::from_like(pattern, false)
    }

    pub fn ilike(pattern: &str) -> Result<Self, BadPattern> {
        Self::from_like(pattern, true)
    }

    /// A regular expression that matches anywhere, unless it is anchored.
    pub fn rlike(pattern: &str) -> Result<Self, BadPattern> {
        Ok(Self {
            regex: compile(pattern, pattern, false)?,
            anywhere: None,
            pieces: Vec::new(),
            any_case: false,
        })
    }

    fn from_like(pattern: &str, any_case: bool) -> Result<Self, BadPattern> {
        let mut text = String::from(r"\A");
        for character in pattern.chars() {
            match character {
                '%' => text.push_str(".*"),
                '_' => text.push('.'),
                other => text.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        text.push_str(r"\z");
        let pieces = pattern.split(['%', '_']).filter(|piece| !piece.is_empty());
        let between = pattern.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
        let anywhere = between.filter(|text| !any_case && !text.contains(['%', '_']));
        Ok(Self {
            regex: compile(&text, pattern, any_case)?,
            anywhere: anywhere.map(ToOwned::to_owned),
            pieces: pieces.map(ToOwned::to_owned).collect(),
            any_case,
        })
    }

    pub fn matches(&self, text: &str) -> bool {
        match &self.anywhere {
            Some(piece) => find(text, piece),
            None => self.regex.is_match(text),
        }
    }

    /// Whether some part of `text` may match. Quick, and not exact.
    pub(crate) fn may_be_in(&self, text: &str) -> bool {
        self.any_case || self.pieces.iter().all(|piece| find(text, piece))
    }

    pub(crate) fn pieces(&self) -> &[String] {
        &self.pieces
    }

    pub(crate) fn any_case(&self) -> bool {
        self.any_case
    }
}

fn find(text: &str, piece: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), piece.as_bytes()).is_some()
}

fn compile(text: &str, pattern: &str, any_case: bool) -> Result<Regex, BadPattern> {
    RegexBuilder::new(text)
        .dot_matches_new_line(true)
        .case_insensitive(any_case)
        .size_limit(COMPILED_MAX)
        .build()
        .map_err(|error| BadPattern {
            pattern: pattern.to_owned(),
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_percent_and_underscore_are_special() {
        let check = |pattern: &str, text: &str| Pattern::like(pattern).expect("a pattern").matches(text);
        assert!(check("%b%", "abc") && check("a_c", "abc") && check("a.c", "a.c") && check("%", ""));
        assert!(!check("a.c", "abc") && !check("b", "abc") && !check("%B%", "abc"));
        assert!(check("a%z", "a\nz") && check("%%", "") && check("%b_%", "abc"));
        assert!(Pattern::ilike("%B%").expect("a pattern").matches("abc"));
    }

    #[test]
    fn bad_expressions_are_refused() {
        assert!(Pattern::rlike("(").is_err());
        assert!(Pattern::rlike("^gpt-[0-9]+$").expect("an expression").matches("gpt-4"));
    }
}

//! What is taken out of spans before they are stored: attributes by their keys, parts of values by pattern, and whatever
//! is too large.

use crate::{json::Json, span::Span};
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub const MARK: &str = "[REDACTED]";
const CUT_MARK: &str = "... [CUT]";
const PATTERNS_MAX: usize = 50;
const PATTERN_LENGTH_MAX: usize = 1000;
const COMPILED_MAX: usize = 1 << 20;
/// A limit below this would cut ids and numbers.
const SIZE_MIN: usize = 64;

/// The rules of an experiment as people write them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuleSet {
    /// Attributes whose key matches lose their value, and so do fields within values; `*` stands for any text.
    pub redact_keys: Vec<String>,
    /// What matches these regular expressions within a value is replaced.
    pub redact_patterns: Vec<String>,
    /// Longer values of attributes are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_bytes_max: Option<usize>,
    /// The longest values of a span that is larger in all are cut until it fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span_bytes_max: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadRules(String);

/// Rules ready for use.
#[derive(Debug, Default)]
pub struct Rules {
    keys: Option<RegexSet>,
    patterns: Vec<Regex>,
    attribute_bytes_max: Option<usize>,
    span_bytes_max: Option<usize>,
}

impl RuleSet {
    pub fn compile(&self) -> Result<Rules, BadRules> {
        for (field, list) in [
            ("redact_keys", &self.redact_keys),
            ("redact_patterns", &self.redact_patterns),
        ] {
            if list.len() > PATTERNS_MAX
                || list
                    .iter()
                    .any(|text| text.is_empty() || text.len() > PATTERN_LENGTH_MAX)
            {
                return Err(BadRules(format!(
                    "'{field}' takes at most {PATTERNS_MAX} patterns of 1 to {PATTERN_LENGTH_MAX} bytes."
                )));
            }
        }
        for (field, size) in [
            ("attribute_bytes_max", self.attribute_bytes_max),
            ("span_bytes_max", self.span_bytes_max),
        ] {
            if size.is_some_and(|size| size < SIZE_MIN) {
                return Err(BadRules(format!("'{field}' must be at least {SIZE_MIN}.")));
            }
        }
        let globs = self.redact_keys.iter();
        let globs = globs.map(|glob| format!("^{}$", regex::escape(glob).replace(r"\*", ".*")));
        let keys = RegexSetBuilder::new(globs)
            .case_insensitive(true)
            .dot_matches_new_line(true)
            .size_limit(COMPILED_MAX)
            .build()
            .map_err(|error| BadRules(format!("'redact_keys' is not usable: {error}")))?;
        let compile = |pattern: &String| {
            RegexBuilder::new(pattern)
                .size_limit(COMPILED_MAX)
                .build()
                .map_err(|error| {
                    BadRules(format!(
                        "'redact_patterns' has '{pattern}', which is not usable: {error}"
                    ))
                })
        };
        Ok(Rules {
            keys: (!self.redact_keys.is_empty()).then_some(keys),
            patterns: self.redact_patterns.iter().map(compile).collect::<Result<_, _>>()?,
            attribute_bytes_max: self.attribute_bytes_max,
            span_bytes_max: self.span_bytes_max,
        })
    }
}

impl Rules {
    pub fn apply(&self, span: &mut Span) {
        if self.keys.is_none() && self.patterns.is_empty() && self.attribute_bytes_max.or(self.span_bytes_max).is_none()
        {
            return;
        }
        span.name = self.redacted_text(&span.name).into_owned();
        span.status_message = self.redacted_text(&span.status_message).into_owned();
        for (key, value) in span.attributes.iter_mut() {
            if key != crate::attributes::TRACE_ID {
                self.apply_to_json(key, value);
            }
        }
        for (key, value) in span.events.iter_mut().flat_map(|event| &mut event.attributes) {
            let mut json = value.dump();
            self.apply_to_json(key, &mut json);
            *value = Json::parse_or_text(&json);
        }
        if let Some(limit) = self.span_bytes_max {
            cut_longest(span, limit);
        }
    }

    /// A text as it may be kept, of which only the key is known.
    pub fn redacted(&self, key: &str, text: &str) -> String {
        if self.hides(key) {
            MARK.to_owned()
        } else {
            self.redacted_text(text).into_owned()
        }
    }

    /// A text without what the patterns match.
    pub fn redacted_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut redacted = Cow::Borrowed(text);
        for pattern in &self.patterns {
            if pattern.is_match(&redacted) {
                redacted = Cow::Owned(pattern.replace_all(&redacted, regex::NoExpand(MARK)).into_owned());
            }
        }
        redacted
    }

    /// A short account of a value, as clients make it: JSON, perhaps cut, or any text.
    pub fn redacted_preview(&self, preview: &str) -> String {
        let parsed = Json::parse(preview).filter(|json| !matches!(json, Json::Text(_)));
        let Some(mut json) = parsed else {
            return self.redacted_text(&self.before_hidden(preview)).into_owned();
        };
        if self.redact_within(&mut json) {
            json.dump()
        } else {
            preview.to_owned()
        }
    }

    /// JSON that was cut ends before the value of a key that is hidden.
    fn before_hidden<'a>(&self, cut: &'a str) -> Cow<'a, str> {
        let mut at = 0;
        let mut start = None;
        while let Some(quote) = cut[at..].find(['"', '\\']) {
            let place = at + quote;
            if cut[place..].starts_with('\\') {
                at = place + 1 + cut[place + 1..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            at = place + 1;
            match start.take() {
                Some(start) if cut[at..].trim_start().starts_with(':') => {
                    if self.hides(&cut[start..place]) {
                        return format!("{}: {MARK}", &cut[..at]).into();
                    }
                }
                Some(_) => {}
                None => start = Some(at),
            }
        }
        cut.into()
    }

    fn hides(&self, key: &str) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.is_match(key))
    }

    fn apply_to_json(&self, key: &str, value: &mut String) {
        if self.hides(key) {
            *value = format!("\"{MARK}\"");
            return;
        }
        if !self.patterns.is_empty() || self.keys.is_some() {
            let mut json = Json::parse_or_text(value);
            if self.redact_within(&mut json) {
                *value = json.dump();
            }
        }
        if let Some(limit) = self.attribute_bytes_max.filter(|limit| value.len() > *limit) {
            *value = cut(value, limit);
        }
    }

    /// Redacts texts and keys within a value, and values below a key that is hidden. Numbers are matched as they print.
    fn redact_within(&self, json: &mut Json) -> bool {
        match json {
            Json::Text(text) => {
                let Cow::Owned(redacted) = self.redacted_text(text) else {
                    return false;
                };
                *text = redacted;
                true
            }
            Json::Int(_) | Json::Float(_) => {
                let text = json.dump();
                let Cow::Owned(redacted) = self.redacted_text(&text) else {
                    return false;
                };
                *json = Json::Text(redacted);
                true
            }
            Json::List(items) => items
                .iter_mut()
                .fold(false, |changed, item| self.redact_within(item) | changed),
            Json::Map(entries) => entries.iter_mut().fold(false, |changed, (key, value)| {
                let renamed = match self.redacted_text(key) {
                    Cow::Owned(redacted) => {
                        *key = redacted;
                        true
                    }
                    Cow::Borrowed(_) => false,
                };
                if self.hides(key) {
                    *value = Json::Text(MARK.to_owned());
                    return true;
                }
                self.redact_within(value) | renamed | changed
            }),
            Json::Null | Json::Bool(_) => false,
        }
    }
}

/// A value cut to about `limit` bytes becomes a text with a mark at its end.
fn cut(value: &str, limit: usize) -> String {
    let text = match Json::parse_or_text(value) {
        Json::Text(text) => text,
        _ => value.to_owned(),
    };
    let end = text.floor_char_boundary(limit.saturating_sub(CUT_MARK.len() + 2));
    Json::Text(format!("{}{CUT_MARK}", &text[..end])).dump()
}

fn cut_longest(span: &mut Span, limit: usize) {
    let mut total: usize = span.attributes.iter().map(|(key, value)| key.len() + value.len()).sum();
    while total > limit {
        let values = span.attributes.iter_mut().map(|(_, value)| value);
        let Some(longest) = values
            .max_by_key(|value| value.len())
            .filter(|value| value.len() > SIZE_MIN)
        else {
            return;
        };
        let before = longest.len();
        let target = before.saturating_sub(total - limit).max(SIZE_MIN);
        *longest = cut(longest, target);
        if longest.len() >= before {
            return;
        }
        total -= before - longest.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let rules = RuleSet {
            redact_keys: vec!["*password*".to_owned()],
            redact_patterns: vec![r"\w+@\w+\.org".to_owned()],
            ..RuleSet::default()
        };
        rules.compile().expect("rules")
    }

    #[test]
    fn fields_within_a_value_are_hidden_too() {
        let mut value = r#"{"user": {"Password": "x", "mail": "a@b.org"}, "n": [1]}"#.to_owned();
        rules().apply_to_json("mlflow.spanInputs", &mut value);
        let expected = r#"{"user": {"Password": "[REDACTED]", "mail": "[REDACTED]"}, "n": [1]}"#;
        assert_eq!(value, expected);
    }

    #[test]
    fn previews_are_redacted_even_when_they_were_cut() {
        for (preview, kept) in [
            (r#"{"password": "x", "a": 1}"#, r#"{"password": "[REDACTED]", "a": 1}"#),
            (
                r#"{"a": "say \"no\"", "my_password" : "secr"#,
                r#"{"a": "say \"no\"", "my_password": [REDACTED]"#,
            ),
            (r#"{"a": "password"#, r#"{"a": "password"#),
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("write to a@b.org \\", "write to [REDACTED] \\"),
            ("\\", "\\"),
        ] {
            assert_eq!(rules().redacted_preview(preview), kept);
        }
    }
}

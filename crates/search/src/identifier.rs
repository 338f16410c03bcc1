//! The left side of a comparison: `<entity>.<key>`, or a bare attribute.

use crate::SearchError;
use crate::error::excerpt;

/// A dotted path as written, quotes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identifier<'a> {
    written: &'a str,
}

impl<'a> Identifier<'a> {
    pub(crate) fn new(written: &'a str) -> Self {
        Self { written }
    }

    pub(crate) fn written(self) -> &'a str {
        self.written
    }

    /// The entity as written, if there is one. MLflow splits at the first dot, wherever quotes stand.
    pub(crate) fn entity(self) -> Option<&'a str> {
        self.written.split_once('.').map(|(entity, _)| entity)
    }

    /// The key, without quotes or back-ticks around it.
    pub(crate) fn key(self) -> &'a str {
        let key = self.written.split_once('.').map_or(self.written, |(_, key)| key);
        let key = strip(key, '\'').or_else(|| strip(key, '"')).unwrap_or(key);
        without_back_ticks(key)
    }

    /// Resolves an identifier of an entity that has only attributes and tags.
    pub(crate) fn attribute_or_tag(self) -> Result<AttributeOrTag<'a>, SearchError> {
        match self.entity() {
            None | Some("attribute") => Ok(AttributeOrTag::Attribute(self.key())),
            Some("tag" | "tags") => Ok(AttributeOrTag::Tag(self.key())),
            Some(other) => Err(SearchError::new(format!(
                "Invalid entity type '{}'. Valid entity types are ('attribute', 'tag', 'tags')",
                excerpt(other)
            ))),
        }
    }
}

pub(crate) enum AttributeOrTag<'a> {
    Attribute(&'a str),
    Tag(&'a str),
}

pub(crate) fn without_back_ticks(text: &str) -> &str {
    strip(text, '`').unwrap_or(text)
}

fn strip(text: &str, quote: char) -> Option<&str> {
    text.strip_prefix(quote)?.strip_suffix(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(written: &str, entity: Option<&str>, key: &str) {
        let identifier = Identifier::new(written);
        assert_eq!((identifier.entity(), identifier.key()), (entity, key), "{written}");
    }

    #[test]
    fn splits_at_the_first_dot_and_unquotes_the_key() {
        check("name", None, "name");
        check("`run name`", None, "run name");
        check("tags.mlflow.user", Some("tags"), "mlflow.user");
        check("tags.`mlflow.user`", Some("tags"), "mlflow.user");
        check("tags.\"a b\"", Some("tags"), "a b");
        check("tags.'a b'", Some("tags"), "a b");
        check("tags.a.\"b\"", Some("tags"), "a.\"b\"");
        check("tags.``", Some("tags"), "");
        check("tags.`", Some("tags"), "`");
    }
}

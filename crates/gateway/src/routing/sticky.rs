//! What keeps requests that belong together at one deployment.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Asked, header_rule::check_header, pointer};

/// Where the key of a request stands. A request that has none is routed by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StickyKey {
    /// The value of a header.
    Header(String),
    /// A text or number in a JSON body, by its JSON pointer (RFC 6901): `/dataframe_records/0/customer`.
    Field(String),
}

impl StickyKey {
    pub(super) fn of<'a>(&self, asked: Asked<'a>) -> Option<Cow<'a, str>> {
        let key = match self {
            Self::Header(name) => Cow::Borrowed(asked.headers.get(name)?.to_str().ok()?),
            Self::Field(pointer) => Cow::Owned(pointer::find(asked.body, pointer)?),
        };
        (!key.is_empty()).then_some(key)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Header(name) => check_header("sticky", name),
            Self::Field(pointer) if pointer.starts_with('/') && pointer.len() <= 512 => Ok(()),
            Self::Field(pointer) => Err(format!(
                "sticky: field is a JSON pointer of at most 512 characters, such as /dataframe_records/0/customer; it is `{pointer}`"
            )),
        }
    }
}

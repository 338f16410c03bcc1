//! Requests with a certain header go to a certain deployment.

use axum::http::HeaderName;
use serde::{Deserialize, Serialize};

/// The first rule that holds decides. A rule has one of `exact` and `prefix`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderRule {
    pub header: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    pub deployment: String,
}

impl HeaderRule {
    pub(super) fn holds(&self, value: &str) -> bool {
        self.exact.as_deref().is_some_and(|exact| value == exact)
            || self.prefix.as_deref().is_some_and(|prefix| value.starts_with(prefix))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        check_header("rules", &self.header)?;
        match (&self.exact, &self.prefix) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => Err(format!(
                "rules: the rule for `{}` needs either `exact` or `prefix`, the value that its header must have",
                self.header
            )),
        }
    }
}

pub(super) fn check_header(field: &str, name: &str) -> Result<(), String> {
    name.parse::<HeaderName>()
        .map(drop)
        .map_err(|_| format!("{field}: `{name}` is not the name of a header"))
}

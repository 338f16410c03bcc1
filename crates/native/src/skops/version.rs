//! Which scikit-learn wrote a model. Small rules differ between releases, so each release is admitted by name.

use std::fmt;

use crate::error::Refusal;

/// Releases whose behaviour was compared with this crate's, file by file.
const MINOR_MIN: u32 = 2;
const MINOR_MAX: u32 = 9;

/// A scikit-learn 1.x release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    text: String,
    minor: u32,
}

impl Version {
    pub(super) fn parse(text: &str, at: &str) -> Result<Self, Refusal> {
        let minor = text
            .strip_prefix("1.")
            .and_then(|rest| rest.split('.').next())
            .and_then(|minor| minor.parse::<u32>().ok())
            .filter(|minor| (MINOR_MIN..=MINOR_MAX).contains(minor));
        match minor {
            Some(minor) => Ok(Self {
                text: text.to_owned(),
                minor,
            }),
            None => Err(Refusal::new(
                at,
                format!("was written by scikit-learn {text}; 1.{MINOR_MIN} to 1.{MINOR_MAX} are known"),
            )),
        }
    }

    /// Whether the release is 1.`minor` or later.
    pub(crate) fn since(&self, minor: u32) -> bool {
        self.minor >= minor
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

//! The stages of a version, which aliases have replaced and old code still uses.

use crate::{error::Result, tracking::validate::invalid_value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    None,
    Staging,
    Production,
    Archived,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Reads a stage in any case, from the request's `field`.
    pub fn parse(field: &str, text: &str) -> Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|stage| stage.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| {
            invalid_value(
                field,
                text,
                "Invalid Model Version stage. Value must be one of None, Staging, Production, Archived.",
            )
        })
    }

    /// Whether the versions in it can make room for a new one.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

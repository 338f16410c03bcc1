//! How far a logged model has come.

use crate::{error::Result, tracking::validate::invalid_value};
use fettle_wire::logged_models::LoggedModelStatus;

/// Stored under the name that filters use; the wire has a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Ready,
    Failed,
}

impl Status {
    const ALL: [Self; 3] = [Self::Pending, Self::Ready, Self::Failed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Ready => "READY",
            Self::Failed => "FAILED",
        }
    }

    fn wire_name(self) -> &'static str {
        match self {
            Self::Pending => "LOGGED_MODEL_PENDING",
            Self::Ready => "LOGGED_MODEL_READY",
            Self::Failed => "LOGGED_MODEL_UPLOAD_FAILED",
        }
    }

    /// A stored name as the wire has it.
    pub fn to_wire(name: &str) -> &'static str {
        let found = Self::ALL.into_iter().find(|status| status.name() == name);
        found.map_or("LOGGED_MODEL_STATUS_UNSPECIFIED", Self::wire_name)
    }

    /// MLflow reads an unknown status as "unspecified", which loses the one that was there; here it is refused.
    pub fn parse(status: &LoggedModelStatus) -> Result<Self> {
        let found = match status {
            LoggedModelStatus::Name(name) => Self::ALL.into_iter().find(|status| status.wire_name() == name),
            LoggedModelStatus::Number(number) => usize::try_from(*number)
                .ok()
                .and_then(|number| number.checked_sub(1))
                .and_then(|index| Self::ALL.get(index).copied()),
        };
        found.ok_or_else(|| {
            let text = match status {
                LoggedModelStatus::Name(name) => name.clone(),
                LoggedModelStatus::Number(number) => number.to_string(),
            };
            invalid_value(
                "status",
                &text,
                "it must be LOGGED_MODEL_READY, LOGGED_MODEL_UPLOAD_FAILED or LOGGED_MODEL_PENDING.",
            )
        })
    }
}

//! Requests that a second deployment answers too, for comparison.

use serde::{Deserialize, Serialize};

/// In percent. A mirrored request is scored twice, so a machine that is planned for half its load copes.
const PERCENT_MAX: u8 = 50;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirror {
    pub deployment: String,
    pub percent: u8,
    /// How far two numbers may lie apart and still agree, as a share of the greater.
    #[serde(default)]
    pub tolerance: f64,
}

impl Mirror {
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=PERCENT_MAX).contains(&self.percent) {
            return Err(format!(
                "mirror: percent must be between 1 and {PERCENT_MAX}, it is {}; send null to stop mirroring",
                self.percent
            ));
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            return Err(format!(
                "mirror: tolerance is a share of the value, between 0 and 1; it is {}",
                self.tolerance
            ));
        }
        Ok(())
    }
}

//! What monitors say about the data that endpoints see. Rollouts ask here, and nowhere else.

use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::Tx;

/// Fails for a monitor that is not there.
pub fn require(_tx: &Tx, _workspace_id: i64, monitor: &str) -> Result<()> {
    Err(ApiError::new(
        ErrorCode::ResourceDoesNotExist,
        format!("checks: there is no monitor `{monitor}`; the check `drift` asks one for its verdict."),
    ))
}

/// Why a monitor speaks against going on; None if it has nothing to say.
pub fn objection(_tx: &Tx, _workspace_id: i64, _monitor: &str) -> Result<Option<String>> {
    Ok(None)
}

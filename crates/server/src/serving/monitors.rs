//! What monitors say about the data that endpoints see. Rollouts ask here, and nowhere else.

use crate::error::{Result, not_found};
use fettle_db::Tx;

/// Why a monitor speaks against going on; None if it has nothing to say.
pub fn objection(_tx: &Tx, _workspace_id: i64, monitor: &str) -> Result<Option<String>> {
    Err(not_found(format!(
        "checks: there is no monitor `{monitor}`; the check `drift` asks one for its verdict."
    )))
}

//! What monitors say about the data that endpoints see. Rollouts ask here, and nowhere else.

use crate::{error::Result, monitoring::monitors::store};
use fettle_db::Tx;

/// Why a monitor speaks against going on, by the newest window it has looked at; None if it has nothing to say.
pub fn objection(tx: &Tx, workspace_id: i64, monitor: &str) -> Result<Option<String>> {
    let monitor = store::get(tx, workspace_id, monitor)?;
    let newest = store::runs(tx, monitor.id, false, i64::MAX, 1)?.into_iter().next();
    let alarmed = newest.filter(|run| run.verdict.as_deref() == Some("alarm"));
    Ok(alarmed.map(|run| format!("its run {} ended with an alarm", run.id)))
}

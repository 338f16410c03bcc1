//! `GET /api/fettle/v1/capture/gaps`: when a server ended without closing its files.

use super::store;
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json},
    monitoring::duration::moment_ms,
    system::rfc3339,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};

const GAPS_MAX: usize = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListGaps {
    since: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Gaps {
    gaps: Vec<GapView>,
}

#[derive(Debug, Serialize)]
struct GapView {
    instance: String,
    /// The last that is known of the server, and when its files were found.
    from: String,
    to: String,
    detail: String,
}

/// Newest first.
pub async fn list_gaps(State(app): State<App>, caller: Caller, Args(request): Args<ListGaps>) -> Result<Json<Gaps>> {
    let now_ms = app.clock.now_ms();
    let from_ms = moment_ms("since", request.since.as_deref().unwrap_or("30d"), now_ms)?;
    let rows = app
        .db
        .read(move |tx| store::gaps(tx, caller.workspace_id, from_ms, i64::MAX, GAPS_MAX))
        .await?;
    let gaps = rows.into_iter().map(|gap| GapView {
        instance: gap.instance,
        from: rfc3339(gap.from_ms),
        to: rfc3339(gap.to_ms),
        detail: gap.detail,
    });
    Ok(Json(Gaps { gaps: gaps.collect() }))
}

//! `GET /api/fettle/v1/endpoints/NAME/capture/export`: captured rows as one Parquet file.

use super::parts::{self, Span};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, not_found},
    extract::{Args, PathArg},
    monitoring::duration::moment_ms,
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

/// Rows of one file; they are gathered in memory.
const ROWS_MAX: usize = 2_000_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Export {
    since: Option<String>,
    until: Option<String>,
}

pub async fn export(
    State(app): State<App>,
    caller: Caller,
    PathArg(endpoint): PathArg,
    Args(request): Args<Export>,
) -> Result<Response> {
    let now_ms = app.clock.now_ms();
    let span = Span {
        workspace_id: caller.workspace_id,
        endpoint,
        from_ms: moment_ms("since", request.since.as_deref().unwrap_or("P7D"), now_ms)?,
        to_ms: match request.until.as_deref() {
            Some(until) => moment_ms("until", until, now_ms)?,
            None => now_ms + 1,
        },
    };
    let (table, more) = parts::find(&app, &span).await?.rows(&span, None, ROWS_MAX).await?;
    if more {
        return Err(ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("There are more than {ROWS_MAX} rows: ask for a shorter time with `since` and `until`."),
        ));
    }
    if table.rows == 0 {
        return Err(not_found(format!(
            "Nothing was captured of endpoint `{}` in this time.",
            span.endpoint
        )));
    }
    let bytes = parts::blocking(move || table.to_parquet()).await?;
    Ok(([(header::CONTENT_TYPE, "application/vnd.apache.parquet")], bytes).into_response())
}

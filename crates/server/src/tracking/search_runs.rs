//! `runs/search`

use super::{store, validate};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json},
    page_token, search_sql,
};
use axum::extract::State;
use fettle_search::runs::{parse_filter, parse_order_by};
use fettle_wire::runs::{SearchRuns, SearchRunsResponse};
use store::run_search::RunSearch;

const PAGE: usize = 1000;
const PAGE_MAX: usize = 50_000;

pub async fn search_runs(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchRuns>,
) -> Result<Json<SearchRunsResponse>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let experiment_ids = request.experiment_ids.unwrap_or_default();
    let search = RunSearch {
        workspace_id: caller.workspace_id,
        experiment_ids: experiment_ids
            .iter()
            .map(|id| validate::experiment_id(id))
            .collect::<Result<_>>()?,
        stages: search_sql::lifecycle_stages(request.run_view_type.as_deref()),
        filter: parse_filter(request.filter.as_deref().unwrap_or_default())?,
        order: parse_order_by(&request.order_by.unwrap_or_default())?,
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
        offset: page_token::decode_offset(request.page_token.as_deref())?,
    };
    app.db
        .read(move |tx| {
            let mut found = search.run(tx)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let runs = store::run_data::load(tx, found, false)?;
            let next_page_token = more.then(|| page_token::encode_offset(search.offset + limit as u64));
            Ok(Json(SearchRunsResponse { runs, next_page_token }))
        })
        .await
}

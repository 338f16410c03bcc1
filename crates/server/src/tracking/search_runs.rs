//! `runs/search`

use super::{
    store::{self, run_search},
    validate,
};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, JsonText},
    keyset::{self, Start},
    page_token, search_sql,
};
use axum::extract::State;
use fettle_search::runs::{parse_filter, parse_order_by};
use fettle_wire::runs::SearchRuns;
use store::run_search::RunSearch;

const PAGE: usize = 1000;
const PAGE_MAX: usize = 50_000;

pub async fn search_runs(State(app): State<App>, caller: Caller, Args(request): Args<SearchRuns>) -> Result<JsonText> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let order = parse_order_by(&request.order_by.unwrap_or_default())?;
    let terms = run_search::terms(&order);
    let search = RunSearch {
        workspace_id: caller.workspace_id,
        experiment_ids: experiments(request.experiment_ids.unwrap_or_default())?,
        stages: search_sql::lifecycle_stages(request.run_view_type.as_deref()),
        filter: parse_filter(request.filter.as_deref().unwrap_or_default())?,
        start: Start::of_token(request.page_token.as_deref(), &terms)?,
        order,
        terms,
        // One more than asked for tells whether there is a next page.
        limit: limit + 1,
    };
    app.db
        .read(move |tx| {
            let mut found = search.run(tx)?;
            let next_page_token = keyset::page(&mut found, limit);
            let runs = found.into_iter().map(|(run, _)| run).collect();
            let runs = store::summaries::texts(tx, runs)?;
            Ok(answer(&runs, next_page_token))
        })
        .await
}

/// Neither an empty list nor a missing token is written.
fn answer(runs: &[Vec<u8>], next_page_token: Option<String>) -> JsonText {
    let mut text = Vec::with_capacity(runs.iter().map(|run| run.len() + 1).sum::<usize>() + 256);
    text.push(b'{');
    for (index, run) in runs.iter().enumerate() {
        let before: &[u8] = if index == 0 { b"\"runs\":[" } else { b"," };
        text.extend_from_slice(before);
        text.extend_from_slice(run);
    }
    if !runs.is_empty() {
        text.push(b']');
    }
    if let Some(token) = next_page_token {
        // Base 64 needs no escapes.
        let comma = if runs.is_empty() { "" } else { "," };
        text.extend_from_slice(format!("{comma}\"next_page_token\":\"{token}\"").as_bytes());
    }
    text.push(b'}');
    JsonText(text)
}

/// Each experiment once, however often it is named.
fn experiments(ids: Vec<String>) -> Result<Vec<i64>> {
    let ids: Result<Vec<i64>> = ids.iter().map(|id| validate::experiment_id(id)).collect();
    let mut ids = ids?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

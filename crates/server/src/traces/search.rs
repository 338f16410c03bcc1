//! `traces/search` of v3 and the search of v2
//!
//! As in MLflow a full page always comes with a token, so the last page may be empty.

use super::store::{records, search::TraceSearch, trace_order::Place};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, Result, invalid},
    extract::{Args, Json},
    page_token,
    tracking::validate::{batch_limit, experiment_id, text},
};
use axum::extract::State;
use fettle_search::{
    Order, TextComparison,
    traces::{self, AssessmentComparison, TraceOrderKey, TracePredicate, parse_filter, parse_order_by},
};
use fettle_traces::{Pattern, SpanField, SpanQuery, SpanTest};
use fettle_wire::{
    Int64, Missing,
    traces::{SearchTraces, SearchTracesResponse, SearchTracesV3, SearchTracesV3Response, TraceInfoV3},
};
use regex::Regex;

const PAGE: usize = 100;
const PAGE_MAX: usize = 500;
const EXPERIMENTS_MAX: usize = 10_000;

pub async fn search_traces(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchTracesV3>,
) -> Result<Json<SearchTracesV3Response>> {
    let locations = request.locations.ok_or_else(|| missing("locations"))?;
    let experiments = locations.into_iter().filter_map(|location| location.mlflow_experiment);
    let query = PageQuery {
        experiment_ids: experiments
            .map(|experiment| experiment.experiment_id.unwrap_or_default())
            .collect(),
        filter: request.filter,
        max_results: request.max_results,
        order_by: request.order_by,
        page_token: request.page_token,
    };
    let (traces, next_page_token) = page(app, caller, query).await?;
    Ok(Json(SearchTracesV3Response {
        traces,
        next_page_token,
    }))
}

pub async fn search_traces_v2(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchTraces>,
) -> Result<Json<SearchTracesResponse>> {
    let query = PageQuery {
        experiment_ids: request.experiment_ids.ok_or_else(|| missing("experiment_ids"))?,
        filter: request.filter,
        max_results: request.max_results,
        order_by: request.order_by,
        page_token: request.page_token,
    };
    let (traces, next_page_token) = page(app, caller, query).await?;
    Ok(Json(SearchTracesResponse {
        traces: traces.into_iter().map(Into::into).collect(),
        next_page_token,
    }))
}

fn missing(field: &str) -> Missing {
    Missing {
        field: field.to_owned(),
    }
}

struct PageQuery {
    experiment_ids: Vec<String>,
    filter: Option<String>,
    max_results: Option<Int64>,
    order_by: Option<Vec<String>>,
    page_token: Option<String>,
}

async fn page(app: App, caller: Caller, query: PageQuery) -> Result<(Vec<TraceInfoV3>, Option<String>)> {
    let limit = page_token::limit("max_results", query.max_results, PAGE, PAGE_MAX)?;
    let order = parse_order_by(&query.order_by.unwrap_or_default())?;
    let after = after(query.page_token.as_deref(), &order)?;
    let experiment_ids = experiments(&query.experiment_ids)?;
    let search = plan(&caller, experiment_ids, query.filter.as_deref().unwrap_or_default())?;
    app.db
        .read(move |tx| {
            let (found, last) = search.page(tx, &order, limit, after.clone())?;
            Ok((records::load(tx, found)?, last.map(|after| page_token::encode(&after))))
        })
        .await
}

/// The place after which the page starts.
fn after(token: Option<&str>, order: &[Order<TraceOrderKey>]) -> Result<Option<Place>> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let place: Place = page_token::decode(token)?;
    if !place.fits(order) {
        return Err(invalid(
            "Invalid page token: it belongs to a search with another order_by.",
        ));
    }
    Ok(Some(place))
}

pub(super) fn experiments(ids: &[String]) -> Result<Vec<i64>> {
    batch_limit("experiment_ids", EXPERIMENTS_MAX, ids.len())?;
    let mut ids: Vec<i64> = ids.iter().map(|id| experiment_id(id)).collect::<Result<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// What a filter looks for in these experiments. Its regular expressions are those that can be used.
pub(super) fn plan(caller: &Caller, experiment_ids: Vec<i64>, written: &str) -> Result<TraceSearch> {
    text("filter", written)?;
    let filter = parse_filter(written)?;
    let mut spans = SpanQuery::default();
    for predicate in filter.predicates() {
        match predicate {
            TracePredicate::Span { field, comparison } => spans.and(span_field(field), span_test(comparison)?),
            TracePredicate::Text { comparison, .. }
            | TracePredicate::Tag { comparison, .. }
            | TracePredicate::Metadata { comparison, .. }
            | TracePredicate::Assessment {
                comparison: AssessmentComparison::Text(comparison),
                ..
            } => check_pattern(comparison)?,
            _ => {}
        }
    }
    Ok(TraceSearch {
        workspace_id: caller.workspace_id,
        experiment_ids,
        filter,
        spans,
    })
}

fn check_pattern(comparison: &TextComparison) -> Result<()> {
    if let TextComparison::RLike(pattern) = comparison {
        Regex::new(pattern).map_err(|error| unusable(pattern, &error))?;
    }
    Ok(())
}

fn unusable(pattern: &str, error: &dyn std::fmt::Display) -> ApiError {
    invalid(format!("Invalid regular expression '{pattern}': {error}"))
}

fn span_field(field: &traces::SpanField) -> SpanField {
    match field {
        traces::SpanField::Name => SpanField::Name,
        traces::SpanField::Type => SpanField::Type,
        traces::SpanField::Status => SpanField::Status,
        traces::SpanField::Content => SpanField::Content,
        traces::SpanField::Attribute(key) => SpanField::Attribute(key.clone()),
    }
}

fn span_test(comparison: &TextComparison) -> Result<SpanTest> {
    Ok(match comparison {
        TextComparison::Equal(value) => SpanTest::Equal(value.clone()),
        TextComparison::NotEqual(value) => SpanTest::NotEqual(value.clone()),
        TextComparison::In(values) => SpanTest::In(values.clone()),
        TextComparison::NotIn(values) => SpanTest::NotIn(values.clone()),
        TextComparison::Like(pattern) => SpanTest::Like(Pattern::like(pattern).map_err(|e| unusable(pattern, &e))?),
        TextComparison::ILike(pattern) => SpanTest::Like(Pattern::ilike(pattern).map_err(|e| unusable(pattern, &e))?),
        TextComparison::RLike(pattern) => SpanTest::Like(Pattern::rlike(pattern).map_err(|e| unusable(pattern, &e))?),
        TextComparison::IsNull | TextComparison::IsNotNull => {
            return Err(invalid("IS NULL is not supported for spans."));
        }
    })
}

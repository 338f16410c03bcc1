//! Spans on their way out: whole traces as MLflow answers them, one trace page by page, and the files of a trace.

use super::store::{
    ingest::{SPANS_LOCATION, TRACKING_STORE},
    records,
    spans::{self, Place},
};
use crate::{
    app::App,
    artifacts,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, Json, PathArg},
    page_token,
    tracking::validate::{batch_limit, experiment_id},
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use fettle_db::Tx;
use fettle_traces::wire;
use fettle_wire::{Flag, Int64, Missing, Required, traces::TraceInfoV3};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use std::time::Duration;

const TRACES_MAX: usize = 1000;
const PAGE: usize = 500;
const PAGE_MAX: usize = 5000;
const SIZE_STATS: &str = "mlflow.trace.sizeStats";
const TRACE_FILE: &str = "traces.json";
/// Clients send spans a moment after they ended the trace; that long an answer waits for them, in so many steps.
const WAITS: usize = 10;
const WAIT: Duration = Duration::from_millis(300);

#[derive(Debug, Serialize)]
pub struct Trace {
    trace_info: TraceInfoV3,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    spans: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetTrace {
    trace_id: Option<String>,
    allow_partial: Option<Flag>,
}

#[derive(Debug, Serialize)]
pub struct TraceResponse {
    trace: Trace,
}

/// A trace with its spans. Unless a part will do, the answer waits for spans that are still on their way.
pub async fn get_trace(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetTrace>,
) -> Result<Json<TraceResponse>> {
    let trace_id = request.trace_id.required("trace_id")?;
    let allow_partial = request.allow_partial.is_some_and(|flag| flag.0);
    for wait in 0.. {
        let (id, workspace_id) = (trace_id.clone(), caller.workspace_id);
        let trace = app
            .db
            .read(move |tx| {
                let record = records::find(tx, workspace_id, &id)?
                    .ok_or_else(|| not_found(format!("Trace with ID {id} is not found.")))?;
                let key = record.id;
                let trace_info = records::load_one(tx, record)?;
                if !in_store(&trace_info) {
                    return Err(elsewhere());
                }
                load(tx, key, trace_info, allow_partial)
            })
            .await?;
        if let Some(trace) = trace {
            return Ok(Json(TraceResponse { trace }));
        }
        if wait == WAITS {
            break;
        }
        tokio::time::sleep(WAIT).await;
    }
    Err(not_found(format!(
        "Trace with ID {trace_id} is not fully exported yet, please try again later."
    )))
}

fn in_store(info: &TraceInfoV3) -> bool {
    info.tags
        .get(SPANS_LOCATION)
        .is_some_and(|location| location == TRACKING_STORE)
}

/// A client that asked for the record first sees where the spans are and reads them there.
fn elsewhere() -> ApiError {
    ApiError::new(
        ErrorCode::NotImplemented,
        "Trace data not stored in tracking store: it is among the trace's artifacts.",
    )
}

/// None if spans are missing that the client said there are.
fn load(tx: &Tx, key: i64, trace_info: TraceInfoV3, allow_partial: bool) -> Result<Option<Trace>> {
    let places = spans::places(tx, key)?;
    if !allow_partial && (places.is_empty() || places.len() < announced(&trace_info)) {
        return Ok(None);
    }
    let contents = spans::contents(tx, key, &places)?;
    Ok(Some(Trace {
        trace_info,
        spans: contents.iter().map(|content| wire::span(content)).collect(),
    }))
}

/// How many spans the client counted.
fn announced(info: &TraceInfoV3) -> usize {
    let stats = info.trace_metadata.get(SIZE_STATS);
    let stats: Option<Value> = stats.and_then(|stats| serde_json::from_str(stats).ok());
    stats.and_then(|stats| stats["num_spans"].as_u64()).unwrap_or(0) as usize
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BatchGetTraces {
    trace_ids: Option<Vec<String>>,
    experiment_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct BatchGetTracesResponse {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    traces: Vec<Trace>,
}

/// Complete traces of those asked for, in the order in which they were asked for.
pub async fn batch_get_traces(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<BatchGetTraces>,
) -> Result<Json<BatchGetTracesResponse>> {
    let mut trace_ids = request.trace_ids.filter(|ids| !ids.is_empty()).ok_or_else(|| Missing {
        field: "trace_ids".to_owned(),
    })?;
    batch_limit("trace_ids", TRACES_MAX, trace_ids.len())?;
    let mut seen = std::collections::HashSet::new();
    trace_ids.retain(|id| seen.insert(id.clone()));
    let experiments = request
        .experiment_ids
        .map(|ids| ids.iter().map(|id| experiment_id(id)).collect::<Result<Vec<i64>>>())
        .transpose()?;
    app.db
        .read(move |tx| {
            let mut found = records::list(tx, caller.workspace_id, &trace_ids, experiments.as_deref())?;
            found.sort_unstable_by_key(|record| trace_ids.iter().position(|id| *id == record.trace_id));
            let keys: Vec<i64> = found.iter().map(|record| record.id).collect();
            let mut traces = Vec::new();
            for (key, info) in keys.into_iter().zip(records::load(tx, found)?) {
                if !in_store(&info) {
                    return Err(elsewhere());
                }
                traces.extend(load(tx, key, info, false)?);
            }
            Ok(Json(BatchGetTracesResponse { traces }))
        })
        .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListSpans {
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct SpansPage {
    spans: Vec<Box<RawValue>>,
    /// Of the whole trace.
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// The span after which the next page starts.
#[derive(Debug, Serialize, Deserialize)]
struct After {
    child: bool,
    start_ns: u64,
    span_id: u64,
}

/// One trace's spans by pages, roots first and then by time; only the blocks of the page are opened.
pub async fn list_spans(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
    Args(request): Args<ListSpans>,
) -> Result<Json<SpansPage>> {
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let token = request.page_token.filter(|token| !token.is_empty());
    let after: Option<After> = token.map(|token| page_token::decode(&token)).transpose()?;
    app.db
        .read(move |tx| {
            let record = records::get(tx, caller.workspace_id, &trace_id)?;
            let after = after.as_ref().map(|after| (after.child, after.start_ns, after.span_id));
            let (places, is_more, total) = spans::page(tx, record.id, after, limit)?;
            let last = places.last().filter(|_| is_more).map(Place::page_order);
            let next_page_token = last.map(|(child, start_ns, span_id)| {
                page_token::encode(&After {
                    child,
                    start_ns,
                    span_id,
                })
            });
            let contents = spans::contents(tx, record.id, &places)?;
            let raw = contents
                .into_iter()
                .map(RawValue::from_string)
                .collect::<Result<_, _>>();
            Ok(Json(SpansPage {
                spans: raw.map_err(|error| {
                    ApiError::new(ErrorCode::InternalError, "A stored span is not readable.").because(error)
                })?,
                total,
                next_page_token,
            }))
        })
        .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetTraceArtifact {
    request_id: Option<String>,
    path: Option<String>,
}

/// What pages read: all spans of a trace as one file, wherever they are kept, or a file attached to the trace.
pub async fn get_trace_artifact(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Args(request): Args<GetTraceArtifact>,
) -> Result<Response> {
    let trace_id = request.request_id.filter(|id| !id.is_empty()).ok_or_else(|| {
        ApiError::new(
            ErrorCode::BadRequest,
            "Request must include the \"request_id\" query parameter.",
        )
    })?;
    let path = request.path.filter(|path| !path.is_empty());
    let attachment = path.is_some();
    let (body, location) = app
        .db
        .read(move |tx| {
            let record = records::find(tx, caller.workspace_id, &trace_id)?
                .ok_or_else(|| not_found(format!("Trace with ID {trace_id} is not found.")))?;
            let key = record.id;
            let info = records::load_one(tx, record)?;
            let body = if attachment || !in_store(&info) {
                None
            } else {
                let contents = spans::contents(tx, key, &spans::places(tx, key)?)?;
                Some(format!("{{\"spans\":[{}]}}", contents.join(",")))
            };
            Ok::<_, ApiError>((body, info.tags.get("mlflow.artifactLocation").cloned()))
        })
        .await?;
    if let Some(body) = body {
        let disposition = HeaderValue::from_static("attachment; filename=traces.json");
        let content_type = HeaderValue::from_static("application/octet-stream");
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        return Ok((headers, body).into_response());
    }
    let location = location.ok_or_else(|| not_found("The trace has no artifacts."))?;
    let file = match path {
        Some(path) => format!("attachments/{}", attachment_name(&path)?),
        None => TRACE_FILE.to_owned(),
    };
    artifacts::download_below(&app, &location, &file, &headers).await
}

/// Attachments lie beside each other: a name is one segment.
fn attachment_name(path: &str) -> Result<&str> {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if plain && !path.starts_with('.') && path.len() <= 255 {
        Ok(path)
    } else {
        Err(invalid(
            "Invalid path: the name of an attachment is letters, digits, '-', '_' and '.'.",
        ))
    }
}

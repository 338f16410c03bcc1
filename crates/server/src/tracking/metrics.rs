//! `metrics/get-history` and its variants for many runs

use super::{store, validate};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    page_token,
};
use axum::extract::State;
use fettle_series::point::Point;
use fettle_wire::{
    Double, Int64, Required,
    metrics::{GetMetricHistory, GetMetricHistoryBulkInterval, Metric, MetricHistoryResponse},
};
use serde::{Deserialize, Serialize};

/// Points in one answer: enough for every client's page (25,000), and what one answer may hold in memory.
const PAGE_MAX: usize = 1_000_000;
const BULK_RUNS_MAX: usize = 100;
const BULK_POINTS_MAX: usize = 25_000;
const SAMPLE_MAX: usize = 2_500;

pub async fn get_metric_history(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetMetricHistory>,
) -> Result<Json<MetricHistoryResponse>> {
    let run_uuid = validate::any_run_id(request.run_id, request.run_uuid)?;
    let key = request.metric_key.required("metric_key")?;
    let limit = page_token::limit("max_results", request.max_results, PAGE_MAX, i32::MAX as usize)?.min(PAGE_MAX);
    let offset = page_token::decode_offset(request.page_token.as_deref())?;
    app.db
        .read(move |tx| {
            let run = store::runs::get(tx, caller.workspace_id, &run_uuid)?;
            store::metric_history::view(tx, run.id, &key, |view| {
                let points = view.history(offset, limit as u64)?;
                let next = offset + points.len() as u64;
                let next_page_token = (next < view.rows()).then(|| page_token::encode_offset(next));
                Ok(Json(MetricHistoryResponse {
                    metrics: to_wire(&key, None, points),
                    next_page_token,
                }))
            })
        })
        .await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BulkHistory {
    run_id: Vec<String>,
    metric_key: Option<String>,
    max_results: Option<Int64>,
}

/// Unlike the other answers, this one holds its list even when it is empty.
#[derive(Debug, Serialize)]
pub struct BulkHistoryResponse {
    metrics: Vec<Metric>,
}

/// The first points of several runs, as many in all as asked for.
pub async fn get_metric_history_bulk(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<BulkHistory>,
) -> Result<Json<BulkHistoryResponse>> {
    let key = request.metric_key.required("metric_key")?;
    let mut run_uuids = check_runs("run_id", request.run_id)?;
    run_uuids.sort();
    let limit =
        page_token::limit("max_results", request.max_results, BULK_POINTS_MAX, i32::MAX as usize)?.min(BULK_POINTS_MAX);
    app.db
        .read(move |tx| {
            let mut metrics = Vec::new();
            for run_uuid in &run_uuids {
                let Some(run) = store::runs::find(tx, caller.workspace_id, run_uuid)? else {
                    continue;
                };
                let left = (limit - metrics.len()) as u64;
                let points = store::metric_history::view(tx, run.id, &key, |view| view.history(0, left))?;
                metrics.extend(to_wire(&key, Some(run_uuid), points));
            }
            Ok(Json(BulkHistoryResponse { metrics }))
        })
        .await
}

/// Points for a chart: of each run at most `max_results`, evenly spread over its rows.
pub async fn get_metric_history_bulk_interval(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetMetricHistoryBulkInterval>,
) -> Result<Json<MetricHistoryResponse>> {
    let run_uuids = check_runs("run_ids", request.run_ids)?;
    let key = request.metric_key.required("metric_key")?;
    let limit = page_token::limit("max_results", request.max_results, SAMPLE_MAX, SAMPLE_MAX)?;
    let steps = match (request.start_step, request.end_step) {
        (None, None) => None,
        (Some(Int64(start)), Some(Int64(end))) if start <= end => Some(start..=end),
        (Some(Int64(start)), Some(Int64(end))) => {
            return Err(invalid(format!(
                "end_step must be greater than start_step. Found start_step={start} and end_step={end}."
            )));
        }
        _ => {
            return Err(invalid(
                "If either start_step or end_step are specified, both must be specified.",
            ));
        }
    };
    app.db
        .read(move |tx| {
            let mut metrics = Vec::new();
            for run_uuid in &run_uuids {
                let Some(run) = store::runs::find(tx, caller.workspace_id, run_uuid)? else {
                    continue;
                };
                let points =
                    store::metric_history::view(tx, run.id, &key, |view| view.sample(limit as u64, steps.clone()))?;
                metrics.extend(to_wire(&key, Some(run_uuid), points));
            }
            Ok(Json(MetricHistoryResponse {
                metrics,
                next_page_token: None,
            }))
        })
        .await
}

fn check_runs(field: &str, run_uuids: Vec<String>) -> Result<Vec<String>> {
    if run_uuids.is_empty() {
        return Err(invalid(format!(
            "Missing value for required parameter '{field}'. At least one run is needed."
        )));
    }
    if run_uuids.len() > BULK_RUNS_MAX {
        return Err(invalid(format!(
            "Parameter '{field}' names {} runs; one request can ask for at most {BULK_RUNS_MAX}.",
            run_uuids.len()
        )));
    }
    run_uuids
        .into_iter()
        .map(|id| validate::run_id(Some(id), None))
        .collect()
}

fn to_wire(key: &str, run_uuid: Option<&str>, points: Vec<Point>) -> Vec<Metric> {
    let metric = |point: Point| Metric {
        key: key.to_owned(),
        value: Double(point.value()),
        timestamp: point.timestamp(),
        step: point.step(),
        dataset_name: None,
        dataset_digest: None,
        model_id: None,
        run_id: run_uuid.map(str::to_owned),
    };
    points.into_iter().map(metric).collect()
}

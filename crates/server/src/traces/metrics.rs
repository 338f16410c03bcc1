//! `traces/metrics`: numbers over traces, their spans or their assessments, grouped by time and by dimensions.

use super::{
    aggregation::{Aggregation, Groups},
    metric_kinds::{Metric, View},
    search::experiments,
    store::metrics::{Point, TraceMetricsQuery},
};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    tracking::validate::{batch_limit, text},
};
use axum::extract::State;
use fettle_search::trace_metrics::{TraceMetricsField, TraceMetricsFilter, parse_filter};
use fettle_wire::{
    Int64, Missing, Required,
    traces::{MetricDataPoint, QueryTraceMetrics, QueryTraceMetricsResponse},
};

const RESULTS: usize = 1000;
const RESULTS_MAX: i64 = 100_000;
const FILTERS_MAX: usize = 100;
const AGGREGATIONS_MAX: usize = 100;
const TIME_BUCKET: &str = "time_bucket";

pub async fn query_trace_metrics(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<QueryTraceMetrics>,
) -> Result<Json<QueryTraceMetricsResponse>> {
    let limit = limit(request.max_results)?;
    let (query, aggregations) = plan(&caller, request)?;
    app.db
        .read(move |tx| {
            let ungrouped = query.interval_ms.is_none() && query.dimensions.is_empty();
            let mut groups = Groups::new(&aggregations);
            query.for_each_point(tx, |point| groups.add(group_of(&query, &point), point.value))?;
            let data_points = groups
                .finish(ungrouped, limit)
                .into_iter()
                .map(|(group, values)| MetricDataPoint {
                    metric_name: query.metric.name().to_owned(),
                    dimensions: named(&query, group),
                    values,
                });
            Ok(Json(QueryTraceMetricsResponse {
                data_points: data_points.collect(),
            }))
        })
        .await
}

/// Unlike MLflow, which reads a negative number as no limit at all.
fn limit(requested: Option<Int64>) -> Result<usize> {
    match requested {
        None => Ok(RESULTS),
        Some(Int64(size)) if (0..=RESULTS_MAX).contains(&size) => Ok(size as usize),
        Some(Int64(size)) => Err(invalid(format!(
            "Invalid value {size} for parameter 'max_results' supplied: it must be between 0 and {RESULTS_MAX}."
        ))),
    }
}

fn plan(caller: &Caller, request: QueryTraceMetrics) -> Result<(TraceMetricsQuery, Vec<Aggregation>)> {
    let missing = |field: &str| Missing {
        field: field.to_owned(),
    };
    let experiment_ids = request.experiment_ids.ok_or_else(|| missing("experiment_ids"))?;
    let view = View::parse(&request.view_type.ok_or_else(|| missing("view_type"))?)?;
    let metric = Metric::parse(view, &request.metric_name.required("metric_name")?)?;
    let aggregations = request.aggregations.ok_or_else(|| missing("aggregations"))?;
    batch_limit("aggregations", AGGREGATIONS_MAX, aggregations.len())?;
    let aggregations: Vec<Aggregation> = aggregations.iter().map(Aggregation::parse).collect::<Result<_>>()?;
    if aggregations.is_empty() {
        return Err(invalid("At least one aggregation must be given in 'aggregations'."));
    }
    metric.check_aggregations(&aggregations)?;
    let dimensions = metric.dimensions(&request.dimensions.unwrap_or_default())?;
    let filters = request.filters.unwrap_or_default();
    batch_limit("filters", FILTERS_MAX, filters.len())?;
    let interval_s = request
        .time_interval_seconds
        .map(|interval| interval.0)
        .filter(|&interval| interval != 0);
    let (start_ms, end_ms) = (
        request.start_time_ms.map(|time| time.0),
        request.end_time_ms.map(|time| time.0),
    );
    let interval_ms = match interval_s {
        None => None,
        Some(_) if start_ms.is_none() || end_ms.is_none() => {
            return Err(invalid(
                "start_time_ms and end_time_ms are required if time_interval_seconds is set",
            ));
        }
        Some(seconds) => Some(seconds.checked_mul(1000).filter(|&ms| ms > 0).ok_or_else(|| {
            invalid(format!(
                "Invalid value {seconds} for parameter 'time_interval_seconds' supplied: it must be positive."
            ))
        })?),
    };
    let query = TraceMetricsQuery {
        workspace_id: caller.workspace_id,
        experiment_ids: experiments(&experiment_ids)?,
        metric,
        dimensions,
        filters: filters
            .iter()
            .map(|written| filter(view, written))
            .collect::<Result<_>>()?,
        start_ms,
        end_ms,
        interval_ms,
    };
    Ok((query, aggregations))
}

fn filter(view: View, written: &str) -> Result<TraceMetricsFilter> {
    text("filters", written)?;
    let filter = parse_filter(written)?;
    let needs = match filter.field {
        TraceMetricsField::SpanName | TraceMetricsField::SpanStatus | TraceMetricsField::SpanType => View::Spans,
        TraceMetricsField::AssessmentName | TraceMetricsField::AssessmentType => View::Assessments,
        _ => return Ok(filter),
    };
    if needs != view {
        let subject = if needs == View::Spans { "span" } else { "assessment" };
        return Err(invalid(format!(
            "Filtering by {subject} is only supported for {} view type, got {}",
            needs.name(),
            view.name()
        )));
    }
    Ok(filter)
}

/// The bucket's start and the dimensions' values; none if a dimension has no value, which leaves the point out.
fn group_of(query: &TraceMetricsQuery, point: &Point) -> Option<(Option<i64>, Vec<String>)> {
    let bucket = query
        .interval_ms
        .map(|interval| point.time_ms.div_euclid(interval) * interval);
    let dimensions: Option<Vec<String>> = point.dimensions.iter().cloned().collect();
    Some((bucket, dimensions?))
}

fn named(
    query: &TraceMetricsQuery,
    (bucket, values): (Option<i64>, Vec<String>),
) -> std::collections::BTreeMap<&'static str, String> {
    let names = query.dimensions.iter().map(|dimension| dimension.name());
    let bucket = bucket.map(|ms| (TIME_BUCKET, iso_format(ms)));
    names.zip(values).chain(bucket).collect()
}

/// As Python's `isoformat` writes a time in UTC.
fn iso_format(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

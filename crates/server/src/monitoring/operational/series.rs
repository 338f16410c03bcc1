//! `GET /api/fettle/v1/operational-metrics`: metrics of an endpoint over time, for charts and for `fettle metrics`.

use super::{
    figures::{Aggregation, Metric, Sample},
    flush::{WIDTH_MS, flush},
    window,
};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    monitoring::duration::{duration_ms, iso, moment_ms},
    system::rfc3339,
};
use axum::extract::State;
use fettle_wire::Required;
use serde::{Deserialize, Serialize};

const STEPS_MAX: i64 = 2000;
/// Steps that are chosen when none are asked for.
const STEPS: i64 = 120;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuerySeries {
    endpoint: Option<String>,
    deployment: Option<String>,
    /// With commas between.
    metric: Option<String>,
    aggregation: Option<String>,
    since: Option<String>,
    until: Option<String>,
    /// Width of a step.
    interval: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Series {
    endpoint: String,
    interval: String,
    metrics: Vec<MetricView>,
}

#[derive(Debug, Serialize)]
struct MetricView {
    name: String,
    aggregation: &'static str,
    unit: &'static str,
    points: Vec<PointView>,
}

#[derive(Debug, Serialize)]
struct PointView {
    time: String,
    /// None where nothing is known.
    value: Option<f64>,
}

pub async fn query_series(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<QuerySeries>,
) -> Result<Json<Series>> {
    let endpoint = request.endpoint.required("endpoint")?;
    let now_ms = app.clock.now_ms();
    let to_ms = match request.until.as_deref() {
        Some(until) => moment_ms("until", until, now_ms)?,
        None => now_ms,
    };
    let from_ms = moment_ms("since", request.since.as_deref().unwrap_or("1h"), now_ms)?;
    if from_ms >= to_ms {
        return Err(invalid(
            "Invalid value for parameter 'since' supplied: it must be before 'until'.",
        ));
    }
    let step_ms = match request.interval.as_deref() {
        Some(text) => duration_ms("interval", text)?,
        None => ((to_ms - from_ms) / STEPS).div_euclid(WIDTH_MS).max(1) * WIDTH_MS,
    };
    if step_ms < WIDTH_MS || (to_ms - from_ms) / step_ms > STEPS_MAX {
        return Err(invalid(format!(
            "Invalid value '{}' for parameter 'interval' supplied: it must be at least 10s and make at most {STEPS_MAX} steps.",
            iso(step_ms)
        )));
    }
    let names = request.metric.unwrap_or_else(|| "Requests".to_owned());
    let metrics: Vec<(String, Metric, Aggregation)> = names
        .split(',')
        .map(|name| {
            let name = name.trim();
            let metric = Metric::named(name).ok_or_else(|| unknown_metric(name))?;
            let aggregation = match request.aggregation.as_deref() {
                Some(text) => Aggregation::parse("aggregation", text)?,
                None => metric.usual_aggregation(),
            };
            Ok((name.to_owned(), metric, aggregation))
        })
        .collect::<Result<_>>()?;
    flush(&app).await?;
    let (wanted, deployment) = (endpoint.clone(), request.deployment.filter(|name| !name.is_empty()));
    let first_ms = from_ms.div_euclid(step_ms) * step_ms;
    let samples = app
        .db
        .read(move |tx| {
            window::samples(
                tx,
                caller.workspace_id,
                &wanted,
                deployment.as_deref(),
                (first_ms, to_ms),
            )
        })
        .await?;
    let metrics = metrics.into_iter().map(|(name, metric, aggregation)| MetricView {
        name,
        aggregation: aggregation.name(),
        unit: metric.unit(),
        points: steps(&samples, first_ms, to_ms, step_ms, |samples| {
            metric.over(aggregation, samples, step_ms)
        }),
    });
    Ok(Json(Series {
        endpoint,
        interval: iso(step_ms),
        metrics: metrics.collect(),
    }))
}

pub fn unknown_metric(name: &str) -> crate::error::ApiError {
    invalid(format!(
        "Invalid value '{name}' for parameter 'metric' supplied: it must be one of {}.",
        Metric::names().collect::<Vec<_>>().join(", ")
    ))
}

/// The samples are in the order of their time.
fn steps(
    samples: &[Sample],
    first_ms: i64,
    to_ms: i64,
    step_ms: i64,
    value: impl Fn(&[Sample]) -> Option<f64>,
) -> Vec<PointView> {
    let mut rest = samples;
    let mut points = Vec::new();
    let mut start_ms = first_ms;
    while start_ms < to_ms {
        let end = rest.partition_point(|sample| sample.at_ms < start_ms + step_ms);
        let (inside, after) = rest.split_at(end);
        rest = after;
        points.push(PointView {
            time: rfc3339(start_ms),
            value: if inside.is_empty() { None } else { value(inside) },
        });
        start_ms += step_ms;
    }
    points
}

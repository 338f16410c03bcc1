//! What training code sends all the time: metrics, params, tags.
//!
//! A request is checked and its points are encoded before its transaction starts, as SQLite has one writer. A batch is
//! one transaction: unlike in MLflow, it is there as a whole or not at all.

use super::{store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, JsonBody, from_json},
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_series::{batch, point::Point};
use fettle_wire::{
    Missing, Required,
    metrics::{LogMetric, MetricInput},
    runs::{LogBatch, LogModel, RunKeyValue},
    tags::{KeyValue, KeyValueInput},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{
        LazyLock,
        atomic::{AtomicI64, Ordering},
    },
};
use store::metrics::{Batch, ModelPoint, Points};

/// The run tag in which clients before 3.0 keep what models they logged.
const LOGGED_MODELS: &str = "mlflow.log-model.history";

pub async fn log_metric(
    State(app): State<App>,
    caller: Caller,
    Args(mut request): Args<LogMetric>,
) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id.take(), request.run_uuid.take())?;
    let batch = encode(vec![request.into_metric()], |_| String::new())?.expect("one metric was given");
    write_points(&app, caller, run_uuid, batch).await
}

async fn write_points(app: &App, caller: Caller, run_uuid: String, batch: Batch) -> Result<Json<Empty>> {
    let points = Points {
        workspace_id: caller.workspace_id,
        run_uuid,
        batch,
    };
    let count = points.batch.points as u64;
    let run_id = if points.batch.model_points.is_empty() {
        app.points.write(points).await?
    } else {
        // A model that is not there refuses this request alone.
        app.db
            .write(move |tx| {
                let place = store::runs::active_place(tx, points.workspace_id, &points.run_uuid)?;
                store::metrics::insert(tx, &[(place, &points.batch)])?;
                Ok::<_, ApiError>(place.run_id)
            })
            .await?
    };
    app.folder.logged(run_id, count);
    Ok(EMPTY)
}

pub async fn log_batch(State(app): State<App>, caller: Caller, JsonBody(body): JsonBody) -> Result<Json<Empty>> {
    let request = LogBatch::read_plain(&body).map_or_else(|| from_json(&body), Ok)?;
    let run_uuid = validate::run_id(request.run_id, None)?;
    let metrics = request.metrics.unwrap_or_default();
    let params_given = request.params.as_ref().map_or(0, Vec::len);
    let tags_given = request.tags.as_ref().map_or(0, Vec::len);
    validate::batch_limit("metrics", validate::METRICS_PER_BATCH, metrics.len())?;
    validate::batch_limit("params", validate::PARAMS_PER_BATCH, params_given)?;
    validate::batch_limit("tags", validate::TAGS_PER_BATCH, tags_given)?;
    let total = metrics.len() + params_given + tags_given;
    validate::batch_limit("metrics, params, and tags", validate::ENTITIES_PER_BATCH, total)?;
    let batch = encode(metrics, |index| format!("metrics[{index}]."))?;
    let params = validate::params(request.params)?;
    let tags = validate::list("tags", request.tags, validate::run_tag)?;
    match batch {
        Some(batch) if params.is_empty() && tags.is_empty() => write_points(&app, caller, run_uuid, batch).await,
        batch => write_batch(&app, caller, run_uuid, batch, params, tags).await,
    }
}

async fn write_batch(
    app: &App,
    caller: Caller,
    run_uuid: String,
    batch: Option<Batch>,
    params: Vec<KeyValue>,
    tags: Vec<KeyValue>,
) -> Result<Json<Empty>> {
    let points = batch.as_ref().map_or(0, |batch| batch.points as u64);
    let now_ms = app.clock.now_ms();
    let run_id = app
        .db
        .write(move |tx| {
            let place = store::runs::active_place(tx, caller.workspace_id, &run_uuid)?;
            let run_id = place.run_id;
            let changed = store::params::insert(tx, caller.workspace_id, run_id, &params)?;
            if !changed.is_empty() {
                let list: Vec<Value> = changed
                    .iter()
                    .map(|c| json!({ "key": c.key, "old_value": c.old, "new_value": c.new }))
                    .collect();
                return Err(invalid(format!(
                    "Changing param values is not allowed. Params were already logged='{}' for run ID='{run_uuid}'.",
                    Value::from(list)
                )));
            }
            if let Some(batch) = &batch {
                store::metrics::insert(tx, &[(place, batch)])?;
            }
            store::tags::set(tx, caller.workspace_id, run_id, &tags)?;
            audit_logged(tx, &caller, now_ms, &run_uuid, &params, &tags)?;
            Ok::<_, ApiError>(run_id)
        })
        .await?;
    if points > 0 {
        app.folder.logged(run_id, points);
    }
    Ok(EMPTY)
}

fn audit_logged(
    tx: &Tx,
    caller: &Caller,
    now_ms: i64,
    run_uuid: &str,
    params: &[KeyValue],
    tags: &[KeyValue],
) -> Result<()> {
    if params.is_empty() && tags.is_empty() {
        return Ok(());
    }
    let keys = |entries: &[KeyValue]| entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>();
    let detail = json!({ "params": keys(params), "tags": keys(tags) });
    audit::record(tx, caller, now_ms, "log", Entity::of("run", run_uuid), Some(&detail))
}

pub async fn log_param(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RunKeyValue>,
) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let param = validate::param(
        "",
        KeyValueInput {
            key: request.key,
            value: request.value,
        },
    )?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run_id = store::runs::active_id(tx, caller.workspace_id, &run_uuid)?;
            let params = std::slice::from_ref(&param);
            if let Some(changed) = store::params::insert(tx, caller.workspace_id, run_id, params)?.first() {
                return Err(invalid(format!(
                    "Changing param values is not allowed. Param with key='{}' was already logged with value='{}' for run ID='{run_uuid}'. Attempted logging new value '{}'.",
                    changed.key, changed.old, changed.new
                )));
            }
            audit_logged(tx, &caller, now_ms, &run_uuid, params, &[])?;
            Ok(EMPTY)
        })
        .await
}

pub async fn set_tag(State(app): State<App>, caller: Caller, Args(request): Args<RunKeyValue>) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let tag = validate::run_tag(
        "",
        KeyValueInput {
            key: request.key,
            value: request.value,
        },
    )?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run_id = store::runs::active_id(tx, caller.workspace_id, &run_uuid)?;
            store::tags::set(tx, caller.workspace_id, run_id, std::slice::from_ref(&tag))?;
            let detail = json!({ "key": tag.key, "value": tag.value });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "set_tag", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

pub async fn delete_tag(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<RunKeyValue>,
) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, request.run_uuid)?;
    let key = request.key.required("key")?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run_id = store::runs::active_id(tx, caller.workspace_id, &run_uuid)?;
            if !store::tags::delete(tx, run_id, &key)? {
                return Err(not_found(format!("No tag with name: {key} in run with id {run_uuid}")));
            }
            let detail = json!({ "key": key });
            let entity = Entity::of("run", &run_uuid);
            audit::record(tx, &caller, now_ms, "delete_tag", entity, Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

/// Adds one model to the list that clients before 3.0 keep in a tag.
pub async fn log_model(State(app): State<App>, caller: Caller, Args(request): Args<LogModel>) -> Result<Json<Empty>> {
    let run_uuid = validate::run_id(request.run_id, None)?;
    let text = request.model_json.required("model_json")?;
    let model: Value = serde_json::from_str(&text).map_err(|e| {
        invalid(format!(
            "Malformed model info in parameter 'model_json': it is not JSON ({e})."
        ))
    })?;
    let fields = ["artifact_path", "flavors", "utc_time_created", "run_id"];
    let missing: Vec<&str> = fields.into_iter().filter(|field| model.get(field).is_none()).collect();
    if !missing.is_empty() {
        return Err(invalid(format!(
            "Model json in parameter 'model_json' is missing mandatory fields: {missing:?}"
        )));
    }
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let run_id = store::runs::active_id(tx, caller.workspace_id, &run_uuid)?;
            let earlier = store::tags::get(tx, run_id, LOGGED_MODELS)?;
            let mut models: Vec<Value> = earlier
                .and_then(|text| serde_json::from_str(&text).ok())
                .unwrap_or_default();
            models.push(model.clone());
            let tag = KeyValue {
                key: LOGGED_MODELS.to_owned(),
                value: Value::from(models).to_string(),
            };
            store::tags::set(tx, caller.workspace_id, run_id, &[tag])?;
            audit::record(tx, &caller, now_ms, "log_model", Entity::of("run", &run_uuid), None)?;
            Ok(EMPTY)
        })
        .await
}

/// Checks points and encodes them; none without points. `path` names a point in an error.
fn encode(metrics: Vec<MetricInput<'_>>, path: impl Fn(usize) -> String) -> Result<Option<Batch>> {
    if metrics.is_empty() {
        return Ok(None);
    }
    let mut keys = Keys::default();
    let mut points: Vec<(u32, Point)> = Vec::with_capacity(metrics.len());
    let mut model_points = Vec::new();
    for (index, metric) in metrics.into_iter().enumerate() {
        let at = |field: &str| format!("{}{field}", path(index));
        let key = metric
            .key
            .filter(|key| !key.is_empty())
            .ok_or_else(|| Missing { field: at("key") })?;
        let value = metric.value.ok_or_else(|| Missing { field: at("value") })?.0;
        let timestamp = metric.timestamp.ok_or_else(|| Missing { field: at("timestamp") })?.0;
        if timestamp < 0 {
            return Err(invalid(format!(
                "Invalid value {timestamp} for parameter '{}' supplied: Timestamp must be a nonnegative long (64-bit integer)",
                at("timestamp")
            )));
        }
        let value = if value.is_nan() {
            value
        } else {
            value.clamp(f64::MIN, f64::MAX)
        };
        let point = Point::new(metric.step.map_or(0, |step| step.0), timestamp, value);
        if let Some(model_id) = metric.model_id.filter(|id| !id.is_empty()) {
            let (dataset_name, dataset_digest) = (metric.dataset_name, metric.dataset_digest);
            validate::text(&at("model_id"), &model_id)?;
            validate::text(&at("dataset_name"), dataset_name.as_deref().unwrap_or_default())?;
            validate::text(&at("dataset_digest"), dataset_digest.as_deref().unwrap_or_default())?;
            model_points.push(ModelPoint {
                model_id: model_id.into_owned(),
                dataset_name: dataset_name.unwrap_or_default().into_owned(),
                dataset_digest: dataset_digest.unwrap_or_default().into_owned(),
                key: key.clone().into_owned(),
                point,
            });
        }
        let key = if let Some(known) = keys.find(&key) {
            known
        } else {
            validate::key(&at("key"), &key)?;
            keys.add(key.into_owned())
        };
        points.push((key, point));
    }
    let data = batch::encode_keyed(&keys.names, &points).map_err(|e| invalid(e.to_string()))?;
    Ok(Some(Batch {
        id: next_batch_id(),
        points: points.len(),
        data,
        latest: latest_of(keys.names, &points),
        model_points,
    }))
}

/// Ids follow each other, so that a run's batches are appended to the log rather than spread over its pages; where a
/// process begins is random, so that no two meet.
fn next_batch_id() -> i64 {
    static NEXT: LazyLock<AtomicI64> = LazyLock::new(|| AtomicI64::new(i64::from(rand::random::<u32>() >> 1) << 32));
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The metrics of a request, in the order in which they first appear.
#[derive(Default)]
struct Keys {
    names: Vec<String>,
    index: HashMap<String, u32>,
    previous: usize,
}

impl Keys {
    fn find(&mut self, key: &str) -> Option<u32> {
        // Training code logs one metric at many steps, or the same metrics again and again in the same order.
        let following = if self.previous + 1 < self.names.len() {
            self.previous + 1
        } else {
            0
        };
        let likely = [self.previous, following];
        let found = likely
            .into_iter()
            .find(|&index| self.names.get(index).is_some_and(|name| name == key));
        let found = found.or_else(|| self.index.get(key).map(|&index| index as usize))?;
        self.previous = found;
        Some(found as u32)
    }

    fn add(&mut self, key: String) -> u32 {
        self.previous = self.names.len();
        self.index.insert(key.clone(), self.previous as u32);
        self.names.push(key);
        self.previous as u32
    }
}

/// The greatest point of each key.
fn latest_of(keys: Vec<String>, points: &[(u32, Point)]) -> Vec<(String, Point)> {
    let mut latest: Vec<Option<Point>> = vec![None; keys.len()];
    for (key, point) in points {
        let best = &mut latest[*key as usize];
        *best = (*best).max(Some(*point));
    }
    let pairs = keys.into_iter().zip(latest);
    pairs.filter_map(|(key, point)| Some((key, point?))).collect()
}

//! `/api/fettle/v1/baselines`

use super::{
    made::{FILE_BYTES_MAX, Made, of_artifact, read},
    registration,
    store::{self, Baseline, State as BaselineState},
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg, read_body},
    monitoring::{
        capture::parts::{self, Span},
        duration::moment_ms,
    },
    system::rfc3339,
};
use axum::{
    extract::{Query, Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use fettle_stats::profile::dataset::DatasetProfile;
use fettle_wire::Required;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Rows that are read; a profile needs no more.
const ROWS_MAX: usize = 1_000_000;
const BASELINES: usize = 200;
/// A profile in the format of the statistics.
const PROFILE_TYPE: &str = "application/vnd.fettle.profile";

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateBaseline {
    model_name: Option<String>,
    model_version: Option<String>,
    /// From what was captured of an endpoint.
    endpoint: Option<String>,
    since: Option<String>,
    until: Option<String>,
    /// From a Parquet, CSV or JSON Lines file: runs:/RUN_ID/PATH or mlflow-artifacts:/PATH.
    artifact_uri: Option<String>,
    /// From the dataset that the version's run was given in this context, such as training, if it lies in a store of
    /// this server.
    dataset: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListBaselines {
    model_name: Option<String>,
    model_version: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct BaselineView {
    id: String,
    model_name: String,
    model_version: String,
    /// Where its rows came from.
    source: String,
    state: BaselineState,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    rows: i64,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<Value>>,
}

#[derive(Debug, Serialize)]
pub struct BaselineList {
    baselines: Vec<BaselineView>,
}

/// From a captured window, or from a file of the artifact store.
pub async fn create_baseline(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateBaseline>,
) -> Result<Json<BaselineView>> {
    let version = request.model_version.required("model_version")?;
    let model = request.model_name.required("model_name")?;
    let now_ms = app.clock.now_ms();
    let (table, source) = match (request.endpoint, request.artifact_uri, request.dataset) {
        (Some(endpoint), None, None) => {
            let since = request.since.unwrap_or_else(|| "P7D".to_owned());
            let span = Span {
                workspace_id: caller.workspace_id,
                from_ms: moment_ms("since", &since, now_ms)?,
                to_ms: request
                    .until
                    .map_or(Ok(now_ms + 1), |until| moment_ms("until", &until, now_ms))?,
                endpoint,
            };
            let (table, _) = parts::find(&app, &span).await?.rows(&span, None, ROWS_MAX).await?;
            let source = format!(
                "captured of endpoint {} from {} to {}",
                span.endpoint,
                rfc3339(span.from_ms),
                rfc3339(span.to_ms)
            );
            (table, source)
        }
        (None, Some(uri), None) => (of_artifact(&app.db, &app.stores, caller.workspace_id, &uri).await?, uri),
        (None, None, Some(context)) => {
            let uri = dataset_uri(&app, caller.workspace_id, &model, &version, &context).await?;
            let table = of_artifact(&app.db, &app.stores, caller.workspace_id, &uri).await?;
            (table, format!("{context} dataset {uri}"))
        }
        _ => {
            return Err(invalid(
                "Give 'endpoint' (a captured window), 'artifact_uri' (a file) or 'dataset' (such as training), one of them; a file of your own goes to /api/fettle/v1/baselines/upload.",
            ));
        }
    };
    let made = Made::of_table(source, table).await?;
    keep(&app, caller, model, version, made).await
}

/// From a file in the body: rows, or a profile that was made before.
pub async fn upload_baseline(
    State(app): State<App>,
    caller: Caller,
    Query(place): Query<ListBaselines>,
    request: Request,
) -> Result<Json<BaselineView>> {
    let version = place.model_version.required("model_version")?;
    let model = place.model_name.required("model_name")?;
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = read_body(request, app.settings.body_limit.max(FILE_BYTES_MAX)).await?;
    let made = if content_type.starts_with(PROFILE_TYPE) {
        Made::of_profile(body.into()).await?
    } else {
        Made::of_table("uploaded".to_owned(), read(content_type, body.into()).await?).await?
    };
    keep(&app, caller, model, version, made).await
}

/// Where the dataset of the version's run lies.
async fn dataset_uri(app: &App, workspace_id: i64, model: &str, version: &str, context: &str) -> Result<String> {
    let (name, number, wanted) = (model.to_owned(), version.parse().unwrap_or(-1), context.to_owned());
    let source = app
        .db
        .read(move |tx| store::dataset_source(tx, workspace_id, &name, number, &wanted))
        .await?
        .ok_or_else(|| {
            not_found(format!(
                "The run of models:/{model}/{version} was given no dataset for {context}."
            ))
        })?;
    registration::place(&source).ok_or_else(|| {
        invalid(format!(
            "The {context} dataset of models:/{model}/{version} does not say where it lies: upload its rows."
        ))
    })
}

async fn keep(
    app: &App,
    caller: Caller,
    model_name: String,
    model_version: String,
    made: Made,
) -> Result<Json<BaselineView>> {
    let (now_ms, sample) = (app.clock.now_ms(), made.sample);
    let mut baseline = Baseline {
        id: 0,
        model_name,
        model_version,
        source: made.source,
        row_count: made.rows,
        profile: made.profile,
        created_at: now_ms,
        state: BaselineState::Ready,
        reason: None,
    };
    let new = baseline.clone();
    baseline.id = app
        .db
        .write(move |tx| {
            let id = store::insert(tx, caller.workspace_id, &new, sample.as_deref())?;
            let id_text = id.to_string();
            let entity = Entity {
                kind: "baseline",
                id: &id_text,
            };
            let detail = json!({ "model_name": new.model_name, "model_version": new.model_version, "source": new.source, "rows": new.row_count });
            audit::record(tx, &caller, now_ms, "create", entity, Some(&detail))?;
            Ok::<_, ApiError>(id)
        })
        .await?;
    view(baseline, true).map(Json)
}

pub async fn list_baselines(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListBaselines>,
) -> Result<Json<BaselineList>> {
    let (model, version) = (
        request.model_name.unwrap_or_default(),
        request.model_version.unwrap_or_default(),
    );
    let found = app
        .db
        .read(move |tx| store::list(tx, caller.workspace_id, &model, &version, BASELINES))
        .await?;
    let baselines = found
        .into_iter()
        .map(|baseline| view(baseline, false))
        .collect::<Result<_>>()?;
    Ok(Json(BaselineList { baselines }))
}

pub async fn get_baseline(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Json<BaselineView>> {
    let found = app.db.read(move |tx| store::get(tx, caller.workspace_id, &id)).await?;
    view(found, true).map(Json)
}

/// The profile as it is kept, for another server or for `fettle drift compare`.
pub async fn get_profile(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Response> {
    let found = app.db.read(move |tx| store::get(tx, caller.workspace_id, &id)).await?;
    if found.state != BaselineState::Ready {
        let why = found.reason.unwrap_or_else(|| "It is being made.".to_owned());
        return Err(ApiError::new(
            ErrorCode::ResourceConflict,
            format!("Baseline {} is not there. {why}", found.id),
        ));
    }
    Ok(([(header::CONTENT_TYPE, PROFILE_TYPE)], found.profile).into_response())
}

pub async fn delete_baseline(State(app): State<App>, caller: Caller, PathArg(id): PathArg) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let baseline = store::get(tx, caller.workspace_id, &id)?;
            store::delete(tx, baseline.id)?;
            let entity = Entity {
                kind: "baseline",
                id: &id,
            };
            audit::record(tx, &caller, now_ms, "delete", entity, None)
        })
        .await?;
    Ok(EMPTY)
}

pub fn decode(baseline: &Baseline) -> Result<DatasetProfile> {
    DatasetProfile::decode(&baseline.profile)
        .map_err(|error| ApiError::new(ErrorCode::InternalError, "A baseline cannot be read.").because(error))
}

fn view(baseline: Baseline, with_columns: bool) -> Result<BaselineView> {
    let columns = (with_columns && baseline.state == BaselineState::Ready)
        .then(|| {
            let columns = decode(&baseline)?.columns.into_iter().map(|(name, column)| {
                let summary = serde_json::to_value(column.into_column().summary()).unwrap_or_default();
                json!({ "name": name, "summary": summary })
            });
            Ok::<_, ApiError>(columns.collect())
        })
        .transpose()?;
    Ok(BaselineView {
        id: baseline.id.to_string(),
        model_name: baseline.model_name,
        model_version: baseline.model_version,
        source: baseline.source,
        state: baseline.state,
        reason: baseline.reason,
        rows: baseline.row_count,
        created_at: rfc3339(baseline.created_at),
        columns,
    })
}

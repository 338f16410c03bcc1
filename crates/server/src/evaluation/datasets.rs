//! `datasets/create`, `get`, `search`, `delete`, their tags and the experiments they are tied to

use super::{
    record::USER_TAG,
    store::{self, dataset_search::DatasetSearch},
    validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::validate::text,
};
use axum::extract::{Path, State};
use fettle_search::evaluation_datasets;
use fettle_wire::{
    Required,
    evaluation::datasets::{
        CreateDataset, DatasetExperiments, DatasetResponse, ExperimentIdsResponse, SearchDatasets,
        SearchDatasetsResponse, SetDatasetTags,
    },
};
use serde_json::json;

const NAME_LENGTH: usize = 500;
const PAGE: usize = 1000;

/// How audit entries name a dataset.
pub(super) fn entity(dataset_id: &str) -> Entity<'_> {
    Entity::of("evaluation_dataset", dataset_id)
}

pub async fn create_dataset(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateDataset>,
) -> Result<Json<DatasetResponse>> {
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let tags = request.tags.filter(|tags| !tags.is_empty());
    let tags = tags.map_or_else(|| Ok(Vec::new()), |tags| validate::tags(&tags))?;
    let experiments = validate::experiment_ids(request.experiment_ids)?;
    let user = tags
        .iter()
        .find(|(key, _)| key == USER_TAG)
        .map(|(_, user)| user.clone());
    let dataset_id = format!("d-{}", uuid::Uuid::new_v4().simple());
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let user = user.as_deref();
            all_known(tx, caller.workspace_id, &experiments)?;
            let dataset = store::datasets::insert(tx, caller.workspace_id, &dataset_id, &name, user, now_ms)?;
            store::datasets::set_tags(tx, caller.workspace_id, dataset.id, &tags)?;
            store::datasets::tie(tx, caller.workspace_id, dataset.id, &experiments)?;
            let detail = json!({ "name": name, "experiment_ids": experiments });
            audit::record(tx, &caller, now_ms, "create", entity(&dataset_id), Some(&detail))?;
            let mut dataset = store::datasets::load_one(tx, dataset)?;
            dataset.experiment_ids = experiments.iter().map(ToString::to_string).collect();
            Ok(Json(DatasetResponse { dataset }))
        })
        .await
}

/// A dataset is tied to experiments that are there.
fn all_known(tx: &fettle_db::Tx, workspace_id: i64, experiments: &[i64]) -> Result<()> {
    let known = store::experiments::known(tx, workspace_id, experiments)?;
    match experiments.iter().find(|id| !known.contains(id)) {
        Some(unknown) => Err(validate::no_experiment(unknown)),
        None => Ok(()),
    }
}

pub async fn get_dataset(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
) -> Result<Json<DatasetResponse>> {
    app.db
        .peek(move |tx| {
            let dataset = store::datasets::get(tx, caller.workspace_id, &dataset_id)?;
            let dataset = store::datasets::load_one(tx, dataset)?;
            Ok(Json(DatasetResponse { dataset }))
        })
        .await
}

/// Deleting what is not there is fine.
pub async fn delete_dataset(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            if let Some(dataset) = store::datasets::find(tx, caller.workspace_id, &dataset_id)? {
                store::datasets::delete(tx, dataset.id)?;
                let detail = json!({ "name": dataset.name });
                audit::record(tx, &caller, now_ms, "delete", entity(&dataset_id), Some(&detail))?;
            }
            Ok(EMPTY)
        })
        .await
}

pub async fn search_datasets(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchDatasets>,
) -> Result<Json<SearchDatasetsResponse>> {
    let order = evaluation_datasets::parse_order_by(&request.order_by.unwrap_or_default())?;
    let order = store::dataset_search::terms(&order);
    let filter = request.filter_string.unwrap_or_default();
    let experiments = request.experiment_ids.filter(|ids| !ids.is_empty());
    let search = DatasetSearch {
        workspace_id: caller.workspace_id,
        // What is no number is no experiment, so nothing is tied to it.
        experiments: experiments.map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect()),
        filter: evaluation_datasets::parse_filter(&filter)?,
        page: validate::page(order, request.max_results, request.page_token.as_deref(), PAGE)?,
    };
    app.db
        .read(move |tx| {
            let found = search.run(tx)?;
            Ok(Json(SearchDatasetsResponse {
                datasets: store::datasets::load(tx, found.rows)?,
                next_page_token: found.next_page_token,
            }))
        })
        .await
}

pub async fn set_tags(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<SetDatasetTags>,
) -> Result<Json<Empty>> {
    let tags = validate::tags(&request.tags.required("tags")?)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let dataset = store::datasets::find(tx, caller.workspace_id, &dataset_id)?
                .ok_or_else(|| not_found(format!("Could not find evaluation dataset with ID {dataset_id}")))?;
            store::datasets::set_tags(tx, caller.workspace_id, dataset.id, &tags)?;
            let keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
            let detail = json!({ "tags": keys });
            audit::record(tx, &caller, now_ms, "set_tags", entity(&dataset_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

/// Deleting what is not there is fine.
pub async fn delete_tag(
    State(app): State<App>,
    caller: Caller,
    Path((dataset_id, key)): Path<(String, String)>,
) -> Result<Json<Empty>> {
    text("key", &key)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            if let Some(dataset) = store::datasets::find(tx, caller.workspace_id, &dataset_id)?
                && store::datasets::delete_tag(tx, dataset.id, &key)?
            {
                let detail = json!({ "key": key });
                audit::record(tx, &caller, now_ms, "delete_tag", entity(&dataset_id), Some(&detail))?;
            }
            Ok(EMPTY)
        })
        .await
}

/// A dataset that is not there is tied to nothing.
pub async fn get_experiment_ids(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
) -> Result<Json<ExperimentIdsResponse>> {
    app.db
        .peek(move |tx| {
            let dataset = store::datasets::find(tx, caller.workspace_id, &dataset_id)?;
            let ids = dataset.map_or_else(|| Ok(Vec::new()), |d| store::datasets::experiment_ids(tx, d.id))?;
            Ok(Json(ExperimentIdsResponse {
                experiment_ids: ids.iter().map(ToString::to_string).collect(),
            }))
        })
        .await
}

pub async fn add_experiments(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<DatasetExperiments>,
) -> Result<Json<DatasetResponse>> {
    let experiments = validate::experiment_ids(request.experiment_ids)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let dataset =
                store::datasets::find(tx, caller.workspace_id, &dataset_id)?.ok_or_else(|| gone(&dataset_id))?;
            all_known(tx, caller.workspace_id, &experiments)?;
            store::datasets::tie(tx, caller.workspace_id, dataset.id, &experiments)?;
            store::datasets::touch(tx, dataset.id, now_ms)?;
            let detail = json!({ "experiment_ids": experiments });
            audit::record(
                tx,
                &caller,
                now_ms,
                "add_experiments",
                entity(&dataset_id),
                Some(&detail),
            )?;
            answer(tx, caller.workspace_id, &dataset_id)
        })
        .await
}

/// Experiments that the dataset is not tied to are passed over.
pub async fn remove_experiments(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<DatasetExperiments>,
) -> Result<Json<DatasetResponse>> {
    let ids = request.experiment_ids.unwrap_or_default();
    let experiments: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let dataset =
                store::datasets::find(tx, caller.workspace_id, &dataset_id)?.ok_or_else(|| gone(&dataset_id))?;
            if store::datasets::untie(tx, dataset.id, &experiments)? > 0 {
                store::datasets::touch(tx, dataset.id, now_ms)?;
                let detail = json!({ "experiment_ids": experiments });
                audit::record(
                    tx,
                    &caller,
                    now_ms,
                    "remove_experiments",
                    entity(&dataset_id),
                    Some(&detail),
                )?;
            }
            answer(tx, caller.workspace_id, &dataset_id)
        })
        .await
}

fn gone(dataset_id: &str) -> crate::error::ApiError {
    not_found(format!("Dataset '{dataset_id}' not found"))
}

fn answer(tx: &fettle_db::Tx, workspace_id: i64, dataset_id: &str) -> Result<Json<DatasetResponse>> {
    let dataset = store::datasets::get(tx, workspace_id, dataset_id)?;
    let dataset = store::datasets::load_one(tx, dataset)?;
    Ok(Json(DatasetResponse { dataset }))
}

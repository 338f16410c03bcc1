//! `experiments/search-datasets`: the datasets that an experiment's runs used. Only pages ask for it.

use super::{store, validate};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
};
use axum::extract::State;
use fettle_wire::runs::{SearchRunDatasets, SearchRunDatasetsResponse};

const EXPERIMENTS_PER_CALL: usize = 20;

pub async fn search_datasets(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchRunDatasets>,
) -> Result<Json<SearchRunDatasetsResponse>> {
    let ids = request.experiment_ids.unwrap_or_default();
    if ids.is_empty() {
        return Err(invalid(
            "SearchDatasets request must specify at least one experiment_id.",
        ));
    }
    if ids.len() > EXPERIMENTS_PER_CALL {
        return Err(invalid(format!(
            "SearchDatasets request cannot specify more than {EXPERIMENTS_PER_CALL} experiment_ids. Received {} \
             experiment_ids.",
            ids.len()
        )));
    }
    let ids = ids
        .iter()
        .map(|id| validate::experiment_id(id))
        .collect::<Result<Vec<i64>>>()?;
    app.db
        .read(move |tx| {
            Ok(Json(SearchRunDatasetsResponse {
                dataset_summaries: store::inputs::summaries(tx, caller.workspace_id, &ids)?,
            }))
        })
        .await
}

//! `scorers/online-config` and `online-configs`: how often a scorer runs on new traces by itself
//!
//! Only scorers that ask a model of the AI gateway can, and this server has no gateway; so the rate is always 0 here.

use super::{scorers::entity, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
};
use axum::extract::State;
use fettle_wire::{
    Missing, Required,
    evaluation::scorers::{
        GetOnlineScoringConfigs, OnlineScoringConfigResponse, OnlineScoringConfigsResponse, SetOnlineScoringConfig,
    },
};
use serde_json::json;

const NAME_LENGTH: usize = 500;
const FILTER_LENGTH: usize = 10_000;
const SCORERS_PER_CALL: usize = 1000;

pub async fn set_config(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SetOnlineScoringConfig>,
) -> Result<Json<OnlineScoringConfigResponse>> {
    let experiment_id = request.experiment_id.required("experiment_id")?;
    let name = validate::required_text("name", request.name, NAME_LENGTH)?;
    let sample_rate = request.sample_rate.required("sample_rate")?.0;
    let filter = validate::optional_text("filter_string", request.filter_string, FILTER_LENGTH)?;
    fettle_search::traces::parse_filter(filter.as_deref().unwrap_or_default())?;
    if !(0.0..=1.0).contains(&sample_rate) {
        return Err(invalid(format!(
            "sample_rate must be between 0.0 and 1.0, got {sample_rate:?}"
        )));
    }
    let experiment_id = crate::tracking::validate::experiment_id(&experiment_id)?;
    let config_id = uuid::Uuid::new_v4().simple().to_string();
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            store::experiments::active(tx, caller.workspace_id, experiment_id)?;
            let scorer = store::scorers::get(tx, experiment_id, &name)?;
            if sample_rate > 0.0 {
                return Err(invalid(format!(
                    "Scorer '{name}' does not use a gateway model. Automatic evaluation is only supported for scorers \
                     that use gateway models."
                )));
            }
            let (workspace_id, filter) = (caller.workspace_id, filter.as_deref());
            store::online_scoring::set(tx, workspace_id, scorer.id, &config_id, sample_rate, filter)?;
            let detail = json!({ "sample_rate": sample_rate, "filter_string": filter });
            audit::record(
                tx,
                &caller,
                now_ms,
                "set_online_config",
                entity(&scorer.scorer_id),
                Some(&detail),
            )?;
            Ok(Json(OnlineScoringConfigResponse {
                config: store::online_scoring::get(tx, scorer.id)?,
            }))
        })
        .await
}

pub async fn get_configs(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetOnlineScoringConfigs>,
) -> Result<Json<OnlineScoringConfigsResponse>> {
    let scorer_ids = request
        .scorer_ids
        .filter(|ids| !ids.is_empty())
        .ok_or_else(|| Missing {
            field: "scorer_ids".to_owned(),
        })?;
    validate::at_most_entries("scorer_ids", scorer_ids.len(), SCORERS_PER_CALL)?;
    app.db
        .read(move |tx| {
            Ok(Json(OnlineScoringConfigsResponse {
                configs: store::online_scoring::list(tx, caller.workspace_id, &scorer_ids)?,
            }))
        })
        .await
}

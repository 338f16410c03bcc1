//! `registered-models/search` and `model-versions/search`

use super::store::{
    self,
    search::{ModelSearch, VersionSearch, model_terms, version_terms},
};
use crate::{
    app::App,
    caller::Caller,
    error::Result,
    extract::{Args, Json},
    keyset::Page,
    page_token,
    tracking::validate::text,
};
use axum::extract::State;
use fettle_search::{model_versions, registered_models};
use fettle_wire::registry::{ModelVersionsResponse, SearchRegisteredModelsResponse, SearchRegistry};

const MODELS_PAGE: usize = 100;
const MODELS_PAGE_MAX: usize = 1000;
const VERSIONS_PAGE_MAX: usize = 200_000;

pub async fn search_registered_models(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchRegistry>,
) -> Result<Json<SearchRegisteredModelsResponse>> {
    let limit = page_token::limit("max_results", request.max_results, MODELS_PAGE, MODELS_PAGE_MAX)?;
    let filter = request.filter.unwrap_or_default();
    text("filter", &filter)?;
    let terms = model_terms(&registered_models::parse_order_by(
        &request.order_by.unwrap_or_default(),
    )?);
    let search = ModelSearch {
        workspace_id: caller.workspace_id,
        filter: registered_models::parse_filter(&filter)?,
        page: Page::new(terms, request.page_token.as_deref(), limit)?,
    };
    app.db
        .read(move |tx| {
            let found = search.run(tx)?;
            Ok(Json(SearchRegisteredModelsResponse {
                registered_models: store::models::load(tx, found.rows)?,
                next_page_token: found.next_page_token,
            }))
        })
        .await
}

pub async fn search_model_versions(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchRegistry>,
) -> Result<Json<ModelVersionsResponse>> {
    let limit = page_token::limit("max_results", request.max_results, VERSIONS_PAGE_MAX, VERSIONS_PAGE_MAX)?;
    let filter = request.filter.unwrap_or_default();
    text("filter", &filter)?;
    let terms = version_terms(&model_versions::parse_order_by(&request.order_by.unwrap_or_default())?);
    let search = VersionSearch {
        workspace_id: caller.workspace_id,
        filter: model_versions::parse_filter(&filter)?,
        page: Page::new(terms, request.page_token.as_deref(), limit)?,
    };
    app.db
        .read(move |tx| {
            let found = search.run(tx)?;
            Ok(Json(ModelVersionsResponse {
                model_versions: store::versions::load(tx, found.rows)?,
                next_page_token: found.next_page_token,
            }))
        })
        .await
}

//! `logged-models/search`
//!
//! The page token carries the request it continues, and a request that differs from it is refused: places in another
//! list would skip and repeat models.

use super::store::{
    self,
    search::{self, ModelSearch},
};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    keyset::{Key, Start},
    page_token,
    tracking::validate::{batch_limit, experiment_id, text},
};
use axum::extract::State;
use fettle_search::logged_models::{LoggedModelOrderEntry, parse_filter, parse_order_by};
use fettle_wire::{
    Int64, Missing, Required,
    logged_models::{DatasetSelector, OrderBy, SearchLoggedModels, SearchLoggedModelsResponse},
};
use serde::{Deserialize, Serialize};

const PAGE: usize = 50;
const PAGE_MAX: usize = 50_000;
const EXPERIMENTS_MAX: usize = 10_000;
const DATASETS_MAX: usize = 100;

/// What a page belongs to, and where it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Token {
    experiment_ids: Vec<String>,
    filter_string: Option<String>,
    order_by: Option<Vec<OrderBy>>,
    #[serde(default)]
    datasets: Option<Vec<DatasetSelector>>,
    /// What the last model of the page before is sorted by.
    #[serde(default)]
    after: Vec<Key>,
    /// Where MLflow's own tokens start.
    #[serde(default, skip_serializing)]
    offset: u64,
}

pub async fn search_logged_models(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SearchLoggedModels>,
) -> Result<Json<SearchLoggedModelsResponse>> {
    // 0 is what a client sends that leaves the size to the server.
    let size = request.max_results.filter(|size| *size != Int64(0));
    let limit = page_token::limit("max_results", size, PAGE, PAGE_MAX)?;
    let mut token = Token {
        experiment_ids: request.experiment_ids.ok_or_else(|| Missing {
            field: "experiment_ids".to_owned(),
        })?,
        filter_string: request.filter.filter(|filter| !filter.is_empty()),
        order_by: request.order_by.filter(|order| !order.is_empty()),
        datasets: request.datasets.filter(|datasets| !datasets.is_empty()),
        after: Vec::new(),
        offset: 0,
    };
    batch_limit("experiment_ids", EXPERIMENTS_MAX, token.experiment_ids.len())?;
    if let Some(given) = request.page_token.filter(|given| !given.is_empty()) {
        token = continued(&given, &token)?;
    }
    let search = plan(caller.workspace_id, &token, limit)?;
    app.db
        .read(move |tx| {
            let mut found = search.run(tx)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let last = found.last().filter(|_| more);
            let next_page_token = last.map(|(_, keys)| {
                page_token::encode(&Token {
                    after: keys.clone(),
                    ..token.clone()
                })
            });
            let models = found.into_iter().map(|(model, _)| model).collect();
            Ok(Json(SearchLoggedModelsResponse {
                models: store::parts::load(tx, models)?,
                next_page_token,
            }))
        })
        .await
}

fn continued(given: &str, request: &Token) -> Result<Token> {
    let token: Token = page_token::decode(given)?;
    let differs = [
        ("experiment_ids", token.experiment_ids != request.experiment_ids),
        ("filter", token.filter_string != request.filter_string),
        ("order_by", token.order_by != request.order_by),
        ("datasets", token.datasets != request.datasets),
    ];
    if let Some((field, _)) = differs.iter().find(|(_, differs)| *differs) {
        return Err(invalid(format!(
            "Invalid page token: it belongs to a request with another '{field}'. Repeat the request unchanged to get its \
             next page."
        )));
    }
    if token.after.is_empty() && (token.offset == 0 || token.offset > i64::MAX as u64 / 2) {
        return Err(invalid("Invalid page token: this offset is never given out."));
    }
    Ok(token)
}

fn plan(workspace_id: i64, token: &Token, limit: usize) -> Result<ModelSearch> {
    let filter = token.filter_string.as_deref().unwrap_or_default();
    text("filter", filter)?;
    let order_by = token.order_by.as_deref().unwrap_or_default();
    let entries = order_by
        .iter()
        .enumerate()
        .map(|(index, by)| {
            let at = |field: &str| format!("order_by[{index}].{field}");
            let entry = LoggedModelOrderEntry {
                field_name: by.field_name.as_deref().required(&at("field_name"))?,
                ascending: by.ascending.unwrap_or(true),
                dataset_name: by.dataset_name.as_deref(),
                dataset_digest: by.dataset_digest.as_deref(),
            };
            text(&at("field_name"), entry.field_name)?;
            text(&at("dataset_name"), entry.dataset_name.unwrap_or_default())?;
            text(&at("dataset_digest"), entry.dataset_digest.unwrap_or_default())?;
            Ok(entry)
        })
        .collect::<Result<Vec<_>>>()?;
    let order = parse_order_by(&entries)?;
    let terms = search::terms(&order);
    let start = if token.after.is_empty() {
        match token.offset {
            0 => Start::First,
            offset => Start::Offset(offset),
        }
    } else {
        Start::after(token.after.clone(), &terms)?
    };
    Ok(ModelSearch {
        workspace_id,
        experiment_ids: token
            .experiment_ids
            .iter()
            .map(|id| experiment_id(id))
            .collect::<Result<_>>()?,
        filter: parse_filter(filter)?,
        datasets: datasets(token.datasets.as_deref().unwrap_or_default())?,
        order,
        terms,
        start,
        limit: limit + 1,
    })
}

/// Names with the digests that narrow them further.
fn datasets(selectors: &[DatasetSelector]) -> Result<Vec<(String, Option<String>)>> {
    batch_limit("datasets", DATASETS_MAX, selectors.len())?;
    let check = |(index, selector): (usize, &DatasetSelector)| {
        let field = format!("datasets[{index}].dataset_name");
        let name = selector.dataset_name.as_deref().required(&field)?;
        text(&field, name)?;
        let digest = selector.dataset_digest.clone().filter(|digest| !digest.is_empty());
        text(
            &format!("datasets[{index}].dataset_digest"),
            digest.as_deref().unwrap_or_default(),
        )?;
        Ok((name.to_owned(), digest))
    };
    selectors.iter().enumerate().map(check).collect()
}

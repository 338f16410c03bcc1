//! `datasets/{id}/records`: upsert, list, delete

use super::{dataset_schema::DatasetSchema, datasets::entity, record, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::Result,
    extract::{Args, Json, PathArg},
    page_token,
};
use axum::extract::State;
use fettle_wire::{
    Int64, Required,
    evaluation::datasets::{
        DeleteRecords, DeleteRecordsResponse, GetRecords, RecordsResponse, UpsertRecords, UpsertRecordsResponse,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

const PAGE: usize = 1000;
const PAGE_MAX: usize = 50_000;

/// Records with inputs that are there already are merged into them.
pub async fn upsert_records(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<UpsertRecords>,
) -> Result<Json<UpsertRecordsResponse>> {
    let records = record::parse(&request.records.required("records")?)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let dataset = store::datasets::get(tx, caller.workspace_id, &dataset_id)?;
            let mut schema = DatasetSchema::stored(dataset.schema.as_deref().unwrap_or_default());
            let mut inserted = 0;
            for record in &records {
                let is_new = store::dataset_records::upsert(tx, caller.workspace_id, dataset.id, record, now_ms)?;
                inserted += i64::from(is_new);
                schema.add(record);
            }
            let schema = (dataset.schema.is_some() || !records.is_empty()).then(|| schema.to_string());
            let profile = match store::dataset_records::count(tx, dataset.id)? {
                0 => dataset.profile.clone(),
                count => Some(profile(count)),
            };
            let user = records.iter().rev().find_map(|record| record.user.as_deref());
            store::datasets::set_contents(tx, &dataset, schema.as_deref(), profile.as_deref(), user, now_ms)?;
            let updated = records.len() as i64 - inserted;
            let detail = json!({ "inserted": inserted, "updated": updated });
            audit::record(
                tx,
                &caller,
                now_ms,
                "upsert_records",
                entity(&dataset_id),
                Some(&detail),
            )?;
            Ok(Json(UpsertRecordsResponse {
                inserted_count: inserted,
                updated_count: updated,
            }))
        })
        .await
}

fn profile(records: i64) -> String {
    format!("{{\"num_records\": {records}}}")
}

/// Where a page of records starts.
#[derive(Serialize, Deserialize)]
struct After {
    after: i64,
}

/// In the order they came. A dataset that is not there has no records.
pub async fn get_records(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<GetRecords>,
) -> Result<Json<RecordsResponse>> {
    let max_results = request.max_results.filter(|size| *size != Int64(0));
    let limit = page_token::limit("max_results", max_results, PAGE, PAGE_MAX)?;
    let token = request.page_token.filter(|token| !token.is_empty());
    let after = token.map_or(Ok(0), |token| {
        page_token::decode::<After>(&token).map(|place| place.after)
    })?;
    app.db
        .read(move |tx| {
            let mut records = match store::datasets::find(tx, caller.workspace_id, &dataset_id)? {
                Some(dataset) => store::dataset_records::list(tx, dataset.id, &dataset_id, after, limit + 1)?,
                None => Vec::new(),
            };
            let more = records.len() > limit;
            records.truncate(limit);
            let last = records.last().map(|(id, _)| *id).filter(|_| more);
            let records: Vec<String> = records.into_iter().map(|(_, record)| record).collect();
            Ok(Json(RecordsResponse {
                records: format!("[{}]", records.join(", ")),
                next_page_token: last.map(|after| page_token::encode(&After { after })),
            }))
        })
        .await
}

/// Records that are not there are not counted.
pub async fn delete_records(
    State(app): State<App>,
    caller: Caller,
    PathArg(dataset_id): PathArg,
    Args(request): Args<DeleteRecords>,
) -> Result<Json<DeleteRecordsResponse>> {
    let record_ids = request.dataset_record_ids.unwrap_or_default();
    validate::at_most_entries("dataset_record_ids", record_ids.len(), validate::RECORDS_PER_CALL)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let Some(dataset) = store::datasets::find(tx, caller.workspace_id, &dataset_id)? else {
                return Ok(Json(DeleteRecordsResponse { deleted_count: 0 }));
            };
            let deleted = store::dataset_records::delete(tx, dataset.id, &record_ids)?;
            if deleted > 0 {
                // MLflow writes "null" for a dataset that was emptied, and clients read it as no profile.
                let profile = match store::dataset_records::count(tx, dataset.id)? {
                    0 => "null".to_owned(),
                    count => profile(count),
                };
                store::datasets::set_profile(tx, dataset.id, &profile)?;
                let detail = json!({ "deleted": deleted });
                audit::record(
                    tx,
                    &caller,
                    now_ms,
                    "delete_records",
                    entity(&dataset_id),
                    Some(&detail),
                )?;
            }
            Ok(Json(DeleteRecordsResponse {
                deleted_count: deleted as i64,
            }))
        })
        .await
}

//! `review-queues/items/add`, `list`, `remove`, `set-status`

use super::{queue_rules, review_queues::entity, store, validate};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json},
};
use axum::extract::State;
use fettle_wire::{
    Required,
    evaluation::{
        EnumValue,
        review_queues::{
            ListReviewQueueItems, ReviewQueueItemIds, ReviewQueueItemResponse, ReviewQueueItemsResponse,
            SetReviewQueueItemStatus,
        },
    },
};
use serde_json::json;

const PAGE: usize = 1000;
const PENDING: &str = "PENDING";
const STATUSES: [&str; 4] = ["REVIEW_STATUS_UNSPECIFIED", PENDING, "COMPLETE", "DECLINED"];

/// Traces of the queue's experiment; one that waits there already keeps its status.
pub async fn add_items(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ReviewQueueItemIds>,
) -> Result<Json<ReviewQueueItemsResponse>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let trace_ids = queue_rules::item_ids(request.item_ids)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let queue = store::review_queues::get(tx, caller.workspace_id, &queue_id)?;
            let mut missing = Vec::new();
            let mut traces = Vec::with_capacity(trace_ids.len());
            for trace_id in &trace_ids {
                match store::review_items::trace_key(tx, queue.experiment_id, trace_id)? {
                    Some(key) => traces.push(key),
                    None => missing.push(trace_id.as_str()),
                }
            }
            if !missing.is_empty() {
                return Err(not_found(format!(
                    "Cannot attach trace(s) {} to review queue '{queue_id}': they do not exist in experiment '{}'.",
                    validate::python_list(missing),
                    queue.experiment_id
                )));
            }
            store::review_items::insert(tx, caller.workspace_id, queue.id, &traces, now_ms)?;
            let detail = json!({ "items": trace_ids.len() });
            audit::record(tx, &caller, now_ms, "add_items", entity(&queue_id), Some(&detail))?;
            let mut items = Vec::with_capacity(trace_ids.len());
            for trace_id in &trace_ids {
                items.extend(store::review_items::find(tx, queue.id, &queue_id, trace_id)?);
            }
            Ok(Json(ReviewQueueItemsResponse {
                items,
                next_page_token: None,
            }))
        })
        .await
}

/// Newest first.
pub async fn list_items(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListReviewQueueItems>,
) -> Result<Json<ReviewQueueItemsResponse>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let order = store::review_items::order();
    let page = validate::page(order, request.max_results, request.page_token.as_deref(), PAGE)?;
    // A status that is not known is no restriction.
    let status = match EnumValue::number(request.status.as_ref(), &STATUSES) {
        0 => None,
        number => Some(STATUSES[number]),
    };
    app.db
        .read(move |tx| {
            let queue = store::review_queues::get(tx, caller.workspace_id, &queue_id)?;
            let found = store::review_items::list(tx, queue.id, &queue_id, status, &page)?;
            Ok(Json(ReviewQueueItemsResponse {
                items: found.rows,
                next_page_token: Some(found.next_page_token.unwrap_or_default()),
            }))
        })
        .await
}

/// Items that are not there are passed over.
pub async fn remove_items(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ReviewQueueItemIds>,
) -> Result<Json<Empty>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let trace_ids = queue_rules::item_ids(request.item_ids)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let queue = store::review_queues::get(tx, caller.workspace_id, &queue_id)?;
            let removed = store::review_items::delete(tx, queue.id, &trace_ids)?;
            if removed > 0 {
                let detail = json!({ "items": removed });
                audit::record(tx, &caller, now_ms, "remove_items", entity(&queue_id), Some(&detail))?;
            }
            Ok(EMPTY)
        })
        .await
}

/// Whoever finished an item first stays named: setting the status it has changes nothing.
pub async fn set_status(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<SetReviewQueueItemStatus>,
) -> Result<Json<ReviewQueueItemResponse>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let trace_id = request.item_id.required("item_id")?.trim().to_owned();
    let status = STATUSES[EnumValue::number(request.status.as_ref(), &STATUSES)];
    let completed_by = completer(status, request.completed_by)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let queue = store::review_queues::get(tx, caller.workspace_id, &queue_id)?;
            let absent = || {
                not_found(format!(
                    "Item '{trace_id}' is not attached to review queue '{queue_id}'."
                ))
            };
            let item = store::review_items::find(tx, queue.id, &queue_id, &trace_id)?.ok_or_else(absent)?;
            if item.status == status {
                return Ok(Json(ReviewQueueItemResponse { item }));
            }
            let by = completed_by.as_deref();
            store::review_items::set_status(tx, queue.id, &trace_id, status, by, now_ms)?;
            let detail = json!({ "item_id": trace_id, "status": status, "completed_by": by });
            audit::record(tx, &caller, now_ms, "set_item_status", entity(&queue_id), Some(&detail))?;
            let item = store::review_items::find(tx, queue.id, &queue_id, &trace_id)?.ok_or_else(absent)?;
            Ok(Json(ReviewQueueItemResponse { item }))
        })
        .await
}

/// Who finished the item: somebody, unless it is opened again.
fn completer(status: &str, completed_by: Option<String>) -> Result<Option<String>> {
    if status == STATUSES[0] {
        return Err(invalid(
            "`status` must be one of PENDING, COMPLETE, or DECLINED; got proto enum value 0.",
        ));
    }
    let completed_by = completed_by.map(|user| queue_rules::user(&user));
    if status == PENDING {
        return match completed_by {
            None => Ok(None),
            Some(_) => Err(invalid(
                "`completed_by` must not be set when reopening an item to `pending`.",
            )),
        };
    }
    let Some(user) = completed_by.filter(|user| !user.is_empty()) else {
        return Err(invalid(format!(
            "`completed_by` is required when setting status to `{}`.",
            status.to_lowercase()
        )));
    };
    crate::tracking::validate::text("completed_by", &user)?;
    let length = user.chars().count();
    if length > queue_rules::USER_LENGTH {
        return Err(invalid(format!(
            "`completed_by` must be at most {} characters; got {length}.",
            queue_rules::USER_LENGTH
        )));
    }
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_finished_by_somebody() {
        let check = |status: &str, by: Option<&str>, expected: Option<Option<&str>>| {
            let found = completer(status, by.map(str::to_owned)).ok();
            assert_eq!(found.as_ref().map(|by| by.as_deref()), expected, "{status} {by:?}");
        };
        check("COMPLETE", Some(" Bob "), Some(Some("bob")));
        check("COMPLETE", None, None);
        check("DECLINED", Some(" "), None);
        check("PENDING", None, Some(None));
        check("PENDING", Some("bob"), None);
        check("REVIEW_STATUS_UNSPECIFIED", Some("bob"), None);
    }
}

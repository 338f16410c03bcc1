//! `review-queues/create`, `get-or-create-user`, `get`, `get-by-name`, `list`, `update`, `delete`

use super::{
    queue_rules::{self, QueueKind, QueueParts},
    store, validate,
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, already_exists, invalid},
    extract::{Args, EMPTY, Empty, Json},
    keyset::newest_first,
    tracking::validate::experiment_id,
};
use axum::extract::State;
use fettle_db::Tx;
use fettle_wire::{
    Required,
    evaluation::{
        EnumValue,
        review_queues::{
            CreateReviewQueue, GetOrCreateUserQueue, ListReviewQueues, ReviewQueueId, ReviewQueueName,
            ReviewQueueResponse, ReviewQueuesResponse, UpdateReviewQueue,
        },
    },
};
use serde_json::json;
use store::review_queues::{NewQueue, QueueList};

const PAGE: usize = 1000;
const KINDS: [&str; 3] = ["REVIEW_QUEUE_TYPE_UNSPECIFIED", "USER", "CUSTOM"];

pub(super) fn entity(queue_id: &str) -> Entity<'_> {
    Entity::of("review_queue", queue_id)
}

fn new_queue(app: &App, experiment_id: i64, kind: QueueKind, parts: QueueParts, owner: Option<String>) -> NewQueue {
    NewQueue {
        queue_id: format!("rq-{}", uuid::Uuid::new_v4().simple()),
        experiment_id,
        kind,
        parts,
        created_by: owner,
        now_ms: app.clock.now_ms(),
    }
}

/// An owner is whom the server knows to call; until it knows, a queue has none, whatever the request says.
pub async fn create_review_queue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateReviewQueue>,
) -> Result<Json<ReviewQueueResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let name = request.name.required("name")?;
    let kind = match EnumValue::number(request.queue_type.as_ref(), &KINDS) {
        1 => QueueKind::User,
        2 => QueueKind::Custom,
        _ => {
            return Err(invalid(
                "`queue_type` must be one of USER or CUSTOM; got proto enum value 0.",
            ));
        }
    };
    let parts = QueueParts::new(kind, &name, request.users, request.schema_ids)?;
    let new = new_queue(&app, experiment_id(&id_text)?, kind, parts, None);
    app.db
        .write(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, new.experiment_id)?;
            all_known(tx, new.experiment_id, &new.parts.schema_ids)?;
            if !insert(tx, &caller, &new)? {
                return Err(queue_rules::taken(&new.parts.name));
            }
            answer(tx, caller.workspace_id, &new.queue_id)
        })
        .await
}

/// False if the name is taken.
fn insert(tx: &Tx, caller: &Caller, new: &NewQueue) -> Result<bool> {
    let inserted = store::review_queues::insert(tx, caller.workspace_id, new)?;
    if inserted {
        let detail = json!({ "name": new.parts.name, "queue_type": new.kind.name() });
        audit::record(tx, caller, new.now_ms, "create", entity(&new.queue_id), Some(&detail))?;
    }
    Ok(inserted)
}

fn answer(tx: &Tx, workspace_id: i64, queue_id: &str) -> Result<Json<ReviewQueueResponse>> {
    let queue = store::review_queues::get(tx, workspace_id, queue_id)?;
    Ok(Json(ReviewQueueResponse {
        review_queue: store::review_queues::load_one(tx, queue)?,
    }))
}

fn all_known(tx: &Tx, experiment_id: i64, schema_ids: &[String]) -> Result<()> {
    if schema_ids.is_empty() {
        return Ok(());
    }
    let known = store::label_schemas::known(tx, experiment_id, schema_ids)?;
    let missing: Vec<&str> = schema_ids
        .iter()
        .filter(|id| !known.contains(id))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(invalid(format!(
        "Label schema id(s) {} not found for experiment '{experiment_id}'.",
        validate::python_list(missing)
    )))
}

/// The worklist of one person, made when it is first asked for.
pub async fn get_or_create_user_queue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetOrCreateUserQueue>,
) -> Result<Json<ReviewQueueResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let user = request.user.required("user")?;
    let parts = QueueParts::new(QueueKind::User, &user, None, None)?;
    let owner = Some(parts.name.clone());
    let new = new_queue(&app, experiment_id(&id_text)?, QueueKind::User, parts, owner);
    app.db
        .write(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, new.experiment_id)?;
            let name = &new.parts.name;
            if insert(tx, &caller, &new)? {
                return answer(tx, caller.workspace_id, &new.queue_id);
            }
            let queue = store::review_queues::get_by_name(tx, new.experiment_id, name)?;
            if queue.queue_type != QueueKind::User.name() {
                return Err(already_exists(format!(
                    "A non-user queue named '{name}' already exists; cannot get-or-create a user queue with that name."
                )));
            }
            answer(tx, caller.workspace_id, &queue.queue_id)
        })
        .await
}

pub async fn get_review_queue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ReviewQueueId>,
) -> Result<Json<ReviewQueueResponse>> {
    let queue_id = request.queue_id.required("queue_id")?;
    app.db.peek(move |tx| answer(tx, caller.workspace_id, &queue_id)).await
}

pub async fn get_review_queue_by_name(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ReviewQueueName>,
) -> Result<Json<ReviewQueueResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let name = request.name.required("name")?;
    let experiment_id = experiment_id(&id_text)?;
    app.db
        .peek(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, experiment_id)?;
            let queue = store::review_queues::get_by_name(tx, experiment_id, &name)?;
            Ok(Json(ReviewQueueResponse {
                review_queue: store::review_queues::load_one(tx, queue)?,
            }))
        })
        .await
}

/// Newest first: all of an experiment, those of a person, or those that hold a trace.
pub async fn list_review_queues(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListReviewQueues>,
) -> Result<Json<ReviewQueuesResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let order = newest_first("q.creation_time_ms", "q.id");
    let list = QueueList {
        experiment_id: experiment_id(&id_text)?,
        user: request.user.map(|user| queue_rules::user(&user)),
        trace_id: request.item_id,
        page: validate::page(order, request.max_results, request.page_token.as_deref(), PAGE)?,
    };
    app.db
        .read(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, list.experiment_id)?;
            let found = list.run(tx)?;
            Ok(Json(ReviewQueuesResponse {
                review_queues: store::review_queues::load(tx, found.rows)?,
                next_page_token: found.next_page_token.unwrap_or_default(),
            }))
        })
        .await
}

/// Only custom queues change, and their questions only while nobody has anything to answer.
pub async fn update_review_queue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateReviewQueue>,
) -> Result<Json<ReviewQueueResponse>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let wants = |flag: Option<fettle_wire::Flag>| flag.is_some_and(|flag| flag.0);
    let users = wants(request.update_users).then(|| request.users.unwrap_or_default());
    let users = users.map(queue_rules::users).transpose()?;
    let schema_ids = wants(request.update_schema_ids).then(|| request.schema_ids.unwrap_or_default());
    let schema_ids = schema_ids.map(queue_rules::schema_ids).transpose()?;
    let name = request.name.map(|name| queue_rules::custom_name(&name)).transpose()?;
    let owner = request.new_owner.map(|owner| queue_rules::owner(&owner)).transpose()?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let queue = store::review_queues::get(tx, caller.workspace_id, &queue_id)?;
            if queue.queue_type == QueueKind::User.name() {
                return Err(invalid(
                    "A user queue's name, assigned user, schemas, and owner are fixed and cannot be updated.",
                ));
            }
            if users.is_none() && schema_ids.is_none() && name.is_none() && owner.is_none() {
                return answer(tx, caller.workspace_id, &queue_id);
            }
            store::review_queues::touch(tx, queue.id, now_ms)?;
            if let Some(owner) = &owner {
                store::review_queues::set_owner(tx, queue.id, owner)?;
            }
            if let Some(name) = &name {
                store::review_queues::rename(tx, &queue, name)?;
            }
            if let Some(users) = &users {
                store::review_queues::set_users(tx, caller.workspace_id, queue.id, users)?;
            }
            if let Some(schema_ids) = &schema_ids {
                if store::review_items::any(tx, queue.id)? {
                    return Err(invalid(
                        "A review queue's questions are locked once items are assigned to it. Remove the items before \
                         changing its questions.",
                    ));
                }
                all_known(tx, queue.experiment_id, schema_ids)?;
                store::review_queues::set_schemas(tx, caller.workspace_id, queue.id, schema_ids)?;
            }
            let detail = json!({ "name": name, "users": users, "schema_ids": schema_ids, "owner": owner });
            audit::record(tx, &caller, now_ms, "update", entity(&queue_id), Some(&detail))?;
            answer(tx, caller.workspace_id, &queue_id)
        })
        .await
}

/// Deleting what is not there is fine. What reviewers said stays with the traces.
pub async fn delete_review_queue(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ReviewQueueId>,
) -> Result<Json<Empty>> {
    let queue_id = request.queue_id.required("queue_id")?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            if let Some(queue) = store::review_queues::find(tx, caller.workspace_id, &queue_id)? {
                store::review_queues::delete(tx, queue.id)?;
                let detail = json!({ "name": queue.name });
                audit::record(tx, &caller, now_ms, "delete", entity(&queue_id), Some(&detail))?;
            }
            Ok(EMPTY)
        })
        .await
}

//! `label-schemas/create`, `get`, `get-by-name`, `list`, `update`, `delete`

use super::{label_input, store, validate};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, EMPTY, Empty, Json},
    keyset::newest_first,
    tracking::validate::{experiment_id, text},
};
use axum::extract::State;
use fettle_wire::{
    Required,
    evaluation::{
        EnumValue,
        label_schemas::{
            CreateLabelSchema, LabelSchemaId, LabelSchemaName, LabelSchemaResponse, LabelSchemasResponse,
            ListLabelSchemas, UpdateLabelSchema,
        },
    },
};
use serde_json::json;
use store::label_schemas::{Change, NewLabelSchema};

const NAME_LENGTH: usize = 250;
const INSTRUCTION_LENGTH: usize = 1000;
const PAGE: usize = 100;
const TYPES: [&str; 3] = ["LABEL_SCHEMA_TYPE_UNSPECIFIED", "FEEDBACK", "EXPECTATION"];
/// The question that every experiment has.
const DEFAULT_NAME: &str = "Feedback";
const DEFAULT_INSTRUCTION: &str = "Share any feedback on this trace.";

fn entity(schema_id: &str) -> Entity<'_> {
    Entity::of("label_schema", schema_id)
}

fn new_schema_id() -> String {
    format!("ls-{}", uuid::Uuid::new_v4().simple())
}

fn check_name(name: &str) -> Result<()> {
    text("name", name)?;
    let length = name.chars().count();
    if length == 0 {
        return Err(invalid("Label schema `name` must be a non-empty string; got ''."));
    }
    if length > NAME_LENGTH {
        return Err(invalid(format!(
            "Label schema `name` must be at most {NAME_LENGTH} characters; got {length}."
        )));
    }
    if name.trim().eq_ignore_ascii_case(DEFAULT_NAME) {
        return Err(invalid(format!(
            "`{name}` is reserved for the experiment's default question and cannot be used for another label schema."
        )));
    }
    Ok(())
}

fn check_instruction(instruction: Option<&str>) -> Result<()> {
    let instruction = instruction.unwrap_or_default();
    text("instruction", instruction)?;
    let length = instruction.chars().count();
    if length > INSTRUCTION_LENGTH {
        return Err(invalid(format!(
            "Label schema `instruction` must be at most {INSTRUCTION_LENGTH} characters; got {length}."
        )));
    }
    Ok(())
}

pub async fn create_label_schema(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<CreateLabelSchema>,
) -> Result<Json<LabelSchemaResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let name = request.name.required("name")?;
    let kind = TYPES[EnumValue::number(request.r#type.as_ref(), &TYPES)];
    if kind == TYPES[0] {
        return Err(invalid(
            "Label schema `type` must be one of FEEDBACK or EXPECTATION; got proto enum value 0.",
        ));
    }
    check_name(&name)?;
    check_instruction(request.instruction.as_deref())?;
    let new = NewLabelSchema {
        schema_id: new_schema_id(),
        experiment_id: experiment_id(&id_text)?,
        name,
        kind,
        input: label_input::check(request.input)?,
        instruction: request.instruction,
        enable_comment: request.enable_comment.is_some_and(|flag| flag.0),
        is_default: false,
        now_ms: app.clock.now_ms(),
    };
    app.db
        .write(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, new.experiment_id)?;
            store::label_schemas::insert(tx, caller.workspace_id, &new)?;
            let detail = json!({ "name": new.name });
            audit::record(tx, &caller, new.now_ms, "create", entity(&new.schema_id), Some(&detail))?;
            let schema = store::label_schemas::get(tx, caller.workspace_id, &new.schema_id)?;
            Ok(Json(LabelSchemaResponse { label_schema: schema }))
        })
        .await
}

pub async fn get_label_schema(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LabelSchemaId>,
) -> Result<Json<LabelSchemaResponse>> {
    let schema_id = request.schema_id.required("schema_id")?;
    app.db
        .peek(move |tx| {
            let label_schema = store::label_schemas::get(tx, caller.workspace_id, &schema_id)?;
            Ok(Json(LabelSchemaResponse { label_schema }))
        })
        .await
}

pub async fn get_label_schema_by_name(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LabelSchemaName>,
) -> Result<Json<LabelSchemaResponse>> {
    let id_text = request.experiment_id.required("experiment_id")?;
    let name = request.name.required("name")?;
    let experiment_id = experiment_id(&id_text)?;
    app.db
        .peek(move |tx| {
            store::experiments::existing(tx, caller.workspace_id, experiment_id)?;
            let label_schema = store::label_schemas::get_by_name(tx, experiment_id, &name)?;
            Ok(Json(LabelSchemaResponse { label_schema }))
        })
        .await
}

/// Newest first. The first look at an experiment's questions gives it the one that every experiment has.
pub async fn list_label_schemas(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<ListLabelSchemas>,
) -> Result<Json<LabelSchemasResponse>> {
    let experiment_id = validate::required_experiment_id(request.experiment_id)?;
    let order = newest_first("created_at", "id");
    let page = validate::page(order, request.max_results, request.page_token.as_deref(), PAGE)?;
    let workspace_id = caller.workspace_id;
    let has_default = app
        .db
        .peek(move |tx| {
            store::experiments::existing(tx, workspace_id, experiment_id)?;
            store::label_schemas::has_default(tx, experiment_id)
        })
        .await?;
    if !has_default {
        insert_default(&app, caller, experiment_id).await?;
    }
    app.db
        .read(move |tx| {
            let found = store::label_schemas::list(tx, experiment_id, &page)?;
            Ok(Json(LabelSchemasResponse {
                label_schemas: found.rows,
                next_page_token: found.next_page_token.unwrap_or_default(),
            }))
        })
        .await
}

async fn insert_default(app: &App, caller: Caller, experiment_id: i64) -> Result<()> {
    let default = NewLabelSchema {
        schema_id: new_schema_id(),
        experiment_id,
        name: DEFAULT_NAME.to_owned(),
        kind: "FEEDBACK",
        input: fettle_wire::evaluation::label_schemas::LabelInput {
            text: Some(fettle_wire::evaluation::label_schemas::Text::default()),
            ..Default::default()
        },
        instruction: Some(DEFAULT_INSTRUCTION.to_owned()),
        enable_comment: false,
        is_default: true,
        now_ms: app.clock.now_ms(),
    };
    app.db
        .write(move |tx| {
            // Someone else may have been faster.
            if store::label_schemas::insert_unless_taken(tx, caller.workspace_id, &default)? {
                let detail = json!({ "name": default.name });
                let entity = entity(&default.schema_id);
                audit::record(tx, &caller, default.now_ms, "create", entity, Some(&detail))?;
            }
            Ok(())
        })
        .await
}

pub async fn update_label_schema(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<UpdateLabelSchema>,
) -> Result<Json<LabelSchemaResponse>> {
    let schema_id = request.schema_id.required("schema_id")?;
    let input = request.input.map(|input| label_input::check(Some(input)));
    let now_ms = app.clock.now_ms();
    let (name, instruction) = (request.name, request.instruction);
    let enable_comment = request.enable_comment.map(|flag| flag.0);
    let input = input.transpose()?;
    app.db
        .write(move |tx| {
            let existing = store::label_schemas::get(tx, caller.workspace_id, &schema_id)?;
            if existing.is_default {
                return Err(invalid("The experiment's default question cannot be edited."));
            }
            name.as_deref().map_or(Ok(()), check_name)?;
            check_instruction(instruction.as_deref())?;
            if let Some(input) = &input {
                label_input::check_change(&existing.input, input)?;
            }
            let change = Change {
                name: name.as_deref(),
                instruction: instruction.as_deref(),
                enable_comment,
                input: input.as_ref(),
            };
            store::label_schemas::update(tx, &existing, &change, now_ms)?;
            let detail = json!({ "name": name, "instruction": instruction, "enable_comment": enable_comment });
            audit::record(tx, &caller, now_ms, "update", entity(&schema_id), Some(&detail))?;
            let label_schema = store::label_schemas::get(tx, caller.workspace_id, &schema_id)?;
            Ok(Json(LabelSchemaResponse { label_schema }))
        })
        .await
}

/// Deleting what is not there is fine.
pub async fn delete_label_schema(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<LabelSchemaId>,
) -> Result<Json<Empty>> {
    let schema_id = request.schema_id.required("schema_id")?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let Some(schema) = store::label_schemas::find(tx, caller.workspace_id, &schema_id)? else {
                return Ok(EMPTY);
            };
            if schema.is_default {
                return Err(invalid("The experiment's default question cannot be deleted."));
            }
            store::label_schemas::delete(tx, &schema_id)?;
            let detail = json!({ "name": schema.name });
            audit::record(tx, &caller, now_ms, "delete", entity(&schema_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

//! Assessments of traces: create, get, update, delete

use super::{
    assessment_values::{self, Kind},
    store::{
        assessments::{self, Change, Stored},
        records,
    },
};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    tracking::validate::at_most,
};
use axum::extract::{Path, State};
use fettle_db::Tx;
use fettle_wire::{
    Missing,
    assessments::{AssessmentInput, AssessmentResponse, CreateAssessment, UpdateAssessment},
};
use serde_json::json;

const NAME_LENGTH: usize = 250;

/// How audit entries name an assessment.
fn entity(assessment_id: &str) -> Entity<'_> {
    Entity::of("assessment", assessment_id)
}

/// One that overrides another makes that one invalid.
pub async fn create_assessment(
    State(app): State<App>,
    caller: Caller,
    PathArg(trace_id): PathArg,
    Args(request): Args<CreateAssessment>,
) -> Result<Json<AssessmentResponse>> {
    let mut input = request.assessment.ok_or_else(assessment_values::missing_assessment)?;
    let id = assessment_values::given_id(input.assessment_id.take())?;
    let id = id.unwrap_or_else(|| format!("a-{}", uuid::Uuid::new_v4().simple()));
    let now_ms = app.clock.now_ms();
    let new = assessment_values::new(input, id, now_ms)?;
    app.db
        .write(move |tx| {
            let trace = records::find_key(tx, caller.workspace_id, &trace_id)?
                .ok_or_else(|| records::trace_not_found(&trace_id))?;
            if let Some(overridden) = &new.overrides
                && !assessments::set_valid(tx, trace, overridden, false)?
            {
                return Err(assessment_not_found(&trace_id, overridden));
            }
            assessments::insert(tx, caller.workspace_id, trace, &new)?;
            let detail = json!({ "trace_id": trace_id, "name": new.name, "kind": new.content.kind.name() });
            audit::record(tx, &caller, now_ms, "create", entity(&new.assessment_id), Some(&detail))?;
            answer(tx, &caller, &trace_id, &new.assessment_id)
        })
        .await
}

pub async fn get_assessment(
    State(app): State<App>,
    caller: Caller,
    Path((trace_id, assessment_id)): Path<(String, String)>,
) -> Result<Json<AssessmentResponse>> {
    app.db
        .read(move |tx| answer(tx, &caller, &trace_id, &assessment_id))
        .await
}

fn answer(tx: &Tx, caller: &Caller, trace_id: &str, assessment_id: &str) -> Result<Json<AssessmentResponse>> {
    let stored = get(tx, caller, trace_id, assessment_id)?;
    Ok(Json(AssessmentResponse {
        assessment: stored.assessment,
    }))
}

fn get(tx: &Tx, caller: &Caller, trace_id: &str, assessment_id: &str) -> Result<Stored> {
    let trace = records::find_key(tx, caller.workspace_id, trace_id)?
        .ok_or_else(|| not_found(format!("Trace with request_id '{trace_id}' not found")))?;
    assessments::find(tx, trace, assessment_id)?.ok_or_else(|| assessment_not_found(trace_id, assessment_id))
}

fn assessment_not_found(trace_id: &str, assessment_id: &str) -> ApiError {
    not_found(format!(
        "Assessment with ID '{assessment_id}' not found for trace '{trace_id}'"
    ))
}

/// Changes the fields that the mask names. A feedback stays a feedback and an expectation an expectation.
pub async fn update_assessment(
    State(app): State<App>,
    caller: Caller,
    Path((trace_id, assessment_id)): Path<(String, String)>,
    Args(request): Args<UpdateAssessment>,
) -> Result<Json<AssessmentResponse>> {
    let input = request.assessment.ok_or_else(assessment_values::missing_assessment)?;
    let mask = request
        .update_mask
        .filter(|mask| !mask.paths.is_empty())
        .ok_or_else(|| Missing {
            field: "update_mask".to_owned(),
        })?;
    let change = change(input, &mask.paths)?;
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let stored = get(tx, &caller, &trace_id, &assessment_id)?;
            refuse_other_kind(&stored, &change)?;
            assessments::update(tx, &stored, &change, now_ms)?;
            let detail = json!({ "trace_id": trace_id, "fields": mask.paths });
            audit::record(tx, &caller, now_ms, "update", entity(&assessment_id), Some(&detail))?;
            answer(tx, &caller, &trace_id, &assessment_id)
        })
        .await
}

fn change(input: AssessmentInput, paths: &[String]) -> Result<Change> {
    let named = |field: &str| paths.iter().any(|path| path == field);
    let mut change = Change::default();
    if named("valid") {
        return Err(invalid(
            "`valid` cannot be updated: override the assessment, or delete the one that overrides it.",
        ));
    }
    if named("expectation") && named("feedback") {
        return Err(invalid("Cannot specify both `expectation` and `feedback` parameters."));
    }
    if named("assessment_name") {
        let name = input.assessment_name.unwrap_or_default();
        at_most("assessment_name", &name, NAME_LENGTH)?;
        change.name = Some(name);
    }
    if named("expectation") {
        let expectation = input.expectation.unwrap_or_default();
        change.content = Some(assessment_values::expectation_content(expectation)?);
    }
    if named("feedback") {
        change.content = Some(assessment_values::feedback_content(input.feedback.unwrap_or_default()));
    }
    if named("rationale") {
        change.rationale = Some(input.rationale.unwrap_or_default());
    }
    if named("metadata") {
        change.metadata = Some(input.metadata.unwrap_or_default());
    }
    Ok(change)
}

fn refuse_other_kind(stored: &Stored, change: &Change) -> Result<()> {
    let Some(content) = change.content.as_ref().filter(|content| content.kind != stored.kind) else {
        return Ok(());
    };
    let (new, article, old) = match (content.kind, stored.kind) {
        (Kind::Expectation, Kind::Issue) => ("expectation", "an", "Issue"),
        (Kind::Expectation, _) => ("expectation", "a", "Feedback"),
        (_, Kind::Issue) => ("feedback", "an", "Issue"),
        (_, _) => ("feedback", "an", "Expectation"),
    };
    Err(invalid(format!(
        "Cannot update {new} value on {article} {old} assessment."
    )))
}

/// Deleting it again is fine. What it had overridden is valid again.
pub async fn delete_assessment(
    State(app): State<App>,
    caller: Caller,
    Path((trace_id, assessment_id)): Path<(String, String)>,
) -> Result<Json<Empty>> {
    let now_ms = app.clock.now_ms();
    app.db
        .write(move |tx| {
            let Some(trace) = records::find_key(tx, caller.workspace_id, &trace_id)? else {
                return Ok(EMPTY);
            };
            let Some(stored) = assessments::find(tx, trace, &assessment_id)? else {
                return Ok(EMPTY);
            };
            if let Some(overridden) = &stored.assessment.overrides {
                assessments::set_valid(tx, trace, overridden, true)?;
            }
            assessments::delete(tx, stored.id)?;
            let detail = json!({ "trace_id": trace_id, "name": stored.assessment.assessment_name });
            audit::record(tx, &caller, now_ms, "delete", entity(&assessment_id), Some(&detail))?;
            Ok(EMPTY)
        })
        .await
}

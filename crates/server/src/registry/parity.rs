//! `GET /api/fettle/v1/models/parity`: how a version's native scoring compared with Python's. The comparison is made when
//! the version is deployed, and stays with the version.

use super::{
    model_uri::ModelUri,
    model_versions::{entity, id},
    resolve,
};
use crate::{
    app::App,
    audit,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    system::rfc3339,
};
use axum::extract::State;
use fettle_db::{Tx, params};
use fettle_wire::Required;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

/// What a gateway found when it compared the two.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Comparison {
    pub passed: bool,
    pub verdict: String,
    pub gateway_version: String,
    /// The gateway's whole report.
    pub report: Box<RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GetParity {
    model_uri: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ParityView {
    name: String,
    version: String,
    /// None while it has not been compared; so are the others.
    compared_at: Option<String>,
    gateway_version: Option<String>,
    report: Option<Box<RawValue>>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    compared_at: i64,
    comparison: Comparison,
}

pub async fn get_parity(
    State(app): State<App>,
    caller: Caller,
    Args(request): Args<GetParity>,
) -> Result<Json<ParityView>> {
    let uri = request.model_uri.required("model_uri")?;
    let uri: ModelUri = uri
        .parse()
        .map_err(|error: super::model_uri::InvalidModelUri| invalid(error.to_string()))?;
    app.db
        .read(move |tx| {
            let version = resolve::version(tx, caller.workspace_id, &uri)?;
            let stored = find(tx, caller.workspace_id, &version.model_name, version.version)?;
            let (at, comparison) = stored.map(|stored| (stored.compared_at, stored.comparison)).unzip();
            let (gateway_version, report) = comparison.map(|found| (found.gateway_version, found.report)).unzip();
            Ok(Json(ParityView {
                name: version.model_name,
                version: version.version.to_string(),
                compared_at: at.map(rfc3339),
                gateway_version,
                report,
            }))
        })
        .await
}

/// Keeps what was found, unless the same is known already, as after a restart.
pub fn keep(tx: &Tx, caller: &Caller, name: &str, version: i64, found: &Comparison, now_ms: i64) -> Result<()> {
    let known = find(tx, caller.workspace_id, name, version)?.map(|stored| stored.comparison);
    let is_known = known.is_some_and(|known| {
        known.gateway_version == found.gateway_version && known.report.get() == found.report.get()
    });
    if is_known {
        return Ok(());
    }
    let stored = Stored {
        compared_at: now_ms,
        comparison: found.clone(),
    };
    let text = serde_json::to_string(&stored).expect("a report serialises");
    let written = tx.execute(
        "UPDATE model_versions SET parity = ?4 WHERE version = ?3 AND registered_model_id IN
             (SELECT id FROM registered_models WHERE workspace_id = ?1 AND name = ?2)",
        params![caller.workspace_id, name, version, &text],
    )?;
    if written == 0 {
        return Ok(());
    }
    let detail = json!({ "passed": found.passed, "verdict": found.verdict, "gateway_version": found.gateway_version });
    audit::record(tx, caller, now_ms, "compare", entity(&id(name, version)), Some(&detail))
}

fn find(tx: &Tx, workspace_id: i64, name: &str, version: i64) -> Result<Option<Stored>> {
    let text: Option<Option<String>> = tx.query_opt(
        "SELECT parity FROM model_versions WHERE version = ?3 AND registered_model_id IN
             (SELECT id FROM registered_models WHERE workspace_id = ?1 AND name = ?2)",
        params![workspace_id, name, version],
        |row| row.get(0),
    )?;
    Ok(text.flatten().and_then(|text| serde_json::from_str(&text).ok()))
}

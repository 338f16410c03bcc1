//! `/api/fettle/v1/gateways`: what gateways ask of their control plane, and tell it.

use super::{
    super::{mirror, model_folder, store},
    admission::Admitted,
    exchange::{File, Files, Orders, Requests, Said},
};
use crate::{
    app::App,
    caller::{Caller, DEFAULT_WORKSPACE_ID},
    error::{Result, invalid, not_found},
    extract::{Args, EMPTY, Empty, Json, PathArg},
    monitoring::{
        capture::{self, Answered},
        operational,
    },
    registry::parity,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fettle_blobs::{BlobPath, ByteRange, Place};
use fettle_db::Tx;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const ID_LENGTH: usize = 64;

/// Writes down how a gateway does, and gives what it does not know yet.
pub async fn exchange(
    State(app): State<App>,
    Admitted(caller): Admitted,
    PathArg(id): PathArg,
    Args(said): Args<Said>,
) -> Result<Json<Orders>> {
    check_id(&id)?;
    let now_ms = app.clock.now_ms();
    let known = said.known.clone();
    if said.tells_something() {
        app.db
            .write(move |tx| write_down(tx, &caller, &id, &said, now_ms))
            .await?;
    }
    app.db.peek(move |tx| orders(tx, &known)).await.map(Json)
}

fn write_down(tx: &Tx, caller: &Caller, id: &str, said: &Said, now_ms: i64) -> Result<()> {
    if let Some(account) = &said.account {
        let report = store::Report {
            server_id: id.to_owned(),
            statuses: account.statuses.clone(),
        };
        store::report(tx, &report, now_ms)?;
        store::settle(tx, &account.good)?;
        let replicas = account.replicas.iter().cloned();
        let replicas = replicas.map(|one| ((one.endpoint, one.deployment), one.count));
        operational::hear(tx, id, replicas.collect(), now_ms)?;
    }
    let fettle = Caller::fettle(caller.workspace_id);
    for found in &said.comparisons {
        parity::keep(tx, &fettle, &found.name, found.version, &found.comparison, now_ms)?;
    }
    if !said.observations.is_empty() {
        let unfinished = store::all_unfinished_rollouts(tx, caller.workspace_id)?;
        for observed in &said.observations {
            let of = unfinished
                .iter()
                .find(|(_, rollout)| rollout.id == observed.rollout_id && rollout.step == observed.step);
            if let Some((_, rollout)) = of {
                store::observe(tx, rollout, id, &observed.seen)?;
            }
        }
    }
    let agreed = said.agreements.iter();
    let agreed = agreed.map(|agreed| {
        let pair = (&*agreed.endpoint, &*agreed.deployment, &*agreed.mirrored_to);
        (pair, &agreed.agreement)
    });
    let samples = said.samples.iter().map(|(endpoint, sample)| (&**endpoint, sample));
    mirror::write(tx, id, agreed, samples, now_ms)
}

fn orders(tx: &Tx, known: &BTreeMap<String, i64>) -> Result<Orders> {
    let endpoints = store::list_endpoints(tx, DEFAULT_WORKSPACE_ID)?;
    let is_there = |name: &String| endpoints.iter().any(|endpoint| endpoint.name == *name);
    let gone = known.keys().filter(|name| !is_there(name)).cloned().collect();
    let changed = endpoints
        .into_iter()
        .filter(|endpoint| known.get(&endpoint.name) != Some(&endpoint.revision));
    Ok(Orders {
        gone,
        changed: changed
            .map(|endpoint| store::load(tx, endpoint))
            .collect::<Result<_>>()?,
        rollouts: store::all_unfinished_rollouts(tx, DEFAULT_WORKSPACE_ID)?,
        capture: capture::policies(tx, DEFAULT_WORKSPACE_ID)?,
    })
}

/// A gateway that ends is not waited for.
pub async fn leave(State(app): State<App>, Admitted(_): Admitted, PathArg(id): PathArg) -> Result<Json<Empty>> {
    check_id(&id)?;
    let now_ms = app.clock.now_ms();
    let forget = move |tx: &Tx| {
        operational::miss(tx, &id, now_ms)?;
        store::forget_server(tx, &id)
    };
    app.db.write(forget).await?;
    Ok(EMPTY)
}

/// Counts and records what a gateway answered.
pub async fn take_requests(
    State(app): State<App>,
    Admitted(_): Admitted,
    PathArg(id): PathArg,
    Args(taken): Args<Requests>,
) -> Result<Json<Empty>> {
    check_id(&id)?;
    for sent in taken.requests {
        let recorded = sent.bodies.is_some();
        let bodies = sent.bodies.unwrap_or_default();
        app.recorder.take(
            Answered {
                endpoint: &sent.endpoint,
                deployment: &sent.deployment,
                model_name: &sent.model_name,
                model_version: &sent.model_version,
                request_id: &Arc::from(sent.request_id),
                content_type: bodies.content_type.as_deref(),
                request: body("request", &bodies.request)?,
                response: body("response", &bodies.response)?,
                status: sent.status,
                latency: Duration::from_micros(sent.latency_us),
            },
            sent.at_ms,
            recorded,
        );
    }
    Ok(EMPTY)
}

fn body(field: &str, text: &str) -> Result<Bytes> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| invalid(format!("Parameter '{field}' must be base64: {error}.")))?;
    Ok(bytes.into())
}

/// The files of the model that a revision runs.
pub async fn list_files(
    State(app): State<App>,
    Admitted(_): Admitted,
    Path(revision): Path<i64>,
) -> Result<Json<Files>> {
    let (uri, place) = place(&app, revision).await?;
    let files = model_folder::list(&place, &uri).await?;
    let file = |(path, size): (BlobPath, u64)| File {
        path: path.as_str().to_owned(),
        size,
    };
    Ok(Json(Files {
        files: files.into_iter().map(file).collect(),
    }))
}

pub async fn get_file(
    State(app): State<App>,
    Admitted(_): Admitted,
    Path((revision, path)): Path<(i64, String)>,
) -> Result<Response> {
    let path = BlobPath::parse(&path).map_err(|error| invalid(error.to_string()))?;
    let (_, place) = place(&app, revision).await?;
    let found = place.blobs.get(&place.path.join(&path), ByteRange::Whole).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, found.size.to_string()),
    ];
    Ok((headers, Body::from_stream(found.bytes)).into_response())
}

async fn place(app: &App, revision: i64) -> Result<(String, Place)> {
    let uri = app
        .db
        .peek(move |tx| store::artifact_uri(tx, DEFAULT_WORKSPACE_ID, revision))
        .await?
        .ok_or_else(|| not_found(format!("There is no revision {revision} of a deployment.")))?;
    let place = app.stores.locate(&uri)?;
    Ok((uri, place))
}

fn check_id(id: &str) -> Result<()> {
    if id.len() <= ID_LENGTH && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(invalid(format!(
        "A gateway's id has at most {ID_LENGTH} letters, digits and '-'."
    )))
}

impl Said {
    fn tells_something(&self) -> bool {
        self.account.is_some()
            || !self.comparisons.is_empty()
            || !self.observations.is_empty()
            || !self.agreements.is_empty()
            || !self.samples.is_empty()
    }
}

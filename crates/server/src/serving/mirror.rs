//! `/api/fettle/v1/endpoints/{name}/mirror`: how the deployments of mirrored requests agree.

use super::{reconciler::Inner, store};
use crate::{
    app::App,
    caller::{Caller, DEFAULT_WORKSPACE_ID},
    error::{ApiError, Result},
    extract::{Json, PathArg},
    system::rfc3339,
};
use axum::extract::State;
use fettle_db::{Db, Tx, params};
use fettle_gateway::{Agreement, MirrorSample};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// Samples that are kept of one endpoint, the newest.
const SAMPLES_KEPT: i64 = 100;

#[derive(Debug, Serialize)]
pub struct MirrorView {
    pairs: Vec<PairView>,
    /// Newest first.
    samples: Vec<SampleView>,
}

#[derive(Debug, Serialize)]
struct PairView {
    deployment: String,
    mirrored_to: String,
    #[serde(flatten)]
    agreement: Agreement,
    /// The share of compared requests on which the two did not agree.
    disagreement: Option<f64>,
}

#[derive(Debug, Serialize)]
struct SampleView {
    at: String,
    #[serde(flatten)]
    sample: MirrorSample,
}

pub async fn get_mirror(State(app): State<App>, caller: Caller, PathArg(name): PathArg) -> Result<Json<MirrorView>> {
    // What this server has counted since the last flush is shown too.
    flush(app.reconciler.inner(), &app.db).await?;
    let (counts, samples) = app
        .db
        .read(move |tx| {
            let endpoint = store::get(tx, caller.workspace_id, &name)?;
            Ok::<_, ApiError>((counts(tx, endpoint.id)?, samples(tx, endpoint.id)?))
        })
        .await?;
    let pair = |((deployment, mirrored_to), agreement): ((String, String), Agreement)| PairView {
        deployment,
        mirrored_to,
        disagreement: agreement.disagreement(),
        agreement,
    };
    Ok(Json(MirrorView {
        pairs: counts.into_iter().map(pair).collect(),
        samples,
    }))
}

fn counts(tx: &Tx, endpoint_id: i64) -> Result<BTreeMap<(String, String), Agreement>> {
    let mut all: BTreeMap<(String, String), Agreement> = BTreeMap::new();
    tx.for_each(
        "SELECT deployment, mirrored_to, counts FROM mirror_counts WHERE endpoint_id = ?1",
        params![endpoint_id],
        |row| {
            let counts: Agreement = serde_json::from_str(row.text(2)?).unwrap_or_default();
            let sum = all.entry((row.get(0)?, row.get(1)?)).or_default();
            *sum = sum.plus(&counts);
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(all)
}

fn samples(tx: &Tx, endpoint_id: i64) -> Result<Vec<SampleView>> {
    let found = tx.query(
        "SELECT at, sample FROM mirror_samples WHERE endpoint_id = ?1 ORDER BY id DESC LIMIT ?2",
        params![endpoint_id, SAMPLES_KEPT],
        |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)),
    )?;
    let view = |(at, text): (i64, String)| {
        let sample = serde_json::from_str(&text).ok()?;
        Some(SampleView {
            at: rfc3339(at),
            sample,
        })
    };
    Ok(found.into_iter().filter_map(view).collect())
}

/// Writes down what this server has compared since the last time.
pub async fn flush(inner: &Arc<Inner>, db: &Db) -> Result<()> {
    let agreements = inner.gateway.agreements();
    let changed = inner.unwritten_agreements(agreements);
    let new = inner.gateway.take_mirror_samples();
    if changed.is_empty() && new.is_empty() {
        return Ok(());
    }
    let (server_id, now_ms) = (inner.server_id.clone(), inner.clock.now_ms());
    db.write(move |tx| {
        let agreed = changed.iter().map(|(pair, agreement)| {
            let pair = (&*pair.endpoint, &*pair.deployment, &*pair.mirrored_to);
            (pair, agreement)
        });
        let samples = new.iter().map(|(endpoint, sample)| (&**endpoint, sample));
        write(tx, &server_id, agreed, samples, now_ms)
    })
    .await
}

/// Writes down what a server has compared: counts since it started, by endpoint, deployment and the one mirrored to, and
/// new samples.
pub fn write<'a>(
    tx: &Tx,
    server_id: &str,
    agreed: impl Iterator<Item = ((&'a str, &'a str, &'a str), &'a Agreement)>,
    samples: impl Iterator<Item = (&'a str, &'a MirrorSample)>,
    now_ms: i64,
) -> Result<()> {
    for ((endpoint, deployment, mirrored_to), agreement) in agreed {
        let Some(endpoint) = store::find(tx, DEFAULT_WORKSPACE_ID, endpoint)? else {
            continue;
        };
        tx.execute(
            "INSERT INTO mirror_counts (workspace_id, endpoint_id, deployment, mirrored_to, server_id, counts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (endpoint_id, deployment, mirrored_to, server_id) DO UPDATE SET counts = excluded.counts",
            params![
                endpoint.workspace_id,
                endpoint.id,
                deployment,
                mirrored_to,
                server_id,
                serde_json::to_string(agreement).expect("counters serialise"),
            ],
        )?;
    }
    for (endpoint, sample) in samples {
        let Some(endpoint) = store::find(tx, DEFAULT_WORKSPACE_ID, endpoint)? else {
            continue;
        };
        insert_sample(tx, &endpoint, sample, now_ms)?;
    }
    Ok(())
}

fn insert_sample(tx: &Tx, endpoint: &store::Endpoint, sample: &MirrorSample, now_ms: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO mirror_samples (workspace_id, endpoint_id, at, sample) VALUES (?1, ?2, ?3, ?4)",
        params![
            endpoint.workspace_id,
            endpoint.id,
            now_ms,
            serde_json::to_string(sample).expect("texts serialise"),
        ],
    )?;
    tx.execute(
        "DELETE FROM mirror_samples WHERE endpoint_id = ?1 AND id NOT IN
             (SELECT id FROM mirror_samples WHERE endpoint_id = ?1 ORDER BY id DESC LIMIT ?2)",
        params![endpoint.id, SAMPLES_KEPT],
    )?;
    Ok(())
}

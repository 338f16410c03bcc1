//! Attributions of captured rows: those that came with the answers, else those that the deployment's own model gives.

use super::{
    signals::{
        attribution::{Attributed, explained},
        drift::is_prediction,
    },
    spec::Monitor,
};
use crate::{
    app::App,
    error::Result,
    monitoring::{baselines::profile::evenly, capture::parts},
};
use fettle_capture::{Cell, Table};
use fettle_gateway::{Explainer, ScoreError, routing::Reason};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Rows that are explained on each side, and how long that may take: deep forests explain few rows a second.
const ROWS_MAX: usize = 1000;
const TIME_MAX: Duration = Duration::from_secs(10);
const CHUNK_ROWS: usize = 32;

/// Of the reference and of the window; or why there are none.
pub async fn of_both(
    app: &App,
    monitor: &Monitor,
    reference: &Table,
    window: &Table,
) -> Result<Result<[Attributed; 2], String>> {
    if let Some(now) = Attributed::of_columns(window) {
        return Ok(match Attributed::of_columns(reference) {
            Some(before) => Ok([before, now]),
            None => Err(
                "answers come with attributions, and the reference has none: take it from a captured window, \
                         or put them into the uploaded table as attribution_FEATURE"
                    .to_owned(),
            ),
        });
    }
    let inputs: Vec<&str> = window
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(is_input)
        .collect();
    if let Some(missing) = inputs.iter().find(|name| reference.column(name).is_none()) {
        return Ok(Err(format!(
            "the reference has no column `{missing}`, which the model is given"
        )));
    }
    let (reference, window) = (evenly(reference, ROWS_MAX), evenly(window, ROWS_MAX));
    let explainer = match explainer(app, monitor, &body(&reference, &inputs, 0..reference.rows), &window).await {
        Ok(explainer) => explainer,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let inputs: Vec<String> = inputs.into_iter().map(str::to_owned).collect();
    let explained = tokio::task::spawn_blocking(move || {
        Ok([
            explain(&explainer, &reference, &inputs)?,
            explain(&explainer, &window, &inputs)?,
        ])
    });
    let explained: Result<[Attributed; 2], ScoreError> = explained.await.map_err(parts::interrupted)?;
    Ok(explained.map_err(|error| error.to_string()))
}

fn is_input(name: &&str) -> bool {
    !name.starts_with('_') && !is_prediction(name) && explained(name).is_none()
}

async fn explainer(app: &App, monitor: &Monitor, background: &[u8], window: &Table) -> Result<Explainer, ScoreError> {
    let newest = || match window.rows {
        0 => None,
        rows => window.cell(&["_deployment"], rows - 1).into_text(),
    };
    let endpoint = app.gateway.endpoint(&monitor.endpoint).ok_or_else(|| {
        ScoreError::NotFound(format!(
            "answers come without attributions (attribution_FEATURE), and this server runs no endpoint `{}` whose model \
             could give them",
            monitor.endpoint
        ))
    })?;
    let deployment = monitor.deployment.clone().or_else(newest).unwrap_or_default();
    let route = endpoint.route_to(&deployment, Reason::Pin)?;
    route.deployment.explainer(background).await
}

fn explain(explainer: &Explainer, table: &Table, inputs: &[String]) -> Result<Attributed, ScoreError> {
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let began = Instant::now();
    let mut all = Attributed::default();
    // Every so many rows at a time, so that those that are explained before time is up are spread over the window.
    let chunks = table.rows.div_ceil(CHUNK_ROWS).max(1);
    for first in 0..chunks {
        let found = explainer.explain(&body(table, &inputs, (first..table.rows).step_by(chunks)))?;
        all.features = found.inputs;
        all.values.extend(found.values);
        if began.elapsed() > TIME_MAX {
            break;
        }
    }
    Ok(all)
}

/// Rows as a request in MLflow's JSON; columns that are only numbered came as an array.
fn body(table: &Table, inputs: &[&str], rows: impl Iterator<Item = usize>) -> Vec<u8> {
    let data: Vec<Vec<Value>> = rows
        .map(|row| inputs.iter().map(|name| value(table.cell(&[name], row))).collect())
        .collect();
    let numbered = inputs
        .iter()
        .enumerate()
        .all(|(place, name)| *name == place.to_string());
    let body = if numbered {
        json!({ "inputs": data })
    } else {
        json!({ "dataframe_split": { "columns": inputs, "data": data } })
    };
    body.to_string().into_bytes()
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Flag(flag) => flag.into(),
        Cell::Integer(number) => number.into(),
        Cell::Number(number) => number.into(),
        cell @ (Cell::Text(_) | Cell::Time(_)) => cell.into_text().map_or(Value::Null, Value::from),
    }
}

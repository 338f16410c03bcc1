//! `/api/fettle/v1/endpoints/NAME/ground-truth`

use super::store::{self, Label};
use crate::{
    app::App,
    audit::{self, Entity},
    caller::Caller,
    error::{ApiError, Result, invalid},
    extract::{Args, Json, PathArg, read_body},
    monitoring::capture::parts,
    system::rfc3339,
};
use axum::{
    extract::{Request, State},
    http::header,
};
use fettle_capture::{Cell, Table, read_upload};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// Rows of one call.
const ROWS_MAX: usize = 1_000_000;
/// Rows of one transaction: others want to write, too.
const ROWS_AT_ONCE: usize = 5_000;
const LABEL_BYTES_MAX: usize = 4096;
const ID: [&str; 3] = ["correlationid", "correlation_id", "_correlationid"];
const INDEX: [&str; 2] = ["row_index", "_row_index"];

#[derive(Debug, Serialize)]
pub struct Uploaded {
    rows: usize,
    /// Of these, those that were not known.
    new: u64,
}

/// Takes labels. The same labels again change nothing; of several for one row that with the latest time counts.
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    PathArg(endpoint): PathArg,
    request: Request,
) -> Result<Json<Uploaded>> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = read_body(request, app.settings.body_limit).await?;
    let now_ms = app.clock.now_ms();
    let labels = tokio::task::spawn_blocking(move || {
        let table = read_upload(&content_type, body)
            .map_err(|error| invalid(format!("The labels cannot be read: {error}.")))?;
        labels_of(&table, now_ms)
    });
    let labels = labels.await.map_err(parts::interrupted)??;
    let rows = labels.len();
    let mut new = 0;
    for part in labels.chunks(ROWS_AT_ONCE) {
        let (part, endpoint, workspace_id): (Arc<[Label]>, _, _) = (part.into(), endpoint.clone(), caller.workspace_id);
        new += app
            .db
            .write(move |tx| store::insert(tx, workspace_id, &endpoint, &part, now_ms))
            .await?;
    }
    if new > 0 {
        app.db
            .write(move |tx| {
                let entity = Entity {
                    kind: "ground_truth",
                    id: &endpoint,
                };
                audit::record(
                    tx,
                    &caller,
                    now_ms,
                    "upload",
                    entity,
                    Some(&json!({ "rows": rows, "new": new })),
                )
            })
            .await?;
    }
    Ok(Json(Uploaded { rows, new }))
}

fn labels_of(table: &Table, now_ms: i64) -> Result<Vec<Label>> {
    if table.rows > ROWS_MAX {
        return Err(invalid(format!(
            "There are {} rows; send at most {ROWS_MAX} in one request.",
            table.rows
        )));
    }
    for (names, what) in [(&ID[..], "correlationid"), (&["label"][..], "label")] {
        if !names.iter().any(|name| table.column(name).is_some()) {
            return Err(invalid(format!(
                "The column '{what}' is missing: labels have correlationid, row_index, label and label_time."
            )));
        }
    }
    (0..table.rows).map(|row| label(table, row, now_ms)).collect()
}

fn label(table: &Table, row: usize, now_ms: i64) -> Result<Label> {
    let wrong = |column: &str, why: &str| invalid(format!("Row {row}: '{column}' {why}."));
    let correlation_id = table
        .cell(&ID, row)
        .into_text()
        .filter(|id| !id.is_empty())
        .ok_or_else(|| wrong("correlationid", "is missing"))?;
    let row_index = match table.cell(&INDEX, row) {
        Cell::Null => 0,
        Cell::Integer(index) if index >= 0 => index,
        Cell::Number(index) if index >= 0.0 && index.fract() == 0.0 => index as i64,
        _ => return Err(wrong("row_index", "must be a number from 0 on")),
    };
    let label = table
        .cell(&["label"], row)
        .into_text()
        .ok_or_else(|| wrong("label", "is missing"))?;
    if label.len() > LABEL_BYTES_MAX {
        return Err(wrong("label", "is too long"));
    }
    let given = match table.cell(&["label_time"], row) {
        Cell::Null => None,
        Cell::Time(ms) | Cell::Integer(ms) => Some(ms),
        Cell::Text(text) => Some(
            text.parse::<jiff::Timestamp>()
                .map_err(|_| wrong("label_time", "must be a time of RFC 3339"))?
                .as_millisecond(),
        ),
        Cell::Number(_) | Cell::Flag(_) => {
            return Err(wrong(
                "label_time",
                "must be a time of RFC 3339 or milliseconds since the epoch",
            ));
        }
    };
    Ok(Label {
        correlation_id,
        row_index,
        label_time: given.unwrap_or(now_ms),
        is_timed: given.is_some(),
        label,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Show {
    correlation_id: String,
}

#[derive(Debug, Serialize)]
pub struct Shown {
    labels: Vec<LabelView>,
}

#[derive(Debug, Serialize)]
struct LabelView {
    correlation_id: String,
    row_index: i64,
    label: String,
    label_time: String,
    /// Whether it is the one that counts.
    current: bool,
}

/// The labels of one request with their history, the latest first.
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    PathArg(endpoint): PathArg,
    Args(request): Args<Show>,
) -> Result<Json<Shown>> {
    let found = app
        .db
        .read(move |tx| store::history(tx, caller.workspace_id, &endpoint, &request.correlation_id))
        .await?;
    let mut labels: Vec<LabelView> = Vec::new();
    for label in found {
        let current = labels.last().is_none_or(|newer| newer.row_index != label.row_index);
        labels.push(LabelView {
            correlation_id: label.correlation_id,
            row_index: label.row_index,
            label: label.label,
            label_time: rfc3339(label.label_time),
            current,
        });
    }
    Ok::<_, ApiError>(Json(Shown { labels }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn read(csv: &str) -> Result<Vec<Label>> {
        let table = read_upload("text/csv", Bytes::from(csv.to_owned())).expect("a table");
        labels_of(&table, 77)
    }

    #[test]
    fn labels_have_defaults() {
        let labels = read("correlation_id,label\na,1\nb,late\n").expect("good labels");
        let read: Vec<_> = labels
            .iter()
            .map(|label| (&*label.correlation_id, label.row_index, &*label.label, label.label_time))
            .collect();
        assert_eq!(read, [("a", 0, "1", 77), ("b", 0, "late", 77)]);
        let timed = read_one("correlationid,row_index,label,label_time\na,3,true,2026-01-02T03:04:05Z\n");
        assert_eq!((timed.row_index, timed.label_time), (3, 1_767_323_045_000));
    }

    fn read_one(csv: &str) -> Label {
        read(csv).expect("good labels").remove(0)
    }

    #[test]
    fn what_is_wrong_with_labels_is_named() {
        for (csv, part) in [
            ("id,label\na,1\n", "correlationid"),
            ("correlationid\na\n", "label"),
            ("correlationid,label\n,1\n", "Row 0: 'correlationid'"),
            ("correlationid,label\na,\n", "Row 0: 'label'"),
            ("correlationid,row_index,label\na,-1,1\n", "row_index"),
            ("correlationid,label,label_time\na,1,soon\n", "label_time"),
        ] {
            let error = read(csv).expect_err(csv).message;
            assert!(error.contains(part), "{csv}: {error}");
        }
    }
}

//! Baselines of new versions: ordered in the transaction that registers the version, made behind it through the outbox.
//!
//! Nothing of this fails or delays a registration. What cannot be made stays in the list of baselines with the reason.

use super::{
    made::{Made, of_artifact},
    store::{self, Dataset, State},
};
use crate::{
    audit::{self, Entity},
    caller::Caller,
    clock::Clock,
    error::{ApiError, ErrorCode, Result},
    outbox::{self, Delivery, Limits, Outcome, Verdict, Waker, store::NewDelivery},
    tracking,
};
use fettle_blobs::Stores;
use fettle_db::{Db, Tx};
use fettle_wire::tags::KeyValue;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The channel's name in the outbox. Its targets are baselines, its messages the addresses of their rows.
const CHANNEL: &str = "baseline";
/// On a version or its run: where the rows are, or [`NO_BASELINE`].
const TAG: &str = "fettle.baseline";
const NO_BASELINE: &str = "none";
/// About a minute with the outbox's waits: clients may log the file a moment later.
const ATTEMPTS_MAX: i64 = 6;
/// Longer than it takes to read the largest file.
const LEASE: Duration = Duration::from_mins(10);
const PENDING_MAX: i64 = 100;

/// A version that is being registered.
pub struct NewVersion<'a> {
    pub name: &'a str,
    pub number: i64,
    /// Empty for none.
    pub run_id: &'a str,
    pub tags: &'a [KeyValue],
}

/// Where the rows of a baseline are.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    source: String,
    /// The address, or why there is none.
    uri: Result<String, String>,
}

/// Orders the baseline of a new version, if it or its run names rows.
pub fn order(tx: &Tx, caller: &Caller, version: &NewVersion<'_>, now_ms: i64) -> Result<()> {
    let Some(origin) = origin(tx, caller.workspace_id, version)? else {
        return Ok(());
    };
    let number = version.number.to_string();
    let new = store::Order {
        model_name: version.name,
        model_version: &number,
        source: &origin.source,
        reason: origin.uri.as_ref().err().map(String::as_str),
    };
    let id = store::order(tx, caller.workspace_id, &new, now_ms)?;
    let detail = json!({ "model_name": version.name, "model_version": number, "source": origin.source });
    record(tx, caller, now_ms, "order", id, &detail)?;
    if let Ok(uri) = &origin.uri {
        let message = NewDelivery {
            channel: CHANNEL,
            target_id: id,
            topic: "registration",
            body: uri,
        };
        outbox::store::insert(tx, caller.workspace_id, &message, now_ms)?;
    }
    Ok(())
}

fn origin(tx: &Tx, workspace_id: i64, version: &NewVersion<'_>) -> Result<Option<Origin>> {
    if let Some(tag) = version.tags.iter().find(|tag| tag.key == TAG) {
        return Ok(of_tag(&tag.value, version.run_id));
    }
    let Some(run) = tracking::store::runs::find(tx, workspace_id, version.run_id)? else {
        return Ok(None);
    };
    if let Some(value) = tracking::store::tags::get(tx, run.id, TAG)? {
        return Ok(of_tag(&value, version.run_id));
    }
    Ok(of_datasets(store::training_datasets(tx, run.id)?))
}

/// A tag has an address, or a path below the run's artifacts.
fn of_tag(value: &str, run_id: &str) -> Option<Origin> {
    let value = value.trim();
    if value == NO_BASELINE {
        return None;
    }
    let uri = if value.contains(":/") || value.starts_with('/') {
        Ok(value.to_owned())
    } else if value.is_empty() {
        Err(format!(
            "The tag {TAG} is empty: give an address or a path below the run's artifacts."
        ))
    } else if run_id.is_empty() {
        Err(format!(
            "The tag {TAG} names '{value}' below the artifacts of a run, and the version is of no run."
        ))
    } else {
        Ok(format!("runs:/{run_id}/{value}"))
    };
    let source = uri.clone().unwrap_or_else(|_| value.to_owned());
    Some(Origin { source, uri })
}

/// The first dataset that says where it lies, else the first.
fn of_datasets(datasets: Vec<Dataset>) -> Option<Origin> {
    let mut origins = datasets.into_iter().map(of_dataset);
    let first = origins.next()?;
    Some(match first.uri {
        Ok(_) => first,
        Err(_) => origins.find(|origin| origin.uri.is_ok()).unwrap_or(first),
    })
}

fn of_dataset(dataset: Dataset) -> Origin {
    match place(&dataset.source) {
        Some(uri) => Origin {
            source: format!("training dataset {uri}"),
            uri: Ok(uri),
        },
        None => Origin {
            source: format!("training dataset {}", dataset.name),
            uri: Err(format!(
                "The dataset does not say where its rows lie (its source is of the type '{}'): upload them with fettle baseline create --file.",
                dataset.source_type
            )),
        },
    }
}

/// Where a dataset lies, of the source that MLflow wrote.
pub fn place(source: &str) -> Option<String> {
    let source: Value = serde_json::from_str(source).ok()?;
    let uri = source["uri"].as_str().or_else(|| source["url"].as_str())?;
    Some(uri.to_owned())
}

/// Starts what makes the baselines that were ordered.
pub fn open(db: Db, stores: Stores, clock: Clock) -> Waker {
    let limits = Limits {
        channel: CHANNEL,
        // One file in memory at a time.
        concurrency: 1,
        concurrency_per_target: 1,
        lease: LEASE,
        attempts_max: ATTEMPTS_MAX,
        pending_max: PENDING_MAX,
    };
    let parts = (db.clone(), stores, clock.clone());
    let send: outbox::Send = Arc::new(move |delivery| {
        let (db, stores, clock) = parts.clone();
        Box::pin(async move {
            make(&db, &stores, &clock, delivery)
                .await
                .unwrap_or_else(|error| Outcome::unanswered(Verdict::Retry { after: None }, error.to_string()))
        })
    });
    outbox::start(db, clock, limits, send)
}

/// Makes an ordered baseline, or writes down why that cannot be done.
async fn make(db: &Db, stores: &Stores, clock: &Clock, delivery: Delivery) -> Result<Outcome> {
    let (workspace_id, id, attempt) = (delivery.workspace_id, delivery.target_id, delivery.attempt_since_replay);
    let baseline = db.peek(move |tx| store::find(tx, workspace_id, id)).await?;
    let Some(baseline) = baseline.filter(|baseline| baseline.state == State::Pending) else {
        return Ok(Outcome::unanswered(
            Verdict::Refused,
            "it is no longer wanted".to_owned(),
        ));
    };
    let made = if attempt > ATTEMPTS_MAX {
        Err(ApiError::new(
            ErrorCode::InternalError,
            "The server ended each time it read the file.",
        ))
    } else {
        match of_artifact(db, stores, workspace_id, &delivery.body).await {
            Ok(table) => Made::of_table(baseline.source, table).await,
            Err(error) => Err(error),
        }
    };
    let now_ms = clock.now_ms();
    match made {
        Ok(made) => {
            db.write(move |tx| {
                store::set_made(tx, id, &made)?;
                let caller = Caller::fettle(workspace_id);
                record(
                    tx,
                    &caller,
                    now_ms,
                    "make",
                    id,
                    &json!({ "source": made.source, "rows": made.rows }),
                )
            })
            .await?;
            Ok(Outcome {
                verdict: Verdict::Delivered,
                response_status: None,
                response_body: None,
                error: None,
            })
        }
        Err(error) => {
            let again = attempt < ATTEMPTS_MAX && is_worth_another(error.code);
            let state = if again { State::Pending } else { State::Failed };
            let reason = error.message.clone();
            db.write(move |tx| store::set_reason(tx, id, state, &reason)).await?;
            let verdict = if again {
                Verdict::Retry { after: None }
            } else {
                Verdict::Refused
            };
            Ok(Outcome::unanswered(verdict, error.to_string()))
        }
    }
}

/// What is not there yet may come; what is wrong with a file or an address stays.
fn is_worth_another(code: ErrorCode) -> bool {
    code == ErrorCode::ResourceDoesNotExist || code == ErrorCode::ResourceExhausted || code.status().is_server_error()
}

fn record(tx: &Tx, caller: &Caller, now_ms: i64, action: &str, id: i64, detail: &Value) -> Result<()> {
    audit::record(
        tx,
        caller,
        now_ms,
        action,
        Entity::of("baseline", &id.to_string()),
        Some(detail),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_addresses_or_paths_below_the_run() {
        let of = |value, run_id| of_tag(value, run_id).map(|origin| origin.uri.map_err(drop));
        for (value, uri) in [
            ("train.parquet", "runs:/r1/train.parquet"),
            ("data/train.csv", "runs:/r1/data/train.csv"),
            ("runs:/r2/train.parquet", "runs:/r2/train.parquet"),
            ("mlflow-artifacts:/sets/a.csv", "mlflow-artifacts:/sets/a.csv"),
            ("/etc/passwd", "/etc/passwd"),
        ] {
            assert_eq!(of(value, "r1"), Some(Ok(uri.to_owned())), "{value}");
        }
        assert_eq!(of("train.parquet", ""), Some(Err(())));
        assert_eq!(of(" ", "r1"), Some(Err(())));
        assert_eq!(of("none", "r1"), None);
    }

    #[test]
    fn datasets_that_say_where_they_lie_come_first() {
        let dataset = |name: &str, source: &str| Dataset {
            name: name.to_owned(),
            source_type: "code".to_owned(),
            source: source.to_owned(),
        };
        let code = dataset("code", r#"{"tags":{"mlflow.source.name":"train.py"}}"#);
        let file = dataset("file", r#"{"uri":"mlflow-artifacts:/sets/a.csv"}"#);
        let chosen = of_datasets(vec![code.clone(), file]).expect("one");
        assert_eq!(chosen.uri.as_deref(), Ok("mlflow-artifacts:/sets/a.csv"));
        assert!(
            of_datasets(vec![code])
                .expect("one")
                .uri
                .expect_err("no place")
                .contains("'code'")
        );
        assert_eq!(of_datasets(Vec::new()), None);
        assert_eq!(place("no JSON"), None);
    }
}

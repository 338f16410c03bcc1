//! The parsers against MLflow's own, on the texts that `generate.py` recorded in `corpus.jsonl`.
//!
//! Every text must be accepted, and then mean the same, exactly when MLflow accepts it, except for the deliberate
//! differences listed in `differences.rs`. Where MLflow fails with an internal error we must refuse.

mod described;
mod differences;

use described::{Clause, Value};
use differences::{DIFFERENCES, Difference, Outcome};
use fettle_search::{SearchError, experiments, logged_models, model_versions, registered_models, runs, traces};
use serde_json::Value as Json;

type Parsed = Result<Vec<Clause>, SearchError>;

struct Record {
    kind: String,
    /// The filter, or the `order_by` entries as JSON.
    text: String,
    ours: Parsed,
    accepted_by_mlflow: bool,
    clauses: Vec<Clause>,
}

#[test]
fn agrees_with_mlflow() {
    let mut unexplained = Vec::new();
    let mut used = vec![false; DIFFERENCES.len()];
    let records: Vec<Record> = include_str!("corpus.jsonl").lines().map(read).collect();
    for record in &records {
        let Some(outcome) = disagreement(record) else { continue };
        let explains = |difference: &Difference| difference.explains(&record.kind, &record.text, outcome);
        match DIFFERENCES.iter().position(explains) {
            Some(index) => used[index] = true,
            None => unexplained.push(format!(
                "{} {} {outcome:?}: MLflow {:?}, ours {:?}",
                record.kind, record.text, record.clauses, record.ours
            )),
        }
    }
    assert!(records.len() > 2500, "the corpus is there");
    assert!(
        unexplained.is_empty(),
        "{} disagreements:\n{}",
        unexplained.len(),
        unexplained.join("\n")
    );
    for (difference, used) in DIFFERENCES.iter().zip(used) {
        assert!(used, "nothing in the corpus shows: {}", difference.reason);
    }
}

/// How we differ from MLflow on one text, if we do. To refuse what makes MLflow fail is to agree.
fn disagreement(record: &Record) -> Option<Outcome> {
    match (&record.ours, record.accepted_by_mlflow) {
        (Ok(_), false) => Some(Outcome::Accepted),
        (Err(_), true) => Some(Outcome::Refused),
        (Ok(ours), true) if *ours != record.clauses => Some(Outcome::ReadDifferently),
        _ => None,
    }
}

fn read(line: &str) -> Record {
    let record: Json = serde_json::from_str(line).expect("the corpus is JSON lines");
    let kind = record["kind"].as_str().expect("a kind").to_owned();
    let (text, ours) = match (&record["text"], &record["order_by"]) {
        (Json::String(text), _) => (text.clone(), parse_filter(&kind, text)),
        (_, entries) => (entries.to_string(), parse_order_by(&kind, entries)),
    };
    let clauses = record["clauses"]
        .as_array()
        .into_iter()
        .flatten()
        .map(read_clause)
        .collect();
    Record {
        kind,
        text,
        ours,
        accepted_by_mlflow: record["verdict"] == "accepted",
        clauses,
    }
}

fn read_clause(clause: &Json) -> Clause {
    let text = |index: usize| clause[index].as_str().expect("text").to_owned();
    if let Json::Bool(ascending) = clause[2] {
        let direction = if ascending { "ASC" } else { "DESC" };
        return Clause::new(&text(0), &text(1), direction, Value::None);
    }
    let value = match &clause[3] {
        Json::Null => Value::None,
        Json::Array(values) => Value::List(
            values
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect(),
        ),
        Json::Number(number) => Value::Number(number.as_f64().expect("a float")),
        other => Value::Text(other.as_str().expect("text").to_owned()),
    };
    Clause::new(&text(0), &text(1), &text(2), value)
}

fn parse_filter(kind: &str, text: &str) -> Parsed {
    fn all<P>(filter: Result<fettle_search::Filter<P>, SearchError>, describe: impl Fn(&P) -> Clause) -> Parsed {
        Ok(filter?.predicates().iter().map(describe).collect())
    }
    match kind {
        "runs" => all(runs::parse_filter(text), described::run),
        "experiments" => all(experiments::parse_filter(text), described::experiment),
        "registered_models" => all(registered_models::parse_filter(text), described::registered_model),
        "model_versions" => all(model_versions::parse_filter(text), described::model_version),
        "logged_models" => all(logged_models::parse_filter(text), described::logged_model),
        "traces" => all(traces::parse_filter(text), described::trace),
        other => panic!("unknown kind {other}"),
    }
}

fn parse_order_by(kind: &str, entries: &Json) -> Parsed {
    let entries: Vec<&str> = entries
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(Json::as_str)
        .collect();
    Ok(match kind {
        "runs" => runs::parse_order_by(&entries)?
            .iter()
            .map(described::run_order)
            .collect(),
        "experiments" => experiments::parse_order_by(&entries)?
            .iter()
            .map(described::plain_order)
            .collect(),
        "registered_models" => registered_models::parse_order_by(&entries)?
            .iter()
            .map(described::plain_order)
            .collect(),
        "model_versions" => model_versions::parse_order_by(&entries)?
            .iter()
            .map(described::plain_order)
            .collect(),
        "traces" => traces::parse_order_by(&entries)?
            .iter()
            .map(described::trace_order)
            .collect(),
        other => panic!("unknown kind {other}"),
    })
}

//! Searching traces: a tree to a statement.

use super::{
    records::{self, Record},
    segments::{self, Candidates},
    spans,
    trace_order::{self, Place, text_column, time_column},
};
use crate::{
    error::Result,
    search_sql::{push_keyed, push_number, push_text},
    traces::validate::SESSION_METADATA,
};
use fettle_db::{Param, Query, Tx};
use fettle_search::{
    Filter, Order, TextComparison,
    traces::{AssessmentComparison, AssessmentKind, TraceOrderKey, TracePredicate},
};
use fettle_traces::SpanQuery;

/// Traces whose spans are opened at once.
const BATCH: usize = 128;
/// Traces that one statement lists while spans are searched.
const BATCH_MAX: usize = 8192;
/// Candidates that are named in the statement; of more of them enough are met on the way.
const NAMED_MAX: usize = 2000;
/// Sessions that one test of assessments covers.
const SESSIONS_MAX: i64 = 10_000;

/// Which traces a search is about.
pub struct TraceSearch {
    pub workspace_id: i64,
    pub experiment_ids: Vec<i64>,
    pub filter: Filter<TracePredicate>,
    /// What the filter asks of spans.
    pub spans: SpanQuery,
}

/// A trace that passes, with its place in the order.
struct Found {
    key: i64,
    place: Place,
}

impl TraceSearch {
    /// One page of the traces that pass, in the order asked for, and the place of the last one if the page is full.
    pub fn page(
        &self,
        tx: &Tx,
        order: &[Order<TraceOrderKey>],
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<Record>, Option<Place>)> {
        if self.experiment_ids.is_empty() {
            return Ok((Vec::new(), None));
        }
        let mut found = if self.spans.is_empty() {
            self.scan(tx, order, None, limit, after.as_ref())?
        } else {
            self.page_by_spans(tx, order, limit, after)?
        };
        let keys: Vec<i64> = found.iter().map(|found| found.key).collect();
        let last = found.pop().filter(|_| keys.len() == limit);
        Ok((records::in_order(tx, &keys)?, last.map(|found| found.place)))
    }

    /// Goes through the traces in their order and opens the spans of those that the index does not rule out, until the
    /// page is full.
    fn page_by_spans(
        &self,
        tx: &Tx,
        order: &[Order<TraceOrderKey>],
        limit: usize,
        mut after: Option<Place>,
    ) -> Result<Vec<Found>> {
        let candidates = segments::candidates(tx, self.workspace_id, &self.experiment_ids, &self.spans)?;
        let only = match &candidates {
            Candidates::Only(keys) if keys.is_empty() => return Ok(Vec::new()),
            Candidates::Only(keys) if keys.len() <= NAMED_MAX => Some(&**keys),
            _ => None,
        };
        let (mut found, mut batch) = (Vec::new(), BATCH.max(limit));
        loop {
            let mut scanned = self.scan(tx, order, only, batch, after.as_ref())?;
            let full = scanned.len() == batch;
            after = scanned.last().map(|found| found.place.clone());
            scanned.retain(|trace| candidates.contains(trace.key));
            while !scanned.is_empty() {
                let rest = scanned.split_off(scanned.len().min(BATCH));
                let keys: Vec<i64> = scanned.iter().map(|trace| trace.key).collect();
                let matching = spans::matching(tx, &keys, &self.spans)?;
                let passed = scanned.into_iter().filter(|trace| matching.contains(&trace.key));
                found.extend(passed.take(limit - found.len()));
                if found.len() == limit {
                    return Ok(found);
                }
                scanned = rest;
            }
            if !full {
                return Ok(found);
            }
            batch = (batch * 2).min(BATCH_MAX);
        }
    }

    /// The traces that follow `after` in the order; `only` those with these keys. Spans are not looked at.
    fn scan(
        &self,
        tx: &Tx,
        order: &[Order<TraceOrderKey>],
        only: Option<&[i64]>,
        limit: usize,
        after: Option<&Place>,
    ) -> Result<Vec<Found>> {
        let mut query = self.statement(tx, &trace_order::columns(order), order, only, after)?;
        query.push(" LIMIT ").bind(limit as i64);
        Ok(query.run(tx, |row| {
            Ok(Found {
                key: row.get(0)?,
                place: Place::read(row, 1, order)?,
            })
        })?)
    }

    /// The keys of all traces that pass.
    pub fn keys(&self, tx: &Tx) -> Result<Vec<i64>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.statement(tx, "", &[], None, None)?;
        let mut keys = query.run(tx, |row| row.get(0))?;
        if self.spans.is_empty() {
            return Ok(keys);
        }
        let candidates = segments::candidates(tx, self.workspace_id, &self.experiment_ids, &self.spans)?;
        keys.retain(|key| candidates.contains(*key));
        Ok(spans::matching(tx, &keys, &self.spans)?.into_iter().collect())
    }

    /// Everything but the tests of spans.
    fn statement(
        &self,
        tx: &Tx,
        columns: &str,
        order: &[Order<TraceOrderKey>],
        only: Option<&[i64]>,
        after: Option<&Place>,
    ) -> Result<Query> {
        let keyed = trace_order::has_keys(order);
        let mut query = Query::new("SELECT t.id");
        query.push(columns);
        if keyed {
            query.push(" FROM (SELECT t.*");
            trace_order::push_values(&mut query, order);
        }
        query
            .push(" FROM traces t WHERE t.workspace_id = ")
            .bind(self.workspace_id);
        self.push_experiments(&mut query);
        if let Some(keys) = only {
            query.push(" AND t.id IN_IDS(").bind(keys.to_vec()).push(")");
        }
        for predicate in self.filter.predicates() {
            self.push_predicate(tx, &mut query, predicate)?;
        }
        if keyed {
            query.push(") t");
        }
        if let Some(after) = after {
            query.push(if keyed { " WHERE " } else { " AND " });
            after.push(&mut query, order);
        }
        trace_order::push(&mut query, order);
        Ok(query)
    }

    /// One experiment as an equation, so that the index also gives the order.
    fn push_experiments(&self, query: &mut Query) {
        match self.experiment_ids.as_slice() {
            [one] => query.push(" AND t.experiment_id = ").bind(*one),
            many => query.push(" AND t.experiment_id IN_IDS(").bind(many.to_vec()).push(")"),
        };
    }

    fn push_predicate(&self, tx: &Tx, query: &mut Query, predicate: &TracePredicate) -> Result<()> {
        if matches!(predicate, TracePredicate::Span { .. }) {
            return Ok(());
        }
        query.push(" AND ");
        match predicate {
            TracePredicate::Span { .. } => {}
            TracePredicate::Text { attribute, comparison } => {
                push_text(tx, query, text_column(*attribute), comparison);
            }
            TracePredicate::Time { attribute, comparison } => {
                push_number(query, time_column(*attribute), comparison);
            }
            TracePredicate::Tag { key, comparison } => {
                push_keyed(tx, query, "trace_tags g WHERE g.trace_key = t.id", "g", key, comparison);
            }
            // A page of its own on the web, so it has an index.
            TracePredicate::Metadata {
                key,
                comparison: TextComparison::Equal(session),
            } if key == SESSION_METADATA => {
                query
                    .push("t.id IN (SELECT m.trace_key FROM trace_metadata m WHERE m.key = 'mlflow.trace.session' AND m.value = ")
                    .bind(session.clone())
                    .push(")");
            }
            TracePredicate::Metadata { key, comparison } => {
                let rows = "trace_metadata m WHERE m.trace_key = t.id";
                push_keyed(tx, query, rows, "m", key, comparison);
            }
            TracePredicate::Run(run_id) => {
                let run_id = query.param(run_id.clone());
                query.push(&format!(
                    "(t.id IN (SELECT m.trace_key FROM trace_metadata m WHERE m.key = 'mlflow.sourceRun' AND m.value = {run_id})
                      OR t.trace_id IN (SELECT l.trace_id FROM trace_run_links l JOIN runs r ON r.id = l.run_id WHERE r.run_uuid = {run_id}))"
                ));
            }
            TracePredicate::Prompt { name, version } => {
                query
                    .push("t.id IN (SELECT l.trace_key FROM trace_prompt_links l WHERE l.prompt_name = ")
                    .bind(name.clone());
                query.push(" AND l.prompt_version = ").bind(version.clone()).push(")");
            }
            TracePredicate::Issue(id) => {
                query.push("t.id IN (SELECT a.trace_key FROM assessments a WHERE a.workspace_id = ");
                query
                    .bind(self.workspace_id)
                    .push(" AND a.kind = 'issue' AND a.name = ");
                query.bind(id.clone()).push(")");
            }
            TracePredicate::Assessment { kind, name, comparison } => {
                self.push_assessment(tx, query, *kind, name, comparison)?;
            }
        }
        Ok(())
    }

    /// An assessment counts for its trace; one made for a whole session counts for each trace of the session.
    fn push_assessment(
        &self,
        tx: &Tx,
        query: &mut Query,
        kind: AssessmentKind,
        name: &str,
        comparison: &AssessmentComparison,
    ) -> Result<()> {
        let sessions = self.sessions(tx, kind, name, comparison)?;
        let absent = matches!(comparison, AssessmentComparison::Text(TextComparison::IsNull));
        query.push(if absent { "NOT (" } else { "(" });
        query.push("t.id IN (SELECT a.trace_key FROM assessments a WHERE ");
        self.push_assessment_test(tx, query, kind, name, comparison);
        query.push(")");
        if !sessions.is_empty() {
            query
                .push(" OR t.id IN (SELECT m.trace_key FROM trace_metadata m WHERE m.key = 'mlflow.trace.session' AND m.value IN ")
                .bind_list(sessions)
                .push(")");
        }
        query.push(")");
        Ok(())
    }

    /// The sessions for which an assessment passes. Its metadata names the session.
    fn sessions(
        &self,
        tx: &Tx,
        kind: AssessmentKind,
        name: &str,
        comparison: &AssessmentComparison,
    ) -> Result<Vec<String>> {
        let mut query = Query::new(
            "SELECT DISTINCT m.value FROM assessments a JOIN traces t ON t.id = a.trace_key
             JOIN trace_metadata m ON m.trace_key = a.trace_key AND m.key = 'mlflow.trace.session'
             WHERE a.metadata LIKE '%\"mlflow.trace.session\":%'",
        );
        self.push_experiments(&mut query);
        query.push(" AND ");
        self.push_assessment_test(tx, &mut query, kind, name, comparison);
        query.push(" LIMIT ").bind(SESSIONS_MAX);
        Ok(query.run(tx, |row| row.get(0))?)
    }

    fn push_assessment_test(
        &self,
        tx: &Tx,
        query: &mut Query,
        kind: AssessmentKind,
        name: &str,
        comparison: &AssessmentComparison,
    ) {
        query.push("a.workspace_id = ").bind(self.workspace_id);
        query.push(" AND a.name = ").bind(name.to_owned());
        query.push(" AND a.kind = ").bind(kind.name()).push(" AND a.valid = 1");
        match comparison {
            AssessmentComparison::Number(comparison) => {
                query.push(" AND a.is_numeric = 1 AND ");
                push_number(query, "a.aggregate_value", comparison);
            }
            AssessmentComparison::Text(TextComparison::IsNull | TextComparison::IsNotNull) => {}
            AssessmentComparison::Text(TextComparison::Equal(value)) => {
                query.push(" AND a.value IN ").bind_list(spellings(value));
            }
            AssessmentComparison::Text(TextComparison::NotEqual(value)) => {
                query.push(" AND a.value NOT IN ").bind_list(spellings(value));
            }
            AssessmentComparison::Text(comparison) => {
                query.push(" AND ");
                push_text(tx, query, "a.value", comparison);
            }
        }
    }
}

/// How a value that a filter names may be stored: as it is, as JSON text, or as a number.
fn spellings(value: &str) -> Vec<Param<'static>> {
    let mut json = String::new();
    fettle_gateway::python_json::text(&mut json, value);
    let mut spellings = vec![Param::from(value.to_owned()), Param::from(json)];
    if let Ok(number) = value.parse::<f64>()
        && number.is_finite()
    {
        let mut text = String::new();
        fettle_gateway::python_json::float(&mut text, number);
        spellings.push(Param::from(text));
    }
    spellings
}

//! Searching traces: a tree to a statement.

use super::{
    records::{COLUMNS, Record},
    spans,
};
use crate::{
    error::Result,
    search_sql::{direction, push_keyed, push_number, push_text},
    traces::validate::SESSION_METADATA,
};
use fettle_db::{Param, Query, Tx};
use fettle_search::{
    Filter, Order, TextComparison,
    traces::{
        AssessmentComparison, AssessmentKind, TraceOrderKey, TracePredicate, TraceTextAttribute, TraceTimeAttribute,
    },
};
use fettle_traces::SpanQuery;

/// Traces whose spans are opened at once.
const BATCH: usize = 128;
/// Traces that one statement lists while spans are searched.
const BATCH_MAX: usize = 8192;
/// Candidates that are named in the statement; of more of them enough are met on the way.
const NAMED_MAX: usize = 5000;
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

impl TraceSearch {
    /// One page of the traces that pass, in the order asked for.
    pub fn page(&self, tx: &Tx, order: &[Order<TraceOrderKey>], limit: usize, offset: u64) -> Result<Vec<Record>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        if !self.spans.is_empty() {
            return self.page_by_spans(tx, order, limit, offset);
        }
        let query = self.statement(tx, COLUMNS, order, None, limit as i64, offset as i64)?;
        Ok(query.run(tx, Record::read)?)
    }

    /// Goes through the traces in their order and opens the spans of those that the index does not rule out, until the
    /// page is full.
    fn page_by_spans(&self, tx: &Tx, order: &[Order<TraceOrderKey>], limit: usize, offset: u64) -> Result<Vec<Record>> {
        let candidates = spans::candidates(tx, self.workspace_id, &self.experiment_ids, &self.spans)?;
        let only = Some(&*candidates).filter(|keys| keys.len() <= NAMED_MAX);
        let (mut passed, mut start, mut batch) = (0, 0, BATCH.max(limit));
        let mut found = Vec::new();
        if candidates.is_empty() {
            return Ok(found);
        }
        loop {
            let query = self.statement(tx, COLUMNS, order, only, batch as i64, start)?;
            let records = query.run(tx, Record::read)?;
            let last = records.len() < batch;
            for records in records.chunks(BATCH) {
                let keys = records.iter().map(|record| record.id);
                let keys: Vec<i64> = keys.filter(|key| candidates.binary_search(key).is_ok()).collect();
                let matching = spans::matching(tx, &keys, &self.spans)?;
                for record in records.iter().filter(|record| matching.contains(&record.id)) {
                    passed += 1;
                    if passed > offset {
                        found.push(record.clone());
                    }
                    if found.len() == limit {
                        return Ok(found);
                    }
                }
            }
            if last {
                return Ok(found);
            }
            start += batch as i64;
            batch = (batch * 2).min(BATCH_MAX);
        }
    }

    /// The keys of all traces that pass.
    pub fn keys(&self, tx: &Tx) -> Result<Vec<i64>> {
        if self.experiment_ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.statement(tx, "t.id", &[], None, i64::MAX, 0)?;
        let keys = query.run(tx, |row| row.get(0))?;
        if self.spans.is_empty() {
            return Ok(keys);
        }
        let candidates = spans::candidates(tx, self.workspace_id, &self.experiment_ids, &self.spans)?;
        let keys: Vec<i64> = keys
            .into_iter()
            .filter(|key| candidates.binary_search(key).is_ok())
            .collect();
        Ok(spans::matching(tx, &keys, &self.spans)?.into_iter().collect())
    }

    /// Everything but the tests of spans.
    fn statement(
        &self,
        tx: &Tx,
        columns: &str,
        order: &[Order<TraceOrderKey>],
        only: Option<&[i64]>,
        limit: i64,
        offset: i64,
    ) -> Result<Query> {
        let keyed = order.iter().any(|by| keyed(&by.key).is_some());
        let mut query = Query::new("SELECT ");
        query.push(columns);
        if keyed {
            query.push(" FROM (SELECT t.*");
            push_order_values(&mut query, order);
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
        push_order(&mut query, order);
        query.push(" LIMIT ").bind(limit).push(" OFFSET ").bind(offset);
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

/// The table and key behind an order by a tag or by metadata.
fn keyed(key: &TraceOrderKey) -> Option<(&'static str, &str)> {
    match key {
        TraceOrderKey::Tag(key) => Some(("trace_tags", key)),
        TraceOrderKey::Metadata(key) => Some(("trace_metadata", key)),
        _ => None,
    }
}

fn push_order_values(query: &mut Query, order: &[Order<TraceOrderKey>]) {
    for (index, by) in order.iter().enumerate() {
        if let Some((table, key)) = keyed(&by.key) {
            query
                .push(&format!(
                    ", (SELECT o.value FROM {table} o WHERE o.trace_key = t.id AND o.key = "
                ))
                .bind(key.to_owned())
                .push(&format!(") AS order_{index}"));
        }
    }
}

/// Traces without a value come last in both directions; ties by time, newest first, then by id.
fn push_order(query: &mut Query, order: &[Order<TraceOrderKey>]) {
    query.push(" ORDER BY ");
    for (index, by) in order.iter().enumerate() {
        let column = match &by.key {
            TraceOrderKey::Text(attribute) => text_column(*attribute).to_owned(),
            TraceOrderKey::Time(attribute) => time_column(*attribute).to_owned(),
            TraceOrderKey::ExperimentId => "t.experiment_id".to_owned(),
            TraceOrderKey::Tag(_) | TraceOrderKey::Metadata(_) => format!("t.order_{index}"),
        };
        let direction = direction(by.direction);
        let always_there = matches!(
            by.key,
            TraceOrderKey::ExperimentId
                | TraceOrderKey::Time(TraceTimeAttribute::Timestamp | TraceTimeAttribute::EndTime)
                | TraceOrderKey::Text(TraceTextAttribute::TraceId | TraceTextAttribute::Status)
        );
        if !always_there {
            query.push(&format!("CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, "));
        }
        query.push(&format!("{column}{direction}, "));
    }
    query.push("t.request_time DESC, t.trace_id ASC");
}

fn text_column(attribute: TraceTextAttribute) -> &'static str {
    match attribute {
        TraceTextAttribute::TraceId => "t.trace_id",
        TraceTextAttribute::Status => "t.state",
        TraceTextAttribute::ClientRequestId => "t.client_request_id",
    }
}

fn time_column(attribute: TraceTimeAttribute) -> &'static str {
    match attribute {
        TraceTimeAttribute::Timestamp => "t.request_time",
        TraceTimeAttribute::ExecutionTime => "t.execution_duration",
        TraceTimeAttribute::EndTime => "(t.request_time + COALESCE(t.execution_duration, 0))",
    }
}

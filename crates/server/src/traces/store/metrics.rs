//! The points that trace metrics add up: one for each trace, span or assessment that passes the filters.

use super::spans;
use crate::{
    error::{ApiError, Result},
    traces::metric_kinds::{Dimension, Metric, View},
};
use fettle_db::{Query, Row, Tx};
use fettle_search::trace_metrics::{TraceMetricsField, TraceMetricsFilter};
use fettle_traces::block::SpanSummary;
use std::collections::HashSet;

/// Traces whose spans are read at once.
const TRACES_AT_ONCE: usize = 1024;

pub struct TraceMetricsQuery {
    pub workspace_id: i64,
    pub experiment_ids: Vec<i64>,
    pub metric: Metric,
    pub dimensions: Vec<Dimension>,
    pub filters: Vec<TraceMetricsFilter>,
    /// Both ends are part of the range.
    pub start_ms: Option<i64>,
    pub end_ms: Option<i64>,
    pub interval_ms: Option<i64>,
}

/// One value, with when it was and its dimensions' values, in their order.
#[derive(Debug)]
pub struct Point {
    pub time_ms: i64,
    pub dimensions: Vec<Option<String>>,
    pub value: f64,
}

impl TraceMetricsQuery {
    pub fn for_each_point(&self, tx: &Tx, visit: impl FnMut(Point) -> Result<()>) -> Result<()> {
        if self.experiment_ids.is_empty() {
            return Ok(());
        }
        match self.metric.view() {
            View::Traces => self.for_each_trace(tx, visit),
            View::Spans => self.for_each_span(tx, visit),
            View::Assessments => self.for_each_assessment(tx, visit),
        }
    }

    fn for_each_trace(&self, tx: &Tx, mut visit: impl FnMut(Point) -> Result<()>) -> Result<()> {
        let value = match self.metric {
            Metric::TraceLatency => "CAST(t.execution_duration AS DOUBLE PRECISION)",
            Metric::Tokens(_) => "v.value",
            _ => "CAST(1 AS DOUBLE PRECISION)",
        };
        let session = if self.metric == Metric::SessionCount {
            ", v.value"
        } else {
            ""
        };
        let mut query = Query::new(&format!(
            "SELECT t.request_time, {value}{}{session} FROM traces t",
            self.columns()
        ));
        match self.metric {
            Metric::Tokens(name) => {
                query
                    .push(" JOIN trace_metrics v ON v.trace_key = t.id AND v.key = ")
                    .bind(name);
            }
            Metric::SessionCount => {
                query.push(" JOIN trace_metadata v ON v.trace_key = t.id AND v.key = 'mlflow.trace.session'");
            }
            _ => {}
        }
        self.push_traces(&mut query, true);
        // A session counts once in each bucket.
        let mut sessions: HashSet<(Option<i64>, String)> = HashSet::new();
        query.for_each(tx, |row| {
            let Some(point) = self.point(row)? else { return Ok(()) };
            if self.metric == Metric::SessionCount {
                let bucket = self.interval_ms.map(|interval| point.time_ms.div_euclid(interval));
                if !sessions.insert((bucket, row.get(2 + self.dimensions.len())?)) {
                    return Ok(());
                }
            }
            visit(point)
        })
    }

    fn for_each_assessment(&self, tx: &Tx, mut visit: impl FnMut(Point) -> Result<()>) -> Result<()> {
        let value = match self.metric {
            Metric::AssessmentValue => "a.aggregate_value",
            _ => "CAST(1 AS DOUBLE PRECISION)",
        };
        let mut query = Query::new(&format!(
            "SELECT t.request_time, {value}{} FROM assessments a JOIN traces t ON t.id = a.trace_key",
            self.columns()
        ));
        self.push_traces(&mut query, true);
        query.push(" AND a.valid = 1");
        for filter in &self.filters {
            let column = match filter.field {
                TraceMetricsField::AssessmentName => "a.name",
                TraceMetricsField::AssessmentType => "a.kind",
                _ => continue,
            };
            query.push(&format!(" AND {column} = ")).bind(filter.value.clone());
        }
        query.for_each(tx, |row| self.point(row)?.map_or(Ok(()), &mut visit))
    }

    /// The columns of the dimensions, as they follow others.
    fn columns(&self) -> String {
        let column = |dimension: &Dimension| match dimension {
            Dimension::TraceName => {
                ", (SELECT n.value FROM trace_tags n WHERE n.trace_key = t.id AND n.key = 'mlflow.traceName')"
            }
            Dimension::TraceStatus => ", t.state",
            Dimension::AssessmentName => ", a.name",
            Dimension::AssessmentValue => ", a.value",
            _ => "",
        };
        self.dimensions.iter().map(column).collect()
    }

    /// None for a row without a value.
    fn point(&self, row: &Row<'_>) -> Result<Option<Point>> {
        let Some(value) = row.get::<Option<f64>>(1)? else {
            return Ok(None);
        };
        let dimensions = (0..self.dimensions.len()).map(|index| row.get(2 + index));
        Ok(Some(Point {
            time_ms: row.get(0)?,
            dimensions: dimensions.collect::<fettle_db::Result<_>>()?,
            value,
        }))
    }

    /// The conditions on traces; the range of time is theirs unless spans have their own.
    fn push_traces(&self, query: &mut Query, in_range: bool) {
        query.push(" WHERE t.workspace_id = ").bind(self.workspace_id);
        query
            .push(" AND t.experiment_id IN_IDS(")
            .bind(self.experiment_ids.clone())
            .push(")");
        if in_range {
            for (symbol, time) in [(">=", self.start_ms), ("<=", self.end_ms)] {
                if let Some(time) = time {
                    query.push(&format!(" AND t.request_time {symbol} ")).bind(time);
                }
            }
        }
        for filter in &self.filters {
            push_trace_filter(query, filter);
        }
    }

    /// Counts and latencies belong to the time of the trace, costs to the time of the span.
    fn for_each_span(&self, tx: &Tx, mut visit: impl FnMut(Point) -> Result<()>) -> Result<()> {
        let of_trace = matches!(self.metric, Metric::SpanCount | Metric::SpanLatency);
        let mut query = Query::new("SELECT t.id FROM traces t");
        self.push_traces(&mut query, of_trace);
        query.push(" ORDER BY t.id");
        let keys: Vec<i64> = query.run(tx, |row| row.get(0))?;
        for keys in keys.chunks(TRACES_AT_ONCE) {
            spans::for_each_summary(tx, keys, |_, span| {
                let time_ms = (span.start_ns / 1_000_000) as i64;
                let early = self.start_ms.is_some_and(|start| time_ms < start);
                let late = self.end_ms.is_some_and(|end| time_ms > end);
                if (!of_trace && (early || late)) || !self.accepts(span) {
                    return Ok(());
                }
                let Some(value) = self.value_of(span) else {
                    return Ok(());
                };
                let dimensions = self.dimensions.iter().map(|dimension| value_of(*dimension, span));
                visit(Point {
                    time_ms,
                    dimensions: dimensions.collect(),
                    value,
                })
            })?;
        }
        Ok::<_, ApiError>(())
    }

    fn accepts(&self, span: &SpanSummary) -> bool {
        self.filters.iter().all(|filter| match filter.field {
            TraceMetricsField::SpanName => span.name == filter.value,
            TraceMetricsField::SpanStatus => span.status().name() == filter.value,
            TraceMetricsField::SpanType => span.span_type.as_deref() == Some(&*filter.value),
            _ => true,
        })
    }

    fn value_of(&self, span: &SpanSummary) -> Option<f64> {
        match self.metric {
            Metric::SpanLatency => {
                (span.end_ns > 0).then(|| (span.end_ns.saturating_sub(span.start_ns) / 1_000_000) as f64)
            }
            Metric::InputCost => span.cost?.input_cost,
            Metric::OutputCost => span.cost?.output_cost,
            Metric::TotalCost => span.cost?.total_cost,
            _ => Some(1.0),
        }
    }
}

fn value_of(dimension: Dimension, span: &SpanSummary) -> Option<String> {
    match dimension {
        Dimension::SpanName => Some(span.name.clone()),
        Dimension::SpanType => span.span_type.clone(),
        Dimension::SpanStatus => Some(span.status().name().to_owned()),
        Dimension::SpanModelName => span.model.clone(),
        Dimension::SpanModelProvider => span.provider.clone(),
        _ => None,
    }
}

fn push_trace_filter(query: &mut Query, filter: &TraceMetricsFilter) {
    let keyed = |query: &mut Query, table: &str, key: &str| {
        query
            .push(&format!(
                "EXISTS (SELECT 1 FROM {table} k WHERE k.trace_key = t.id AND k.key = "
            ))
            .bind(key.to_owned())
            .push(" AND k.value = ")
            .bind(filter.value.clone())
            .push(")");
    };
    match &filter.field {
        TraceMetricsField::TraceStatus => {
            query.push(" AND t.state = ").bind(filter.value.clone());
        }
        TraceMetricsField::TraceTag(key) => {
            query.push(" AND ");
            keyed(query, "trace_tags", key);
        }
        // Traces that were linked to the run later belong to it too.
        TraceMetricsField::TraceMetadata(key) if key == "mlflow.sourceRun" => {
            query.push(" AND (");
            keyed(query, "trace_metadata", key);
            query.push(" OR t.trace_id IN (SELECT l.trace_id FROM trace_run_links l JOIN runs r ON r.id = l.run_id WHERE r.run_uuid = ");
            query.bind(filter.value.clone()).push("))");
        }
        TraceMetricsField::TraceMetadata(key) => {
            query.push(" AND ");
            keyed(query, "trace_metadata", key);
        }
        _ => {}
    }
}

//! What can be measured: the views, their metrics, and by what each may be added up and grouped.

use super::{aggregation::Aggregation, validate::number_of};
use crate::error::{Result, invalid};
use fettle_wire::traces::EnumValue;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Traces,
    Spans,
    Assessments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    TraceCount,
    SessionCount,
    TraceLatency,
    /// A total of the trace, by its name.
    Tokens(&'static str),
    SpanCount,
    SpanLatency,
    InputCost,
    OutputCost,
    TotalCost,
    AssessmentCount,
    AssessmentValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    TraceName,
    TraceStatus,
    SpanName,
    SpanType,
    SpanStatus,
    SpanModelName,
    SpanModelProvider,
    AssessmentName,
    AssessmentValue,
}

use Dimension as D;
use Metric as M;

impl View {
    const ALL: [Self; 3] = [Self::Traces, Self::Spans, Self::Assessments];

    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Spans => "SPANS",
            Self::Assessments => "ASSESSMENTS",
        }
    }

    pub fn parse(given: &EnumValue) -> Result<Self> {
        let names = Self::ALL.map(Self::name);
        let index = number_of(given, &names, 1);
        index.and_then(|index| Self::ALL.get(index).copied()).ok_or_else(|| {
            invalid(format!(
                "view_type must be one of {}, got '{}'",
                listed(&names),
                given.0
            ))
        })
    }

    fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Traces => &[
                M::TraceCount,
                M::SessionCount,
                M::TraceLatency,
                M::Tokens("input_tokens"),
                M::Tokens("output_tokens"),
                M::Tokens("total_tokens"),
                M::Tokens("cache_read_input_tokens"),
                M::Tokens("cache_creation_input_tokens"),
            ],
            Self::Spans => &[M::SpanCount, M::SpanLatency, M::InputCost, M::OutputCost, M::TotalCost],
            Self::Assessments => &[M::AssessmentCount, M::AssessmentValue],
        }
    }
}

impl Metric {
    pub fn parse(view: View, name: &str) -> Result<Self> {
        let metrics = view.metrics();
        metrics
            .iter()
            .copied()
            .find(|metric| metric.name() == name)
            .ok_or_else(|| {
                let names: Vec<&str> = metrics.iter().map(|metric| metric.name()).collect();
                invalid(format!("metric_name must be one of {}, got '{name}'", listed(&names)))
            })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::TraceCount => "trace_count",
            Self::SessionCount => "session_count",
            Self::TraceLatency | Self::SpanLatency => "latency",
            Self::Tokens(name) => name,
            Self::SpanCount => "span_count",
            Self::InputCost => "input_cost",
            Self::OutputCost => "output_cost",
            Self::TotalCost => "total_cost",
            Self::AssessmentCount => "assessment_count",
            Self::AssessmentValue => "assessment_value",
        }
    }

    pub fn view(self) -> View {
        match self {
            Self::TraceCount | Self::SessionCount | Self::TraceLatency | Self::Tokens(_) => View::Traces,
            Self::AssessmentCount | Self::AssessmentValue => View::Assessments,
            _ => View::Spans,
        }
    }

    /// The names of the aggregations it takes, in order.
    fn aggregations(self) -> &'static [&'static str] {
        match self {
            Self::TraceCount | Self::SessionCount | Self::SpanCount | Self::AssessmentCount => &["COUNT"],
            Self::TraceLatency | Self::SpanLatency | Self::AssessmentValue => &["AVG", "MAX", "MIN", "PERCENTILE"],
            _ => &["AVG", "MAX", "MIN", "PERCENTILE", "SUM"],
        }
    }

    /// By name, in order.
    fn possible_dimensions(self) -> &'static [Dimension] {
        match self {
            Self::TraceCount => &[D::TraceName, D::TraceStatus],
            Self::SessionCount => &[],
            Self::TraceLatency | Self::Tokens(_) => &[D::TraceName],
            Self::SpanCount => &[
                D::SpanModelName,
                D::SpanModelProvider,
                D::SpanName,
                D::SpanStatus,
                D::SpanType,
            ],
            Self::SpanLatency => &[D::SpanName, D::SpanStatus],
            Self::InputCost | Self::OutputCost | Self::TotalCost => &[D::SpanModelName, D::SpanModelProvider],
            Self::AssessmentCount => &[D::AssessmentName, D::AssessmentValue],
            Self::AssessmentValue => &[D::AssessmentName],
        }
    }

    pub fn check_aggregations(self, asked: &[Aggregation]) -> Result<()> {
        let taken = self.aggregations();
        let mut refused: Vec<&str> = asked.iter().map(|aggregation| aggregation.kind()).collect();
        refused.retain(|name| !taken.contains(name));
        refused.sort_unstable();
        refused.dedup();
        if refused.is_empty() {
            return Ok(());
        }
        Err(invalid(format!(
            "Found invalid aggregation_type(s): {}. Supported aggregation types: {}",
            listed(&refused),
            listed(taken)
        )))
    }

    /// The dimensions asked for, once each.
    pub fn dimensions(self, asked: &[String]) -> Result<Vec<Dimension>> {
        let taken = self.possible_dimensions();
        let mut refused: Vec<&str> = asked.iter().map(String::as_str).collect();
        refused.retain(|name| taken.iter().all(|dimension| dimension.name() != *name));
        refused.sort_unstable();
        refused.dedup();
        if !refused.is_empty() {
            let names: Vec<&str> = taken.iter().map(|dimension| dimension.name()).collect();
            return Err(invalid(format!(
                "Found invalid dimension(s): {}. Supported dimensions: {}",
                listed(&refused),
                listed(&names)
            )));
        }
        let mut dimensions: Vec<Dimension> = Vec::new();
        for name in asked {
            let dimension = taken.iter().copied().find(|dimension| dimension.name() == name);
            dimensions.extend(dimension.filter(|dimension| !dimensions.contains(dimension)));
        }
        Ok(dimensions)
    }
}

impl Dimension {
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceName => "trace_name",
            Self::TraceStatus => "trace_status",
            Self::SpanName => "span_name",
            Self::SpanType => "span_type",
            Self::SpanStatus => "span_status",
            Self::SpanModelName => "span_model_name",
            Self::SpanModelProvider => "span_model_provider",
            Self::AssessmentName => "assessment_name",
            Self::AssessmentValue => "assessment_value",
        }
    }
}

/// As Python prints a list of texts.
fn listed(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", names.join(", "))
}

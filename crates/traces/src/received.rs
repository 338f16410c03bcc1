//! A request of spans, sorted by trace: what each trace's record takes from its spans.

use crate::{
    attributes::{INPUTS, OUTPUTS},
    block::{self, Cost, PackedSpan, SpanSummary, Status, Usage},
    json::Json,
    preview::preview,
    rules::Rules,
    span::{self, BadSpan, trace_id_text},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use std::collections::{BTreeMap, HashMap, HashSet};

const TRACE_TAG: &str = "mlflow.traceTag.";
const TAG_KEY_MAX: usize = 250;
const TAG_VALUE_MAX: usize = 8000;
const TRACE_NAME_MAX: usize = 4096;
const METADATA_MAX: usize = 250;

/// The spans of one trace that came in one request, and what they say of the trace.
#[derive(Debug)]
pub struct ReceivedTrace {
    pub trace_id: String,
    pub spans: Vec<PackedSpan>,
    pub start_ms: i64,
    pub end_ms: Option<i64>,
    /// `OK` or `ERROR` by the root, if it is among these.
    pub state: Option<&'static str>,
    pub request_preview: Option<String>,
    pub response_preview: Option<String>,
    pub session_id: Option<String>,
    pub user_id: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// Reads a request; `rules` says what must not be kept. Traces come in the order of their first spans.
pub fn receive(request: ExportTraceServiceRequest, rules: &Rules) -> Result<Vec<ReceivedTrace>, BadSpan> {
    let mut places: HashMap<u128, usize> = HashMap::new();
    let mut traces: Vec<ReceivedTrace> = Vec::new();
    for resource_spans in request.resource_spans {
        let resource = resource_spans.resource.unwrap_or_default();
        let resource: Vec<(String, Json)> = resource
            .attributes
            .into_iter()
            .map(|pair| (pair.key, pair.value.map_or(Json::Null, Json::from)))
            .collect();
        let service = resource.iter().find(|(key, _)| key == "service.name");
        let service = service.and_then(|(_, name)| name.as_text());
        for received in resource_spans.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let mut span = span::Span::receive(received, service)?;
            rules.apply(&mut span);
            span.translate();
            rules.apply(&mut span);
            let place = *places.entry(span.trace_id).or_insert(traces.len());
            if place == traces.len() {
                traces.push(ReceivedTrace::new(span.trace_id, &resource, rules));
            }
            traces[place].add(&span);
        }
    }
    Ok(traces)
}

/// A request in up to `parts` pieces that can be read by themselves: all spans of one trace stay together.
pub fn split(request: ExportTraceServiceRequest, parts: usize) -> Vec<ExportTraceServiceRequest> {
    let mut pieces = vec![ExportTraceServiceRequest::default(); parts.max(1)];
    for group in request.resource_spans {
        let mut of_pieces: Vec<Vec<ScopeSpans>> = vec![Vec::new(); pieces.len()];
        for scope in group.scope_spans {
            let mut spans: Vec<Vec<Span>> = vec![Vec::new(); pieces.len()];
            for span in scope.spans {
                let place = span.trace_id.last().map_or(0, |byte| usize::from(*byte)) % pieces.len();
                spans[place].push(span);
            }
            for (scopes, spans) in of_pieces.iter_mut().zip(spans).filter(|(_, spans)| !spans.is_empty()) {
                scopes.push(ScopeSpans {
                    spans,
                    ..ScopeSpans::default()
                });
            }
        }
        for (piece, scope_spans) in pieces
            .iter_mut()
            .zip(of_pieces)
            .filter(|(_, scopes)| !scopes.is_empty())
        {
            piece.resource_spans.push(ResourceSpans {
                resource: group.resource.clone(),
                scope_spans,
                ..ResourceSpans::default()
            });
        }
    }
    pieces
}

impl ReceivedTrace {
    fn new(trace_id: u128, resource: &[(String, Json)], rules: &Rules) -> Self {
        let mut tags = BTreeMap::new();
        let told = resource.iter().filter(|(key, value)| {
            !key.starts_with("telemetry.sdk.") && !key.starts_with("mlflow.") && *value != Json::Null
        });
        for (key, value) in told {
            let value = value.as_text().map_or_else(|| value.dump_ascii(), ToOwned::to_owned);
            add_tag(&mut tags, key, &rules.redacted(key, &value));
        }
        Self {
            trace_id: trace_id_text(trace_id),
            spans: Vec::new(),
            start_ms: i64::MAX,
            end_ms: None,
            state: None,
            request_preview: None,
            response_preview: None,
            session_id: None,
            user_id: None,
            tags,
        }
    }

    fn add(&mut self, span: &span::Span) {
        self.start_ms = self.start_ms.min((span.start_ns / 1_000_000) as i64);
        if span.end_ns > 0 {
            self.end_ms = self.end_ms.max(Some((span.end_ns / 1_000_000) as i64));
        }
        let text = |keys: &[&str]| {
            let value = keys.iter().find_map(|key| span.attributes.get(key))?;
            let text = match Json::parse_or_text(value) {
                Json::Text(text) => text,
                _ => value.to_owned(),
            };
            (!text.is_empty()).then(|| cut(&text, METADATA_MAX))
        };
        self.session_id = self
            .session_id
            .take()
            .or_else(|| text(&["session.id", "gen_ai.conversation.id"]));
        self.user_id = self.user_id.take().or_else(|| text(&["user.id"]));
        if span.parent_id.is_none() {
            let state = if span.status == Status::Error { "ERROR" } else { "OK" };
            self.state.get_or_insert(state);
            let shown = |key, role| {
                span.attributes
                    .get(key)
                    .filter(|text| !text.is_empty())
                    .map(|text| preview(text, role))
            };
            self.request_preview = shown(INPUTS, "user");
            self.response_preview = shown(OUTPUTS, "assistant");
            for (key, value) in span.attributes.iter() {
                if let Some(key) = key.strip_prefix(TRACE_TAG) {
                    let text = match Json::parse_or_text(value) {
                        Json::Text(text) => text,
                        _ => value.to_owned(),
                    };
                    let limit = if key == "mlflow.traceName" {
                        TRACE_NAME_MAX
                    } else {
                        TAG_VALUE_MAX
                    };
                    add_tag(&mut self.tags, key, &cut(&text, limit));
                }
            }
        }
        let summary = span.summary();
        self.spans.push(PackedSpan {
            content: span.content(),
            terms: block::terms(&summary, span.attributes.iter()),
            summary,
        });
    }

    pub fn summaries(&self) -> impl Iterator<Item = &SpanSummary> {
        self.spans.iter().map(|span| &span.summary)
    }

    pub fn has_root(&self) -> bool {
        self.state.is_some()
    }
}

/// Tags that MLflow would not take are left out.
fn add_tag(tags: &mut BTreeMap<String, String>, key: &str, value: &str) {
    let allowed = |character: char| character.is_alphanumeric() || "_-. /:".contains(character);
    let normal = !key.starts_with('/') && key.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if key.chars().count() <= TAG_KEY_MAX && key.chars().all(allowed) && normal {
        tags.insert(key.to_owned(), cut(value, TAG_VALUE_MAX));
    }
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// Totals of a trace. A span whose parents already count its tokens is not counted again: some libraries write sums
/// on the spans above.
pub fn total_usage<'a>(spans: impl IntoIterator<Item = &'a SpanSummary>) -> Option<Usage> {
    let counted = uppermost(spans, |span| span.usage);
    let sum = |of: fn(&Usage) -> Option<i64>| {
        let counts = counted.iter().filter_map(of);
        counts.fold(None, |sum: Option<i64>, count| {
            Some(sum.unwrap_or(0).saturating_add(count))
        })
    };
    (!counted.is_empty()).then(|| Usage {
        input_tokens: sum(|usage| usage.input_tokens).or(Some(0)),
        output_tokens: sum(|usage| usage.output_tokens).or(Some(0)),
        total_tokens: sum(|usage| usage.total_tokens).or(Some(0)),
        cache_read_input_tokens: sum(|usage| usage.cache_read_input_tokens),
        cache_creation_input_tokens: sum(|usage| usage.cache_creation_input_tokens),
        cache_creation_input_tokens_above_1hr: sum(|usage| usage.cache_creation_input_tokens_above_1hr),
    })
}

pub fn total_cost<'a>(spans: impl IntoIterator<Item = &'a SpanSummary>) -> Option<Cost> {
    let counted = uppermost(spans, |span| span.cost);
    let sum = |of: fn(&Cost) -> Option<f64>| Some(counted.iter().filter_map(of).sum());
    (!counted.is_empty()).then(|| Cost {
        input_cost: sum(|cost| cost.input_cost),
        output_cost: sum(|cost| cost.output_cost),
        total_cost: sum(|cost| cost.total_cost),
    })
}

/// What spans carry that have nothing above them that carries it too.
fn uppermost<'a, T>(
    spans: impl IntoIterator<Item = &'a SpanSummary>,
    carried: impl Fn(&SpanSummary) -> Option<T>,
) -> Vec<T> {
    let spans: Vec<&SpanSummary> = spans.into_iter().collect();
    let carriers: Vec<(&SpanSummary, T)> = spans.iter().filter_map(|span| Some((*span, carried(span)?))).collect();
    if carriers.is_empty() {
        return Vec::new();
    }
    let parents: HashMap<u64, Option<u64>> = spans.iter().map(|span| (span.span_id, span.parent_id)).collect();
    let carrying: HashSet<u64> = carriers.iter().map(|(span, _)| span.span_id).collect();
    // Whether anything at or above a span carries; each span is looked at once, however deep the trace.
    let mut known: HashMap<u64, bool> = HashMap::new();
    let mut carried_above = |span: &SpanSummary| {
        let mut path = Vec::new();
        let mut next = span.parent_id.filter(|parent| parents.contains_key(parent));
        let mut above = false;
        while let Some(id) = next {
            // A loop of parents ends the walk.
            if let Some(answer) = known.get(&id) {
                above = *answer;
                break;
            }
            known.insert(id, false);
            path.push(id);
            if carrying.contains(&id) {
                above = true;
                break;
            }
            next = parents
                .get(&id)
                .copied()
                .flatten()
                .filter(|parent| parents.contains_key(parent));
        }
        known.extend(path.into_iter().map(|id| (id, above)));
        above
    };
    carriers
        .into_iter()
        .filter_map(|(span, value)| (!carried_above(span)).then_some(value))
        .collect()
}

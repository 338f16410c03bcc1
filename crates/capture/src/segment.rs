//! A sealed file of the spool as what is kept of it: the log of its requests, and their rows.

use crate::{
    event::{Both, EventKind, EventLine},
    payload::{self, Rows},
    table::{Cell, Table, TableBuilder},
};
use std::{borrow::Cow, collections::HashMap};

/// Of a body that is kept as text.
const TEXT_BYTES: usize = 4096;

/// What one file held.
#[derive(Debug, Default)]
pub struct Segment {
    pub endpoint: String,
    pub deployment: String,
    pub log: Vec<LogEntry>,
    /// A row for each row of each request, inputs and outputs side by side, with `_time`, `_correlationid`,
    /// `_row_index`, `_deployment`, `_model_name` and `_model_version`.
    pub rows: Table,
    /// Lines that are no events of ours.
    pub unreadable_lines: usize,
}

#[cfg(test)]
impl Segment {
    /// The log for comparing: correlation id, status and rows.
    pub(crate) fn logged(&self) -> Vec<(&str, Option<u16>, usize)> {
        let log = self.log.iter();
        log.map(|entry| (&*entry.correlation_id, entry.status, entry.rows))
            .collect()
    }
}

/// One request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogEntry {
    pub at_ms: i64,
    pub correlation_id: String,
    pub deployment: String,
    pub model_name: String,
    pub model_version: String,
    pub status: Option<u16>,
    pub latency_us: Option<u64>,
    pub rows: usize,
    pub request_bytes: usize,
    pub response_bytes: usize,
    /// The beginning of an answer that is no success.
    pub error: Option<String>,
    /// The beginning of a request that failed or could not be read as rows.
    pub request: Option<String>,
}

/// Reads a file's lines; what belongs together is put together by its correlation id.
pub fn read_segment(text: &str) -> Segment {
    let mut segment = Segment::default();
    let mut builder = Builder::default();
    let mut waiting: HashMap<Cow<'_, str>, EventLine<'_>> = HashMap::new();
    for line in text.lines() {
        let Ok(event) = serde_json::from_str::<EventLine<'_>>(line) else {
            segment.unreadable_lines += 1;
            continue;
        };
        let Some(kind) = EventKind::of_type(&event.kind) else {
            segment.unreadable_lines += 1;
            continue;
        };
        if segment.endpoint.is_empty() {
            (segment.endpoint, segment.deployment) = names(&event.source);
        }
        if kind == EventKind::Exchange {
            let both = event
                .data
                .and_then(|data| serde_json::from_str::<Both<'_>>(data.get()).ok());
            let Some(both) = both else {
                segment.unreadable_lines += 1;
                continue;
            };
            let request = EventLine {
                datacontenttype: event.requestcontenttype.clone(),
                data: Some(both.request),
                ..event.clone()
            };
            let response = EventLine {
                data: Some(both.response),
                ..event
            };
            builder.add(&mut segment, Some(&request), Some(&response));
            continue;
        }
        let id = event.correlationid.clone().unwrap_or_default();
        match waiting.remove(&id) {
            Some(other) if is_input(&other) != kind.is_input() => {
                let (request, response) = if kind.is_input() {
                    (event, other)
                } else {
                    (other, event)
                };
                builder.add(&mut segment, Some(&request), Some(&response));
            }
            other => {
                if let Some(other) = other {
                    builder.add_alone(&mut segment, &other);
                }
                waiting.insert(id, event);
            }
        }
    }
    let mut alone: Vec<EventLine<'_>> = waiting.into_values().collect();
    alone.sort_by(|a, b| a.time.cmp(&b.time));
    for event in alone {
        builder.add_alone(&mut segment, &event);
    }
    segment.rows = builder.table.build();
    segment
}

fn is_input(event: &EventLine<'_>) -> bool {
    EventKind::of_type(&event.kind).is_some_and(EventKind::is_input)
}

/// `/endpoints/E/deployments/D`
fn names(source: &str) -> (String, String) {
    let mut parts = source.split('/').skip(2).step_by(2).map(str::to_owned);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[derive(Default)]
struct Builder {
    table: TableBuilder,
}

impl Builder {
    fn add_alone(&mut self, segment: &mut Segment, event: &EventLine<'_>) {
        if is_input(event) {
            self.add(segment, Some(event), None);
        } else {
            self.add(segment, None, Some(event));
        }
    }

    fn add(&mut self, segment: &mut Segment, request: Option<&EventLine<'_>>, response: Option<&EventLine<'_>>) {
        let Some(either) = request.or(response) else { return };
        let data = |event: Option<&EventLine<'_>>| event.and_then(|event| event.data).map(|data| data.get().to_owned());
        let (asked, answered) = (data(request), data(response));
        let status = response.and_then(|response| response.httpstatus);
        let succeeded = status.is_none_or(|status| status < 300);
        let content_type = request
            .and_then(|request| request.datacontenttype.as_deref())
            .unwrap_or("application/json");
        let inputs = asked
            .as_deref()
            .filter(|_| succeeded)
            .and_then(|data| payload::inputs(content_type, data));
        let outputs = answered.as_deref().filter(|_| succeeded).and_then(payload::outputs);
        let text = |value: &Option<Cow<'_, str>>| value.as_deref().unwrap_or_default().to_owned();
        let time = either
            .time
            .as_deref()
            .and_then(|time| time.parse::<jiff::Timestamp>().ok());
        let entry = LogEntry {
            at_ms: time.map_or(0, jiff::Timestamp::as_millisecond),
            correlation_id: text(&either.correlationid),
            deployment: segment.deployment.clone(),
            model_name: text(&either.modelname),
            model_version: text(&either.modelversion),
            status,
            latency_us: response.and_then(|response| response.latencyus),
            rows: inputs.as_ref().or(outputs.as_ref()).map_or(0, |rows| rows.rows.len()),
            request_bytes: asked.as_ref().map_or(0, String::len),
            response_bytes: answered.as_ref().map_or(0, String::len),
            error: answered.filter(|_| !succeeded).map(beginning),
            request: asked.filter(|_| inputs.is_none()).map(beginning),
        };
        self.push_rows(&entry, inputs.unwrap_or_default(), outputs.unwrap_or_default());
        segment.log.push(entry);
    }

    fn push_rows(&mut self, entry: &LogEntry, inputs: Rows, outputs: Rows) {
        let table = &mut self.table;
        let own = [
            "_time",
            "_correlationid",
            "_row_index",
            "_deployment",
            "_model_name",
            "_model_version",
        ];
        let own = own.map(|name| table.column(name));
        let of_inputs: Vec<usize> = inputs.columns.iter().map(|name| table.column(name)).collect();
        let of_outputs = outputs.columns.iter().map(|name| {
            // A feature may have the name of an output.
            let taken = inputs.columns.contains(name);
            table.column(&if taken { format!("output.{name}") } else { name.clone() })
        });
        let of_outputs: Vec<usize> = of_outputs.collect();
        let count = inputs.rows.len().max(outputs.rows.len());
        let (mut inputs, mut outputs) = (inputs.rows.into_iter(), outputs.rows.into_iter());
        for index in 0..count {
            let head = [
                Cell::Time(entry.at_ms),
                Cell::Text(entry.correlation_id.clone()),
                Cell::Integer(index as i64),
                Cell::Text(entry.deployment.clone()),
                Cell::Text(entry.model_name.clone()),
                Cell::Text(entry.model_version.clone()),
            ];
            let row = own.into_iter().zip(head);
            let row = row.chain(of_inputs.iter().copied().zip(inputs.next().unwrap_or_default()));
            let row = row.chain(of_outputs.iter().copied().zip(outputs.next().unwrap_or_default()));
            self.table.push(row);
        }
    }
}

/// The beginning of a text, or of the text that a JSON string holds.
fn beginning(data: String) -> String {
    let text = match serde_json::from_str::<String>(&data) {
        Ok(text) if data.starts_with('"') => text,
        _ => data,
    };
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Cells;

    fn line(kind: &str, id: &str, more: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/endpoints/e/deployments/d","type":"fettle.inference.{kind}","time":"2026-01-02T03:04:05Z","datacontenttype":"application/json","correlationid":"{id}","modelname":"m","modelversion":"3",{more}}}"#
        )
    }

    #[test]
    fn requests_and_answers_are_put_together() {
        let text = [
            line("request", "a", r#""data":{"inputs":{"x":[1,2]}}"#),
            line("request", "b", r#""data":"nonsense""#),
            line(
                "response",
                "b",
                r#""httpstatus":400,"latencyus":9,"data":{"message":"no"}"#,
            ),
            "{torn".to_owned(),
            line(
                "response",
                "a",
                r#""httpstatus":200,"latencyus":7,"data":{"predictions":[0.5,0.25]}"#,
            ),
            line(
                "exchange",
                "c",
                r#""requestcontenttype":"text/csv","httpstatus":200,"latencyus":5,"data":{"request":"x\n3\n","response":{"predictions":[0.75]}}"#,
            ),
            line("exchange", "half", r#""data":{"request":1}"#),
            line("model_outputs", "late", r#""data":[{"prediction":1}]"#),
        ]
        .join("\n");
        let segment = read_segment(&text);
        assert_eq!((segment.endpoint.as_str(), segment.deployment.as_str()), ("e", "d"));
        assert_eq!(segment.unreadable_lines, 2, "the torn one, and half an exchange");
        assert_eq!(
            segment.logged(),
            [
                ("b", Some(400), 0),
                ("a", Some(200), 2),
                ("c", Some(200), 1),
                ("late", None, 1)
            ]
        );
        assert_eq!(segment.log[0].error.as_deref(), Some(r#"{"message":"no"}"#));
        assert_eq!(segment.log[0].request.as_deref(), Some("nonsense"));
        assert_eq!(segment.rows.rows, 4);
        let prediction = &segment.rows.column("prediction").expect("a column").cells;
        assert_eq!(
            prediction,
            &Cells::Numbers(vec![Some(0.5), Some(0.25), Some(0.75), Some(1.0)])
        );
        let index = &segment.rows.column("_row_index").expect("a column").cells;
        assert_eq!(index, &Cells::Integers(vec![Some(0), Some(1), Some(0), Some(0)]));
        let inputs = &segment.rows.column("x").expect("a column").cells;
        assert_eq!(inputs, &Cells::Integers(vec![Some(1), Some(2), Some(3), None]));
    }
}

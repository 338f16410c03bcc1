//! The record as CloudEvents 1.0 writes it in JSON, and the dialects of it that others send.
//!
//! Extension attributes are those of Azure's model data collector (`correlationid`, `modelversion`, ..) and of KServe's
//! logger, so that tools for either read our files.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, io::Write as _, sync::Arc};

pub(crate) const JSON: &str = "application/json";
const AGENT: &str = concat!("fettle/", env!("CARGO_PKG_VERSION"));

/// Which deployment answered; made once per deployment and shared by its records.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Source {
    pub workspace_id: i64,
    pub endpoint: Arc<str>,
    pub deployment: Arc<str>,
    pub model_name: Arc<str>,
    pub model_version: Arc<str>,
}

/// What an event tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// A request and its answer, as they came and went: `data` has both.
    Exchange,
    /// The body of a request, as it came.
    Request,
    /// The body of an answer, as it went.
    Response,
    /// Rows that a model was given, as a list of objects.
    ModelInputs,
    /// Rows that a model answered with.
    ModelOutputs,
}

impl EventKind {
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Exchange => "fettle.inference.exchange",
            Self::Request => "fettle.inference.request",
            Self::Response => "fettle.inference.response",
            Self::ModelInputs => "fettle.inference.model_inputs",
            Self::ModelOutputs => "fettle.inference.model_outputs",
        }
    }

    /// Ours, Azure's (`azureml.inference.inputs`, `azureml.inference.model_inputs`) and KServe's
    /// (`org.kubeflow.serving.inference.request`).
    pub fn of_type(name: &str) -> Option<Self> {
        let known = ["fettle.", "azureml.", "org.kubeflow.serving."];
        let rest = known.iter().find_map(|prefix| name.strip_prefix(prefix))?;
        match rest.strip_prefix("inference.")? {
            "exchange" => Some(Self::Exchange),
            "request" => Some(Self::Request),
            "response" => Some(Self::Response),
            "model_inputs" | "inputs" => Some(Self::ModelInputs),
            "model_outputs" | "outputs" => Some(Self::ModelOutputs),
            _ => None,
        }
    }

    /// Whether it belongs to the question and not to the answer.
    pub fn is_input(self) -> bool {
        matches!(self, Self::Request | Self::ModelInputs)
    }
}

/// One event of a line, borrowed from it.
#[derive(Debug, Clone, Deserialize)]
pub struct EventLine<'a> {
    #[serde(default, borrow)]
    pub specversion: Cow<'a, str>,
    #[serde(default, borrow)]
    pub id: Cow<'a, str>,
    #[serde(default, borrow)]
    pub source: Cow<'a, str>,
    #[serde(rename = "type", default, borrow)]
    pub kind: Cow<'a, str>,
    #[serde(default, borrow)]
    pub time: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub datacontenttype: Option<Cow<'a, str>>,
    /// Of the request inside an exchange, if it is not JSON.
    #[serde(default, borrow)]
    pub requestcontenttype: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub correlationid: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub xrequestid: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub modelname: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub modelversion: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub inferenceservicename: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub component: Option<Cow<'a, str>>,
    #[serde(default)]
    pub httpstatus: Option<u16>,
    #[serde(default)]
    pub latencyus: Option<u64>,
    #[serde(default, borrow)]
    pub data: Option<&'a RawValue>,
    /// Where Azure's collector has put a payload of more than 4 MB instead.
    #[serde(default, borrow)]
    pub datainblob: Option<&'a RawValue>,
}

/// The data of an exchange.
#[derive(Debug, Deserialize)]
pub(crate) struct Both<'a> {
    #[serde(borrow)]
    pub request: &'a RawValue,
    #[serde(borrow)]
    pub response: &'a RawValue,
}

/// An event from elsewhere that cannot be taken; the text says what to change.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct InvalidEvent(pub String);

/// An event from elsewhere, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub kind: EventKind,
    pub source: Source,
    pub correlation_id: String,
    pub at_ms: i64,
    pub content_type: String,
    pub status: Option<u16>,
    pub latency_us: Option<u64>,
    /// JSON text.
    pub data: String,
}

const NAME_LENGTH: usize = 128;

impl Event {
    /// Checks an event in the structured form. `endpoint` is what the request's address says, if it does.
    pub fn of_line(
        line: &EventLine<'_>,
        endpoint: Option<&str>,
        workspace_id: i64,
        now_ms: i64,
    ) -> Result<Self, InvalidEvent> {
        let invalid = |text: String| Err(InvalidEvent(text));
        if !line.specversion.starts_with("1.") {
            return invalid(format!(
                "specversion: it must be \"1.0\", it is \"{}\"",
                line.specversion
            ));
        }
        if line.id.is_empty() {
            return invalid("id: it is missing".to_owned());
        }
        let Some(kind) = EventKind::of_type(&line.kind) else {
            return invalid(format!(
                "type: `{}` is none of fettle.inference.{{request,response,model_inputs,model_outputs,exchange}}, \
                 azureml.inference.{{inputs,outputs,model_inputs,model_outputs}} and \
                 org.kubeflow.serving.inference.{{request,response}}",
                line.kind
            ));
        };
        let (of_source, deployment) = names_of_source(&line.source);
        let endpoint = endpoint
            .map(str::to_owned)
            .or(of_source)
            .or_else(|| line.inferenceservicename.as_deref().map(str::to_owned));
        let Some(endpoint) = endpoint.filter(|name| is_name(name)) else {
            return invalid(
                "source: no endpoint is named; send /endpoints/NAME/deployments/NAME, the attribute \
                 inferenceservicename, or ?endpoint=NAME"
                    .to_owned(),
            );
        };
        let deployment = deployment
            .or_else(|| line.component.as_deref().map(str::to_owned))
            .filter(|name| is_name(name))
            .unwrap_or_else(|| "default".to_owned());
        let at_ms = match &line.time {
            None => now_ms,
            Some(text) => text
                .parse::<jiff::Timestamp>()
                .map_err(|error| InvalidEvent(format!("time: `{text}` is not a time of RFC 3339: {error}")))?
                .as_millisecond(),
        };
        let correlation_id = line
            .correlationid
            .as_ref()
            .or(line.xrequestid.as_ref())
            .unwrap_or(&line.id)
            .clone()
            .into_owned();
        if correlation_id.len() > NAME_LENGTH {
            return invalid(format!("correlationid: it is longer than {NAME_LENGTH} bytes"));
        }
        if let Some(place) = line.datainblob {
            return invalid(format!(
                "datainblob: the payload lies at {}, which is not read from here; send the event with the payload as \
                 its data and without datainblob",
                place.get()
            ));
        }
        let Some(data) = line.data else {
            return invalid("data: it is missing".to_owned());
        };
        if kind == EventKind::Exchange && serde_json::from_str::<Both<'_>>(data.get()).is_err() {
            return invalid("data: an exchange has a request and a response".to_owned());
        }
        let text = |value: &Option<Cow<'_, str>>| Arc::from(value.as_deref().unwrap_or_default());
        Ok(Self {
            kind,
            source: Source {
                workspace_id,
                endpoint: endpoint.into(),
                deployment: deployment.into(),
                model_name: text(&line.modelname),
                model_version: text(&line.modelversion),
            },
            correlation_id,
            at_ms,
            content_type: line.datacontenttype.as_deref().unwrap_or(JSON).to_owned(),
            status: line.httpstatus,
            latency_us: line.latencyus,
            data: data.get().replace(['\n', '\r'], " "),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let suffix = match self.kind {
            EventKind::Exchange => "",
            kind if kind.is_input() => ".request",
            _ => ".response",
        };
        write_head(out, &self.source, self.kind, &self.content_type);
        push_escaped(out, &self.correlation_id);
        out.extend_from_slice(suffix.as_bytes());
        out.extend_from_slice(b"\",\"time\":\"");
        out.extend_from_slice(time_text(self.at_ms).as_bytes());
        out.extend_from_slice(b"\",\"correlationid\":\"");
        push_escaped(out, &self.correlation_id);
        out.push(b'"');
        if let Some(status) = self.status {
            let _ = write!(out, ",\"httpstatus\":{status}");
        }
        if let Some(latency) = self.latency_us {
            let _ = write!(out, ",\"latencyus\":{latency}");
        }
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(self.data.as_bytes());
        out.extend_from_slice(b"}\n");
    }
}

/// A body that is not known to be JSON, as the value of `data`.
pub fn data_of_bytes(bytes: &[u8]) -> String {
    if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.replace(['\n', '\r'], " ");
    }
    serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string()
}

/// The beginning of a line, up to the id: all that one deployment's events have in common.
pub(crate) fn write_head(out: &mut Vec<u8>, source: &Source, kind: EventKind, content_type: &str) {
    let mut part = |name: &str, text: &str| {
        out.extend_from_slice(name.as_bytes());
        push_escaped(out, text);
    };
    part("{\"specversion\":\"1.0\",\"source\":\"/endpoints/", &source.endpoint);
    part("/deployments/", &source.deployment);
    part("\",\"type\":\"", kind.type_name());
    part("\",\"datacontenttype\":\"", content_type);
    part("\",\"modelname\":\"", &source.model_name);
    part("\",\"modelversion\":\"", &source.model_version);
    part("\",\"agent\":\"", AGENT);
    out.extend_from_slice(b"\",\"id\":\"");
}

pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
    } else {
        let quoted = serde_json::Value::from(text).to_string();
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
    }
}

pub(crate) fn time_text(at_ms: i64) -> String {
    match jiff::Timestamp::from_millisecond(at_ms) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// `/endpoints/E/deployments/D`, or Azure's `/subscriptions/../onlineEndpoints/E/deployments/D`.
fn names_of_source(source: &str) -> (Option<String>, Option<String>) {
    let parts: Vec<&str> = source.split('/').collect();
    let after = |words: &[&str]| {
        let place = parts
            .iter()
            .position(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))?;
        parts
            .get(place + 1)
            .filter(|name| !name.is_empty())
            .map(|name| (*name).to_owned())
    };
    (after(&["endpoints", "onlineEndpoints"]), after(&["deployments"]))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_LENGTH
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str, endpoint: Option<&str>) -> Result<Event, InvalidEvent> {
        let line: EventLine<'_> = serde_json::from_str(text).expect("an event");
        Event::of_line(&line, endpoint, 1, 5)
    }

    #[test]
    fn azures_events_are_taken() {
        let event = take(
            r#"{"specversion":"1.0","id":"9a1f","source":"/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/churn/deployments/blue",
                "type":"azureml.inference.model_inputs","datacontenttype":"application/json","time":"2022-12-01T08:51:30Z",
                "data":[{"a":1}],"correlationid":"c1","xrequestid":"x1","modelversion":"3","collectdatatype":"pandas.core.frame.DataFrame","agent":"azureml-ai-monitoring/0.1.0b1","contentrange":"bytes 0-116/117"}"#,
            None,
        )
        .expect("a good event");
        assert_eq!((&*event.source.endpoint, &*event.source.deployment), ("churn", "blue"));
        assert_eq!(
            (event.kind, event.correlation_id.as_str()),
            (EventKind::ModelInputs, "c1")
        );
        assert_eq!(event.at_ms, 1_669_884_690_000);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, endpoint, part) in [
            (
                r#"{"specversion":"0.3","id":"1","type":"fettle.inference.request","data":1}"#,
                Some("e"),
                "specversion",
            ),
            (
                r#"{"specversion":"1.0","type":"fettle.inference.request","data":1}"#,
                Some("e"),
                "id",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"other","data":1}"#,
                Some("e"),
                "type",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"fettle.inference.request","data":1}"#,
                None,
                "source",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"fettle.inference.request","data":1}"#,
                Some("../e"),
                "source",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"fettle.inference.request","time":"now","data":1}"#,
                Some("e"),
                "time",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"fettle.inference.request"}"#,
                Some("e"),
                "data: it is missing",
            ),
            (
                r#"{"specversion":"1.0","id":"1","type":"azureml.inference.request","data":null,"datainblob":"https://a.example/b.blob"}"#,
                Some("e"),
                "datainblob: the payload lies at \"https://a.example/b.blob\"",
            ),
        ] {
            let error = take(text, endpoint).expect_err(text).to_string();
            assert!(error.starts_with(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let event = Event {
            kind: EventKind::Response,
            source: Source {
                workspace_id: 1,
                endpoint: "e".into(),
                deployment: "d".into(),
                model_name: "a \"quoted\" name".into(),
                model_version: "7".into(),
            },
            correlation_id: "c\\1".into(),
            at_ms: 1_700_000_000_123,
            content_type: "application/json".into(),
            status: Some(200),
            latency_us: Some(17),
            data: data_of_bytes(b"{\"predictions\":\n [1]}"),
        };
        let mut line = Vec::new();
        event.write(&mut line);
        let line = String::from_utf8(line).expect("text");
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(take(&line, None), Ok(event));
    }
}

//! `GET /api/fettle/v1/logs`: requests that were answered, newest first.

use super::parts::{self, Span};
use crate::{
    app::App,
    caller::Caller,
    error::{Result, invalid},
    extract::{Args, Json},
    monitoring::duration::moment_ms,
    page_token,
    system::rfc3339,
};
use axum::extract::State;
use fettle_capture::LogEntry;
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};

const PAGE: usize = 100;
const PAGE_MAX: usize = 1000;
/// How deep one can page; a narrower question is the better way.
const DEPTH_MAX: usize = 100_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueryLogs {
    endpoint: Option<String>,
    deployment: Option<String>,
    model_version: Option<String>,
    /// `200`, `5xx`, `error` (400 and above) or `success`.
    status: Option<String>,
    correlation_id: Option<String>,
    /// In the answer or the request of a failure.
    contains: Option<String>,
    min_latency_ms: Option<f64>,
    since: Option<String>,
    until: Option<String>,
    max_results: Option<Int64>,
    page_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Logs {
    requests: Vec<RequestView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct RequestView {
    time: String,
    endpoint: String,
    deployment: String,
    model_name: String,
    model_version: String,
    correlation_id: String,
    status: Option<u16>,
    latency_ms: Option<f64>,
    rows: usize,
    request_bytes: usize,
    response_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

/// Later pages look at the same time as the first.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    until_ms: i64,
    offset: usize,
}

pub async fn query_logs(State(app): State<App>, caller: Caller, Args(request): Args<QueryLogs>) -> Result<Json<Logs>> {
    let now_ms = app.clock.now_ms();
    let limit = page_token::limit("max_results", request.max_results, PAGE, PAGE_MAX)?;
    let place = match request.page_token.as_deref().filter(|token| !token.is_empty()) {
        Some(token) => page_token::decode::<Place>(token)?,
        None => Place {
            until_ms: match request.until.as_deref() {
                Some(until) => moment_ms("until", until, now_ms)?,
                None => now_ms + 1,
            },
            offset: 0,
        },
    };
    let span = Span {
        workspace_id: caller.workspace_id,
        endpoint: request.endpoint.clone().unwrap_or_default(),
        from_ms: moment_ms("since", request.since.as_deref().unwrap_or("1h"), now_ms)?,
        to_ms: place.until_ms,
    };
    let filter = Filter::new(&request)?;
    let wanted = place.offset.saturating_add(limit).saturating_add(1);
    if wanted > DEPTH_MAX {
        return Err(invalid("Invalid page token: ask for a shorter time instead."));
    }
    let mut found = search(&app, &span, &filter, wanted).await?;
    let more = found.len() >= wanted;
    found.truncate(wanted - 1);
    let requests = found.drain(place.offset.min(found.len())..).map(view).collect();
    let next_page_token = more.then(|| {
        page_token::encode(&Place {
            until_ms: place.until_ms,
            offset: place.offset + limit,
        })
    });
    Ok(Json(Logs {
        requests,
        next_page_token,
    }))
}

/// The newest `count` requests, with their endpoints.
async fn search(app: &App, span: &Span, filter: &Filter, count: usize) -> Result<Vec<(String, LogEntry)>> {
    let parts = parts::find(app, span).await?;
    let mut found: Vec<(String, LogEntry)> = Vec::new();
    let mut take = |endpoint: &str, entries: Vec<LogEntry>| {
        let entries = entries
            .into_iter()
            .filter(|entry| span.holds(entry.at_ms) && filter.holds(entry));
        found.extend(entries.map(|entry| (endpoint.to_owned(), entry)));
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at_ms));
        found.truncate(count);
        // Of what is older than this, nothing more is wanted.
        (found.len() == count).then(|| found[count - 1].1.at_ms)
    };
    let mut oldest = None;
    for segment in &parts.fresh {
        oldest = take(&segment.endpoint, segment.log.clone());
    }
    for segment in &parts.kept {
        if oldest.is_some_and(|oldest| segment.to_ms < oldest) {
            break;
        }
        let endpoint = segment.log_path.split('/').nth(1).unwrap_or_default();
        oldest = take(endpoint, parts.log(segment).await?);
    }
    Ok(found)
}

struct Filter {
    status: (u16, u16),
    any_status: bool,
    deployment: Option<String>,
    model_version: Option<String>,
    correlation_id: Option<String>,
    contains: Option<String>,
    min_latency_us: f64,
}

impl Filter {
    fn new(request: &QueryLogs) -> Result<Self> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let status = given(&request.status);
        Ok(Self {
            any_status: status.is_none(),
            status: status.as_deref().map_or(Ok((0, 0)), statuses)?,
            deployment: given(&request.deployment),
            model_version: given(&request.model_version),
            correlation_id: given(&request.correlation_id),
            contains: given(&request.contains),
            min_latency_us: request.min_latency_ms.unwrap_or(0.0) * 1e3,
        })
    }

    fn holds(&self, entry: &LogEntry) -> bool {
        let is = |wanted: &Option<String>, value: &str| wanted.as_deref().is_none_or(|wanted| wanted == value);
        let has = |text: &Option<String>, part: &str| text.as_deref().is_some_and(|text| text.contains(part));
        (self.any_status
            || entry
                .status
                .is_some_and(|status| (self.status.0..=self.status.1).contains(&status)))
            && is(&self.deployment, &entry.deployment)
            && is(&self.model_version, &entry.model_version)
            && is(&self.correlation_id, &entry.correlation_id)
            && self
                .contains
                .as_deref()
                .is_none_or(|part| has(&entry.error, part) || has(&entry.request, part))
            && (self.min_latency_us <= 0.0
                || entry
                    .latency_us
                    .is_some_and(|latency| latency as f64 >= self.min_latency_us))
    }
}

/// The lowest and the highest status that are meant.
fn statuses(text: &str) -> Result<(u16, u16)> {
    let class = |digit: &str| digit.parse::<u16>().ok().filter(|digit| (1..=5).contains(digit));
    let found = match text.to_ascii_lowercase().as_str() {
        "error" => Some((400, 599)),
        "success" => Some((200, 299)),
        text if text.ends_with("xx") => class(&text[..text.len() - 2]).map(|digit| (digit * 100, digit * 100 + 99)),
        text => text.parse().ok().map(|status| (status, status)),
    };
    found.ok_or_else(|| {
        invalid(format!(
            "Invalid value '{text}' for parameter 'status' supplied: write a status such as 429, a class such as 5xx, error or success."
        ))
    })
}

fn view((endpoint, entry): (String, LogEntry)) -> RequestView {
    RequestView {
        time: rfc3339(entry.at_ms),
        endpoint,
        deployment: entry.deployment,
        model_name: entry.model_name,
        model_version: entry.model_version,
        correlation_id: entry.correlation_id,
        status: entry.status,
        latency_ms: entry.latency_us.map(|latency| latency as f64 / 1e3),
        rows: entry.rows,
        request_bytes: entry.request_bytes,
        response_bytes: entry.response_bytes,
        error: entry.error,
        request: entry.request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_numbers_or_classes() {
        for (text, range) in [
            ("5xx", (500, 599)),
            ("4XX", (400, 499)),
            ("429", (429, 429)),
            ("error", (400, 599)),
        ] {
            assert_eq!(statuses(text).ok(), Some(range), "{text}");
        }
        for text in ["xx", "9xx", "bad", "5x"] {
            assert!(statuses(text).is_err(), "{text}");
        }
    }
}

//! `POST /api/fettle/v1/capture/events`: requests of models that are served elsewhere, as CloudEvents.
//!
//! Taken in the structured form (one event, a list of them, one on each line) and in the binary form with `ce-` headers,
//! in our own types, Azure's and KServe's. They are answered once they are on disk.

use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::{Json, read_body},
};
use axum::{
    extract::{Query, Request, State},
    http::{HeaderMap, header},
};
use fettle_capture::{Event, EventLine, data_of_bytes};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Where {
    endpoint: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Accepted {
    accepted: usize,
}

pub async fn ingest(
    State(app): State<App>,
    caller: Caller,
    Query(place): Query<Where>,
    request: Request,
) -> Result<Json<Accepted>> {
    let headers = request.headers().clone();
    let body = read_body(request, app.settings.body_limit).await?;
    let now_ms = app.clock.now_ms();
    let take = |number: usize, line: &EventLine<'_>| {
        Event::of_line(line, place.endpoint.as_deref(), caller.workspace_id, now_ms).map_err(|error| {
            let id = &line.id;
            invalid(format!(
                "Invalid event {number} (id `{id}`), and none was taken: {error}"
            ))
        })
    };
    let events = if headers.contains_key("ce-type") {
        vec![binary(&headers, &body, &take)?]
    } else {
        structured(&body, &take)?
    };
    let accepted = events.len();
    for event in events {
        if !app.recorder.capture().ingest(event) {
            return Err(ApiError::new(
                ErrorCode::ResourceExhausted,
                "The capture's queue is full. Send the events again in a moment.",
            ));
        }
    }
    app.recorder.sync().await?;
    Ok(Json(Accepted { accepted }))
}

/// An event by its number from 1.
type Take<'t> = &'t dyn Fn(usize, &EventLine<'_>) -> Result<Event>;

/// A list, or events one after the other, each of which may have a line of its own.
fn structured(body: &[u8], take: Take<'_>) -> Result<Vec<Event>> {
    let not_json = |error: serde_json::Error| invalid(format!("The body is not a CloudEvent in JSON: {error}"));
    let text = std::str::from_utf8(body).map_err(|_| invalid("The body is not UTF-8."))?;
    if text.trim_start().starts_with('[') {
        let lines: Vec<EventLine<'_>> = serde_json::from_str(text).map_err(not_json)?;
        return (1..).zip(&lines).map(|(number, line)| take(number, line)).collect();
    }
    let lines = serde_json::Deserializer::from_str(text).into_iter::<EventLine<'_>>();
    let events: Vec<Event> = (1..)
        .zip(lines)
        .map(|(number, line)| take(number, &line.map_err(not_json)?))
        .collect::<Result<_>>()?;
    if events.is_empty() {
        return Err(invalid("The body is empty: send one CloudEvent or more."));
    }
    Ok(events)
}

/// The attributes are headers, the body is the data.
fn binary(headers: &HeaderMap, body: &[u8], take: Take<'_>) -> Result<Event> {
    let attribute = |name: &str| {
        let value = headers.get(format!("ce-{name}"))?.to_str().ok()?;
        Some(Cow::Borrowed(value))
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(Cow::Borrowed);
    let data = RawValue::from_string(data_of_bytes(body))
        .map_err(|error| invalid(format!("The body cannot be kept: {error}")))?;
    let number = |name| attribute(name).and_then(|value| value.parse::<u64>().ok());
    let line = EventLine {
        specversion: attribute("specversion").unwrap_or_default(),
        id: attribute("id").unwrap_or_default(),
        source: attribute("source").unwrap_or_default(),
        kind: attribute("type").unwrap_or_default(),
        time: attribute("time"),
        datacontenttype: content_type,
        requestcontenttype: attribute("requestcontenttype"),
        correlationid: attribute("correlationid"),
        xrequestid: attribute("xrequestid"),
        modelname: attribute("modelname"),
        modelversion: attribute("modelversion"),
        inferenceservicename: attribute("inferenceservicename"),
        component: attribute("component"),
        httpstatus: number("httpstatus").and_then(|status| u16::try_from(status).ok()),
        latencyus: number("latencyus"),
        data: Some(&data),
        datainblob: None,
    };
    take(1, &line)
}

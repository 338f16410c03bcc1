//! A scoring request's way through an endpoint: the route, the answer, and what is done with both afterwards.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::time::Instant;

use crate::deployment::{Deployment, InFlight};
use crate::endpoint::{Disabled, Endpoint, Route};
use crate::error::{JSON, ScoreError, ScoreResponse};
use crate::fallback::Substitute;
use crate::gateway::Gateway;
use crate::payload::Payload;
use crate::routing::{Asked, PIN_HEADERS, Reason};

/// A request to an endpoint, in any protocol.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub request_id: Arc<str>,
    pub headers: HeaderMap,
    /// As a body, whatever it came as; `Content-Type` is that of this.
    pub body: Bytes,
    payload: Payload,
}

/// A request that has been answered, or is about to be: all that capture and comparison need to know of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub endpoint: Arc<Endpoint>,
    pub route: Route,
    pub invocation: Invocation,
    pub response: ScoreResponse,
    /// From the whole body to the answer.
    pub took: Duration,
}

/// Is told of every request that was scored. It never waits: the answer has not been sent.
pub trait Observer: Send + Sync {
    fn answered(&self, exchange: &Exchange);
}

/// An answer and where it comes from.
#[derive(Debug)]
pub struct Answer {
    pub response: ScoreResponse,
    /// None if the request did not get as far.
    pub source: Option<Source>,
    pub traffic_number: i64,
    /// What answered in the place of the models of a disabled endpoint.
    pub fallback: Option<&'static str>,
}

#[derive(Debug)]
pub struct Source {
    pub deployment: Arc<str>,
    pub model_version: HeaderValue,
    pub reason: &'static str,
    pub running: Arc<Deployment>,
}

impl Invocation {
    /// A body in one of MLflow's formats, the one that the headers name.
    pub fn new(request_id: Arc<str>, headers: HeaderMap, body: Bytes) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let payload = Payload::Body {
            content_type: content_type.map(Arc::from),
            body: body.clone(),
        };
        Self {
            request_id,
            headers,
            body,
            payload,
        }
    }

    /// A request of another protocol.
    pub fn of(request_id: Arc<str>, mut headers: HeaderMap, payload: Payload) -> Self {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        Self {
            request_id,
            headers,
            body: payload.body(),
            payload,
        }
    }

    /// What a deployment is to score.
    pub(crate) fn payload(&self) -> Payload {
        self.payload.clone()
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            request_id: &self.request_id,
            headers: &self.headers,
            body: &self.body,
        }
    }

    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }
}

impl Gateway {
    /// Answers a request to an endpoint.
    pub async fn invoke(&self, endpoint: Arc<Endpoint>, invocation: Invocation) -> Answer {
        let _in_progress = InFlight::enter(&self.in_progress);
        match self.try_invoke(&endpoint, invocation).await {
            Ok(answer) => answer,
            Err(error) => Answer {
                response: error.into_response(),
                source: None,
                traffic_number: endpoint.traffic.number,
                fallback: None,
            },
        }
    }

    async fn try_invoke(&self, endpoint: &Arc<Endpoint>, invocation: Invocation) -> Result<Answer, ScoreError> {
        let traffic_number = endpoint.traffic.number;
        let (route, fallback) = match &endpoint.disabled {
            None => (endpoint.route(invocation.asked())?, None),
            Some(disabled) => match disabled.substitute(&endpoint.name, &invocation)? {
                (Substitute::Answer(body), kind) => {
                    return Ok(Answer {
                        response: ScoreResponse::json(body),
                        source: None,
                        traffic_number,
                        fallback: Some(kind),
                    });
                }
                (Substitute::Deployment(name), kind) => (endpoint.route_to(name, Reason::Fallback)?, Some(kind)),
            },
        };
        let started = Instant::now();
        let response = route.deployment.answer(invocation.payload()).await;
        let answer = Answer {
            response: response.clone(),
            source: Some(Source::of(&route)),
            traffic_number,
            fallback,
        };
        self.answered(Exchange {
            endpoint: Arc::clone(endpoint),
            route,
            invocation,
            response,
            took: started.elapsed(),
        });
        Ok(answer)
    }

    /// The one place that every scored request passes, whatever protocol it came by. Nothing here waits: the answer is
    /// sent when this returns.
    pub fn answered(&self, exchange: Exchange) {
        tracing::trace!(
            endpoint.name = &*exchange.endpoint.name,
            deployment.name = &*exchange.route.name,
            request.id = &*exchange.invocation.request_id,
            status = exchange.response.status,
            latency_us = exchange.took.as_micros() as u64,
            "Scored a request"
        );
        if let Some(observer) = self.observer.get() {
            observer.answered(&exchange);
        }
        if exchange.endpoint.disabled.is_none() {
            let in_progress = Arc::clone(&self.in_progress);
            self.mirroring
                .consider(&exchange, move || in_progress.load(Ordering::Relaxed));
        }
    }
}

impl Disabled {
    fn substitute(
        &self,
        endpoint: &str,
        invocation: &Invocation,
    ) -> Result<(Substitute<'_>, &'static str), ScoreError> {
        let Some(fallback) = &self.fallback else {
            return Err(ScoreError::Unavailable(format!(
                "endpoint `{endpoint}` is disabled and has no fallback: {}",
                self.reason
            )));
        };
        let substitute = fallback.answer(invocation.content_type(), &invocation.body)?;
        Ok((substitute, fallback.name()))
    }
}

impl Source {
    fn of(route: &Route) -> Self {
        let version = &route.deployment.options().model_version;
        Self {
            deployment: Arc::clone(&route.name),
            model_version: HeaderValue::from_str(version).unwrap_or_else(|_| HeaderValue::from_static("")),
            reason: route.reason.name(),
            running: Arc::clone(&route.deployment),
        }
    }
}

impl Answer {
    /// What the client is told of where the answer comes from.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-fettle-traffic-state", HeaderValue::from(self.traffic_number));
        if let Some(source) = &self.source {
            if let Ok(name) = HeaderValue::from_str(&source.deployment) {
                for header in PIN_HEADERS {
                    headers.insert(header, name.clone());
                }
            }
            headers.insert("x-fettle-model-version", source.model_version.clone());
            headers.insert("x-fettle-route", HeaderValue::from_static(source.reason));
        }
        if let Some(fallback) = self.fallback {
            headers.insert("x-fettle-fallback", HeaderValue::from_static(fallback));
        }
        headers
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let headers = self.headers();
        let mut response = self.response.into_response();
        response.headers_mut().extend(headers);
        response
    }
}

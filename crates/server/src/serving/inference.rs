//! The Open Inference Protocol for endpoints: `/endpoints/NAME/v2/..` for one, `/v2/..` for all, and gRPC.
//!
//! A model of the protocol is an endpoint; a version is that of the model behind one of its deployments. Requests take the
//! way of all others, through routing and what follows an answer.

use super::data_plane::{DataPlane, Plane};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, Result, invalid},
};
use axum::{
    Router,
    extract::{FromRef, FromRequestParts, RawPathParams},
    http::{HeaderMap, HeaderName, HeaderValue, request::Parts},
};
use fettle_gateway::{
    Deployment, Endpoint, Invocation, Member, MemberState, Payload,
    open_inference::{self, IndexEntry, InferenceError, ModelState, Repository, Scored, serve_grpc},
    routing::PIN_HEADERS,
};
use std::sync::Arc;
use tokio::net::TcpListener;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type Answered<T> = std::result::Result<T, InferenceError>;

pub fn routes<S: Plane>() -> Router<S>
where
    DataPlane: FromRef<S>,
{
    open_inference::routes::<Endpoints, S>().nest("/endpoints/{name}", open_inference::routes::<Endpoints, S>())
}

/// Serves all endpoints over gRPC until `stop` completes.
pub async fn serve_inference_grpc(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> std::result::Result<(), tonic::transport::Error> {
    let bytes_max = app.settings.scoring.body_bytes_max;
    serve_plane_grpc(DataPlane::from_ref(&app), bytes_max, listener, stop).await
}

pub(super) async fn serve_plane_grpc(
    plane: DataPlane,
    bytes_max: usize,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> std::result::Result<(), tonic::transport::Error> {
    let endpoints = Endpoints {
        plane,
        caller: Caller::anonymous("".into()),
        only: None,
    };
    serve_grpc(endpoints, listener, bytes_max, stop).await
}

/// What one caller sees of the endpoints.
#[derive(Clone)]
pub struct Endpoints {
    plane: DataPlane,
    caller: Caller,
    /// The endpoint in the request's path, if it has one.
    only: Option<String>,
}

impl<S: Plane> FromRequestParts<S> for Endpoints
where
    DataPlane: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|error| invalid(error.to_string()))?;
        let only = params.iter().find(|(name, _)| *name == "name");
        Ok(Self {
            plane: DataPlane::from_ref(state),
            caller,
            only: only.map(|(_, name)| name.to_owned()),
        })
    }
}

impl Endpoints {
    fn shows(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }

    fn endpoint(&self, name: &str) -> Answered<Arc<Endpoint>> {
        let found = self.plane.gateway.endpoint(name).filter(|_| self.shows(name));
        found.ok_or_else(|| InferenceError::unknown_model(name, None))
    }

    /// The client's own id, as the router gives one to requests over HTTP.
    fn request_id(&self, headers: &HeaderMap) -> Arc<str> {
        if !self.caller.request_id.is_empty() {
            return Arc::clone(&self.caller.request_id);
        }
        let sent = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        sent.map_or_else(|| format!("{:032x}", rand::random::<u128>()).into(), Into::into)
    }

    async fn record(&self, action: &'static str, name: &str) -> Answered<()> {
        let recorded = self.plane.record(&self.caller, action, name).await;
        recorded.map_err(|error: ApiError| InferenceError::new(error.code.status().as_u16(), error.message))
    }
}

fn running(endpoint: &Endpoint) -> impl Iterator<Item = (&Arc<str>, &Arc<Deployment>)> {
    let members = endpoint.members.iter();
    members.filter_map(|(name, member)| Some((name, &member.running.as_ref()?.deployment)))
}

/// The deployment with a version, or the one with most traffic.
pub(super) fn choose<'a>(endpoint: &'a Endpoint, version: Option<&str>) -> Option<(&'a Arc<str>, &'a Arc<Deployment>)> {
    let split = &endpoint.traffic.routing.split;
    running(endpoint)
        .filter(|(_, deployment)| version.is_none_or(|version| version == deployment.options().model_version))
        .max_by_key(|(name, _)| split.get(&***name).copied().unwrap_or(0))
}

fn entry(endpoint: &Endpoint, member: &Member) -> IndexEntry {
    if let Some(running) = &member.running {
        return IndexEntry::of(&endpoint.name, &running.deployment);
    }
    let (state, reason) = match &member.state {
        MemberState::Starting | MemberState::Ready => (ModelState::Loading, "its model is being loaded"),
        MemberState::Failed(why) => (ModelState::Unavailable, why.as_str()),
        MemberState::Draining => (ModelState::Unloading, "it was deleted"),
    };
    IndexEntry {
        name: endpoint.name.to_string(),
        version: String::new(),
        state,
        reason: reason.to_owned(),
    }
}

impl Repository for Endpoints {
    fn index(&self) -> Vec<IndexEntry> {
        let table = self.plane.gateway.snapshot();
        let mut endpoints: Vec<&Arc<Endpoint>> = table.values().filter(|endpoint| self.shows(&endpoint.name)).collect();
        endpoints.sort_by(|a, b| a.name.cmp(&b.name));
        let entries = |endpoint: &&Arc<Endpoint>| {
            let members = endpoint.members.values();
            members.map(|member| entry(endpoint, member)).collect::<Vec<_>>()
        };
        endpoints.iter().flat_map(entries).collect()
    }

    fn find(&self, name: &str, version: Option<&str>) -> Answered<Arc<Deployment>> {
        let endpoint = self.endpoint(name)?;
        match (choose(&endpoint, version), version) {
            (Some((_, deployment)), _) => Ok(Arc::clone(deployment)),
            (None, Some(_)) => Err(InferenceError::unknown_model(name, version)),
            (None, None) => Err(InferenceError::new(
                503,
                format!("endpoint '{name}' has no deployment that answers"),
            )),
        }
    }

    async fn score(
        &self,
        name: &str,
        version: Option<&str>,
        headers: &HeaderMap,
        payload: Payload,
    ) -> Answered<Scored> {
        let endpoint = self.endpoint(name)?;
        let mut headers = headers.clone();
        if version.is_some() {
            let (pinned, _) = choose(&endpoint, version).ok_or_else(|| InferenceError::unknown_model(name, version))?;
            if let Ok(pinned) = HeaderValue::from_str(pinned) {
                headers.insert(PIN_HEADERS[0], pinned);
            }
        }
        let invocation = Invocation::of(self.request_id(&headers), headers, payload);
        let answer = self.plane.gateway.invoke(endpoint, invocation).await;
        Ok(Scored {
            headers: answer.headers(),
            deployment: answer.source.map(|source| source.running),
            response: answer.response,
        })
    }

    async fn load(&self, name: &str) -> Answered<()> {
        for (_, deployment) in running(&*self.endpoint(name)?) {
            deployment.load().await?;
        }
        self.record("load", name).await
    }

    async fn unload(&self, name: &str) -> Answered<()> {
        let endpoint = self.endpoint(name)?;
        self.record("unload", name).await?;
        for (_, deployment) in running(&endpoint) {
            deployment.unload().await;
        }
        Ok(())
    }
}

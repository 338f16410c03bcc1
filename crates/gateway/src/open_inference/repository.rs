//! Which models a server offers, and how a request finds one.

use std::future::Future;
use std::sync::Arc;

use axum::http::HeaderMap;

use super::error::InferenceError;
use super::output;
use super::request::InferRequest;
use super::tensor::Tensor;
use crate::deployment::Deployment;
use crate::error::ScoreResponse;
use crate::payload::Payload;

/// The models behind the protocol's names.
pub trait Repository: Send + Sync + 'static {
    /// All models and how they are.
    fn index(&self) -> Vec<IndexEntry>;

    /// Whether requests are taken here at all: every model that should be ready is.
    fn ready(&self) -> bool {
        self.index().iter().all(|entry| entry.state != ModelState::Loading)
    }

    /// A running model. No version is the one that most requests get.
    fn find(&self, name: &str, version: Option<&str>) -> Result<Arc<Deployment>, InferenceError>;

    /// Scores a request, by the deployment that its headers lead to.
    fn score(
        &self,
        name: &str,
        version: Option<&str>,
        headers: &HeaderMap,
        payload: Payload,
    ) -> impl Future<Output = Result<Scored, InferenceError>> + Send;

    /// Returns once the model answers.
    fn load(&self, name: &str) -> impl Future<Output = Result<(), InferenceError>> + Send;

    /// Returns once the model has left the memory.
    fn unload(&self, name: &str) -> impl Future<Output = Result<(), InferenceError>> + Send;
}

/// An answer and where it comes from.
#[derive(Debug)]
pub struct Scored {
    pub response: ScoreResponse,
    /// What answered; None if that was no model.
    pub deployment: Option<Arc<Deployment>>,
    /// For the client, beside the answer.
    pub headers: HeaderMap,
}

impl Scored {
    /// The answer as tensors, in the order and form that were asked for.
    pub(super) fn outputs(&self, request: &InferRequest) -> Result<Vec<Tensor>, InferenceError> {
        if self.response.status != 200 {
            return Err(InferenceError::of_response(&self.response));
        }
        let declared = self
            .deployment
            .as_ref()
            .map(|deployment| &deployment.folder().signature.output_tensors);
        let tensors = output::tensors(&self.response.body, declared.map_or(&[], Vec::as_slice))?;
        output::requested(tensors, &request.outputs)
    }

    pub(super) fn version(&self) -> String {
        let version = self
            .deployment
            .as_ref()
            .map(|deployment| deployment.options().model_version.clone());
        version.unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexEntry {
    pub name: String,
    pub version: String,
    pub state: ModelState,
    /// Why it is not ready; empty otherwise.
    pub reason: String,
}

/// Triton's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelState {
    Ready,
    Loading,
    Unloading,
    Unavailable,
}

impl ModelState {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Loading => "LOADING",
            Self::Unloading => "UNLOADING",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

impl IndexEntry {
    pub fn of(name: &str, deployment: &Deployment) -> Self {
        let (state, reason) = if deployment.is_unloaded() {
            (ModelState::Unavailable, "unloaded")
        } else if deployment.ready() {
            (ModelState::Ready, "")
        } else {
            (ModelState::Loading, "its workers are starting")
        };
        Self {
            name: name.to_owned(),
            version: deployment.options().model_version.clone(),
            state,
            reason: reason.to_owned(),
        }
    }
}

/// A repository of the one model of `fettle serve`.
#[derive(Clone)]
pub struct Single(pub Arc<Deployment>);

impl Single {
    fn check(&self, name: &str, version: Option<&str>) -> Result<&Arc<Deployment>, InferenceError> {
        let options = self.0.options();
        let known = name == options.model_name && version.is_none_or(|version| version == options.model_version);
        if known {
            Ok(&self.0)
        } else {
            Err(InferenceError::unknown_model(name, version))
        }
    }
}

impl Repository for Single {
    fn index(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::of(&self.0.options().model_name, &self.0)]
    }

    fn find(&self, name: &str, version: Option<&str>) -> Result<Arc<Deployment>, InferenceError> {
        self.check(name, version).cloned()
    }

    async fn score(
        &self,
        name: &str,
        version: Option<&str>,
        _: &HeaderMap,
        payload: Payload,
    ) -> Result<Scored, InferenceError> {
        let deployment = self.check(name, version)?;
        Ok(Scored {
            response: deployment.answer(payload).await,
            deployment: Some(Arc::clone(deployment)),
            headers: HeaderMap::new(),
        })
    }

    async fn load(&self, name: &str) -> Result<(), InferenceError> {
        self.check(name, None)?.load().await.map_err(InferenceError::from)
    }

    async fn unload(&self, name: &str) -> Result<(), InferenceError> {
        self.check(name, None)?.unload().await;
        Ok(())
    }
}

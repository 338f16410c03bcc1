//! What a caller wants scored, in the protocol it came by.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;

use crate::open_inference::{self, InferRequest};

/// Cheap to clone: what it holds is shared.
#[derive(Debug, Clone)]
pub enum Payload {
    /// A body in one of MLflow's formats, with its `Content-Type`.
    Body {
        content_type: Option<Arc<str>>,
        body: Bytes,
    },
    /// One row of bare numbers in the order of the signature's columns.
    Numbers(Arc<[f64]>),
    /// A request of the Open Inference Protocol.
    Tensors(Arc<InferRequest>),
}

impl Payload {
    /// The request as a body, for those who look into bodies: tensors and numbers as JSON.
    pub(crate) fn body(&self) -> Bytes {
        match self {
            Self::Body { body, .. } => body.clone(),
            Self::Numbers(numbers) => Bytes::from(json!({ "features": **numbers }).to_string()),
            // A text that is not UTF-8 has no JSON; the request is refused for it.
            Self::Tensors(request) => open_inference::as_json(request, None).unwrap_or_default(),
        }
    }
}

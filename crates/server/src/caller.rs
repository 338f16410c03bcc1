//! Who is asking. Every handler takes a [`Caller`], so that access control and audit have it everywhere.

use crate::error::{ApiError, ErrorCode, Result};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::sync::Arc;

/// The workspace that is there from the start.
pub const DEFAULT_WORKSPACE_ID: i64 = 1;
pub const DEFAULT_WORKSPACE: &str = "default";

/// An authenticated caller within one workspace. Until access control lands this is the anonymous administrator.
#[derive(Debug, Clone)]
pub struct Caller {
    pub workspace_id: i64,
    pub workspace: &'static str,
    pub user: Arc<str>,
    pub request_id: Arc<str>,
}

/// Who acts when Fettle does something by itself, as a rollout's next step.
pub const FETTLE: &str = "fettle";

impl Caller {
    pub fn fettle(workspace_id: i64) -> Self {
        Self {
            workspace_id,
            workspace: DEFAULT_WORKSPACE,
            user: FETTLE.into(),
            request_id: "".into(),
        }
    }
}

/// Given to each request by the router; returned in `X-Request-ID`.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        if let Some(workspace) = parts.headers.get("x-mlflow-workspace")
            && !workspace.is_empty()
            && workspace != DEFAULT_WORKSPACE
        {
            return Err(ApiError::new(
                ErrorCode::InvalidParameterValue,
                "Workspaces are not enabled on this server: leave out the X-MLFLOW-WORKSPACE header, or send `default`.",
            ));
        }
        let request_id = parts
            .extensions
            .get::<RequestId>()
            .map_or_else(|| "".into(), |id| id.0.clone());
        Ok(Self::anonymous(request_id))
    }
}

impl Caller {
    pub(crate) fn anonymous(request_id: Arc<str>) -> Self {
        Self {
            workspace_id: DEFAULT_WORKSPACE_ID,
            workspace: DEFAULT_WORKSPACE,
            user: "anonymous".into(),
            request_id,
        }
    }
}

//! `POST /endpoints/NAME/invocations`: the data plane's door. It asks no database.

use super::{data_plane::DataPlane, store};
use crate::{
    caller::Caller,
    error::Result,
    extract::{PathArg, read_body},
};
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use fettle_gateway::Invocation;

pub async fn invoke(
    State(plane): State<DataPlane>,
    caller: Caller,
    PathArg(name): PathArg,
    request: Request,
) -> Result<Response> {
    let endpoint = plane.gateway.endpoint(&name).ok_or_else(|| store::no_endpoint(&name))?;
    let headers = request.headers().clone();
    let body = read_body(request, endpoint.body_bytes_max()).await?;
    let invocation = Invocation::new(caller.request_id, headers, body);
    Ok(plane.gateway.invoke(endpoint, invocation).await.into_response())
}

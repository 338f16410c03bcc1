//! OTLP over gRPC, on a port of its own. The experiment and the run come as metadata under the names of HTTP's headers.

use super::{
    otlp::{self, EXPERIMENT_ID, RUN_ID},
    store::ingest::Destination,
};
use crate::{app::App, caller::DEFAULT_WORKSPACE_ID};
use axum::http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tokio::net::TcpListener;
use tonic::{
    Code, Request, Response, Status,
    codec::CompressionEncoding,
    transport::{Server, server::TcpIncoming},
};

/// Requests of one connection that are worked on at once.
const CONCURRENT_REQUESTS: usize = 32;

/// Serves until `stop` completes.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let limit = app.settings.body_limit;
    let service = TraceServiceServer::new(Exporter { app })
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(limit);
    Server::builder()
        .concurrency_limit_per_connection(CONCURRENT_REQUESTS)
        .add_service(service)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stop)
        .await
}

struct Exporter {
    app: App,
}

#[tonic::async_trait]
impl TraceService for Exporter {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let text = |name: &str| request.metadata().get(name).and_then(|value| value.to_str().ok());
        let experiment_id = otlp::named_experiment(text(EXPERIMENT_ID)).map_err(|error| status(error.into()))?;
        let destination = Destination {
            workspace_id: DEFAULT_WORKSPACE_ID,
            experiment_id,
            run_uuid: text(RUN_ID).filter(|run| !run.is_empty()).map(ToOwned::to_owned),
        };
        otlp::store(&self.app, destination, request.into_inner())
            .await
            .map_err(status)?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn status(refusal: otlp::Refusal) -> Status {
    let (status, message) = otlp::explain(refusal);
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        // Exporters send again on these two.
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        status if status.is_client_error() => Code::InvalidArgument,
        _ => Code::Internal,
    };
    Status::new(code, message)
}

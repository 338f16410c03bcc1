//! `inference.GRPCInferenceService`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::http::HeaderMap;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::codegen::tokio_stream::Stream;
use tonic::metadata::MetadataMap;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use super::contents;
use super::generated::grpc_inference_service_server::{GrpcInferenceService, GrpcInferenceServiceServer};
use super::generated::model_metadata_response::TensorMetadata;
use super::generated::repository_index_response::ModelIndex;
use super::generated::{
    InferStatistics, ModelConfig, ModelConfigRequest, ModelConfigResponse, ModelInferRequest, ModelInferResponse,
    ModelMetadataRequest, ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, ModelStatistics,
    ModelStatisticsRequest, ModelStatisticsResponse, ModelStreamInferResponse, RepositoryIndexRequest,
    RepositoryIndexResponse, RepositoryModelLoadRequest, RepositoryModelLoadResponse, RepositoryModelUnloadRequest,
    RepositoryModelUnloadResponse, ServerLiveRequest, ServerLiveResponse, ServerMetadataRequest,
    ServerMetadataResponse, ServerReadyRequest, ServerReadyResponse, StatisticDuration,
};
use crate::deployment::Deployment;
use crate::open_inference::error::InferenceError;
use crate::open_inference::metadata::{self, EXTENSIONS, SERVER, TensorSpec};
use crate::open_inference::repository::{ModelState, Repository};
use crate::open_inference::response::InferResponse;
use crate::payload::Payload;

/// Requests of one connection that are worked on at once.
const CONCURRENT_REQUESTS: usize = 256;

/// Serves until `stop` completes.
pub async fn serve<R: Repository>(
    repository: R,
    listener: TcpListener,
    message_bytes_max: usize,
    stop: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    let service = GrpcInferenceServiceServer::new(Service(Arc::new(repository)))
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(message_bytes_max)
        .max_encoding_message_size(usize::MAX);
    Server::builder()
        .concurrency_limit_per_connection(CONCURRENT_REQUESTS)
        .add_service(service)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stop)
        .await
}

struct Service<R>(Arc<R>);

impl<R> Clone for Service<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// An empty version is none.
fn version(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

impl<R: Repository> Service<R> {
    fn find(&self, name: &str, wanted: &str) -> Result<Arc<Deployment>, InferenceError> {
        self.0.find(name, version(wanted))
    }

    async fn infer(
        &self,
        headers: &HeaderMap,
        message: ModelInferRequest,
    ) -> Result<(ModelInferResponse, HeaderMap), InferenceError> {
        let (model, wanted) = (message.model_name.clone(), message.model_version.clone());
        let request = Arc::new(contents::read(message)?);
        let payload = Payload::Tensors(Arc::clone(&request));
        let scored = self.0.score(&model, version(&wanted), headers, payload).await?;
        let response = contents::write(InferResponse {
            model,
            version: scored.version(),
            id: request.id.clone(),
            outputs: scored.outputs(&request)?,
        });
        Ok((response, scored.headers))
    }

    fn statistics(name: &str, deployment: &Deployment) -> ModelStatistics {
        let counts = deployment.inference_counts();
        ModelStatistics {
            name: name.to_owned(),
            version: deployment.options().model_version.clone(),
            inference_count: counts.rows,
            execution_count: counts.executions,
            inference_stats: Some(InferStatistics {
                success: Some(StatisticDuration {
                    count: counts.succeeded,
                    ns: counts.nanoseconds,
                }),
                fail: Some(StatisticDuration {
                    count: counts.failed,
                    ns: 0,
                }),
            }),
            ..ModelStatistics::default()
        }
    }
}

fn tensor_metadata(spec: &TensorSpec) -> TensorMetadata {
    TensorMetadata {
        name: spec.name.clone(),
        datatype: spec.datatype.name().to_owned(),
        shape: spec.shape.clone(),
    }
}

#[tonic::async_trait]
impl<R: Repository> GrpcInferenceService for Service<R> {
    type ModelStreamInferStream = Pin<Box<dyn Stream<Item = Result<ModelStreamInferResponse, Status>> + Send>>;

    async fn server_live(&self, _: Request<ServerLiveRequest>) -> Result<Response<ServerLiveResponse>, Status> {
        Ok(Response::new(ServerLiveResponse { live: true }))
    }

    async fn server_ready(&self, _: Request<ServerReadyRequest>) -> Result<Response<ServerReadyResponse>, Status> {
        let ready = self.0.ready();
        Ok(Response::new(ServerReadyResponse { ready }))
    }

    async fn model_ready(&self, request: Request<ModelReadyRequest>) -> Result<Response<ModelReadyResponse>, Status> {
        let request = request.into_inner();
        let ready = self.find(&request.name, &request.version)?.ready();
        Ok(Response::new(ModelReadyResponse { ready }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Ok(Response::new(ServerMetadataResponse {
            name: SERVER.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: EXTENSIONS.map(str::to_owned).to_vec(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        let request = request.into_inner();
        let deployment = self.find(&request.name, &request.version)?;
        let inputs = &deployment.folder().signature.input_tensors;
        Ok(Response::new(ModelMetadataResponse {
            name: request.name,
            versions: vec![deployment.options().model_version.clone()],
            platform: metadata::platform(&deployment),
            inputs: inputs.iter().map(tensor_metadata).collect(),
            outputs: metadata::outputs(&deployment).iter().map(tensor_metadata).collect(),
            ..ModelMetadataResponse::default()
        }))
    }

    async fn model_infer(&self, request: Request<ModelInferRequest>) -> Result<Response<ModelInferResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        let (response, headers) = self.infer(&metadata.into_headers(), message).await?;
        let mut response = Response::new(response);
        *response.metadata_mut() = MetadataMap::from_headers(headers);
        Ok(response)
    }

    /// One answer for each request, in their order.
    async fn model_stream_infer(
        &self,
        request: Request<Streaming<ModelInferRequest>>,
    ) -> Result<Response<Self::ModelStreamInferStream>, Status> {
        let (metadata, _, messages) = request.into_parts();
        let headers = Arc::new(metadata.into_headers());
        let service = self.clone();
        let answers = futures::stream::unfold(messages, move |mut messages| {
            let (service, headers) = (service.clone(), Arc::clone(&headers));
            async move {
                let message = match messages.message().await {
                    Ok(message) => message?,
                    Err(status) => return Some((Err(status), messages)),
                };
                let answer = match service.infer(&headers, message).await {
                    Ok((response, _)) => ModelStreamInferResponse {
                        error_message: String::new(),
                        infer_response: Some(response),
                    },
                    Err(error) => ModelStreamInferResponse {
                        error_message: error.message,
                        infer_response: None,
                    },
                };
                Some((Ok(answer), messages))
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn model_config(
        &self,
        request: Request<ModelConfigRequest>,
    ) -> Result<Response<ModelConfigResponse>, Status> {
        let request = request.into_inner();
        let deployment = self.find(&request.name, &request.version)?;
        let config = ModelConfig {
            name: request.name,
            platform: metadata::platform(&deployment),
            max_batch_size: 0,
            backend: SERVER.to_owned(),
        };
        Ok(Response::new(ModelConfigResponse { config: Some(config) }))
    }

    async fn model_statistics(
        &self,
        request: Request<ModelStatisticsRequest>,
    ) -> Result<Response<ModelStatisticsResponse>, Status> {
        let request = request.into_inner();
        let model_stats = if request.name.is_empty() {
            let found = self.0.index().into_iter().filter_map(|entry| {
                let deployment = self.0.find(&entry.name, Some(&entry.version)).ok()?;
                Some(Self::statistics(&entry.name, &deployment))
            });
            found.collect()
        } else {
            let deployment = self.find(&request.name, &request.version)?;
            vec![Self::statistics(&request.name, &deployment)]
        };
        Ok(Response::new(ModelStatisticsResponse { model_stats }))
    }

    async fn repository_index(
        &self,
        request: Request<RepositoryIndexRequest>,
    ) -> Result<Response<RepositoryIndexResponse>, Status> {
        let only_ready = request.into_inner().ready;
        let models = self
            .0
            .index()
            .into_iter()
            .filter(|entry| !only_ready || entry.state == ModelState::Ready)
            .map(|entry| ModelIndex {
                name: entry.name,
                version: entry.version,
                state: entry.state.name().to_owned(),
                reason: entry.reason,
            });
        Ok(Response::new(RepositoryIndexResponse {
            models: models.collect(),
        }))
    }

    async fn repository_model_load(
        &self,
        request: Request<RepositoryModelLoadRequest>,
    ) -> Result<Response<RepositoryModelLoadResponse>, Status> {
        self.0.load(&request.into_inner().model_name).await?;
        Ok(Response::new(RepositoryModelLoadResponse {}))
    }

    async fn repository_model_unload(
        &self,
        request: Request<RepositoryModelUnloadRequest>,
    ) -> Result<Response<RepositoryModelUnloadResponse>, Status> {
        self.0.unload(&request.into_inner().model_name).await?;
        Ok(Response::new(RepositoryModelUnloadResponse {}))
    }
}

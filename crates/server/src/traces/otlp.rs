//! `POST /v1/traces`: spans from any OpenTelemetry exporter, over HTTP. [`super::otlp_grpc`] takes the same over gRPC.

use super::{
    rules,
    store::ingest::{self, Destination, PackedTrace},
};
use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result, invalid},
    extract::read_body,
    tracking::validate::experiment_id,
};
use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fettle_traces::{
    block::Packer,
    otlp_json,
    received::{ReceivedTrace, receive, split, total_cost, total_usage},
    rules::Rules,
};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};
use std::{io::Read, sync::Arc};

pub const EXPERIMENT_ID: &str = "x-mlflow-experiment-id";
pub const RUN_ID: &str = "x-mlflow-run-id";
const PROTOBUF: &str = "application/x-protobuf";

/// A refusal in the form of this call, which is not that of MLflow's other calls.
#[derive(Debug)]
pub enum Refusal {
    Detail(StatusCode, Value),
    Api(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Api(error) => error.into_response(),
            Self::Detail(status, detail) => {
                let body = json!({ "detail": detail }).to_string();
                let content_type = HeaderValue::from_static("application/json");
                (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
            }
        }
    }
}

fn refused(status: StatusCode, detail: impl Into<String>) -> Refusal {
    Refusal::Detail(status, detail.into().into())
}

/// All spans are stored, or none and the answer says why.
pub async fn export_traces(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Refusal> {
    let headers = request.headers().clone();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(experiment) = text(EXPERIMENT_ID) else {
        let missing = json!([{
            "type": "missing", "loc": ["header", EXPERIMENT_ID], "msg": "Field required", "input": null,
        }]);
        return Err(Refusal::Detail(StatusCode::UNPROCESSABLE_ENTITY, missing));
    };
    let destination = Destination {
        workspace_id: caller.workspace_id,
        experiment_id: experiment_id(experiment)?,
        run_uuid: text(RUN_ID).filter(|run| !run.is_empty()).map(ToOwned::to_owned),
    };
    let is_json = is_json(&headers)?;
    let encoding = text("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let limit = app.settings.body_limit;
    let body = read_body(request, limit).await?;
    let read = move || {
        let body = decompress(body, &encoding, limit)?;
        let read = if is_json {
            otlp_json::read(&body)
        } else {
            ExportTraceServiceRequest::decode(&*body).ok()
        };
        read.ok_or_else(|| refused(StatusCode::BAD_REQUEST, "Invalid OpenTelemetry format"))
    };
    let request = blocking(read).await?;
    if request.resource_spans.is_empty() {
        let detail = "Invalid OpenTelemetry format - no spans found";
        return Err(refused(StatusCode::BAD_REQUEST, detail));
    }
    store(&app, destination, request).await?;
    let content_type = HeaderValue::from_static(PROTOBUF);
    Ok(([(header::CONTENT_TYPE, content_type)], Bytes::new()).into_response())
}

/// Reads, packs and stores a request. Returns once its spans are on disk.
pub async fn store(app: &App, to: Destination, request: ExportTraceServiceRequest) -> Result<(), Refusal> {
    let (workspace_id, experiment_id) = (to.workspace_id, to.experiment_id);
    let written = app
        .db
        .peek(move |tx| ingest::rules(tx, workspace_id, experiment_id))
        .await?;
    let packed = blocking(move || pack(request, written.as_deref())).await?;
    if packed.is_empty() {
        return Ok(());
    }
    let packed = Arc::new(packed);
    let stored = app.db.write(move |tx| ingest::ingest(tx, &to, &packed)).await?;
    for (experiment_id, blocks) in stored {
        app.index_folder.stored(experiment_id, blocks);
    }
    Ok(())
}

/// Spans of one request that are worth a thread of their own.
const SPANS_OF_A_THREAD: usize = 128;
const THREADS_MAX: usize = 4;

fn pack(request: ExportTraceServiceRequest, written: Option<&str>) -> Result<Vec<PackedTrace>, Refusal> {
    let rules = match written {
        None => Rules::default(),
        Some(written) => rules::compiled(written)?,
    };
    let groups = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
    let spans: usize = groups.map(|group| group.spans.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = (spans / SPANS_OF_A_THREAD).clamp(1, cores.min(THREADS_MAX));
    let mut packed = if threads == 1 {
        pack_piece(request, &rules)?
    } else {
        let rules = &rules;
        std::thread::scope(|scope| {
            let pieces = split(request, threads).into_iter();
            let running: Vec<_> = pieces
                .map(|piece| scope.spawn(move || pack_piece(piece, rules)))
                .collect();
            let mut packed = Vec::new();
            for thread in running {
                let traces = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                packed.extend(traces?);
            }
            Ok::<_, Refusal>(packed)
        })?
    };
    // All writers take traces in the same order, so that none waits for another that waits for it.
    packed.sort_unstable_by(|a, b| a.trace.trace_id.cmp(&b.trace.trace_id));
    Ok(packed)
}

fn pack_piece(request: ExportTraceServiceRequest, rules: &Rules) -> Result<Vec<PackedTrace>, Refusal> {
    let traces =
        receive(request, rules).map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let mut packer = Packer::new().map_err(ApiError::from)?;
    let pack = |mut trace: ReceivedTrace| {
        let (usage, cost) = (total_usage(trace.summaries()), total_cost(trace.summaries()));
        let spans = std::mem::take(&mut trace.spans);
        Ok(PackedTrace {
            trace,
            usage,
            cost,
            blocks: packer.pack(spans).map_err(ApiError::from)?,
        })
    };
    traces.into_iter().map(pack).collect()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refusal> + Send + 'static) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(ApiError::new(
            ErrorCode::InternalError,
            "The spans could not be read; the server's log says why.",
        )
        .because(error)
        .into())
    })
}

fn is_json(headers: &HeaderMap) -> Result<bool, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
    {
        PROTOBUF => Ok(false),
        "application/json" => Ok(true),
        _ => Err(refused(
            StatusCode::BAD_REQUEST,
            format!(
                "Invalid Content-Type: {}. Expected: application/x-protobuf or application/json",
                content_type.unwrap_or("None")
            ),
        )),
    }
}

/// A small body may hold a large one, so what comes out is bounded too.
fn decompress(body: Bytes, encoding: &str, limit: usize) -> Result<Bytes, Refusal> {
    let read = |reader: &mut dyn Read| {
        let mut bytes = Vec::new();
        let read = reader.take(limit as u64 + 1).read_to_end(&mut bytes);
        read.map(|_| bytes)
    };
    let bytes = match encoding {
        "" | "identity" => return Ok(body),
        "gzip" => read(&mut MultiGzDecoder::new(&*body)),
        // With the zlib header the standard asks for, or without, as some clients send it.
        "deflate" => read(&mut ZlibDecoder::new(&*body)).or_else(|_| read(&mut DeflateDecoder::new(&*body))),
        other => {
            let detail = format!("Unsupported Content-Encoding: {other}");
            return Err(refused(StatusCode::BAD_REQUEST, detail));
        }
    };
    let bytes = bytes.map_err(|_| {
        refused(
            StatusCode::BAD_REQUEST,
            format!("Failed to decompress {encoding} payload"),
        )
    })?;
    if bytes.len() > limit {
        return Err(ApiError::new(
            ErrorCode::PayloadTooLarge,
            format!("The request body is larger than {limit} bytes once it is decompressed."),
        )
        .into());
    }
    Ok(bytes.into())
}

/// What a refusal says, for those who do not answer over HTTP.
pub fn explain(refusal: Refusal) -> (StatusCode, String) {
    match refusal {
        Refusal::Api(error) => (error.code.status(), error.message),
        Refusal::Detail(status, Value::String(text)) => (status, text),
        Refusal::Detail(status, detail) => (status, detail.to_string()),
    }
}

/// The experiment a caller without HTTP headers names.
pub fn named_experiment(text: Option<&str>) -> Result<i64> {
    let text = text.ok_or_else(|| invalid(format!("Missing '{EXPERIMENT_ID}': name the experiment of the traces.")))?;
    experiment_id(text)
}

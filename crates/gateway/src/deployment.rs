//! One model, deployed: the executor it got, its limits, its counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout_at};

use crate::choice::{DeployError, choose};
use crate::error::{JSON, ScoreError, ScoreResponse};
use crate::executor::Executor;
use crate::frame::Frame;
use crate::input::{self, ContentType, Parsed};
use crate::metrics::{self, Gauges, InferenceCounts, Labelled, Metrics, Tally, Usage};
use crate::model_folder::ModelFolder;
use crate::open_inference::{self, InferRequest, Tensor};
use crate::options::Options;
use crate::payload::Payload;
use crate::queue::{Reply, Work};
use crate::report::DeploymentReport;
use crate::signature::Inputs;
use crate::worker::ReplicaCounts;

/// Native batches beyond this leave the request's thread: they take more than half a millisecond.
const INLINE_ROWS_MAX: usize = 256;
/// The same for reading a body.
const INLINE_BODY_BYTES_MAX: usize = 256 << 10;

/// A model that is being served.
pub struct Deployment {
    folder: ModelFolder,
    options: Options,
    executor: Executor,
    report: DeploymentReport,
    metrics: Arc<Metrics>,
    in_flight: AtomicUsize,
    draining: AtomicBool,
    /// By request, until it is loaded by request.
    unloaded: AtomicBool,
}

impl std::fmt::Debug for Deployment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter
            .debug_struct("Deployment")
            .field("model", &self.folder.path)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl Deployment {
    /// Load the model, decide how to score it, and return once it can answer.
    pub async fn start(folder: ModelFolder, options: Options) -> Result<Self, DeployError> {
        for (name, value) in [
            ("replicas_max", options.scaling.replicas_max),
            ("queue", options.queue),
            ("batch_rows_max", options.batch_rows_max),
        ] {
            if value == 0 {
                return Err(DeployError::Option { name, value });
            }
        }
        if options.scaling.replicas_min > options.scaling.replicas_max {
            return Err(DeployError::Replicas {
                least: options.scaling.replicas_min,
                most: options.scaling.replicas_max,
            });
        }
        let metrics = Arc::new(Metrics::new());
        let chosen = choose(&folder, &options, &metrics).await?;
        tracing::info!(
            executor = chosen.report.executor.name(),
            "Serving `{}` version {}: {}",
            options.model_name,
            options.model_version,
            chosen.report.why
        );
        let deployment = Self {
            folder,
            options,
            executor: chosen.executor,
            report: chosen.report,
            metrics,
            in_flight: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            unloaded: AtomicBool::new(false),
        };
        deployment.warm_up().await?;
        Ok(deployment)
    }

    /// Has the model answer the example that was logged with it, if there is one: a model that cannot is broken, and
    /// one that can has its pages and caches filled before the first caller comes.
    async fn warm_up(&self) -> Result<(), DeployError> {
        let Some(example) = self.folder.serving_example() else {
            return Ok(());
        };
        if example.len() > self.options.body_bytes_max {
            return Ok(());
        }
        let deadline = Instant::now() + self.options.supervision.start_timeout;
        match self.reply(Some(JSON), example.into(), deadline).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let status = error.status();
                let body = error.into_response().body;
                let told = serde_json::from_slice::<serde_json::Value>(&body).ok();
                let message = told.and_then(|told| told["message"].as_str().map(str::to_owned));
                let message = message.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
                Err(DeployError::WarmUp { status, message })
            }
        }
    }

    /// Answer one scoring request. Never fails: what goes wrong is in the response, as MLflow writes it.
    pub async fn answer(&self, payload: Payload) -> ScoreResponse {
        let started = Instant::now();
        let _in_flight = InFlight::enter(&self.in_flight);
        let deadline = started + self.options.deadline;
        let reply = match payload {
            Payload::Body { content_type, body } => self.reply(content_type.as_deref(), body, deadline).await,
            Payload::Numbers(numbers) => self.reply_positional(&numbers, deadline).await,
            Payload::Tensors(request) => self.reply_tensors(&request, deadline).await,
        };
        self.respond(reply, started)
    }

    /// Answer a request in one of MLflow's formats.
    pub async fn score(&self, content_type: Option<&str>, body: Bytes) -> ScoreResponse {
        let content_type = content_type.map(Arc::from);
        self.answer(Payload::Body { content_type, body }).await
    }

    fn respond(&self, reply: Reply, started: Instant) -> ScoreResponse {
        let response = reply.map_or_else(ScoreError::into_response, ScoreResponse::json);
        self.metrics.request(response.status, started.elapsed());
        response
    }

    async fn reply(&self, content_type: Option<&str>, body: Bytes, deadline: Instant) -> Reply {
        self.admit()?;
        if body.len() > self.options.body_bytes_max {
            return Err(ScoreError::TooLarge {
                limit: self.options.body_bytes_max,
            });
        }
        let content_type = ContentType::parse(content_type.unwrap_or_default())?;
        match self.parse(content_type, &body).await? {
            Parsed::Table { frame, params } => self.score_frame(frame, params, deadline).await,
            Parsed::Unread(reason) => self.score_unread(content_type, body, &reason, deadline).await,
        }
    }

    async fn score_unread(&self, content_type: ContentType, body: Bytes, reason: &str, deadline: Instant) -> Reply {
        match &self.executor {
            Executor::Python(python) => python.score(Work::Raw { content_type, body }, deadline).await,
            Executor::Onnx(onnx) if content_type == ContentType::Json => {
                self.metrics.batch(1, 1);
                self.computing(deadline, onnx.score_json(&body)).await
            }
            Executor::Native(_) | Executor::Onnx(_) => Err(ScoreError::BadRequest(format!(
                "Invalid input. This model is scored without Python, which cannot read {reason}; \
                 send plain numbers and texts, or serve the model with the executor `python`."
            ))),
        }
    }

    async fn reply_tensors(&self, request: &InferRequest, deadline: Instant) -> Reply {
        self.admit()?;
        if let (Executor::Onnx(onnx), Inputs::Opaque(_) | Inputs::Undeclared) =
            (&self.executor, &self.folder.signature.inputs)
        {
            self.metrics.batch(1, request.inputs.first().map_or(0, Tensor::rows));
            return self.computing(deadline, onnx.score_tensors(request)).await;
        }
        match open_inference::read(request, &self.folder.signature)? {
            open_inference::Read::Table { frame, params } => self.score_frame(frame, params, deadline).await,
            open_inference::Read::Json(body) => {
                self.score_unread(ContentType::Json, body, "such tensors", deadline)
                    .await
            }
        }
    }

    async fn reply_positional(&self, numbers: &[f64], deadline: Instant) -> Reply {
        self.admit()?;
        match input::frame_of_positional_numbers(numbers, &self.folder.signature.inputs)? {
            Ok(frame) => self.score_frame(frame, None, deadline).await,
            Err(reason) => Err(ScoreError::BadRequest(format!("features: the model takes {reason}"))),
        }
    }

    fn admit(&self) -> Result<(), ScoreError> {
        if self.draining.load(Ordering::Relaxed) {
            return Err(ScoreError::Unavailable(
                "the model is about to stop being served here".into(),
            ));
        }
        if self.is_unloaded() {
            return Err(ScoreError::Unavailable(
                "the model has been unloaded; load it to have it answer".into(),
            ));
        }
        Ok(())
    }

    async fn parse(&self, content_type: ContentType, body: &Bytes) -> Result<Parsed, ScoreError> {
        let python = matches!(self.executor, Executor::Python(_));
        match content_type {
            ContentType::Parquet => Ok(Parsed::Unread("Parquet".into())),
            // With Python at hand pandas reads CSV itself.
            ContentType::Csv if python => Ok(Parsed::Unread("CSV".into())),
            _ if body.len() > INLINE_BODY_BYTES_MAX => {
                let (body, signature) = (body.clone(), self.folder.signature.clone());
                let parsed = tokio::task::spawn_blocking(move || parse_body(content_type, &body, &signature)).await;
                parsed.unwrap_or_else(|_| Err(ScoreError::BadRequest("the body could not be read".into())))
            }
            _ => parse_body(content_type, body, &self.folder.signature),
        }
    }

    async fn score_frame(&self, frame: Frame, params: Option<Box<str>>, deadline: Instant) -> Reply {
        match &self.executor {
            Executor::Python(python) => python.score(Work::Table { frame, params }, deadline).await,
            Executor::Onnx(onnx) => {
                self.metrics.batch(1, frame.rows);
                self.computing(deadline, onnx.score(frame)).await
            }
            Executor::Native(native) if frame.rows <= INLINE_ROWS_MAX => {
                self.metrics.batch(1, frame.rows);
                let native = native.model().await?;
                computed(&self.metrics, || native.score(frame))
            }
            Executor::Native(native) => {
                self.metrics.batch(1, frame.rows);
                let native = native.model().await?;
                let metrics = Arc::clone(&self.metrics);
                let scored = tokio::task::spawn_blocking(move || computed(&metrics, || native.score(frame)));
                let scored = async {
                    let interrupted = |_| Err(ScoreError::Unavailable("scoring was interrupted".into()));
                    scored.await.unwrap_or_else(interrupted)
                };
                within(deadline, scored).await
            }
        }
    }

    async fn computing(&self, deadline: Instant, reply: impl Future<Output = Reply>) -> Reply {
        let began = Instant::now();
        let reply = within(deadline, reply).await;
        self.metrics.computed(began.elapsed());
        reply
    }

    /// Whether a request sent now would be scored. A model that is scaled to zero is ready: a request starts it.
    pub fn ready(&self) -> bool {
        let taken = !self.draining.load(Ordering::Relaxed) && !self.is_unloaded();
        taken && self.executor.ready()
    }

    /// Takes the model out of memory, once the requests under way are answered; the next ones are refused.
    pub async fn unload(&self) {
        self.unloaded.store(true, Ordering::Relaxed);
        self.idle(self.options.deadline).await;
        self.executor.unload().await;
    }

    /// Takes the model into memory again. Returns once it answers.
    pub async fn load(&self) -> Result<(), ScoreError> {
        self.executor.load().await.map_err(ScoreError::Unavailable)?;
        self.unloaded.store(false, Ordering::Relaxed);
        Ok(())
    }

    pub fn is_unloaded(&self) -> bool {
        self.unloaded.load(Ordering::Relaxed)
    }

    /// Python workers by what they are doing; none of a model that needs no Python.
    pub fn replicas(&self) -> ReplicaCounts {
        self.executor.replicas()
    }

    pub(crate) fn inference_counts(&self) -> InferenceCounts {
        self.metrics.inference_counts()
    }

    /// What it has answered since it started.
    pub fn usage(&self) -> Usage {
        self.tally().usage()
    }

    pub fn tally(&self) -> Tally {
        self.metrics.tally()
    }

    pub fn report(&self) -> &DeploymentReport {
        &self.report
    }

    pub(crate) fn executor(&self) -> &Executor {
        &self.executor
    }

    pub fn folder(&self) -> &ModelFolder {
        &self.folder
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Process ids of the Python workers that serve, for operators and for tests that kill them.
    pub fn worker_pids(&self) -> Vec<u32> {
        self.executor.worker_pids()
    }

    /// Take no new requests and wait until those under way are answered, at most for `within`.
    ///
    /// Returns how many were still under way at the end.
    pub async fn drain(&self, within: Duration) -> usize {
        self.draining.store(true, Ordering::Relaxed);
        self.idle(within).await
    }

    /// Waits until no request is under way, at most for `within`; returns how many still are.
    async fn idle(&self, within: Duration) -> usize {
        let end = Instant::now() + within;
        while self.in_flight.load(Ordering::Relaxed) > 0 && Instant::now() < end {
            sleep(Duration::from_millis(10)).await;
        }
        self.in_flight.load(Ordering::Relaxed)
    }

    /// This deployment's metrics as Prometheus text.
    pub fn metrics(&self) -> String {
        metrics::render(&[self.labelled_metrics(None)])
    }

    pub(crate) fn labelled_metrics<'a>(&'a self, place: Option<(&'a str, &'a str)>) -> Labelled<'a> {
        let queued = self.executor.queued();
        Labelled {
            place,
            model: &self.options.model_name,
            version: &self.options.model_version,
            metrics: &self.metrics,
            gauges: Gauges {
                queued,
                in_flight: self.in_flight.load(Ordering::Relaxed),
                ready: self.ready(),
                loaded: self.executor.is_loaded(),
                replicas: self.replicas(),
            },
        }
    }
}

fn parse_body(
    content_type: ContentType,
    body: &[u8],
    signature: &crate::signature::Signature,
) -> Result<Parsed, ScoreError> {
    match content_type {
        ContentType::Csv => input::parse_csv(body, signature),
        _ => input::parse_json(body, signature),
    }
}

fn computed<T>(metrics: &Metrics, call: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = call();
    metrics.computed(began.elapsed());
    result
}

async fn within(deadline: Instant, reply: impl Future<Output = Reply>) -> Reply {
    timeout_at(deadline, reply).await.unwrap_or(Err(ScoreError::Deadline))
}

/// Counts a request for as long as it lives, also when its caller hangs up.
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    pub(crate) fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

//! Which executor scores a model: ONNX Runtime for ONNX models, native if it is proven to answer as Python does, Python otherwise.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::batching;
use crate::executor::{Executor, NativeExecutor, OnnxExecutor, PythonExecutor, Resident, Source};
use crate::metrics::Metrics;
use crate::model_folder::ModelFolder;
use crate::options::{ExecutorChoice, Options};
use crate::parity;
use crate::queue::Queue;
use crate::report::{DeploymentReport, ExecutorKind, ModelReport, ParityReport};
use crate::scaling::Load;
use crate::worker::{CallError, EnvironmentError, PoolParts, StartError, Worker, WorkerSpec, find_python};

#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Worker(#[from] StartError),
    #[error("the model cannot be scored natively: {0}; use the executor `python` or `auto`")]
    NotNative(String),
    #[error("the model cannot be scored natively: {}; use the executor `python` or `auto`", .0.verdict)]
    NotEqual(Box<ParityReport>),
    #[error("the model cannot be run by ONNX Runtime: {0}; use the executor `python` or `auto`")]
    NotOnnx(String),
    #[error("the model's Python worker failed while it was tried out")]
    Trial(#[source] CallError),
    #[error("trying the model out took more than {seconds} s; use the executor `python` and say whether to batch")]
    TrialSlow { seconds: u64 },
    #[error("it does not answer its own input example: status {status}, {message}")]
    WarmUp { status: u16, message: String },
    #[error("{name} is {value}; it has to be at least 1")]
    Option { name: &'static str, value: usize },
    #[error("replicas: the least, {least}, is more than the most, {most}")]
    Replicas { least: usize, most: usize },
}

impl DeployError {
    /// The comparison that the model did not pass.
    pub fn parity(&self) -> Option<&ParityReport> {
        match self {
            Self::NotEqual(parity) => Some(parity),
            _ => None,
        }
    }

    fn trial_slow(limit: Duration) -> Self {
        Self::TrialSlow {
            seconds: limit.as_secs(),
        }
    }
}

pub(crate) struct Chosen {
    pub(crate) executor: Executor,
    pub(crate) report: DeploymentReport,
}

pub(crate) async fn choose(
    folder: &ModelFolder,
    options: &Options,
    metrics: &Arc<Metrics>,
) -> Result<Chosen, DeployError> {
    let mut report = blank_report(folder);
    let not_onnx = match onnx(folder, options).await {
        None => None,
        Some(Ok(onnx)) => {
            report.executor = ExecutorKind::Onnx;
            report.why = "ONNX Runtime runs the model's own file, with one thread for each request".into();
            report.model.native_description = Some(onnx.describe());
            return Ok(Chosen {
                executor: Executor::Onnx(onnx),
                report,
            });
        }
        Some(Err(reason)) if options.executor == ExecutorChoice::Onnx => return Err(DeployError::NotOnnx(reason)),
        Some(Err(reason)) => Some(reason),
    };
    let python = match options.executor {
        // Python is only there to compare with; an environment is not made for that.
        ExecutorChoice::Native => find_python(options.python.as_deref()),
        _ => options.environments.python(folder, options.python.as_deref()).await?,
    };
    let spec = WorkerSpec::new(python, absolute(&folder.path), options)?;
    let mut worker = match (Worker::start(&spec).await, options.executor) {
        (Ok(worker), _) => worker,
        (Err(error), ExecutorChoice::Native) => return native_without_proof(folder, options, report, &error),
        (Err(error), _) => return Err(error.into()),
    };
    report.python = Some(worker.handshake.clone());
    let trial = options.supervision.start_timeout;
    if options.executor != ExecutorChoice::Python {
        let proven = timeout(trial, proven_native(folder, &mut worker, &mut report)).await;
        match proven.map_err(|_| DeployError::trial_slow(trial))? {
            Ok((native, source, parity)) => {
                worker.stop().await;
                report.executor = ExecutorKind::Native;
                report.why.clone_from(&parity.verdict);
                report.parity = Some(parity);
                let resident = Resident::new(native, source, folder, options.native_memory.clone());
                return Ok(Chosen {
                    executor: Executor::Native(resident),
                    report,
                });
            }
            Err(reason) if options.executor == ExecutorChoice::Native => {
                let unequal = report.parity.map(|parity| DeployError::NotEqual(Box::new(parity)));
                return Err(unequal.unwrap_or(DeployError::NotNative(reason)));
            }
            Err(reason) => report.why = not_onnx.unwrap_or(reason),
        }
    }
    let decided = timeout(trial, batching::decide(folder, options, &mut worker)).await;
    let (batched, batching) = decided
        .map_err(|_| DeployError::trial_slow(trial))?
        .map_err(DeployError::Trial)?;
    report.batching = Some(batching);
    let parts = PoolParts {
        spec,
        supervision: options.supervision.clone(),
        queue: Arc::new(Queue::new(options.queue)),
        metrics: Arc::clone(metrics),
        load: Arc::new(Load::new()),
        batch_rows_max: if batched { options.batch_rows_max } else { 1 },
    };
    Ok(Chosen {
        executor: Executor::Python(PythonExecutor::start(parts, worker, options.scaling.clone())),
        report,
    })
}

fn blank_report(folder: &ModelFolder) -> DeploymentReport {
    DeploymentReport {
        executor: ExecutorKind::Python,
        why: "asked for".into(),
        batching: None,
        parity: None,
        model: ModelReport {
            flavor: folder.native_flavor().to_owned(),
            mlflow_version: folder.mlflow_version.clone(),
            sklearn_version: folder.sklearn.as_ref().and_then(|flavor| flavor.version.clone()),
            serialization_format: folder.sklearn.as_ref().map(|flavor| flavor.format.clone()),
            native_description: None,
        },
        python: None,
        gateway_version: env!("CARGO_PKG_VERSION"),
    }
}

/// The model in ONNX Runtime, or why not; `None` if that is neither asked for nor to be expected.
async fn onnx(folder: &ModelFolder, options: &Options) -> Option<Result<OnnxExecutor, String>> {
    match options.executor {
        ExecutorChoice::Onnx => {}
        ExecutorChoice::Auto if folder.onnx.is_some() => {}
        _ => return None,
    }
    let (folder, library) = (folder.clone(), options.onnxruntime.clone());
    let python = find_python(options.python.as_deref());
    Some(off_thread(move || OnnxExecutor::open(&folder, library.as_deref(), &python)).await)
}

/// Compare a skops file, evaluated natively, with what Python answers for the model in `folder`.
///
/// For callers that keep such a file beside a model and want the proof before they deploy it, or again after an upgrade.
pub async fn compare_with_python(
    folder: &ModelFolder,
    skops: &[u8],
    options: &Options,
) -> Result<ParityReport, DeployError> {
    let native = NativeExecutor::from_skops(skops, folder).map_err(DeployError::NotNative)?;
    let python = options.environments.python(folder, options.python.as_deref()).await?;
    let spec = WorkerSpec::new(python, absolute(&folder.path), options)?;
    let mut worker = Worker::start(&spec).await?;
    let report = parity::compare(folder, &native, &mut worker).await;
    worker.stop().await;
    report.map_err(|error| DeployError::NotNative(chain(&error)))
}

/// Native was demanded and there is no Python to compare with: say so and go on.
fn native_without_proof(
    folder: &ModelFolder,
    options: &Options,
    mut report: DeploymentReport,
    python: &StartError,
) -> Result<Chosen, DeployError> {
    let native = NativeExecutor::from_folder(folder).map_err(|reason| {
        DeployError::NotNative(format!(
            "{reason} (and without Python it cannot be rewritten: {python})"
        ))
    })?;
    report.executor = ExecutorKind::Native;
    report.model.native_description = Some(native.describe());
    report.why = format!(
        "asked for; not compared with Python, because no worker could be started: {}",
        chain(python)
    );
    tracing::warn!("{}", report.why);
    let resident = Resident::new(native, Source::Folder, folder, options.native_memory.clone());
    Ok(Chosen {
        executor: Executor::Native(resident),
        report,
    })
}

/// A native executor that has passed the comparison, or why there is none.
async fn proven_native(
    folder: &ModelFolder,
    worker: &mut Worker,
    report: &mut DeploymentReport,
) -> Result<(NativeExecutor, Source, ParityReport), String> {
    let (native, source) = if folder.is_pickled() {
        let converted = worker.convert().await.map_err(|error| error.to_string())?;
        let folder = folder.clone();
        let read = move || {
            let native = NativeExecutor::from_rewritten(converted.rewritten(), &folder)?;
            let source = Source::keep(&converted);
            Ok((
                native,
                source.map_err(|error| format!("what Python wrote cannot be kept: {error}"))?,
            ))
        };
        off_thread(read).await?
    } else {
        let folder = folder.clone();
        (
            off_thread(move || NativeExecutor::from_folder(&folder)).await?,
            Source::Folder,
        )
    };
    report.model.native_description = Some(native.describe());
    let parity = parity::compare(folder, &native, worker)
        .await
        .map_err(|error| error.to_string())?;
    if parity.passed {
        return Ok((native, source, parity));
    }
    let reason = parity.verdict.clone();
    report.parity = Some(parity);
    Err(reason)
}

/// Reading a large forest takes a good part of a second.
async fn off_thread<T: Send + 'static>(read: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|_| Err("reading the model was interrupted".into()))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

//! How a model is to be deployed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::executor::NativeMemory;
use crate::scaling::Scaling;
use crate::worker::{Environments, Supervision};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExecutorChoice {
    /// ONNX Runtime for ONNX models, native if it is proven to answer as Python does, Python otherwise.
    #[default]
    Auto,
    Native,
    Onnx,
    Python,
}

impl std::str::FromStr for ExecutorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "native" => Ok(Self::Native),
            "onnx" => Ok(Self::Onnx),
            "python" => Ok(Self::Python),
            _ => Err(format!("`{text}` is not an executor; use auto, native, onnx or python")),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Options {
    /// Names for metrics and `/model-info`.
    pub model_name: String,
    pub model_version: String,
    pub executor: ExecutorChoice,
    /// The shared library of ONNX Runtime; `None` for the one that `ORT_DYLIB_PATH` names or that is beside the Python.
    pub onnxruntime: Option<PathBuf>,
    /// The Python that has mlflow and the model's libraries; see [`crate::find_python`] for the default.
    pub python: Option<PathBuf>,
    /// Where that Python comes from if none is given.
    pub environments: Environments,
    /// Variables of the workers' environment, besides their own.
    pub environment: BTreeMap<String, String>,
    /// How many Python worker processes there are.
    pub scaling: Scaling,
    /// What native models may take together; `None` for no bound.
    pub native_memory: Option<Arc<NativeMemory>>,
    /// Requests that may wait for a worker.
    pub queue: usize,
    /// From the whole body to the answer.
    pub deadline: Duration,
    pub body_bytes_max: usize,
    /// Rows in one call of the model; more than one row of more than one request only if the model is row-wise.
    pub batch_rows_max: usize,
    /// Whether requests may share a call. `None`: only for libraries known to predict row by row.
    pub batching: Option<bool>,
    pub supervision: Supervision,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            model_name: "model".into(),
            model_version: "1".into(),
            executor: ExecutorChoice::Auto,
            onnxruntime: None,
            python: None,
            environments: Environments::default(),
            environment: BTreeMap::new(),
            scaling: Scaling::fixed(1),
            native_memory: None,
            queue: 1024,
            deadline: Duration::from_mins(1),
            body_bytes_max: 16 << 20,
            batch_rows_max: 128,
            batching: None,
            supervision: Supervision::default(),
        }
    }
}

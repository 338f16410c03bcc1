//! The ways to score a table, behind one name.

mod memory;
mod native;
#[cfg_attr(not(feature = "onnx"), path = "onnx_absent.rs")]
mod onnx;
mod python;
mod resident;

pub use memory::NativeMemory;
pub(crate) use native::{NativeExecutor, Rewritten, rows as native_rows};
pub(crate) use onnx::OnnxExecutor;
pub(crate) use python::PythonExecutor;
pub(crate) use resident::{Resident, Source};

use crate::worker::ReplicaCounts;

pub(crate) enum Executor {
    Native(Resident),
    Onnx(OnnxExecutor),
    Python(PythonExecutor),
}

impl Executor {
    pub(crate) fn ready(&self) -> bool {
        match self {
            Self::Native(_) | Self::Onnx(_) => true,
            Self::Python(python) => python.ready(),
        }
    }

    /// Requests that wait for a worker.
    pub(crate) fn queued(&self) -> usize {
        match self {
            Self::Native(_) | Self::Onnx(_) => 0,
            Self::Python(python) => python.queued(),
        }
    }

    pub(crate) fn worker_pids(&self) -> Vec<u32> {
        match self {
            Self::Native(_) | Self::Onnx(_) => Vec::new(),
            Self::Python(python) => python.worker_pids(),
        }
    }

    pub(crate) fn replicas(&self) -> ReplicaCounts {
        match self {
            Self::Native(_) | Self::Onnx(_) => ReplicaCounts::default(),
            Self::Python(python) => python.replicas(),
        }
    }

    /// Whether the model is in memory.
    pub(crate) fn is_loaded(&self) -> bool {
        match self {
            Self::Native(native) => native.is_loaded(),
            Self::Onnx(onnx) => onnx.is_loaded(),
            Self::Python(python) => python.replicas().ready > 0,
        }
    }

    /// Out of memory, until `load`.
    pub(crate) async fn unload(&self) {
        match self {
            Self::Native(native) => native.release(),
            Self::Onnx(onnx) => onnx.release(),
            Self::Python(python) => python.unload().await,
        }
    }

    pub(crate) async fn load(&self) -> Result<(), String> {
        match self {
            Self::Native(native) => native.model().await.map(drop).map_err(|error| error.to_string()),
            Self::Onnx(onnx) => onnx.load().await,
            Self::Python(python) => python.load().await,
        }
    }
}

//! What a deployment can say of how it scores: which executor, why, and the proof.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::worker::Handshake;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutorKind {
    Native,
    Onnx,
    Python,
}

impl ExecutorKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Onnx => "onnx",
            Self::Python => "python",
        }
    }
}

/// Kept with the deployment and shown to whoever asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeploymentReport {
    pub executor: ExecutorKind,
    /// One sentence: why this executor and not the other.
    pub why: String,
    /// Whether requests share calls of the model, and why. Only the Python executor has calls to share.
    pub batching: Option<String>,
    /// Present when native scoring was compared with Python's.
    pub parity: Option<ParityReport>,
    pub model: ModelReport,
    /// The worker's own account of itself, when one was started.
    pub python: Option<Handshake>,
    pub gateway_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    pub flavor: String,
    pub mlflow_version: Option<String>,
    pub sklearn_version: Option<String>,
    pub serialization_format: Option<String>,
    /// What the native evaluator says the model is, when it could read it.
    pub native_description: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ParityReport {
    pub passed: bool,
    /// What came out, in one sentence.
    pub verdict: String,
    /// `bit-exact`, or the bound and what it is a fraction of.
    pub required: String,
    pub rows_compared: usize,
    /// Rows per kind of row: `example`, `grid`, `missing`, ..
    pub rows_by_kind: BTreeMap<&'static str, usize>,
    /// The same by kind, with what they came to.
    pub kinds: BTreeMap<&'static str, KindReport>,
    /// Rows that both executors refuse; they count as equal.
    pub rows_both_refuse: usize,
    pub rows_differing: usize,
    pub max_absolute_difference: f64,
    pub max_relative_difference: f64,
    pub first_difference: Option<Difference>,
}

/// Rows of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KindReport {
    pub rows: usize,
    pub both_refuse: usize,
    pub differing: usize,
    pub max_relative_difference: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub kind: &'static str,
    pub row: String,
    pub python: String,
    pub native: String,
}

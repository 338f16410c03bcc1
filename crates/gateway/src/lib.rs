//! Fettle's scoring data plane: models from a folder to answers over HTTP, without a database.
//!
//! A request travels [`input`] (body to typed table) -> executor (in Rust, or a supervised Python worker behind a
//! queue that forms batches) -> MLflow's JSON. Which executor serves a model is decided once, at start, and is proven
//! by comparing both on the same rows.

mod batching;
mod choice;
mod comparison;
mod deployment;
mod edge_rows;
mod endpoint;
mod error;
mod executor;
mod explanation;
pub mod faces;
pub mod fallback;
mod frame;
mod gateway;
mod http;
pub mod input;
mod invocation;
mod metrics;
mod mirroring;
mod model_folder;
pub mod open_inference;
mod options;
mod parity;
mod payload;
pub mod python_json;
mod queue;
mod report;
pub mod routing;
mod scaling;
mod signature;
mod worker;

pub use choice::{DeployError, compare_with_python};
pub use deployment::Deployment;
pub use endpoint::{Disabled, Endpoint, Member, MemberState, Route, Running, TrafficState};
pub use error::{ScoreError, ScoreResponse};
pub use executor::NativeMemory;
pub use explanation::{Explainer, Explanation};
pub use frame::{Column, ColumnData, Frame, Layout};
pub use gateway::{Gateway, retire};
pub use http::{StartingRouter, scoring_router};
pub use invocation::{Answer, Exchange, Invocation, Observer};
pub use metrics::{Tally, Usage};
pub use mirroring::{Agreement, MirrorSample, Pair};
pub use model_folder::{ModelFolder, ModelFolderError, SklearnFlavor};
pub use options::{ExecutorChoice, Options};
pub use payload::Payload;
pub use report::{DeploymentReport, Difference, ExecutorKind, KindReport, ModelReport, ParityReport};
pub use scaling::{Scaling, ScalingMetric};
pub use signature::{ColumnType, Inputs, NamedColumn, Parameter, Signature};
pub use worker::{
    CallError, EnvironmentError, EnvironmentManager, Environments, Handshake, Recycling, ReplicaCounts, StartError,
    Supervision, find_python,
};

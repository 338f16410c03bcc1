//! The Open Inference Protocol, version 2 (KServe, MLServer, Triton), over HTTP and gRPC.
//!
//! A request is tensors. [`Deployment`] turns them into the table its model's signature asks for and scores it like any
//! other; what MLflow's JSON says of the predictions becomes tensors again. Triton's extensions for binary tensors and
//! for its model repository are understood.
//!
//! Which models there are is for a [`Repository`] to say: one model of `fettle serve`, or the endpoints of a server.
//!
//! [`Deployment`]: crate::Deployment

mod binary;
mod datatype;
mod error;
mod grpc;
mod http;
mod input;
#[cfg(feature = "onnx")]
mod json_tensors;
mod metadata;
mod nested;
mod output;
mod repository;
mod request;
mod response;
mod tensor;

pub use datatype::Datatype;
pub use error::InferenceError;
pub use grpc::serve as serve_grpc;
pub use http::routes;
pub(crate) use input::{Read, as_json, read};
#[cfg(feature = "onnx")]
pub(crate) use json_tensors::tensors_of_json;
pub use metadata::TensorSpec;
pub(crate) use metadata::{INPUT, OUTPUT};
pub use repository::{IndexEntry, ModelState, Repository, Scored, Single};
pub use request::{InferRequest, RequestedOutput};
pub use tensor::{Data, Tensor};

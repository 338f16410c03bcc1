//! In place of the ONNX executor where the feature `onnx` is off.
#![expect(
    clippy::unused_async,
    reason = "with the signatures of the executor that it stands for"
)]

use std::path::Path;

use bytes::Bytes;

use crate::error::ScoreError;
use crate::frame::Frame;
use crate::model_folder::ModelFolder;
use crate::open_inference::InferRequest;

/// There is none.
#[derive(Clone)]
pub(crate) enum OnnxExecutor {}

impl OnnxExecutor {
    pub(crate) fn open(_: &ModelFolder, _: Option<&Path>, _: &Path) -> Result<Self, String> {
        Err("this build of Fettle has no ONNX executor (feature `onnx`)".into())
    }

    pub(crate) fn describe(&self) -> String {
        match *self {}
    }

    pub(crate) async fn score(&self, _: Frame) -> Result<Bytes, ScoreError> {
        match *self {}
    }

    pub(crate) async fn score_tensors(&self, _: &InferRequest) -> Result<Bytes, ScoreError> {
        match *self {}
    }

    pub(crate) async fn score_json(&self, _: &[u8]) -> Result<Bytes, ScoreError> {
        match *self {}
    }

    pub(crate) fn is_loaded(&self) -> bool {
        match *self {}
    }

    pub(crate) fn release(&self) {
        match *self {}
    }

    pub(crate) async fn load(&self) -> Result<(), String> {
        match *self {}
    }
}

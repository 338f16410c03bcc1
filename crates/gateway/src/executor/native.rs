//! Scoring in Rust, without a Python process.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::ScoreError;
use crate::frame::Frame;
use crate::model_folder::ModelFolder;
use crate::parity::Tolerance;

#[derive(Clone)]
pub(crate) struct NativeExecutor {
    model: Arc<()>,
}

impl NativeExecutor {
    pub(crate) fn from_folder(_folder: &ModelFolder) -> Result<Self, String> {
        Err("not yet".into())
    }
    pub(crate) fn from_skops(_skops: &[u8], _folder: &ModelFolder) -> Result<Self, String> {
        Err("not yet".into())
    }
    pub(crate) fn score(&self, _frame: &Frame) -> Result<Bytes, ScoreError> {
        let _ = &self.model;
        Err(ScoreError::BadRequest("not yet".into()))
    }
    pub(crate) fn tolerance(&self) -> Tolerance {
        Tolerance::Exact
    }
    pub(crate) fn column_names(&self) -> Option<&[String]> {
        None
    }
    pub(crate) fn column_count(&self) -> usize {
        0
    }
    pub(crate) fn describe(&self) -> String {
        String::new()
    }
}

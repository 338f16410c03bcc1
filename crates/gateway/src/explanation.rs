//! How much each input has to do with the answers of a model that is scored natively.

use crate::deployment::Deployment;
use crate::error::ScoreError;
use crate::executor::{Executor, NativeExecutor};
use crate::frame::Layout;
use crate::input::{self, Parsed};
use crate::signature::Signature;

/// Explains rows of one model. Linear models are explained from the mean of the background, trees from the ways that
/// their training data took.
pub struct Explainer {
    native: NativeExecutor,
    signature: Signature,
    background: fettle_native::Rows,
}

/// The attributions of some rows, each summed over the outputs without its sign.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    pub inputs: Vec<String>,
    /// Row by row, one value for each input.
    pub values: Vec<f64>,
}

impl Deployment {
    /// `background` is a body in MLflow's JSON. The error says why there are no explanations.
    pub async fn explainer(&self, background: &[u8]) -> Result<Explainer, ScoreError> {
        let Executor::Native(native) = self.executor() else {
            return Err(ScoreError::Unavailable(
                "the model is not scored natively, so its attributions are not known here".to_owned(),
            ));
        };
        let signature = self.folder().signature.clone();
        let (background, _) = rows(background, &signature)?;
        Ok(Explainer {
            native: native.model().await?,
            signature,
            background,
        })
    }
}

impl Explainer {
    /// The attributions of a body of rows in MLflow's JSON; it computes, and is not for a thread of the runtime.
    pub fn explain(&self, body: &[u8]) -> Result<Explanation, ScoreError> {
        let (rows, named) = rows(body, &self.signature)?;
        let found = self.native.attributions(&rows, &self.background)?;
        let name = |at: usize| {
            let of_model = self.native.column_names().and_then(|names| names.get(at));
            of_model
                .or_else(|| named.get(at))
                .cloned()
                .unwrap_or_else(|| at.to_string())
        };
        Ok(Explanation {
            inputs: (0..found.inputs).map(name).collect(),
            values: found
                .values
                .chunks_exact(found.outputs)
                .map(|outputs| outputs.iter().map(|value| value.abs()).sum())
                .collect(),
        })
    }
}

fn rows(body: &[u8], signature: &Signature) -> Result<(fettle_native::Rows, Vec<String>), ScoreError> {
    match input::parse_json(body, signature)? {
        Parsed::Table { frame, .. } => {
            let names = match frame.layout {
                Layout::Table => frame.columns.iter().map(|column| column.name.clone()).collect(),
                Layout::NumberedTable | Layout::Matrix => Vec::new(),
            };
            Ok((crate::executor::native_rows(frame)?, names))
        }
        Parsed::Unread(reason) => Err(ScoreError::BadRequest(format!(
            "the rows cannot be explained: only Python reads {reason}"
        ))),
    }
}

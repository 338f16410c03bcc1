//! Scoring in Rust, without a Python process.

use std::sync::Arc;

use bytes::Bytes;
use fettle_native::{Column, Exactness, Method, Model, Output, PredictError, Rows};

use crate::error::ScoreError;
use crate::frame::{ColumnData, Frame, Layout};
use crate::model_folder::ModelFolder;
use crate::parity::Tolerance;
use crate::python_json;
use crate::signature::Inputs;

/// A model the `native` crate could read, and the method the folder asks for. Cloning shares the model.
#[derive(Clone)]
pub(crate) struct NativeExecutor {
    model: Arc<Model>,
    method: Method,
}

impl NativeExecutor {
    /// From a folder whose model file is skops already. The error says what stands in the way.
    pub(crate) fn from_folder(folder: &ModelFolder) -> Result<Self, String> {
        let Some(flavor) = &folder.sklearn else {
            return Err(format!("the {} flavour is scored in Python", folder.native_flavor()));
        };
        if flavor.format != "skops" {
            return Err(format!(
                "the model file is {}, which only Python may open",
                flavor.format
            ));
        }
        let bytes = ModelFolder::sklearn_bytes(flavor).map_err(|error| error.to_string())?;
        let file = flavor.file.file_name().unwrap_or_default().to_string_lossy();
        Self::from_skops(&bytes, folder).map_err(|reason| format!("`{file}`: {reason}"))
    }

    pub(crate) fn from_skops(skops: &[u8], folder: &ModelFolder) -> Result<Self, String> {
        if let Inputs::Opaque(what) = &folder.signature.inputs {
            return Err(format!("the signature has {what}, which only Python reads"));
        }
        if folder.loader_module != "mlflow.sklearn" {
            return Err(format!(
                "the model is loaded by `{}`, which is scored in Python",
                folder.loader_module
            ));
        }
        let method = match folder.predict_fn.as_str() {
            "predict" => Method::Predict,
            "predict_proba" => Method::PredictProba,
            other => {
                return Err(format!(
                    "the model is served through `{other}`, which is scored in Python"
                ));
            }
        };
        let model = Model::from_skops(skops).map_err(|refusal| refusal.to_string())?;
        Ok(Self {
            model: Arc::new(model),
            method,
        })
    }

    pub(crate) fn score(&self, frame: Frame) -> Result<Bytes, ScoreError> {
        let rows = rows(frame)?;
        let output = self
            .model
            .predict(&rows, self.method)
            .map_err(|error| refused(&error))?;
        Ok(Bytes::from(predictions(&output)))
    }

    pub(crate) fn tolerance(&self) -> Tolerance {
        match self.model.exactness() {
            Exactness::BitExact => Tolerance::Exact,
            Exactness::WithinRelative(limit) => Tolerance::Relative(limit),
        }
    }

    pub(crate) fn column_names(&self) -> Option<&[String]> {
        self.model.input_names()
    }

    pub(crate) fn column_count(&self) -> usize {
        self.model.input_count()
    }

    pub(crate) fn describe(&self) -> String {
        self.model.describe()
    }
}

/// What MLflow answers when the estimator raises.
fn refused(error: &PredictError) -> ScoreError {
    ScoreError::BadRequest(format!(
        "Encountered an unexpected error while evaluating the model. Verify that the serialized input Dataframe is \
         compatible with the model for inference. {error}"
    ))
}

fn rows(frame: Frame) -> Result<Rows, ScoreError> {
    let named = frame.layout == Layout::Table;
    let mut names = Vec::with_capacity(if named { frame.columns.len() } else { 0 });
    let mut columns = Vec::with_capacity(frame.columns.len());
    for column in frame.columns {
        columns.push(match column.data {
            ColumnData::Double(values) => Column::F64(values),
            ColumnData::Float(values) => Column::F32(values),
            ColumnData::Long(values) => Column::I64(values),
            ColumnData::Integer(values) => Column::I32(values),
            ColumnData::Boolean(values) => Column::Bool(values),
            ColumnData::Text(values) => Column::Text(values),
            ColumnData::Datetime(_) => {
                return Err(ScoreError::BadRequest(format!(
                    "Invalid input. Column {} holds dates, which this model is not scored on without Python",
                    column.name
                )));
            }
        });
        if named {
            names.push(column.name);
        }
    }
    Rows::new(named.then_some(names), columns).map_err(|error| refused(&error))
}

/// MLflow's answer: `{"predictions": [...]}`, a list per row for a matrix.
fn predictions(output: &Output) -> String {
    let mut out = String::with_capacity(64);
    out.push_str("{\"predictions\": ");
    match output {
        Output::F64 { values, columns: 1 } => python_json::list(&mut out, values, |out, value| {
            python_json::float(out, *value);
        }),
        Output::F64 { values, columns } => python_json::list(&mut out, values.chunks(*columns), |out, row| {
            python_json::list(out, row, |out, value| python_json::float(out, *value));
        }),
        Output::I64(values) => python_json::list(&mut out, values, |out, value| out.push_str(&value.to_string())),
        Output::Bool(values) => python_json::list(&mut out, values, |out, value| {
            out.push_str(if *value { "true" } else { "false" });
        }),
        Output::Text(values) => python_json::list(&mut out, values, |out, value| python_json::text(out, value)),
    }
    out.push('}');
    out
}

//! Scoring in Rust, without a Python process.

use std::sync::Arc;

use bytes::Bytes;
use fettle_native::{
    Attributions, ClassLabels, Column, Exactness, LightgbmClass, Method, Model, Output, PredictError, Refusal, Rows,
    XgboostClass,
};

use crate::error::ScoreError;
use crate::frame::{ColumnData, Frame, Layout};
use crate::model_folder::{BoostedFlavor, BoostedLibrary, ModelFolder};
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
    /// From a folder whose model file is data already. The error says what stands in the way.
    pub(crate) fn from_folder(folder: &ModelFolder) -> Result<Self, String> {
        let (path, read): (_, Box<Reader>) = if let Some(flavor) = &folder.sklearn {
            if flavor.format != "skops" {
                return Err(format!(
                    "the model file is {}, which only Python may open",
                    flavor.format
                ));
            }
            (&flavor.file, Box::new(Model::from_skops))
        } else if let Some(flavor) = &folder.boosted {
            (&flavor.file, boosted_reader(flavor)?)
        } else {
            return Err(format!("the {} flavour is scored in Python", folder.native_flavor()));
        };
        let method = method(folder)?;
        let bytes = ModelFolder::model_bytes(path).map_err(|error| error.to_string())?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let model = read(&bytes).map_err(|refusal| format!("`{file}`: {refusal}"))?;
        Ok(Self::new(model, method))
    }

    /// From a scikit-learn model that was rewritten.
    pub(crate) fn from_skops(skops: &[u8], folder: &ModelFolder) -> Result<Self, String> {
        Self::from_rewritten(Rewritten::Skops(skops), folder)
    }

    /// From what Python wrote of a pickled model.
    pub(crate) fn from_rewritten(rewritten: Rewritten<'_>, folder: &ModelFolder) -> Result<Self, String> {
        let method = method(folder)?;
        let model = match rewritten {
            Rewritten::Skops(bytes) => Model::from_skops(bytes),
            Rewritten::Lightgbm(bytes, labels) => {
                Model::from_lightgbm(bytes, labels.map_or(LightgbmClass::Booster, LightgbmClass::Classifier))
            }
        };
        Ok(Self::new(model.map_err(|refusal| refusal.to_string())?, method))
    }

    fn new(model: Model, method: Method) -> Self {
        Self {
            model: Arc::new(model),
            method,
        }
    }

    pub(crate) fn score(&self, frame: Frame) -> Result<Bytes, ScoreError> {
        let rows = rows(frame)?;
        let output = self
            .model
            .predict(&rows, self.method)
            .map_err(|error| refused(&error))?;
        Ok(Bytes::from(predictions(&output)))
    }

    pub(crate) fn attributions(&self, rows: &Rows, background: &Rows) -> Result<Attributions, ScoreError> {
        let found = self.model.attributions(rows, background);
        found.map_err(|error| refused(&error))?.ok_or_else(|| {
            ScoreError::Unavailable(format!(
                "{} has no attributions here: linear models and trees have them, alone or behind steps that make every \
                 column of one column",
                self.model.describe()
            ))
        })
    }

    /// The largest term of the sums behind a frame's answers; zero where that is not the measure or none are given.
    pub(crate) fn largest_term(&self, frame: Frame) -> f64 {
        if self.model.exactness() == Exactness::BitExact {
            return 0.0;
        }
        let term = rows(frame).ok().and_then(|rows| self.model.largest_term(&rows).ok());
        term.filter(|term| term.is_finite()).unwrap_or_default()
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

/// A pickled model that Python has written as data.
pub(crate) enum Rewritten<'a> {
    Skops(&'a [u8]),
    /// The text of the booster, and the labels if it is a classifier's.
    Lightgbm(&'a [u8], Option<ClassLabels>),
}

type Reader = dyn Fn(&[u8]) -> Result<Model, Refusal>;

/// How the file of a boosted model is read.
fn boosted_reader(flavor: &BoostedFlavor) -> Result<Box<Reader>, String> {
    let class = flavor.class.rsplit('.').next().unwrap_or_default();
    match flavor.library {
        BoostedLibrary::Xgboost => {
            let class = match class {
                "Booster" => XgboostClass::Booster,
                "XGBRegressor" | "XGBRFRegressor" | "XGBRanker" => XgboostClass::Regressor,
                "XGBClassifier" | "XGBRFClassifier" => XgboostClass::Classifier,
                _ => return Err(format!("the model is a {}, which is scored in Python", flavor.class)),
            };
            Ok(Box::new(move |bytes| Model::from_xgboost(bytes, class)))
        }
        BoostedLibrary::Lightgbm if flavor.is_data() => {
            Ok(Box::new(|bytes| Model::from_lightgbm(bytes, LightgbmClass::Booster)))
        }
        BoostedLibrary::Lightgbm => Err(format!("the model is a pickled {class}, which only Python may open")),
    }
}

/// The method that the folder asks for, if its signature and loader leave the rest to the model.
fn method(folder: &ModelFolder) -> Result<Method, String> {
    if let Inputs::Opaque(what) = &folder.signature.inputs {
        return Err(format!("the signature has {what}, which only Python reads"));
    }
    if folder.boosted.is_some() && folder.signature.params.is_some() {
        return Err("the signature has parameters, which may change what the model answers".into());
    }
    if !matches!(
        folder.loader_module.as_str(),
        "mlflow.sklearn" | "mlflow.xgboost" | "mlflow.lightgbm"
    ) {
        return Err(format!(
            "the model is loaded by `{}`, which is scored in Python",
            folder.loader_module
        ));
    }
    match folder.predict_fn.as_str() {
        "predict" => Ok(Method::Predict),
        "predict_proba" => Ok(Method::PredictProba),
        other => Err(format!(
            "the model is served through `{other}`, which is scored in Python"
        )),
    }
}

/// What MLflow answers when the estimator raises.
fn refused(error: &PredictError) -> ScoreError {
    ScoreError::BadRequest(format!(
        "Encountered an unexpected error while evaluating the model. Verify that the serialized input Dataframe is \
         compatible with the model for inference. {error}"
    ))
}

pub(crate) fn rows(frame: Frame) -> Result<Rows, ScoreError> {
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
        Output::Column(values) => python_json::list(&mut out, values, |out, value| {
            python_json::list(out, [value], |out, value| python_json::float(out, *value));
        }),
        Output::I64(values) => python_json::list(&mut out, values, |out, value| out.push_str(&value.to_string())),
        Output::Bool(values) => python_json::list(&mut out, values, |out, value| {
            out.push_str(if *value { "true" } else { "false" });
        }),
        Output::Text(values) => python_json::list(&mut out, values, |out, value| python_json::text(out, value)),
        Output::Labels(outputs) => {
            let rows = 0..outputs.first().map_or(0, label_count);
            python_json::list(&mut out, rows, |out, row| {
                python_json::list(out, outputs, |out, labels| label(out, labels, row));
            });
        }
    }
    out.push('}');
    out
}

fn label_count(labels: &Output) -> usize {
    match labels {
        Output::I64(values) => values.len(),
        Output::Bool(values) => values.len(),
        Output::Text(values) => values.len(),
        Output::F64 { .. } | Output::Column(_) | Output::Labels(_) => 0,
    }
}

/// One label of one of several outputs.
fn label(out: &mut String, labels: &Output, row: usize) {
    match labels {
        Output::I64(values) => out.push_str(&values[row].to_string()),
        Output::Bool(values) => out.push_str(if values[row] { "true" } else { "false" }),
        Output::Text(values) => python_json::text(out, &values[row]),
        Output::F64 { .. } | Output::Column(_) | Output::Labels(_) => {}
    }
}

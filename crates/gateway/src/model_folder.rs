//! A model directory as MLflow writes it: `MLmodel` and the files it points to.
//!
//! The folder comes from somebody's upload, so nothing in it is believed: sizes are bounded, paths may not leave the
//! folder, and a file that is not an `MLmodel` gets an error that says so.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_yaml_ng::Value;

use crate::signature::{Inputs, Signature};

/// `MLmodel` files are a few kilobytes; wide signatures reach some megabytes.
const MLMODEL_BYTES_MAX: u64 = 16 << 20;
/// Examples beyond this are ignored; they only feed the parity check.
const EXAMPLE_BYTES_MAX: u64 = 4 << 20;
/// Above this a model file is not considered for native scoring.
const MODEL_FILE_BYTES_MAX: u64 = 2 << 30;

#[derive(Debug, thiserror::Error)]
pub enum ModelFolderError {
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: io::Error },
    #[error("`{path}` has {bytes} bytes, more than the limit of {limit}")]
    TooLarge { path: PathBuf, bytes: u64, limit: u64 },
    #[error("`{path}` is not an MLmodel file: {reason}")]
    NotAModel { path: PathBuf, reason: String },
}

/// A model directory whose `MLmodel` has been read.
#[derive(Debug, Clone)]
pub struct ModelFolder {
    pub path: PathBuf,
    pub signature: Signature,
    /// Flavour names in the order of the file, `python_function` among them.
    pub flavors: Vec<String>,
    pub loader_module: String,
    /// The method `mlflow.pyfunc` calls, `predict` unless the model says otherwise.
    pub predict_fn: String,
    pub sklearn: Option<SklearnFlavor>,
    pub boosted: Option<BoostedFlavor>,
    /// The file of a model that `mlflow.onnx` loads.
    pub onnx: Option<PathBuf>,
    pub mlflow_version: Option<String>,
    example: Option<Example>,
}

/// The saved input example: as a request body, or, before MLflow 2.17, as a table in split notation.
#[derive(Debug, Clone)]
enum Example {
    Body(PathBuf),
    Split(PathBuf),
}

#[derive(Debug, Clone)]
pub struct SklearnFlavor {
    pub file: PathBuf,
    /// `skops`, `cloudpickle` or `pickle`.
    pub format: String,
    pub version: Option<String>,
}

/// A model of XGBoost or LightGBM.
#[derive(Debug, Clone)]
pub struct BoostedFlavor {
    pub library: BoostedLibrary,
    pub file: PathBuf,
    /// The Python class that was saved, such as `xgboost.sklearn.XGBClassifier`.
    pub class: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoostedLibrary {
    Xgboost,
    Lightgbm,
}

impl BoostedLibrary {
    /// The name of the flavour.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xgboost => "xgboost",
            Self::Lightgbm => "lightgbm",
        }
    }

    /// The class whose models MLflow saves without naming it.
    fn bare_class(self) -> &'static str {
        match self {
            Self::Xgboost => "xgboost.core.Booster",
            Self::Lightgbm => "lightgbm.basic.Booster",
        }
    }
}

impl BoostedFlavor {
    /// Whether the file is the library's own and not a pickle.
    pub fn is_data(&self) -> bool {
        self.library == BoostedLibrary::Xgboost || self.class == BoostedLibrary::Lightgbm.bare_class()
    }
}

#[derive(Deserialize)]
struct RawModel {
    flavors: BTreeMap<String, Value>,
    #[serde(default)]
    signature: Option<RawSignature>,
    #[serde(default)]
    mlflow_version: Option<String>,
    #[serde(default)]
    is_signature_from_type_hint: Option<bool>,
    #[serde(default)]
    saved_input_example_info: Option<RawExample>,
}

#[derive(Deserialize)]
struct RawSignature {
    #[serde(default)]
    inputs: Option<String>,
    #[serde(default)]
    outputs: Option<String>,
    #[serde(default)]
    params: Option<String>,
}

#[derive(Deserialize)]
struct RawExample {
    #[serde(default)]
    serving_input_path: Option<String>,
    #[serde(default)]
    artifact_path: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl ModelFolder {
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ModelFolderError> {
        let path = path.into();
        let file = path.join("MLmodel");
        let text = read_bounded(&file, MLMODEL_BYTES_MAX)?;
        let not_a_model = |reason: String| ModelFolderError::NotAModel {
            path: file.clone(),
            reason,
        };
        let text = String::from_utf8(text).map_err(|_| not_a_model("it is not UTF-8 text".into()))?;
        let raw: RawModel = serde_yaml_ng::from_str(&text).map_err(|error| not_a_model(error.to_string()))?;
        read_model(&path, &raw).map_err(not_a_model)
    }

    /// The body MLflow's own client would send for the saved input example, if there is one of a sensible size.
    pub fn serving_example(&self) -> Option<Vec<u8>> {
        let read = |path| read_bounded(path, EXAMPLE_BYTES_MAX).ok();
        match self.example.as_ref()? {
            Example::Body(path) => read(path),
            Example::Split(path) => Some([b"{\"dataframe_split\": ", read(path)?.as_slice(), b"}"].concat()),
        }
    }

    /// The bytes of a model's file.
    pub(crate) fn model_bytes(file: &Path) -> Result<Vec<u8>, ModelFolderError> {
        read_bounded(file, MODEL_FILE_BYTES_MAX)
    }

    /// The file that holds a model of a library that is scored natively.
    pub(crate) fn native_file(&self) -> Option<&Path> {
        let sklearn = self.sklearn.as_ref().map(|flavor| flavor.file.as_path());
        sklearn.or_else(|| self.boosted.as_ref().map(|flavor| flavor.file.as_path()))
    }

    /// Whether the model is a pickle of a library that is scored natively once Python has written it as data.
    pub(crate) fn is_pickled(&self) -> bool {
        match (&self.sklearn, &self.boosted) {
            (Some(flavor), _) => flavor.format != "skops",
            (None, Some(flavor)) => !flavor.is_data(),
            (None, None) => false,
        }
    }

    /// Whether each row's prediction is known not to depend on the other rows of the same call.
    pub fn is_row_wise(&self) -> bool {
        let module = self.loader_module.as_str();
        matches!(module, "mlflow.sklearn" | "mlflow.xgboost" | "mlflow.lightgbm")
            && matches!(
                self.predict_fn.as_str(),
                "predict" | "predict_proba" | "predict_log_proba"
            )
    }

    /// The flavour that names the model's own library.
    pub fn native_flavor(&self) -> &str {
        self.flavors
            .iter()
            .find(|name| *name != "python_function")
            .map_or("python_function", String::as_str)
    }
}

fn read_model(folder: &Path, raw: &RawModel) -> Result<ModelFolder, String> {
    let pyfunc = raw
        .flavors
        .get("python_function")
        .ok_or("it has no `python_function` flavour; only models that `mlflow.pyfunc` can load are served")?;
    let loader_module = text_of(pyfunc, "loader_module").ok_or("flavors.python_function.loader_module is missing")?;
    let mut signature = match &raw.signature {
        Some(signature) => Signature::from_json(signature.inputs.as_deref(), signature.params.as_deref())?
            .with_outputs(signature.outputs.as_deref()),
        None => Signature::undeclared(),
    };
    if raw.is_signature_from_type_hint == Some(true) {
        // MLflow hands such models the `inputs` as they are, and pydantic has the say.
        signature.inputs = Inputs::Opaque("inputs declared by Python type hints".into());
    }
    let sklearn = raw
        .flavors
        .get("sklearn")
        .map(|flavor| read_sklearn(folder, flavor, pyfunc))
        .transpose()?;
    let boosted = [BoostedLibrary::Xgboost, BoostedLibrary::Lightgbm]
        .into_iter()
        .find_map(|library| Some((library, raw.flavors.get(library.name())?)))
        .map(|(library, flavor)| read_boosted(folder, library, flavor, pyfunc))
        .transpose()?;
    let onnx = raw
        .flavors
        .get("onnx")
        .filter(|_| loader_module == "mlflow.onnx")
        .map(|flavor| text_of(flavor, "data").ok_or("flavors.onnx.data is missing"))
        .transpose()?
        .map(|file| inside(folder, &file))
        .transpose()?;
    let example = raw
        .saved_input_example_info
        .as_ref()
        .map(|info| read_example(folder, info))
        .transpose()?;
    Ok(ModelFolder {
        path: folder.to_path_buf(),
        signature,
        flavors: raw.flavors.keys().cloned().collect(),
        loader_module,
        predict_fn: text_of(pyfunc, "predict_fn").unwrap_or_else(|| "predict".into()),
        sklearn,
        boosted,
        onnx,
        mlflow_version: raw.mlflow_version.clone(),
        example: example.flatten(),
    })
}

fn read_sklearn(folder: &Path, flavor: &Value, pyfunc: &Value) -> Result<SklearnFlavor, String> {
    // What `mlflow.pyfunc` loads, which is the same file unless somebody edited one of the two entries.
    let file = text_of(pyfunc, "model_path")
        .or_else(|| text_of(flavor, "pickled_model"))
        .ok_or("flavors.sklearn.pickled_model is missing")?;
    Ok(SklearnFlavor {
        file: inside(folder, &file)?,
        format: text_of(flavor, "serialization_format").unwrap_or_else(|| "pickle".into()),
        version: text_of(flavor, "sklearn_version"),
    })
}

fn read_boosted(
    folder: &Path,
    library: BoostedLibrary,
    flavor: &Value,
    pyfunc: &Value,
) -> Result<BoostedFlavor, String> {
    let file = text_of(pyfunc, "data")
        .or_else(|| text_of(flavor, "data"))
        .ok_or_else(|| format!("flavors.{}.data is missing", library.name()))?;
    Ok(BoostedFlavor {
        library,
        file: inside(folder, &file)?,
        class: text_of(flavor, "model_class").unwrap_or_else(|| library.bare_class().into()),
    })
}

fn read_example(folder: &Path, info: &RawExample) -> Result<Option<Example>, String> {
    if let Some(name) = &info.serving_input_path {
        return inside(folder, name).map(|path| Some(Example::Body(path)));
    }
    match (&info.artifact_path, info.kind.as_deref()) {
        (Some(name), Some("dataframe")) => inside(folder, name).map(|path| Some(Example::Split(path))),
        _ => Ok(None),
    }
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// `folder/name`, unless `name` would lead out of the folder.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let relative = Path::new(name);
    if relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        Ok(folder.join(relative))
    } else {
        Err(format!("the path `{name}` leads out of the model folder"))
    }
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, ModelFolderError> {
    let read_error = |source| ModelFolderError::Read {
        path: path.to_path_buf(),
        source,
    };
    let bytes = fs::metadata(path).map_err(read_error)?.len();
    if bytes > limit {
        return Err(ModelFolderError::TooLarge {
            path: path.to_path_buf(),
            bytes,
            limit,
        });
    }
    fs::read(path).map_err(read_error)
}

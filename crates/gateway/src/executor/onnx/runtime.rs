//! ONNX Runtime, loaded when the first model asks for it. It is a shared library that is not part of this binary.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;

/// One for the process, once there is one.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// The library that is given, else the one `ORT_DYLIB_PATH` names, else that of the `onnxruntime` wheel beside `python`.
pub(super) fn environment(given: Option<&Path>, python: &Path) -> Result<Environment, String> {
    let mut environment = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*environment {
        return Ok(environment.clone());
    }
    let library = library(given, python)?;
    let loaded = ort::init_from(&library)
        .map_err(|error| format!("ONNX Runtime: {error}"))?
        .with_name("fettle")
        .build()
        .map_err(|error| format!("ONNX Runtime: {error}"))?;
    tracing::info!("Loaded ONNX Runtime from `{}`", library.display());
    *environment = Some(loaded.clone());
    Ok(loaded)
}

fn library(given: Option<&Path>, python: &Path) -> Result<PathBuf, String> {
    if let Some(given) = given {
        return Ok(given.to_path_buf());
    }
    if let Some(named) = std::env::var_os("ORT_DYLIB_PATH").filter(|value| !value.is_empty()) {
        return Ok(named.into());
    }
    wheel(python).ok_or_else(|| {
        "ONNX Runtime is not here; install the Python package `onnxruntime` beside the model's Python, or name its shared \
         library with --onnxruntime or ORT_DYLIB_PATH"
            .into()
    })
}

/// `lib/python3.11/site-packages/onnxruntime/capi/libonnxruntime.so.1.31.1` of a virtual environment.
fn wheel(python: &Path) -> Option<PathBuf> {
    let library = python.parent()?.parent()?.join("lib");
    let versions = std::fs::read_dir(library).ok()?.flatten();
    let folders = versions.map(|version| version.path().join("site-packages/onnxruntime/capi"));
    folders
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|files| files.flatten().map(|file| file.path()))
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libonnxruntime.so") || (name.starts_with("libonnxruntime.") && name.ends_with(".dylib"))
        })
}

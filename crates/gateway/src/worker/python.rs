//! Which Python runs the model.

use std::path::{Path, PathBuf};

/// The interpreter given, else `FETTLE_PYTHON`, else the active virtual environment's, else `python3` on the path.
pub fn find_python(given: Option<&Path>) -> PathBuf {
    if let Some(given) = given {
        return given.to_path_buf();
    }
    if let Some(named) = std::env::var_os("FETTLE_PYTHON").filter(|value| !value.is_empty()) {
        return named.into();
    }
    if let Some(environment) = std::env::var_os("VIRTUAL_ENV").filter(|value| !value.is_empty()) {
        return Path::new(&environment).join("bin/python");
    }
    "python3".into()
}

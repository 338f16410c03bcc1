//! Python environments, one folder per list of requirements, kept in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};

use crate::progress::step;
use crate::run::{run_quietly, twice};
use crate::system::{self, Need};
use crate::{fingerprint, project};

/// One environment at a time: what is wanted now may be on its way already.
static TURNS: Mutex<()> = Mutex::new(());

/// An environment with the packages of a requirements file; answers with its Python.
pub(crate) fn environment(name: &str, requirements: &Path) -> Result<PathBuf> {
    let text = fs::read_to_string(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let folder = project::cache()?
        .join("python")
        .join(format!("{name}-{}", fingerprint::of_text(&text)));
    let python = folder.join("bin/python");
    let complete = folder.join("complete");
    if fingerprint::is_done(&complete, &text) {
        return Ok(python);
    }
    let _turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    fingerprint::unless_done(&complete, &text, || {
        let uv = uv()?;
        step(
            &format!("Installing the Python packages of {}", requirements.display()),
            || {
                twice("the installation", || {
                    run_quietly(
                        uv_command(&uv)?
                            .args(["venv", "--quiet", "--clear", "--python", "python3"])
                            .arg(&folder),
                    )?;
                    let mut install = uv_command(&uv)?;
                    install
                        .args(["pip", "install", "--quiet", "--compile-bytecode", "--python"])
                        .arg(&python)
                        .arg("--requirement")
                        .arg(requirements);
                    run_quietly(&mut install).map(drop)
                })
            },
        )
    })?;
    Ok(python)
}

/// `uv`, in an environment of its own: it installs in seconds what takes pip minutes.
fn uv() -> Result<PathBuf> {
    let folder = project::cache()?.join("python/uv");
    let uv = folder.join("bin/uv");
    if !uv.is_file() {
        system::ensure(&[Need::PythonVenv])?;
        step("Installing uv", || {
            twice("the installation", || {
                run_quietly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
                run_quietly(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "uv"])).map(drop)
            })
        })?;
    }
    Ok(uv)
}

/// `uv` with the machine's pip settings, which it does not read by itself.
fn uv_command(uv: &Path) -> Result<Command> {
    let settings = run_quietly(Command::new(uv.with_file_name("pip")).args(["config", "list"]))?;
    let mut command = Command::new(uv);
    for (name, value) in settings.lines().filter_map(uv_setting) {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    Ok(command)
}

/// One line of `pip config list`, such as `global.index-url='https://example.org/simple'`, as uv's variable.
fn uv_setting(line: &str) -> Option<(&'static str, String)> {
    let (key, value) = line.split_once('=')?;
    let name = match key.rsplit('.').next()? {
        "index-url" => "UV_DEFAULT_INDEX",
        "extra-index-url" => "UV_INDEX",
        "find-links" => "UV_FIND_LINKS",
        "cert" => "SSL_CERT_FILE",
        _ => return None,
    };
    Some((name, value.trim_matches('\'').to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_settings_become_uv_settings() {
        let expected = Some(("UV_DEFAULT_INDEX", "https://example.org/simple".to_owned()));
        assert_eq!(uv_setting("global.index-url='https://example.org/simple'"), expected);
        assert_eq!(
            uv_setting(":env:.find-links='/opt/wheels'"),
            Some(("UV_FIND_LINKS", "/opt/wheels".to_owned()))
        );
        assert_eq!(uv_setting(":env:.default-timeout='180'"), None);
        assert_eq!(uv_setting(""), None);
    }
}

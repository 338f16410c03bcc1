//! A Python environment of a model's own, made from the requirements that were logged with it.
//!
//! Environments are kept, one for each set of requirements and Python version, so the second model that needs the same
//! starts at once. Nothing but the package index that pip or uv is set up for is asked, and with a wheelhouse not even
//! that.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use super::python::{find_python, is_named};
use crate::model_folder::ModelFolder;

/// Installing large libraries from a slow index takes a while.
const BUILD_MAX: Duration = Duration::from_mins(20);
const LOCK_POLL: Duration = Duration::from_millis(200);
const OUTPUT_CHARS_KEPT: usize = 2000;

/// What makes the environment that a model runs in; the names are those of MLflow's `--env-manager`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentManager {
    /// None: the Python that is given has what the model needs.
    Local,
    Uv,
    Virtualenv,
}

impl std::str::FromStr for EnvironmentManager {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "local" => Ok(Self::Local),
            "uv" => Ok(Self::Uv),
            "virtualenv" => Ok(Self::Virtualenv),
            _ => Err(format!(
                "`{text}` is no environment manager; use local, uv or virtualenv"
            )),
        }
    }
}

/// Where environments come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environments {
    /// `None`: the Python that is given or active, or `python3` if it has mlflow; else one is made, by uv if it is
    /// installed.
    pub manager: Option<EnvironmentManager>,
    /// Where they are kept; `None` for `fettle/environments` in the user's cache.
    pub folder: Option<PathBuf>,
    /// A folder with all wheels that are needed; no index is asked then.
    pub wheelhouse: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    #[error("the model's environment cannot be kept in `{}`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("`{program}` cannot be run; {hint}")]
    Program {
        program: String,
        hint: &'static str,
        source: io::Error,
    },
    #[error("`{command}` failed while the model's environment was made: {output}")]
    Failed { command: String, output: String },
    #[error("making the model's environment took more than {} minutes", BUILD_MAX.as_secs() / 60)]
    Slow,
}

/// What `python_env.yaml` says beside the requirements.
#[derive(Default, Deserialize)]
struct PythonEnv {
    #[serde(default)]
    python: Option<String>,
}

impl Environments {
    /// The Python that is to run the model: the one that is given, or one with the model's requirements installed.
    pub(crate) async fn python(&self, folder: &ModelFolder, given: Option<&Path>) -> Result<PathBuf, EnvironmentError> {
        let manager = match self.manager {
            Some(manager) => manager,
            None if is_named(given) || has_mlflow(&find_python(given)).await => EnvironmentManager::Local,
            None if runs("uv").await => EnvironmentManager::Uv,
            None => EnvironmentManager::Virtualenv,
        };
        if manager == EnvironmentManager::Local {
            return Ok(find_python(given));
        }
        let wanted = Wanted::of(folder, manager);
        timeout(BUILD_MAX, self.made(&wanted))
            .await
            .map_err(|_| EnvironmentError::Slow)?
    }

    /// Made by whoever asks first; others, of other processes too, wait for it.
    async fn made(&self, wanted: &Wanted) -> Result<PathBuf, EnvironmentError> {
        let root = self.folder.clone().unwrap_or_else(default_folder);
        let kept = |source| EnvironmentError::Folder {
            path: root.clone(),
            source,
        };
        fs::create_dir_all(&root).map_err(kept)?;
        let folder = root.join(&wanted.key);
        let (python, complete) = (folder.join("bin/python"), folder.join("complete"));
        let lock = File::create(root.join(format!("{}.lock", wanted.key))).map_err(kept)?;
        while let Err(error) = lock.try_lock() {
            match error {
                fs::TryLockError::WouldBlock => sleep(LOCK_POLL).await,
                fs::TryLockError::Error(error) => return Err(kept(error)),
            }
        }
        if complete.is_file() {
            return Ok(python);
        }
        let began = Instant::now();
        tracing::info!("Making a Python environment in `{}`", folder.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(kept)?;
        }
        self.create(wanted, &folder).await?;
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, &wanted.requirements).map_err(kept)?;
        self.install(wanted, &python, &requirements).await?;
        fs::write(&complete, "").map_err(kept)?;
        tracing::info!(seconds = began.elapsed().as_secs(), "The Python environment is ready");
        Ok(python)
    }

    async fn create(&self, wanted: &Wanted, folder: &Path) -> Result<(), EnvironmentError> {
        let base = wanted.base_python().await;
        let mut command;
        if wanted.manager == EnvironmentManager::Uv {
            command = Command::new("uv");
            // An interpreter that is missing is not fetched from elsewhere.
            command.args(["venv", "--quiet", "--no-python-downloads", "--python", &base]);
        } else {
            command = Command::new(&base);
            command.args(["-m", "venv"]);
        }
        run(command.arg(folder)).await
    }

    async fn install(&self, wanted: &Wanted, python: &Path, requirements: &Path) -> Result<(), EnvironmentError> {
        let mut command;
        if wanted.manager == EnvironmentManager::Uv {
            command = Command::new("uv");
            // As pip does: a worker may not be allowed to write what it compiles.
            command
                .args(["pip", "install", "--quiet", "--compile-bytecode", "--python"])
                .arg(python);
        } else {
            command = Command::new(python);
            command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        }
        if let Some(wheelhouse) = &self.wheelhouse {
            command.arg("--no-index").arg("--find-links").arg(wheelhouse);
        }
        run(command.arg("--requirement").arg(requirements)).await
    }
}

/// An environment, by what is in it.
struct Wanted {
    manager: EnvironmentManager,
    requirements: String,
    /// `3.11`, if the model says so.
    python: Option<String>,
    key: String,
}

impl Wanted {
    fn of(folder: &ModelFolder, manager: EnvironmentManager) -> Self {
        let read = |name: &str| fs::read_to_string(folder.path.join(name)).unwrap_or_default();
        let requirements = with_mlflow(&read("requirements.txt"), folder.mlflow_version.as_deref());
        let environment: PythonEnv = serde_yaml_ng::from_str(&read("python_env.yaml")).unwrap_or_default();
        let python = environment.python.as_deref().and_then(minor_version);
        let described = format!("{manager:?}\n{}\n{requirements}", python.as_deref().unwrap_or("3"));
        let hash = digest(&SHA256, described.as_bytes());
        let first: [u8; 16] = std::array::from_fn(|at| hash.as_ref()[at]);
        let key = format!("{:032x}", u128::from_be_bytes(first));
        Self {
            manager,
            requirements,
            python,
            key,
        }
    }

    /// The interpreter of the version the model was made with, or the one there is.
    async fn base_python(&self) -> String {
        if let Some(version) = &self.python {
            let program = format!("python{version}");
            if runs(&program).await {
                return program;
            }
            tracing::warn!("The model was made with Python {version}, which is not here; `python3` is used");
        }
        "python3".to_owned()
    }
}

/// The worker itself needs MLflow, whatever the list says.
fn with_mlflow(requirements: &str, version: Option<&str>) -> String {
    let names_it = |line: &str| {
        let name = line.trim().split(['=', '<', '>', '~', '!', '[', ' ', ';']).next();
        matches!(name, Some("mlflow" | "mlflow-skinny"))
    };
    let mut requirements = requirements.trim_end().to_owned() + "\n";
    if !requirements.lines().any(names_it) {
        requirements += &version.map_or_else(|| "mlflow\n".to_owned(), |version| format!("mlflow=={version}\n"));
    }
    requirements
}

/// `3.11` of `3.11.4`. Anything that is no version is not run.
fn minor_version(text: &str) -> Option<String> {
    let mut parts = text.trim().split('.');
    let (major, minor) = (parts.next()?.parse::<u8>().ok()?, parts.next()?.parse::<u8>().ok()?);
    Some(format!("{major}.{minor}"))
}

fn default_folder() -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache.unwrap_or_else(std::env::temp_dir).join("fettle/environments")
}

async fn runs(program: &str) -> bool {
    succeeds(Command::new(program).arg("--version")).await
}

async fn has_mlflow(python: &Path) -> bool {
    let found = "import importlib.util, sys; sys.exit(importlib.util.find_spec('mlflow') is None)";
    succeeds(Command::new(python).args(["-c", found])).await
}

async fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().await.is_ok_and(|status| status.success())
}

async fn run(command: &mut Command) -> Result<(), EnvironmentError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| EnvironmentError::Program {
            program: program.clone(),
            hint: "install it, or name a Python that has what the model needs with --python",
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let words: Vec<_> = command.as_std().get_args().map(|word| word.to_string_lossy()).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    let skipped = said.chars().count().saturating_sub(OUTPUT_CHARS_KEPT);
    Err(EnvironmentError::Failed {
        command: format!("{program} {}", words.join(" ")),
        output: said.chars().skip(skipped).collect::<String>().trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_always_have_mlflow() {
        for (text, expected) in [
            ("", "\nmlflow==3.1.0\n"),
            ("numpy==2\nmlflow==2.9.2", "numpy==2\nmlflow==2.9.2\n"),
            ("mlflow[extras]>=3\n", "mlflow[extras]>=3\n"),
            ("mlflow-skinny\n", "mlflow-skinny\n"),
            ("mlflow-export-import\n", "mlflow-export-import\nmlflow==3.1.0\n"),
        ] {
            assert_eq!(with_mlflow(text, Some("3.1.0")), expected, "{text}");
        }
        assert_eq!(with_mlflow("", None), "\nmlflow\n");
    }

    #[test]
    fn only_versions_are_versions() {
        assert_eq!(minor_version("3.11.4").as_deref(), Some("3.11"));
        assert_eq!(minor_version("3.9").as_deref(), Some("3.9"));
        for text in ["", "3", "three.one", "../3.1", "3.x"] {
            assert_eq!(minor_version(text), None, "{text}");
        }
    }
}

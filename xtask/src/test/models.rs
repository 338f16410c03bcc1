//! A zoo of models, trained by the newest and by an older scikit-learn, XGBoost and LightGBM, each answering 10,000 rows
//! in Python and natively.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Result, bail};

use crate::cargo::build_example;
use crate::progress::step;
use crate::run::{run as run_command, run_quietly};
use crate::test::client;
use crate::{project, python};

/// Of each of the sets that a model is asked for, of which it answers four or more.
const ROWS: &str = "2500";
const TREES: &str = "10";
const GENERATORS: [&str; 2] = ["generate.py", "generate_boosted.py"];

/// `arguments` go to the generators, such as `--only CASE..`.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let pythons = [("newest", client::newest()?), ("older", older()?)];
    let folder = project::temporary("models")?;
    let golden = project::root().join("crates/native/tests/golden");
    let generate = |name: &str, python: &std::path::Path| -> Result<()> {
        for generator in GENERATORS {
            let mut command = Command::new(python);
            command
                .arg(golden.join(generator))
                .arg("--out")
                .arg(folder.path().join(name).join(generator.trim_end_matches(".py")));
            command.args(["--rows", ROWS, "--trees", TREES]).args(arguments);
            // One thread each: there is a process for each processor already.
            command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
            run_quietly(&mut command)?;
        }
        Ok(())
    };
    step("Training the models and asking Python", || {
        thread::scope(|scope| {
            let running = pythons
                .each_ref()
                .map(|(name, python)| scope.spawn(|| generate(name, python)));
            for thread in running {
                match thread.join() {
                    Ok(outcome) => outcome?,
                    Err(_) => bail!("a generator panicked"),
                }
            }
            Ok(())
        })
    })?;
    let mut check = Command::new(build_example("check_golden")?);
    check.args(pythons.iter().map(|(name, _)| folder.path().join(name)));
    step("The models natively", || run_command(&mut check))
}

/// The environment with older releases of the libraries.
pub(crate) fn older() -> Result<PathBuf> {
    let requirements = project::root().join("tests/requirements/models-older.txt");
    python::environment("models-older", &requirements)
}

//! The demo runs through, with the binary of the tests and in a folder that goes away.

use anyhow::Result;

use crate::cargo::{Profile, build_fettle};
use crate::demo::{Options, show};
use crate::project;

pub(crate) fn run() -> Result<()> {
    let folder = project::temporary("demo")?;
    let options = Options {
        port: 5600,
        folder: Some(folder.path().join("data")),
        exit: true,
    };
    show(&build_fettle(Profile::Dev)?, &options)
}

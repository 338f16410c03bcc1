//! The two ways to score a table, behind one name.

mod native;
mod python;

pub(crate) use native::{NativeExecutor, Rewritten};
pub(crate) use python::PythonExecutor;

pub(crate) enum Executor {
    Native(NativeExecutor),
    Python(PythonExecutor),
}

//! Why a file cannot be read. Every message names the file; line numbers count from 1.

use std::path::PathBuf;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum Error {
    #[error("cannot read `{}`: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("`{}` is not a Parquet file: {source}", path.display())]
    Parquet {
        path: PathBuf,
        source: parquet::errors::ParquetError,
    },
    #[error("cannot read column `{column}` of `{}`: {message}", path.display())]
    Column {
        path: PathBuf,
        column: String,
        message: String,
    },
    #[error("`{}`: {source}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("`{}` line {line}: {message}", path.display())]
    Line { path: PathBuf, line: u64, message: String },
    #[error("`{}` has no ending that names its format: .parquet, .csv, .tsv, .jsonl or .ndjson", path.display())]
    UnknownFormat { path: PathBuf },
    #[error("`{}` has no column `{column}`", path.display())]
    NoColumn { path: PathBuf, column: String },
    #[error("`{}` has two columns named `{column}`", path.display())]
    TwoColumns { path: PathBuf, column: String },
}

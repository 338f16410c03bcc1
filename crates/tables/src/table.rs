//! A file with what is known of it before its rows are read.

use crate::{
    Error, csv, jsonl,
    parquet::{self, ParquetFile},
};
use fettle_stats::profile::{ColumnProfile, Kind, Settings, dataset::DatasetProfile};
use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Parquet,
    /// Fields separated by this byte, the first line their names.
    Csv(u8),
    /// A JSON object a line.
    JsonLines,
}

impl Format {
    /// By the ending of the file's name.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match ending.to_ascii_lowercase().as_str() {
            "parquet" | "pq" | "parq" => Ok(Self::Parquet),
            "csv" => Ok(Self::Csv(b',')),
            "tsv" => Ok(Self::Csv(b'\t')),
            "jsonl" | "ndjson" => Ok(Self::JsonLines),
            _ => Err(Error::UnknownFormat { path: path.to_owned() }),
        }
    }
}

/// A column of a file. `kind` is `None` where it shows only while reading, and `is_nested` where it holds no plain
/// values and cannot be profiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub kind: Option<Kind>,
    pub is_nested: bool,
}

#[derive(Debug)]
pub struct Table {
    path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Parquet(ParquetFile),
    Csv(u8),
    JsonLines,
}

impl Table {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let source = match Format::of(path)? {
            Format::Parquet => Source::Parquet(ParquetFile::open(path)?),
            Format::Csv(separator) => Source::Csv(separator),
            Format::JsonLines => Source::JsonLines,
        };
        // A missing file is told of now, not after the other one has been read.
        std::fs::File::open(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            source,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows and columns, when the file's footer tells.
    pub fn parquet(&self) -> Option<&ParquetFile> {
        match &self.source {
            Source::Parquet(file) => Some(file),
            Source::Csv(_) | Source::JsonLines => None,
        }
    }

    /// Profiles the columns that `wanted` accepts, reading the file once from beginning to end. `kinds` are those of a
    /// reference: values that are not of them count as type errors.
    pub fn profile(
        &self,
        settings: Settings,
        kinds: &BTreeMap<String, Kind>,
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<DatasetProfile, Error> {
        self.profile_rows(settings, kinds, wanted, 0..u64::MAX)
    }

    /// As [`Table::profile`], of some of the rows.
    pub fn profile_rows(
        &self,
        settings: Settings,
        kinds: &BTreeMap<String, Kind>,
        wanted: &(dyn Fn(&str) -> bool + Sync),
        rows: Range<u64>,
    ) -> Result<DatasetProfile, Error> {
        match &self.source {
            Source::Parquet(file) => parquet::profile(file, settings, wanted, rows),
            Source::Csv(separator) => csv::profile(&self.path, *separator, settings, kinds, wanted, rows),
            Source::JsonLines => jsonl::profile(&self.path, settings, kinds, wanted, rows),
        }
    }

    /// How many rows there are; text formats are read for it.
    pub fn count_rows(&self) -> Result<u64, Error> {
        match &self.source {
            Source::Parquet(file) => Ok(file.rows()),
            Source::Csv(separator) => csv::count_rows(&self.path, *separator),
            Source::JsonLines => jsonl::count_rows(&self.path),
        }
    }
}

/// The profile that a column starts with: of a reference's kind if that is known.
pub(crate) fn empty(name: &str, settings: Settings, kinds: &BTreeMap<String, Kind>) -> ColumnProfile {
    kinds.get(name).map_or_else(
        || ColumnProfile::new(settings),
        |&kind| ColumnProfile::of_kind(kind, settings),
    )
}

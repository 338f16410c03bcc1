//! The zip around a model, with bounds on what it may unpack to.

use std::cell::Cell;
use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::Refusal;

/// A forest of 1,000 trees has some 3,000 entries.
const ENTRIES_MAX: usize = 400_000;
/// Counted over every read, so that a small entry named many times cannot exceed it either.
const UNPACKED_BYTES_MAX: u64 = 2 << 30;
/// A hundred trees have a tree of 1.5 MB.
pub(super) const SCHEMA_BYTES_MAX: u64 = 256 << 20;
pub(super) const ARRAY_BYTES_MAX: u64 = 1 << 30;

pub(crate) struct Archive<'a> {
    /// Cloned for each read, which shares the directory.
    zip: ZipArchive<Cursor<&'a [u8]>>,
    unpacked_left: Cell<u64>,
}

impl<'a> Archive<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let zip = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| Refusal::new("file", format!("is not a skops file (a zip): {error}")))?;
        if zip.len() > ENTRIES_MAX {
            return Err(Refusal::new(
                "file",
                format!("has {} entries, more than {ENTRIES_MAX}", zip.len()),
            ));
        }
        Ok(Self {
            zip,
            unpacked_left: Cell::new(UNPACKED_BYTES_MAX),
        })
    }

    /// Unpacks one entry. The sizes that the zip declares are not believed; what comes out is counted.
    pub(crate) fn read(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, Refusal> {
        let mut zip = self.zip.clone();
        let entry = zip.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => Refusal::new(name, "is not in the file"),
            error => Refusal::new(name, format!("cannot be unpacked: {error}")),
        })?;
        let limit = bytes_max.min(self.unpacked_left.get());
        let mut bytes = Vec::with_capacity(entry.size().min(1 << 20) as usize);
        let count = entry
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Refusal::new(name, format!("cannot be unpacked: {error}")))? as u64;
        if count > limit {
            return Err(Refusal::new(
                name,
                format!("unpacks to more than the {limit} bytes left for it"),
            ));
        }
        self.unpacked_left.set(self.unpacked_left.get() - count);
        Ok(bytes)
    }
}

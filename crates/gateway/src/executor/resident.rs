//! A native model that can leave the memory and come back: its file is still there, and reading it again takes a
//! fraction of a second.

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use tempfile::TempPath;

use super::memory::NativeMemory;
use super::native::NativeExecutor;
use crate::error::ScoreError;
use crate::model_folder::ModelFolder;
use crate::worker::Converted;

/// Where a native model is read from, again and again.
#[derive(Debug)]
pub(crate) enum Source {
    /// The model's own file.
    Folder,
    /// What Python wrote of a pickle, in a file of ours; `form` is what it sent, without the bytes.
    Rewritten { file: TempPath, form: Converted },
}

impl Source {
    /// Keeps what Python wrote.
    pub(crate) fn keep(converted: &Converted) -> std::io::Result<Self> {
        let mut file = tempfile::NamedTempFile::with_prefix("fettle-native-")?;
        file.write_all(&converted.bytes)?;
        Ok(Self::Rewritten {
            file: file.into_temp_path(),
            form: converted.with_bytes(Bytes::new()),
        })
    }

    fn read(&self, folder: &ModelFolder) -> Result<NativeExecutor, String> {
        match self {
            Self::Folder => NativeExecutor::from_folder(folder),
            Self::Rewritten { file, form } => {
                let bytes = ModelFolder::model_bytes(file).map_err(|error| error.to_string())?;
                NativeExecutor::from_rewritten(form.with_bytes(Bytes::from(bytes)).rewritten(), folder)
            }
        }
    }

    /// The size of the file, by which models are weighed.
    fn bytes(&self, folder: &ModelFolder) -> u64 {
        let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
        match self {
            Self::Folder => folder.native_file().map_or(0, size),
            Self::Rewritten { file, .. } => size(file),
        }
    }
}

/// One model's place in memory, full or empty.
#[derive(Clone)]
pub(crate) struct Resident(Arc<Place>);

pub(super) struct Place {
    folder: ModelFolder,
    source: Source,
    pub(super) bytes: u64,
    model: RwLock<Option<NativeExecutor>>,
    /// One reader at a time.
    reading: tokio::sync::Mutex<()>,
    pub(super) used: AtomicU64,
    memory: Option<Arc<NativeMemory>>,
}

impl Resident {
    pub(crate) fn new(
        model: NativeExecutor,
        source: Source,
        folder: &ModelFolder,
        memory: Option<Arc<NativeMemory>>,
    ) -> Self {
        let place = Arc::new(Place {
            bytes: source.bytes(folder),
            folder: folder.clone(),
            source,
            model: RwLock::new(Some(model)),
            reading: tokio::sync::Mutex::new(()),
            used: AtomicU64::new(0),
            memory,
        });
        if let Some(memory) = &place.memory {
            memory.add(&place);
            memory.make_room(&place);
        }
        Self(place)
    }

    /// The model, read again if it has left.
    pub(crate) async fn model(&self) -> Result<NativeExecutor, ScoreError> {
        let place = &self.0;
        if let Some(memory) = &place.memory {
            place.used.store(memory.next_use(), Ordering::Relaxed);
        }
        if let Some(model) = place.loaded() {
            return Ok(model);
        }
        let _turn = place.reading.lock().await;
        if let Some(model) = place.loaded() {
            return Ok(model);
        }
        let reader = Arc::clone(place);
        let read = tokio::task::spawn_blocking(move || reader.source.read(&reader.folder)).await;
        let model = read
            .unwrap_or_else(|_| Err("reading it was interrupted".into()))
            .map_err(|reason| ScoreError::Unavailable(format!("the model could not be read again: {reason}")))?;
        place.put(Some(model.clone()));
        if let Some(memory) = &place.memory {
            memory.make_room(place);
        }
        Ok(model)
    }

    /// Out of memory, as soon as nobody computes with it.
    pub(crate) fn release(&self) {
        self.0.put(None);
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.0.is_loaded()
    }
}

impl Place {
    fn loaded(&self) -> Option<NativeExecutor> {
        self.model.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.model.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(super) fn put(&self, model: Option<NativeExecutor>) {
        *self.model.write().unwrap_or_else(PoisonError::into_inner) = model;
    }
}

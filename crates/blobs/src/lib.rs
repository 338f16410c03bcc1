//! Artifact bytes: streamed in, streamed out, listed and deleted. Nothing is collected in memory.
//!
//! An upload becomes visible in one step when it is complete; an aborted one leaves nothing behind.

mod path;

pub use path::{BlobPath, InvalidPath};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path,
};
use std::{io::ErrorKind, ops::Range, sync::Arc};

/// Bytes gathered before they are handed to the store: S3 takes no smaller part, and a part is what a stream holds.
const PART: usize = 5 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is nothing at this path")]
    NotFound,
    #[error("the path is a folder")]
    IsFolder,
    #[error("a part of the path is a file")]
    UnderFile,
    #[error("the requested range is outside the file")]
    BadRange,
    #[error("the upload broke off: {0}")]
    Upload(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Path(#[from] InvalidPath),
    #[error("the artifact store failed: {0}")]
    Store(#[source] object_store::Error),
    #[error("the artifact store cannot be opened: {0}")]
    Open(String),
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            other => match io_error_kind(&other) {
                Some(ErrorKind::NotADirectory) => Self::UnderFile,
                Some(ErrorKind::IsADirectory) => Self::IsFolder,
                _ => Self::Store(other),
            },
        }
    }
}

/// What the file system said, beneath the store's own words.
fn io_error_kind(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => Some(error.kind()),
        None => io_error_kind(error.source()?),
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The artifact store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

/// A file or a folder directly below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// In bytes; none for a folder.
    pub size: Option<u64>,
}

/// Which bytes of a file are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRange {
    Whole,
    /// From the first to before the second.
    Bounded(Range<u64>),
    From(u64),
    Last(u64),
}

pub struct Download {
    /// The file's whole size.
    pub size: u64,
    /// What the stream carries.
    pub range: Range<u64>,
    pub etag: Option<String>,
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

impl Blobs {
    /// A folder on this machine, made if need be.
    pub fn folder(root: &std::path::Path) -> Result<Self> {
        let open = |e: &dyn std::fmt::Display| Error::Open(format!("{}: {e}", root.display()));
        std::fs::create_dir_all(root).map_err(|e| open(&e))?;
        let store = LocalFileSystem::new_with_prefix(root)
            .map_err(|e| open(&e))?
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store) })
    }

    /// Stores a stream and says how many bytes it had.
    pub async fn put<E>(&self, path: &BlobPath, mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin) -> Result<u64>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = path.object()?;
        let mut size = 0;
        let mut part = Part::default();
        let mut upload: Option<Box<dyn MultipartUpload>> = None;
        while let Some(chunk) = bytes.next().await {
            match chunk {
                Ok(chunk) => {
                    size += chunk.len() as u64;
                    part.push(chunk);
                }
                Err(error) => {
                    if let Some(mut upload) = upload {
                        upload.abort().await?;
                    }
                    return Err(Error::Upload(error.into()));
                }
            }
            if part.size >= PART {
                let target = match &mut upload {
                    Some(upload) => upload,
                    None => upload.insert(self.store.put_multipart(&path).await?),
                };
                target.put_part(part.take()).await?;
            }
        }
        match upload {
            None => {
                self.store.put(&path, part.take()).await?;
            }
            Some(mut upload) => {
                if part.size > 0 {
                    upload.put_part(part.take()).await?;
                }
                upload.complete().await?;
            }
        }
        Ok(size)
    }

    pub async fn get(&self, path: &BlobPath, range: ByteRange) -> Result<Download> {
        let path = path.object()?;
        let options = GetOptions {
            range: match range {
                ByteRange::Whole => None,
                ByteRange::Bounded(range) => Some(GetRange::Bounded(range)),
                ByteRange::From(start) => Some(GetRange::Offset(start)),
                ByteRange::Last(count) => Some(GetRange::Suffix(count)),
            },
            ..GetOptions::default()
        };
        let ranged = options.range.is_some();
        let got = match self.store.get_opts(&path, options).await {
            Ok(got) => got,
            Err(error) => return Err(self.explain_get(&path, error, ranged).await),
        };
        Ok(Download {
            size: got.meta.size,
            range: got.range.clone(),
            etag: got.meta.e_tag.clone(),
            bytes: got.into_stream().map_err(Error::from).boxed(),
        })
    }

    /// Files and folders directly below `folder`, by name; nothing is an empty folder. A file lists as itself.
    pub async fn list(&self, folder: &BlobPath) -> Result<Vec<Entry>> {
        let path = folder.object()?;
        let prefix = if folder.is_root() { None } else { Some(&path) };
        let listing = self.store.list_with_delimiter(prefix).await?;
        let folders = listing.common_prefixes.iter().map(|path| Entry {
            name: name(path),
            size: None,
        });
        let files = listing.objects.iter().map(|file| Entry {
            name: name(&file.location),
            size: Some(file.size),
        });
        let mut entries: Vec<Entry> = folders.chain(files).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// The size of a file; none if there is no such file.
    pub async fn size(&self, path: &BlobPath) -> Result<Option<u64>> {
        if path.is_root() {
            return Ok(None);
        }
        match self.store.head(&path.object()?).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            // The local store calls a folder an error of its own kind.
            Err(error) => match Error::from(error) {
                Error::NotFound => Ok(None),
                _ if self.is_folder(&path.object()?).await? => Ok(None),
                error => Err(error),
            },
        }
    }

    /// All files below `folder`, as paths relative to it.
    pub async fn list_all(&self, folder: &BlobPath) -> Result<Vec<(BlobPath, u64)>> {
        let path = folder.object()?;
        let prefix = if folder.is_root() { None } else { Some(&path) };
        let depth = path.parts().count();
        self.store
            .list(prefix)
            .map_err(Error::from)
            .and_then(|file| async move {
                let relative: Vec<String> = file
                    .location
                    .parts()
                    .skip(depth)
                    .map(|p| p.as_ref().to_owned())
                    .collect();
                Ok((BlobPath::parse(&relative.join("/"))?, file.size))
            })
            .try_collect()
            .await
    }

    /// Deletes a file, or a folder with all that is in it. What is not there counts as deleted.
    pub async fn delete(&self, path: &BlobPath) -> Result<()> {
        let path = path.object()?;
        let below: Vec<Path> = self
            .store
            .list(Some(&path))
            .map_ok(|file| file.location)
            .try_collect()
            .await?;
        for file in below.iter().chain([&path]) {
            match self.store.delete(file).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                // What remains of a folder whose files are gone is no file: some stores say so with an error.
                Err(_) if *file == path && !below.is_empty() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn explain_get(&self, path: &Path, error: object_store::Error, ranged: bool) -> Error {
        match Error::from(error) {
            Error::NotFound => match self.is_folder(path).await {
                Ok(true) => Error::IsFolder,
                _ => Error::NotFound,
            },
            _ if self.is_folder(path).await.unwrap_or(false) => Error::IsFolder,
            _ if ranged && self.store.head(path).await.is_ok() => Error::BadRange,
            error => error,
        }
    }

    async fn is_folder(&self, path: &Path) -> Result<bool> {
        Ok(self
            .store
            .list(Some(path))
            .next()
            .await
            .transpose()?
            .is_some_and(|file| file.location != *path))
    }
}

fn name(path: &Path) -> String {
    path.filename().unwrap_or_default().to_owned()
}

/// Chunks of an upload, waiting to be large enough for a part.
#[derive(Default)]
struct Part {
    chunks: Vec<Bytes>,
    size: usize,
}

impl Part {
    fn push(&mut self, chunk: Bytes) {
        self.size += chunk.len();
        self.chunks.push(chunk);
    }

    fn take(&mut self) -> PutPayload {
        self.size = 0;
        std::mem::take(&mut self.chunks).into_iter().collect()
    }
}

//! One store: a folder of this machine, or a bucket of a cloud.

use crate::{
    clouds::{self, AccountKey, Cloud},
    destination::Bucket,
    environment::Environment,
    error::{Error, Result},
    path::BlobPath,
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};
use std::{fmt, ops::Range, sync::Arc, time::Duration};

/// A store of artifacts; cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    pub(crate) store: Store,
    /// Below which all of it lies.
    pub(crate) prefix: BlobPath,
    /// The address, for people and logs.
    name: Arc<str>,
    /// Of an Azure account.
    pub(crate) account_key: Option<Arc<AccountKey>>,
}

#[derive(Clone)]
pub(crate) enum Store {
    Folder(Arc<LocalFileSystem>),
    Cloud(Arc<dyn Cloud>, Bucket),
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blobs({})", self.name)
    }
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

/// How long a store may take for the one question that is asked when the server starts.
const CHECK_WAIT: Duration = Duration::from_secs(10);

impl Blobs {
    /// A folder on this machine, made if need be.
    pub fn folder(root: &std::path::Path) -> Result<Self> {
        let open = |e: &dyn fmt::Display| Error::Open(format!("{}: {e}", root.display()));
        std::fs::create_dir_all(root).map_err(|e| open(&e))?;
        let store = LocalFileSystem::new_with_prefix(root)
            .map_err(|e| open(&e))?
            .with_automatic_cleanup(true)
            // What is acknowledged is on disk, as it is with the other stores.
            .with_fsync(true);
        Ok(Self {
            store: Store::Folder(Arc::new(store)),
            prefix: BlobPath::root(),
            name: root.display().to_string().into(),
            account_key: None,
        })
    }

    pub(crate) fn bucket(bucket: &Bucket, prefix: BlobPath, environment: &Environment) -> Result<Self> {
        let (store, account_key) =
            clouds::open(bucket, environment).map_err(|e| Error::Open(format!("{bucket}: {e}")))?;
        let name = if prefix.is_root() {
            bucket.to_string()
        } else {
            format!("{bucket}/{prefix}")
        };
        Ok(Self {
            store: Store::Cloud(store, bucket.clone()),
            prefix,
            name: name.into(),
            account_key: account_key.map(Arc::new),
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Asks the store something small. An error is an answer that more asking will not change.
    pub async fn check(&self) -> Result<()> {
        let refused = |e: &Error| Error::Open(format!("{}: {e}", self.name));
        match tokio::time::timeout(CHECK_WAIT, self.list_page(&BlobPath::root(), 1)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error @ Error::Open(_))) => Err(error),
            Ok(Err(error @ Error::Refused(_))) => Err(refused(&error)),
            Ok(Err(error)) => {
                tracing::warn!("The artifact store {} does not answer: {error}", self.name);
                Ok(())
            }
            Err(_) => {
                tracing::warn!("The artifact store {} does not answer.", self.name);
                Ok(())
            }
        }
    }

    pub(crate) fn objects(&self) -> &dyn ObjectStore {
        match &self.store {
            Store::Folder(store) => store.as_ref(),
            Store::Cloud(store, _) => store.as_ref(),
        }
    }

    /// The store's own path of a file or folder.
    pub(crate) fn object(&self, path: &BlobPath) -> Result<Path> {
        Ok(self.prefix.join(path).object()?)
    }

    pub async fn get(&self, path: &BlobPath, range: ByteRange) -> Result<Download> {
        let range = match (range, &self.store) {
            // Azure has no ranges that count from the end.
            (ByteRange::Last(count), Store::Cloud(_, Bucket::Azure { .. })) => {
                let size = self.size(path).await?.unwrap_or(0);
                ByteRange::From(size.saturating_sub(count))
            }
            (range, _) => range,
        };
        let path = self.object(path)?;
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
        let got = match self.objects().get_opts(&path, options).await {
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

    /// The size of a file; none if there is no such file.
    pub async fn size(&self, path: &BlobPath) -> Result<Option<u64>> {
        let path = self.object(path)?;
        if path.as_ref().is_empty() {
            return Ok(None);
        }
        match self.objects().head(&path).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            // The local store calls a folder an error of its own kind.
            Err(error) => match Error::from(error) {
                Error::NotFound => Ok(None),
                error @ Error::Refused(_) => Err(error),
                _ if self.is_folder(&path).await? => Ok(None),
                error => Err(error),
            },
        }
    }

    async fn explain_get(&self, path: &Path, error: object_store::Error, ranged: bool) -> Error {
        match Error::from(error) {
            Error::NotFound => match self.is_folder(path).await {
                Ok(true) => Error::IsFolder,
                _ => Error::NotFound,
            },
            error @ Error::Refused(_) => error,
            error if ranged => match self.objects().head(path).await {
                Ok(_) => Error::BadRange,
                Err(_) if self.is_folder(path).await.unwrap_or(false) => Error::IsFolder,
                Err(_) => error,
            },
            error => match &self.store {
                Store::Folder(_) if self.is_folder(path).await.unwrap_or(false) => Error::IsFolder,
                _ => error,
            },
        }
    }

    async fn is_folder(&self, path: &Path) -> Result<bool> {
        Ok(self
            .objects()
            .list(Some(path))
            .next()
            .await
            .transpose()?
            .is_some_and(|file| file.location != *path))
    }
}

//! A model's files, copied from the artifact store to a folder of this machine, where executors can open them.

use crate::error::{ApiError, ErrorCode, Result, not_found};
use bytes::Bytes;
use fettle_blobs::{BlobPath, ByteRange, Place, Stores};
use futures::{Stream, StreamExt, TryStreamExt};
use std::path::{Path, PathBuf};
use tokio::{fs, io::AsyncWriteExt};

/// Files of one model, and their size in bytes, beyond which it is not fetched.
const FILES_MAX: usize = 10_000;
const BYTES_MAX: u64 = 64 << 30;

/// Copies the files at `artifact_uri` into `folder`, which is emptied first.
pub(super) async fn fetch(stores: &Stores, artifact_uri: &str, folder: &Path) -> Result<()> {
    let place = stores.locate(artifact_uri)?;
    let files = list(&place, artifact_uri).await?;
    empty(folder).await?;
    for (path, _) in &files {
        let bytes = place.blobs.get(&place.path.join(path), ByteRange::Whole).await?.bytes;
        write(bytes.map_err(ApiError::from), &folder.join(path.as_str())).await?;
    }
    Ok(())
}

/// The files of a model that is not too large, and their sizes.
pub(super) async fn list(place: &Place, artifact_uri: &str) -> Result<Vec<(BlobPath, u64)>> {
    let files = place.blobs.list_all(&place.path, FILES_MAX).await?;
    if files.is_empty() {
        return Err(not_found(format!("There are no files at {artifact_uri}.")));
    }
    let bytes: u64 = files.iter().map(|(_, size)| size).sum();
    if bytes > BYTES_MAX {
        return Err(ApiError::new(
            ErrorCode::InvalidParameterValue,
            format!("The model at {artifact_uri} has {bytes} bytes; models of at most {BYTES_MAX} bytes are served."),
        ));
    }
    Ok(files)
}

pub(super) async fn empty(folder: &Path) -> Result<()> {
    if fs::try_exists(folder).await.unwrap_or(false) {
        fs::remove_dir_all(folder).await.map_err(failed(folder))?;
    }
    Ok(())
}

/// Writes a file as it comes.
pub(super) async fn write(mut bytes: impl Stream<Item = Result<Bytes>> + Unpin, to: &Path) -> Result<()> {
    let parent = to.parent().expect("a file in a folder has a parent");
    fs::create_dir_all(parent).await.map_err(failed(parent))?;
    let mut file = fs::File::create(to).await.map_err(failed(to))?;
    while let Some(chunk) = bytes.next().await {
        file.write_all(&chunk?).await.map_err(failed(to))?;
    }
    file.flush().await.map_err(failed(to))
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> ApiError {
    let path = PathBuf::from(path);
    move |error| {
        ApiError::new(
            ErrorCode::InternalError,
            "The model could not be copied to this machine.",
        )
        .because(format!("{}: {error}", path.display()))
    }
}

//! A stream becomes a file. What is large goes to the store in parts, a few of them at a time.

use crate::{
    blobs::{Blobs, Store},
    error::{Error, Result},
    path::BlobPath,
};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use std::sync::LazyLock;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
};

/// The first parts: S3 takes no smaller ones.
const PART: usize = 5 * 1024 * 1024;

/// Parts for a folder, which takes any size.
const FOLDER_PART: usize = 1024 * 1024;

/// Parts of one size, before they double: stores take at most 10,000 parts, so five sizes reach 300 GiB.
const PARTS_OF_A_SIZE: usize = 2000;

/// Parts of one upload that are on their way while the next is gathered.
const IN_FLIGHT_MAX: usize = 2;

/// Parts on their way beyond the first of each upload, over all uploads.
static EXTRA_PARTS: LazyLock<std::sync::Arc<Semaphore>> = LazyLock::new(|| Semaphore::new(16).into());

impl Blobs {
    /// Stores a stream and says how many bytes it had.
    pub async fn put<E>(&self, path: &BlobPath, mut bytes: impl Stream<Item = Result<Bytes, E>> + Unpin) -> Result<u64>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = self.object(path)?;
        let mut size = 0;
        let mut part = Part::default();
        let mut upload: Option<Upload> = None;
        while let Some(chunk) = bytes.next().await {
            let mut chunk = chunk.map_err(|error| Error::Upload(error.into()))?;
            size += chunk.len() as u64;
            while !chunk.is_empty() {
                let number = upload.as_ref().map_or(0, |upload| upload.number);
                let wanted = self.part_size(number);
                part.fill(&mut chunk, wanted, number > 0);
                if part.data.len() == wanted {
                    let upload = match &mut upload {
                        Some(upload) => upload,
                        None => upload.insert(Upload::new(self.objects().put_multipart(&path).await?)),
                    };
                    upload.send(part.take()).await?;
                }
            }
        }
        match upload {
            None => {
                self.objects().put(&path, part.take()).await?;
            }
            Some(mut upload) => {
                if !part.data.is_empty() {
                    upload.send(part.take()).await?;
                }
                upload.complete().await?;
            }
        }
        Ok(size)
    }

    fn part_size(&self, number: usize) -> usize {
        if self.is_folder_of_this_machine() {
            FOLDER_PART
        } else {
            part_size(number)
        }
    }

    /// Whether the files are in a folder of this machine.
    pub fn is_folder_of_this_machine(&self) -> bool {
        matches!(self.store, Store::Folder(_))
    }
}

fn part_size(number: usize) -> usize {
    PART << (number / PARTS_OF_A_SIZE).min(5)
}

/// An upload in parts. One that is dropped before it is complete is aborted: the client has gone, or the store failed.
struct Upload {
    inner: Option<Box<dyn MultipartUpload>>,
    in_flight: JoinSet<(object_store::Result<()>, Option<OwnedSemaphorePermit>)>,
    number: usize,
}

impl Upload {
    fn new(inner: Box<dyn MultipartUpload>) -> Self {
        Self {
            inner: Some(inner),
            in_flight: JoinSet::new(),
            number: 0,
        }
    }

    /// Hands a part over, and waits until there is room for it: that is what slows the client down.
    async fn send(&mut self, payload: PutPayload) -> Result<()> {
        let mut permit = None;
        if !self.in_flight.is_empty() {
            permit = EXTRA_PARTS.clone().try_acquire_owned().ok();
            let room = if permit.is_some() { IN_FLIGHT_MAX } else { 1 };
            while self.in_flight.len() >= room {
                self.join_one().await?;
            }
        }
        self.number += 1;
        if let Some(inner) = &mut self.inner {
            let part = inner.put_part(payload);
            self.in_flight.spawn(async move { (part.await, permit) });
        }
        Ok(())
    }

    async fn join_one(&mut self) -> Result<()> {
        match self.in_flight.join_next().await {
            None => Ok(()),
            Some(Ok((outcome, _))) => Ok(outcome?),
            Some(Err(error)) => Err(object_store::Error::from(error).into()),
        }
    }

    async fn complete(mut self) -> Result<()> {
        while !self.in_flight.is_empty() {
            self.join_one().await?;
        }
        if let Some(inner) = &mut self.inner {
            inner.complete().await?;
        }
        self.inner = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(mut inner), Ok(runtime)) = (self.inner.take(), Handle::try_current()) else {
            return;
        };
        let mut in_flight = std::mem::take(&mut self.in_flight);
        runtime.spawn(async move {
            in_flight.shutdown().await;
            if let Err(error) = inner.abort().await {
                tracing::warn!("A broken upload could not be removed from the artifact store: {error}");
            }
        });
    }
}

/// Bytes of an upload that are gathered until they are enough for a part. They are copied: chunks as they come hold the
/// larger buffers that they were cut from.
#[derive(Default)]
struct Part {
    data: Vec<u8>,
}

impl Part {
    /// Moves bytes of the chunk into the part until it has `wanted`. Stores want parts of one size, and memory of one size
    /// is used again. The first part of a file may be its last, so it grows with what comes.
    fn fill(&mut self, chunk: &mut Bytes, wanted: usize, follows_another: bool) {
        let piece = chunk.split_to(chunk.len().min(wanted - self.data.len()));
        let needed = self.data.len() + piece.len();
        if needed > self.data.capacity() {
            let room = if follows_another {
                wanted
            } else {
                needed.next_power_of_two().min(wanted)
            };
            self.data.reserve_exact(room - self.data.len());
        }
        self.data.extend_from_slice(&piece);
    }

    fn take(&mut self) -> PutPayload {
        std::mem::take(&mut self.data).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_the_size_that_is_wanted_and_small_files_take_little() {
        let mut part = Part::default();
        let mut chunk = Bytes::from(vec![7; 1500]);
        part.fill(&mut chunk, 4096, false);
        assert_eq!((part.data.len(), part.data.capacity()), (1500, 2048));
        let mut chunk = Bytes::from(vec![7; 3000]);
        part.fill(&mut chunk, 4096, false);
        assert_eq!((part.data.len(), part.data.capacity(), chunk.len()), (4096, 4096, 404));
        assert_eq!(part.take().content_length(), 4096);
        part.fill(&mut chunk, 4096, true);
        assert_eq!((part.data.len(), part.data.capacity(), chunk.len()), (404, 4096, 0));
    }

    #[test]
    fn ten_thousand_parts_hold_300_gib() {
        let total: usize = (0..10_000).map(part_size).sum();
        assert!(total >= 300 << 30, "{total}");
        assert_eq!(part_size(0), PART);
    }
}

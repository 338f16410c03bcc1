//! Files and whole folders go.

use crate::{
    blobs::Blobs,
    error::{Error, Result},
    path::BlobPath,
};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{ObjectStoreExt, path::Path};

/// Files that one request deletes, and names held at a time.
const BATCH: usize = 1000;

impl Blobs {
    /// Deletes a file, or a folder with all that is in it. What is not there counts as deleted.
    pub async fn delete(&self, path: &BlobPath) -> Result<()> {
        let path = self.object(path)?;
        let mut listing = self
            .objects()
            .list(Some(&path))
            .map_ok(|file| file.location)
            .chunks(BATCH);
        let mut was_folder = false;
        while let Some(batch) = listing.next().await {
            let batch: Vec<Path> = batch.into_iter().collect::<Result<_, object_store::Error>>()?;
            was_folder = true;
            self.delete_batch(batch).await?;
        }
        match self.objects().delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            // What remains of a folder whose files are gone is no file: some stores say so with an error.
            Err(error) => match Error::from(error) {
                error @ Error::Refused(_) => Err(error),
                _ if was_folder => Ok(()),
                error => Err(error),
            },
        }
    }

    async fn delete_batch(&self, batch: Vec<Path>) -> Result<()> {
        let mut deleted = self
            .objects()
            .delete_stream(stream::iter(batch.into_iter().map(Ok)).boxed());
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

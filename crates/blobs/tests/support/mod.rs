//! One body of tests for every store.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod clouds;
pub mod conformance;
pub mod server;
pub mod signatures;

use bytes::Bytes;
use fettle_blobs::{BlobPath, Blobs, ByteRange, Error};
use futures::{TryStreamExt, stream};

pub type Chunk = Result<Bytes, std::io::Error>;

pub fn path(text: &str) -> BlobPath {
    BlobPath::parse(text).expect("a good path")
}

pub async fn put(blobs: &Blobs, at: &str, data: &[u8]) {
    let chunks: Vec<Chunk> = data
        .chunks(1 << 20)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    let size = blobs.put(&path(at), stream::iter(chunks)).await.expect("stored");
    assert_eq!(size, data.len() as u64);
}

pub async fn get(blobs: &Blobs, at: &str, range: ByteRange) -> Result<Vec<u8>, Error> {
    let chunks: Vec<Bytes> = blobs.get(&path(at), range).await?.bytes.try_collect().await?;
    Ok(chunks.concat())
}

/// Bytes of which no two pages are alike.
pub fn data(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

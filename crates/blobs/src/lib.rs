//! Artifact bytes in folders, S3, Azure Blob Storage and Google Cloud Storage: streamed in, streamed out, listed,
//! deleted, and addresses signed with which clients reach a cloud themselves. Nothing is collected in memory.
//!
//! An upload becomes visible in one step when it is complete; a broken one leaves nothing behind.

mod blobs;
mod clouds;
mod delete;
mod destination;
mod environment;
mod error;
mod list;
mod path;
mod signed;
mod stores;
mod upload;

pub use blobs::{Blobs, ByteRange, Download};
pub use environment::Environment;
pub use error::{Error, Result};
pub use list::Entry;
pub use path::{BlobPath, InvalidPath};
pub use signed::{CompletedPart, PARTS_MAX, PartUpload, SignedUpload};
pub use stores::{Place, RESERVED, Stores};

//! What can go wrong with a store, as far as callers tell it apart.

use crate::path::InvalidPath;
use std::io::ErrorKind;

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
    #[error("the folder has more than {0} entries")]
    TooMany(usize),
    #[error("the upload broke off: {0}")]
    Upload(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the parts of the upload do not fit: {0}")]
    Parts(String),
    #[error(transparent)]
    Path(#[from] InvalidPath),
    /// The store has no addresses to sign, or nothing to sign them with.
    #[error("the store cannot sign addresses")]
    CannotSign,
    /// Nobody can open this: the address itself is wrong.
    #[error("{0}")]
    Unsupported(String),
    #[error("the artifact store cannot be opened: {0}")]
    Open(String),
    /// The store answers, and refuses this server.
    #[error("the artifact store refused: {0}")]
    Refused(#[source] object_store::Error),
    #[error("the artifact store failed: {0}")]
    Store(#[source] object_store::Error),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Self::Refused(error)
            }
            other => match (status(&other), io_error_kind(&other)) {
                (Some("404"), _) => Self::NotFound,
                (Some("401" | "403"), _) => Self::Refused(other),
                (_, Some(ErrorKind::NotADirectory)) => Self::UnderFile,
                (_, Some(ErrorKind::IsADirectory)) => Self::IsFolder,
                _ => Self::Store(other),
            },
        }
    }
}

/// The status that a cloud answered with. Of some requests the error says it in words only.
fn status(error: &object_store::Error) -> Option<&'static str> {
    let text = error.to_string();
    let (_, status) = text.split_once("non-2xx status code: ")?;
    ["401", "403", "404"].into_iter().find(|code| status.starts_with(code))
}

/// What the file system said, beneath the store's own words.
fn io_error_kind(error: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => Some(error.kind()),
        None => io_error_kind(error.source()?),
    }
}

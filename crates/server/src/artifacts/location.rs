//! Paths that clients give, and what stores say of them.

use crate::error::{ApiError, ErrorCode, Result, invalid};
use fettle_blobs::{BlobPath, Blobs, Error, RESERVED};
use percent_encoding::percent_decode_str;

/// A path that a client gave. However often it is percent-encoded, it must not lead out of its folder.
pub(crate) fn of_client(path: &str) -> Result<BlobPath> {
    check(path)?;
    Ok(BlobPath::parse(path)?)
}

/// A path in the server's own store. What was captured of requests is no artifact: it has readers of its own.
pub(super) fn of_store(path: &str) -> Result<BlobPath> {
    let path = of_client(path)?;
    if path.is_in(RESERVED) {
        return Err(ApiError::new(
            ErrorCode::PermissionDenied,
            "Captured requests are no artifacts: read them with fettle logs query or fettle capture export.",
        ));
    }
    Ok(path)
}

/// Rounds of decoding after which a path is taken for an attack.
const DECODINGS: usize = 10;

fn check(path: &str) -> Result<()> {
    let mut text = path.to_owned();
    for _ in 0..DECODINGS {
        let bad = text.contains(['#', '\0'])
            || text.starts_with('/')
            || text.split('/').any(|segment| segment == "..")
            || text.as_bytes().get(1) == Some(&b':')
                && text.as_bytes()[0].is_ascii_alphabetic()
                && text[2..].starts_with(['/', '\\']);
        if bad {
            return Err(invalid(format!(
                "Invalid path: '{}' must be relative, without '..' or '#'.",
                path.escape_debug()
            )));
        }
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            return Ok(());
        }
        text = decoded;
    }
    Err(invalid(format!(
        "Invalid path: '{}' is encoded too many times.",
        path.escape_debug()
    )))
}

impl From<fettle_blobs::InvalidPath> for ApiError {
    fn from(error: fettle_blobs::InvalidPath) -> Self {
        invalid(error.to_string())
    }
}

impl From<fettle_blobs::Error> for ApiError {
    fn from(error: fettle_blobs::Error) -> Self {
        explain(error, "The artifact store")
    }
}

/// Names the store in what went wrong with it.
pub(super) fn of(store: &Blobs) -> impl Fn(Error) -> ApiError {
    |error| explain(error, &format!("The artifact store {}", store.name()))
}

fn explain(error: Error, store: &str) -> ApiError {
    match error {
        Error::NotFound => crate::error::not_found("No such artifact."),
        Error::IsFolder => invalid("The artifact path is a folder: list it, or name a file in it."),
        Error::UnderFile => invalid("A part of the artifact path is a file, so nothing can be below it."),
        Error::TooMany(_) | Error::Parts(_) => invalid(sentence(&error.to_string())),
        Error::Unsupported(message) => invalid(sentence(&message)),
        Error::BadRange => ApiError::new(
            ErrorCode::RangeNotSatisfiable,
            "The requested range is outside the file.",
        ),
        Error::Path(error) => error.into(),
        Error::Upload(cause) => {
            ApiError::new(ErrorCode::BadRequest, "The upload ended early; nothing was stored.").because(cause)
        }
        Error::CannotSign => ApiError::new(ErrorCode::NotImplemented, format!("{store} cannot sign addresses.")),
        Error::Refused(_) => ApiError::new(
            ErrorCode::BadGateway,
            format!("{store} refused this server's credentials; the server's log says why."),
        )
        .because(error),
        Error::Open(_) => ApiError::new(
            ErrorCode::BadGateway,
            format!("{store} cannot be opened; the server's log says why."),
        )
        .because(error),
        Error::Store(_) => ApiError::new(
            ErrorCode::TemporarilyUnavailable,
            format!("{store} does not answer as it should. Try again in a moment; the server's log says why."),
        )
        .because(error),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_refused_however_encoded() {
        for path in [
            "../x",
            "a/../../x",
            "%2e%2e/x",
            "%252e%252e/x",
            "a/%2e%2E/b",
            "/etc",
            "%2Fetc",
            "C:/x",
            "C:\\x",
            "a#b",
            "a%00b",
            "a/..%2fb",
        ] {
            assert!(of_client(path).is_err(), "{path}");
        }
        for path in ["a/b.txt", "a b", "50%", "..a", "a..b", "ü/x", "C:x"] {
            assert!(of_client(path).is_ok(), "{path}");
        }
    }
}

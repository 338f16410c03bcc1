//! From an artifact address to a path of the artifact store.

use crate::error::{ApiError, ErrorCode, Result, invalid};
use fettle_blobs::BlobPath;
use percent_encoding::percent_decode_str;

/// The address of the proxy itself, as experiments and runs carry it: `mlflow-artifacts:/1/<run>/artifacts`.
const SCHEME: &str = "mlflow-artifacts:";

/// The path behind an address that this server keeps.
pub(crate) fn of_uri(uri: &str) -> Result<BlobPath> {
    let Some(rest) = uri.strip_prefix(SCHEME) else {
        return Err(ApiError::new(
            ErrorCode::InvalidParameterValue,
            format!("The artifacts at '{uri}' are not kept by this server: clients reach them directly."),
        ));
    };
    // `mlflow-artifacts://host:port/path` names this server by its address.
    let path = match rest.strip_prefix("//") {
        Some(authority) => authority.split_once('/').map_or("", |(_, path)| path),
        None => rest,
    };
    Ok(BlobPath::parse(path.trim_start_matches('/'))?)
}

/// A path that a client gave. However often it is percent-encoded, it must not lead out of its folder.
pub(crate) fn of_client(path: &str) -> Result<BlobPath> {
    check(path)?;
    Ok(BlobPath::parse(path)?)
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
        use fettle_blobs::Error;
        match error {
            Error::NotFound => crate::error::not_found("No such artifact."),
            Error::IsFolder => invalid("The artifact path is a folder: list it, or name a file in it."),
            Error::UnderFile => invalid("A part of the artifact path is a file, so nothing can be below it."),
            Error::BadRange => Self::new(
                ErrorCode::RangeNotSatisfiable,
                "The requested range is outside the file.",
            ),
            Error::Path(error) => error.into(),
            Error::Upload(cause) => {
                Self::new(ErrorCode::BadRequest, "The upload ended early; nothing was stored.").because(cause)
            }
            error => Self::new(
                ErrorCode::InternalError,
                "The artifact store failed; the server's log says why.",
            )
            .because(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_paths() {
        for (uri, path) in [
            ("mlflow-artifacts:/1/abc/artifacts", "1/abc/artifacts"),
            ("mlflow-artifacts://localhost:5000/1/abc", "1/abc"),
            ("mlflow-artifacts:/", ""),
        ] {
            assert_eq!(of_uri(uri).expect(uri).as_str(), path);
        }
        for uri in [
            "s3://bucket/1",
            "file:///etc",
            "/etc/passwd",
            "mlflow-artifacts:/../x",
            "",
        ] {
            assert!(of_uri(uri).is_err(), "{uri}");
        }
    }

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

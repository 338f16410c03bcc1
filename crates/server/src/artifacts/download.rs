//! A file of the artifact store as an HTTP answer.

use super::{ArtifactAccess, location};
use crate::{
    app::App,
    error::{Result, invalid},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use fettle_blobs::{ByteRange, Error, Place};

/// Streams a file, or the range that the request's headers ask for; or says where the client gets it itself.
pub(super) async fn respond(app: &App, place: &Place, request: &HeaderMap) -> Result<Response> {
    let Place { blobs, path } = place;
    if path.is_root() {
        return Err(invalid("The artifact path is a folder: list it, or name a file in it."));
    }
    if app.settings.artifact_access == ArtifactAccess::Presign
        && !blobs.is_folder_of_this_machine()
        && let Some(response) = redirect(app, place).await?
    {
        return Ok(response);
    }
    let range = requested_range(request);
    let download = blobs.get(path, range.clone()).await.map_err(location::of(blobs))?;
    let (size, sent) = (download.size, download.range.clone());
    let mut response = Body::from_stream(download.bytes).into_response();
    if range != ByteRange::Whole {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    let headers = response.headers_mut();
    if range != ByteRange::Whole {
        let content_range = format!("bytes {}-{}/{size}", sent.start, sent.end.saturating_sub(1));
        headers.insert(header::CONTENT_RANGE, value(&content_range));
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sent.end - sent.start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_TYPE, value(&content_type(path.file_name())));
    headers.insert(header::CONTENT_DISPOSITION, value(&disposition(path.file_name())));
    if let Some(etag) = download.etag {
        headers.insert(header::ETAG, value(&format!("\"{}\"", etag.trim_matches('"'))));
    }
    Ok(response)
}

/// Every client follows it, and leaves its credentials for this server behind on the way.
async fn redirect(app: &App, place: &Place) -> Result<Option<Response>> {
    let Place { blobs, path } = place;
    let url = match blobs.size(path).await.map_err(location::of(blobs))? {
        Some(_) => blobs.sign_get(path, app.settings.presigned_download_ttl).await,
        // A folder and nothing at all are told apart by reading.
        None => blobs.get(path, ByteRange::Whole).await.and(Err(Error::NotFound)),
    };
    let url = match url {
        // Then this server sends it.
        Err(Error::CannotSign) => return Ok(None),
        url => url.map_err(location::of(blobs))?,
    };
    let headers = [
        (header::LOCATION, value(&url)),
        (header::CACHE_CONTROL, value("no-store")),
    ];
    Ok(Some((StatusCode::TEMPORARY_REDIRECT, headers).into_response()))
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// One range of bytes; what is not that is answered with the whole file, as RFC 9110 allows.
fn requested_range(headers: &HeaderMap) -> ByteRange {
    let parse = || {
        let spec = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
        let (first, last) = spec.split_once('-')?;
        match (first.trim(), last.trim()) {
            ("", count) => Some(ByteRange::Last(count.parse().ok()?)),
            (first, "") => Some(ByteRange::From(first.parse().ok()?)),
            (first, last) => {
                let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
                (first <= last).then(|| ByteRange::Bounded(first..last.saturating_add(1)))
            }
        }
    };
    parse().unwrap_or(ByteRange::Whole)
}

/// Text of any kind is shown as plain text, so that no browser runs what a run stored.
fn content_type(name: &str) -> String {
    const TEXT: [&str; 22] = [
        "txt",
        "log",
        "err",
        "cfg",
        "conf",
        "cnf",
        "cf",
        "ini",
        "properties",
        "prop",
        "hocon",
        "toml",
        "yaml",
        "yml",
        "xml",
        "json",
        "js",
        "py",
        "py3",
        "csv",
        "tsv",
        "md",
    ];
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .unwrap_or_default();
    if TEXT.contains(&extension.as_str()) || matches!(name, "MLmodel" | "MLproject") {
        return "text/plain; charset=utf-8".to_owned();
    }
    mime_guess::from_path(name).first_or_octet_stream().to_string()
}

fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_writes_them() {
        for (text, range) in [
            ("bytes=0-4", ByteRange::Bounded(0..5)),
            ("bytes=5-", ByteRange::From(5)),
            ("bytes=-3", ByteRange::Last(3)),
            ("bytes=4-1", ByteRange::Whole),
            ("bytes=0-1,3-4", ByteRange::Whole),
            ("lines=1-2", ByteRange::Whole),
            ("bytes=", ByteRange::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))]);
            assert_eq!(requested_range(&headers), range, "{text}");
        }
    }

    #[test]
    fn names_are_safe_in_headers() {
        assert_eq!(
            disposition("a.txt"),
            "attachment; filename=\"a.txt\"; filename*=UTF-8''a%2Etxt"
        );
        assert!(disposition("ü\"\n.txt").is_ascii());
        assert_eq!(content_type("x.JSON"), "text/plain; charset=utf-8");
        assert_eq!(content_type("x.png"), "image/png");
        assert_eq!(content_type("x"), "application/octet-stream");
    }
}

//! An object store of the test: the XML protocol that S3 and Google Cloud Storage share, with a check of every
//! signature. It holds one bucket named `bucket`.

use super::signatures;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

#[derive(Default)]
pub struct Contents {
    pub objects: BTreeMap<String, Bytes>,
    pub uploads: BTreeMap<String, BTreeMap<usize, Bytes>>,
    started: usize,
}

pub type Shared = Arc<Mutex<Contents>>;

/// Starts a server, and says where.
pub async fn start() -> (String, Shared) {
    let contents = Shared::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let router = router(contents.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, contents)
}

pub fn router(contents: Shared) -> Router {
    Router::new().fallback(answer).with_state(contents)
}

struct Call {
    key: String,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

async fn answer(State(contents): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 64 << 20).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = parts.uri.path();
    let query = signatures::query(parts.uri.query().unwrap_or_default());
    if let Err(why) = signatures::check(&parts.method, path, &query, &parts.headers, &body) {
        return refuse(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", &why);
    }
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let (bucket, key) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    if bucket != "bucket" {
        return refuse(StatusCode::NOT_FOUND, "NoSuchBucket", bucket);
    }
    let call = Call {
        key: key.to_owned(),
        query,
        headers: parts.headers,
        body,
    };
    let mut contents = contents.lock().expect("no test panics here");
    match parts.method {
        Method::GET if call.key.is_empty() => list(&contents, &call),
        Method::GET | Method::HEAD => get(&contents, &call),
        Method::PUT => put(&mut contents, &call),
        Method::POST => post(&mut contents, &call),
        Method::DELETE => delete(&mut contents, &call),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (
        status,
        format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
    )
        .into_response()
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn etag(bytes: &[u8]) -> String {
    format!(
        "\"{}\"",
        &signatures::hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())[..32]
    )
}

fn object(key: &str, bytes: &Bytes) -> String {
    format!(
        "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>{}</ETag><Size>{}</Size></Contents>",
        xml(key),
        xml(&etag(bytes)),
        bytes.len()
    )
}

fn list(contents: &Contents, call: &Call) -> Response {
    let value = |name: &str| call.query.get(name).map_or("", String::as_str);
    let (prefix, after) = (value("prefix"), value("continuation-token"));
    let max: usize = value("max-keys").parse().unwrap_or(5);
    let (mut files, mut folders, mut next) = (String::new(), Vec::new(), None);
    let matching = contents
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    for (count, (key, bytes)) in matching.enumerate() {
        if count == max {
            next = Some(());
            break;
        }
        let rest = &key[prefix.len()..];
        match rest.split_once('/').filter(|_| value("delimiter") == "/") {
            Some((folder, _)) => folders.push(format!("{prefix}{folder}/")),
            None => files += &object(key, bytes),
        }
    }
    folders.dedup();
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", xml(folder)))
        .collect();
    let folders = folders.concat();
    let last = contents
        .objects
        .keys()
        .filter(|key| key.starts_with(prefix) && key.as_str() > after)
        .take(max)
        .last();
    let token = match (next, last) {
        (Some(()), Some(last)) => format!("<NextContinuationToken>{}</NextContinuationToken>", xml(last)),
        _ => String::new(),
    };
    let body = format!(
        "<ListBucketResult><Prefix>{}</Prefix>{token}{files}{folders}</ListBucketResult>",
        xml(prefix)
    );
    body.into_response()
}

fn get(contents: &Contents, call: &Call) -> Response {
    let Some(bytes) = contents.objects.get(&call.key) else {
        return refuse(StatusCode::NOT_FOUND, "NoSuchKey", &xml(&call.key));
    };
    let size = bytes.len();
    let wanted = call
        .headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let (status, start, end) = match wanted.and_then(|range| range.split_once('-')) {
        None => (StatusCode::OK, 0, size),
        Some(("", count)) => (
            StatusCode::PARTIAL_CONTENT,
            size - count.parse::<usize>().expect("a count").min(size),
            size,
        ),
        Some((first, last)) => {
            let first: usize = first.parse().expect("a number");
            if first >= size {
                return refuse(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", "");
            }
            let end = last.parse::<usize>().map_or(size, |last| (last + 1).min(size));
            (StatusCode::PARTIAL_CONTENT, first, end)
        }
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::ETAG, etag(bytes))
        .header(header::CONTENT_LENGTH, end - start)
        .header(header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT");
    if status == StatusCode::PARTIAL_CONTENT {
        response = response.header(header::CONTENT_RANGE, format!("bytes {start}-{}/{size}", end - 1));
    }
    if let Some(disposition) = call.query.get("response-content-disposition") {
        response = response.header(header::CONTENT_DISPOSITION, disposition);
    }
    response.body(Body::from(bytes.slice(start..end))).expect("a response")
}

fn put(contents: &mut Contents, call: &Call) -> Response {
    let tag = [(header::ETAG, etag(&call.body))];
    match call.query.get("uploadId") {
        None => {
            contents.objects.insert(call.key.clone(), call.body.clone());
        }
        Some(id) => {
            let number = call.query["partNumber"].parse().expect("a number");
            let Some(parts) = contents.uploads.get_mut(&format!("{id} {}", call.key)) else {
                return refuse(StatusCode::NOT_FOUND, "NoSuchUpload", id);
            };
            parts.insert(number, call.body.clone());
        }
    }
    tag.into_response()
}

fn post(contents: &mut Contents, call: &Call) -> Response {
    if call.query.contains_key("delete") {
        let text = String::from_utf8_lossy(&call.body).into_owned();
        let mut deleted = String::new();
        for key in between(&text, "<Key>", "</Key>") {
            contents.objects.remove(&key);
            deleted.extend(["<Deleted><Key>", &xml(&key), "</Key></Deleted>"]);
        }
        return format!("<DeleteResult>{deleted}</DeleteResult>").into_response();
    }
    if call.query.contains_key("uploads") {
        contents.started += 1;
        let id = format!("upload/{}", contents.started);
        contents.uploads.insert(format!("{id} {}", call.key), BTreeMap::new());
        return format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>")
            .into_response();
    }
    let name = format!("{} {}", call.query["uploadId"], call.key);
    let Some(parts) = contents.uploads.get(&name) else {
        return refuse(StatusCode::NOT_FOUND, "NoSuchUpload", &name);
    };
    let text = String::from_utf8_lossy(&call.body).into_owned();
    let tags = between(&text, "<ETag>", "</ETag>");
    let sent: Vec<String> = parts.values().map(|part| etag(part)).collect();
    if tags != sent {
        return refuse(
            StatusCode::BAD_REQUEST,
            "InvalidPart",
            &format!("{tags:?} are not {sent:?}"),
        );
    }
    let small = parts.values().rev().skip(1).any(|part| part.len() < 5 << 20);
    if small {
        return refuse(StatusCode::BAD_REQUEST, "EntityTooSmall", &name);
    }
    let whole: Vec<u8> = parts.values().flatten().copied().collect();
    contents.uploads.remove(&name);
    let tag = xml(&etag(&whole));
    contents.objects.insert(call.key.clone(), whole.into());
    format!("<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>").into_response()
}

fn delete(contents: &mut Contents, call: &Call) -> Response {
    let gone = match call.query.get("uploadId") {
        Some(id) => contents.uploads.remove(&format!("{id} {}", call.key)).is_some(),
        None => contents.objects.remove(&call.key).is_some(),
    };
    if gone {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refuse(StatusCode::NOT_FOUND, "NoSuchKey", &xml(&call.key))
    }
}

fn between(text: &str, open: &str, close: &str) -> Vec<String> {
    text.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close))
        .map(|(inner, _)| {
            inner
                .replace("&quot;", "\"")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&")
        })
        .collect()
}

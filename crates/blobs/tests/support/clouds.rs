//! What every cloud does, and a folder does not: addresses that a client uses without credentials.

use super::{data, get, path, put};
use fettle_blobs::{Blobs, ByteRange, CompletedPart, Error, PARTS_MAX};
use reqwest::{Client, Response};
use std::time::Duration;

const VALID: Duration = Duration::from_mins(10);

pub async fn check(blobs: &Blobs) {
    assert!(blobs.can_sign().await, "{}", blobs.name());
    signed_addresses_read_and_write(blobs).await;
    uploads_in_parts_are_complete_or_nothing(blobs).await;
}

async fn signed_addresses_read_and_write(blobs: &Blobs) {
    let client = Client::new();
    let odd = path("signed/a file ü.bin");
    let file = match blobs.sign_put(&odd, VALID).await {
        Err(Error::CannotSign) if !blobs.signs_every_name() => path("signed/file.bin"),
        other => {
            other.expect("an address");
            odd
        }
    };
    let upload = blobs.sign_put(&file, VALID).await.expect("an address");
    let mut request = client.put(&upload.url).body("by the client");
    for (name, value) in &upload.headers {
        request = request.header(*name, *value);
    }
    success(request.send().await.expect("an answer")).await;
    let back = get(blobs, file.as_str(), ByteRange::Whole).await.expect("stored");
    assert_eq!(back, b"by the client");
    let url = blobs.sign_get(&file, VALID).await.expect("an address");
    let part = client
        .get(&url)
        .header("range", "bytes=3-5")
        .send()
        .await
        .expect("an answer");
    assert_eq!(success(part).await, "the");
    for forged in [url.replace("file", "fil3"), url[..url.len() - 4].to_owned()] {
        let answer = client.get(&forged).send().await.expect("an answer");
        assert!(!answer.status().is_success(), "{forged}: {}", answer.status());
    }
}

async fn uploads_in_parts_are_complete_or_nothing(blobs: &Blobs) {
    let client = Client::new();
    let (file, data) = (path("parts/model.bin"), data(11 << 20));
    for given_up in [true, false] {
        let upload = blobs.start_parts(&file, 3, VALID).await.expect("an upload");
        let mut parts = Vec::new();
        for (number, (url, chunk)) in (1..).zip(upload.urls.iter().zip(data.chunks(5 << 20))) {
            let answer = client.put(url).body(chunk.to_vec()).send().await.expect("an answer");
            let etag = answer
                .headers()
                .get("etag")
                .and_then(|tag| tag.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            success(answer).await;
            parts.push(CompletedPart { number, etag });
        }
        assert_eq!(
            blobs.size(&file).await.expect("an answer"),
            None,
            "not yet visible in {}",
            blobs.name()
        );
        if given_up {
            blobs.abort_parts(&file, &upload.id).await.expect("given up");
            continue;
        }
        let gap = blobs.complete_parts(&file, &upload.id, parts[1..].to_vec()).await;
        assert!(matches!(gap, Err(Error::Parts(_))), "{gap:?}");
        blobs.complete_parts(&file, &upload.id, parts).await.expect("complete");
        let back = get(blobs, file.as_str(), ByteRange::Whole).await.expect("stored");
        assert!(back == data, "{}", blobs.name());
    }
    put(blobs, "parts/other", b"x").await;
    let unknown = CompletedPart {
        number: 1,
        etag: "\"0123456789abcdef0123456789abcdef\"".to_owned(),
    };
    let id = "0123456789abcdef0123456789abcdef";
    let refused = blobs.complete_parts(&path("parts/new"), id, vec![unknown]).await;
    assert!(
        matches!(refused, Err(Error::Parts(_))),
        "{refused:?} of {}",
        blobs.name()
    );
    for parts in [0, PARTS_MAX + 1] {
        let refused = blobs.start_parts(&file, parts, VALID).await;
        assert!(matches!(refused, Err(Error::Parts(_))), "{refused:?}");
    }
}

async fn success(answer: Response) -> String {
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    assert!(status.is_success(), "{status}: {text}");
    text
}

//! What every store does.

use super::{Chunk, data, get, path, put};
use bytes::Bytes;
use fettle_blobs::{Blobs, ByteRange, Entry, Error};
use futures::stream;

/// Checks a store that is empty.
pub async fn check(blobs: &Blobs) {
    bytes_come_back_in_whole_and_in_part(blobs).await;
    names_are_kept_as_they_are(blobs).await;
    folders_list_one_level(blobs).await;
    folders_and_missing_files_are_told_apart(blobs).await;
    a_broken_upload_leaves_nothing(blobs).await;
    deletion_takes_files_and_trees(blobs).await;
}

async fn bytes_come_back_in_whole_and_in_part(blobs: &Blobs) {
    let data = data(12_000_000);
    put(blobs, "big/file.bin", &data).await;
    let end = data.len();
    for (range, part) in [
        (ByteRange::Whole, &data[..]),
        (ByteRange::Bounded(5..9), &data[5..9]),
        (ByteRange::Bounded(11_999_990..99_000_000), &data[11_999_990..]),
        (ByteRange::From(6_000_000), &data[6_000_000..]),
        (ByteRange::Last(3), &data[end - 3..]),
    ] {
        let back = get(blobs, "big/file.bin", range.clone()).await.expect("bytes");
        assert!(back == part, "{range:?} of {}", blobs.name());
    }
    let beyond = get(blobs, "big/file.bin", ByteRange::From(12_000_001)).await;
    assert!(matches!(beyond, Err(Error::BadRange)), "{beyond:?} of {}", blobs.name());
    put(blobs, "empty", b"").await;
    assert_eq!(get(blobs, "empty", ByteRange::Whole).await.expect("empty"), b"");
    put(blobs, "big/file.bin", b"smaller").await;
    let download = blobs.get(&path("big/file.bin"), ByteRange::Whole).await.expect("bytes");
    assert_eq!(download.size, 7);
    assert!(download.etag.is_some(), "{}", blobs.name());
}

async fn names_are_kept_as_they_are(blobs: &Blobs) {
    for name in [
        "a b", "ü", "50%", "%41", "x#y", "a?b", "~t", "a:b", "[1]", "{x}", "q\"q", "a&b=c+d", "🔥", "a'b",
    ] {
        let at = format!("names/{name}");
        put(blobs, &at, name.as_bytes()).await;
        let back = get(blobs, &at, ByteRange::Whole).await.expect(name);
        assert_eq!(back, name.as_bytes(), "{}", blobs.name());
        let listing = blobs.list(&path("names")).await.expect("listed");
        let found = listing.iter().any(|entry| entry.name == name);
        assert!(found, "{name} in {}: {listing:?}", blobs.name());
    }
}

async fn folders_list_one_level(blobs: &Blobs) {
    put(blobs, "run/b.txt", b"12").await;
    for number in 0..12 {
        put(blobs, &format!("run/a/{number}.txt"), b"1").await;
    }
    let entries = blobs.list(&path("run")).await.expect("listed");
    let entry = |name: &str, size| Entry {
        name: name.to_owned(),
        size,
    };
    assert_eq!(entries, [entry("a", None), entry("b.txt", Some(2))], "{}", blobs.name());
    assert_eq!(blobs.list(&path("nothing")).await.expect("an empty listing"), []);
    let all = blobs.list_all(&path("run"), 100).await.expect("listed");
    assert_eq!(all.len(), 13);
    assert!(all.contains(&(path("a/11.txt"), 1)));
    let too_many = blobs.list_all(&path("run"), 5).await;
    assert!(matches!(too_many, Err(Error::TooMany(5))));
    assert_eq!(blobs.size(&path("run/b.txt")).await.expect("a size"), Some(2));
    assert_eq!(blobs.size(&path("run/a")).await.expect("no size"), None);
    assert_eq!(blobs.size(&path("run/c")).await.expect("no size"), None);
}

async fn folders_and_missing_files_are_told_apart(blobs: &Blobs) {
    put(blobs, "a/b", b"x").await;
    let folder = get(blobs, "a", ByteRange::Whole).await;
    assert!(matches!(folder, Err(Error::IsFolder)), "{folder:?} of {}", blobs.name());
    let missing = get(blobs, "a/c", ByteRange::Whole).await;
    assert!(
        matches!(missing, Err(Error::NotFound)),
        "{missing:?} of {}",
        blobs.name()
    );
}

async fn a_broken_upload_leaves_nothing(blobs: &Blobs) {
    for megabytes in [1, 6, 17] {
        let mut chunks: Vec<Chunk> = (0..megabytes).map(|_| Ok(Bytes::from(vec![0; 1 << 20]))).collect();
        chunks.push(Err(std::io::Error::other("the client went away")));
        let broken = blobs.put(&path("x/half"), stream::iter(chunks)).await;
        assert!(
            matches!(broken, Err(Error::Upload(_))),
            "{broken:?} of {}",
            blobs.name()
        );
        let half = get(blobs, "x/half", ByteRange::Whole).await;
        assert!(matches!(half, Err(Error::NotFound)), "{half:?} of {}", blobs.name());
    }
    assert_eq!(blobs.list(&path("x")).await.expect("listed"), []);
}

async fn deletion_takes_files_and_trees(blobs: &Blobs) {
    for at in ["t/a", "t/b/c", "t2/d"] {
        put(blobs, at, b"x").await;
    }
    blobs.delete(&path("t")).await.expect("deleted");
    blobs.delete(&path("t")).await.expect("deleted twice");
    assert_eq!(blobs.list(&path("t")).await.expect("listed"), []);
    assert_eq!(get(blobs, "t2/d", ByteRange::Whole).await.expect("a neighbour"), b"x");
    blobs.delete(&path("t2/d")).await.expect("deleted");
    assert_eq!(blobs.list(&path("t2")).await.expect("listed"), []);
}

//! The store over a folder.

use bytes::Bytes;
use fettle_blobs::{BlobPath, Blobs, ByteRange, Entry, Error};
use futures::{TryStreamExt, stream};

type Chunk = Result<Bytes, std::io::Error>;

fn path(text: &str) -> BlobPath {
    BlobPath::parse(text).expect("a good path")
}

async fn put(blobs: &Blobs, at: &str, data: &[u8]) {
    let chunks: Vec<Chunk> = data
        .chunks(1 << 20)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    assert_eq!(
        blobs.put(&path(at), stream::iter(chunks)).await.expect("stored"),
        data.len() as u64
    );
}

async fn get(blobs: &Blobs, at: &str, range: ByteRange) -> Result<Vec<u8>, Error> {
    let chunks: Vec<Bytes> = blobs.get(&path(at), range).await?.bytes.try_collect().await?;
    Ok(chunks.concat())
}

fn store() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Blobs::folder(&folder.path().join("root")).expect("a store");
    (folder, blobs)
}

#[tokio::test]
async fn bytes_come_back_in_whole_and_in_part() {
    let (_folder, blobs) = store();
    let data: Vec<u8> = (0..12_000_000_u32).map(|i| i as u8).collect();
    put(&blobs, "big/file.bin", &data).await;
    assert_eq!(
        get(&blobs, "big/file.bin", ByteRange::Whole).await.expect("whole"),
        data
    );
    assert_eq!(
        get(&blobs, "big/file.bin", ByteRange::Bounded(5..9))
            .await
            .expect("part"),
        &data[5..9]
    );
    assert_eq!(
        get(&blobs, "big/file.bin", ByteRange::Last(3)).await.expect("end"),
        &data[data.len() - 3..]
    );
    assert!(matches!(
        get(&blobs, "big/file.bin", ByteRange::From(12_000_001)).await,
        Err(Error::BadRange)
    ));
    put(&blobs, "empty", b"").await;
    assert_eq!(get(&blobs, "empty", ByteRange::Whole).await.expect("empty"), b"");
}

#[tokio::test]
async fn names_are_kept_as_they_are() {
    let (folder, blobs) = store();
    for name in [
        "a b", "ü", "50%", "%41", "x#y", "a?b", "~t", "a:b", "a\\b", "[1]", "{x}", "q\"q", "a&b=c+d", "🔥",
    ] {
        let at = format!("names/{name}");
        put(&blobs, &at, name.as_bytes()).await;
        assert_eq!(get(&blobs, &at, ByteRange::Whole).await.expect(name), name.as_bytes());
        assert!(
            folder.path().join("root/names").join(name).exists(),
            "{name} has its own name on disk"
        );
        assert!(
            blobs
                .list(&path("names"))
                .await
                .expect("listed")
                .iter()
                .any(|entry| entry.name == name),
            "{name}"
        );
    }
}

#[tokio::test]
async fn folders_list_one_level() {
    let (_folder, blobs) = store();
    put(&blobs, "run/b.txt", b"12").await;
    put(&blobs, "run/a/x.txt", b"1").await;
    let entries = blobs.list(&path("run")).await.expect("listed");
    let expected = [
        Entry {
            name: "a".to_owned(),
            size: None,
        },
        Entry {
            name: "b.txt".to_owned(),
            size: Some(2),
        },
    ];
    assert_eq!(entries, expected);
    assert_eq!(blobs.list(&path("nothing")).await.expect("an empty listing"), []);
    let all = blobs.list_all(&path("run"), 100).await.expect("listed");
    assert_eq!(all.len(), 2);
    assert!(all.contains(&(path("a/x.txt"), 1)));
    assert_eq!(blobs.size(&path("run/b.txt")).await.expect("a size"), Some(2));
    assert_eq!(blobs.size(&path("run/a")).await.expect("no size"), None);
}

#[tokio::test]
async fn folders_and_missing_files_are_told_apart() {
    let (_folder, blobs) = store();
    put(&blobs, "a/b", b"x").await;
    assert!(matches!(get(&blobs, "a", ByteRange::Whole).await, Err(Error::IsFolder)));
    assert!(matches!(
        get(&blobs, "a/c", ByteRange::Whole).await,
        Err(Error::NotFound)
    ));
}

#[tokio::test]
async fn a_broken_upload_leaves_nothing() {
    let (folder, blobs) = store();
    let chunks: Vec<Chunk> = vec![
        Ok(Bytes::from(vec![0; 6 << 20])),
        Err(std::io::Error::other("the client went away")),
    ];
    assert!(matches!(
        blobs.put(&path("x/half"), stream::iter(chunks)).await,
        Err(Error::Upload(_))
    ));
    assert!(matches!(
        get(&blobs, "x/half", ByteRange::Whole).await,
        Err(Error::NotFound)
    ));
    let left = std::fs::read_dir(folder.path().join("root/x")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no temporary file stays");
}

#[tokio::test]
async fn deletion_takes_files_and_trees() {
    let (_folder, blobs) = store();
    for at in ["t/a", "t/b/c", "t2/d"] {
        put(&blobs, at, b"x").await;
    }
    blobs.delete(&path("t")).await.expect("deleted");
    blobs.delete(&path("t")).await.expect("deleted twice");
    assert_eq!(blobs.list(&path("t")).await.expect("listed"), []);
    blobs.delete(&path("t2/d")).await.expect("deleted");
    assert_eq!(blobs.list_all(&BlobPath::root(), 100).await.expect("listed"), []);
}

#[tokio::test]
async fn files_and_folders_do_not_take_each_others_places() {
    let (_folder, blobs) = store();
    put(&blobs, "a/file", b"x").await;
    for (at, small) in [("a/file/under", true), ("a/file/under", false), ("a", true)] {
        let chunk = Bytes::from(vec![0; if small { 1 } else { 6 << 20 }]);
        let stored = blobs.put(&path(at), stream::iter([Chunk::Ok(chunk)])).await;
        assert!(
            matches!(stored, Err(Error::UnderFile | Error::IsFolder)),
            "{at}: {stored:?}"
        );
    }
    assert_eq!(
        get(&blobs, "a/file", ByteRange::Whole).await.expect("still there"),
        b"x"
    );
}

//! Folders, and clouds as a server of the test plays them.

mod support;

use fettle_blobs::{BlobPath, Blobs, ByteRange, Environment, Error, Stores};
use futures::{StreamExt, stream};
use std::time::Duration;
use support::{
    Chunk, clouds, conformance, get, path, put,
    server::{self, Shared},
    signatures::{ACCESS_KEY, SECRET, google_account},
};

fn amazon(endpoint: &str, secret: &str) -> Environment {
    [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("MLFLOW_S3_ENDPOINT_URL", endpoint),
    ]
    .into_iter()
    .collect()
}

async fn s3() -> (Blobs, Shared) {
    let (endpoint, contents) = server::start().await;
    let store = Stores::open("s3://bucket/below/here", &amazon(&endpoint, SECRET)).await;
    (store.expect("a store"), contents)
}

async fn gcs() -> (Blobs, Shared, tempfile::NamedTempFile) {
    let (endpoint, contents) = server::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), google_account().to_string()).expect("written");
    let environment = [
        ("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().expect("a name")),
        ("STORAGE_EMULATOR_HOST", endpoint.as_str()),
    ];
    let store = Stores::open("gs://bucket/below", &environment.into_iter().collect()).await;
    (store.expect("a store"), contents, file)
}

#[tokio::test]
async fn a_folder_is_a_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Blobs::folder(&folder.path().join("root")).expect("a store");
    conformance::check(&blobs).await;
    assert!(
        folder.path().join("root/names/50%").exists(),
        "files have their own names"
    );
    put(&blobs, "names/a\\b", b"x").await;
    let broken = folder.path().join("root/x");
    let left = std::fs::read_dir(broken).map_or(0, Iterator::count);
    assert_eq!(left, 0, "no temporary file of a broken upload stays");
    assert!(!blobs.can_sign().await);
    let signed = blobs.sign_get(&path("a"), Duration::from_secs(1)).await;
    assert!(matches!(signed, Err(Error::CannotSign)));
}

#[tokio::test]
async fn files_and_folders_of_a_machine_do_not_take_each_others_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Blobs::folder(folder.path()).expect("a store");
    put(&blobs, "a/file", b"x").await;
    for (at, size) in [("a/file/under", 1), ("a/file/under", 6 << 20), ("a", 1)] {
        let stored = blobs
            .put(&path(at), stream::iter([Chunk::Ok(vec![0; size].into())]))
            .await;
        assert!(
            matches!(stored, Err(Error::UnderFile | Error::IsFolder)),
            "{at}: {stored:?}"
        );
    }
    let back = get(&blobs, "a/file", ByteRange::Whole).await;
    assert_eq!(back.expect("still there"), b"x");
}

#[tokio::test]
async fn s3_is_a_store() {
    let (blobs, contents) = s3().await;
    conformance::check(&blobs).await;
    clouds::check(&blobs).await;
    let contents = contents.lock().expect("no test panics");
    assert!(contents.objects.keys().all(|key| key.starts_with("below/here/")));
}

#[tokio::test]
async fn google_cloud_storage_is_a_store() {
    let (blobs, _contents, _key) = gcs().await;
    conformance::check(&blobs).await;
    clouds::check(&blobs).await;
}

#[tokio::test]
async fn broken_uploads_are_given_up_in_the_cloud() {
    let (blobs, contents) = s3().await;
    let gone = path("gone");
    let endless = stream::repeat_with(|| Chunk::Ok(vec![0; 1 << 20].into())).then(|chunk| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        chunk
    });
    let upload = blobs.put(&gone, Box::pin(endless));
    assert!(tokio::time::timeout(Duration::from_millis(500), upload).await.is_err());
    for _ in 0..100 {
        let left = contents.lock().expect("no test panics").uploads.len();
        if left == 0 && blobs.size(&path("gone")).await.expect("an answer").is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the upload of a client that has gone is still there");
}

/// What an upload has taken from its stream and the store does not have yet, at its most. Chunks are no parts.
async fn bytes_in_flight(blobs: &Blobs, size: usize, stored: impl Fn() -> usize) -> usize {
    const CHUNK: usize = 300_007;
    let (mut taken, mut most) = (0, 0);
    let chunks = std::iter::from_fn(|| {
        most = most.max(taken - stored().min(taken));
        let next = CHUNK.min(size - taken);
        taken += next;
        (next > 0).then(|| Chunk::Ok(vec![7; next].into()))
    });
    let sent = blobs.put(&path("large"), stream::iter(chunks)).await;
    assert_eq!(sent.expect("stored"), size as u64);
    assert_eq!(blobs.size(&path("large")).await.expect("an answer"), Some(size as u64));
    most
}

#[tokio::test]
async fn an_upload_of_any_length_holds_three_parts_at_the_most() {
    const PART: usize = 5 << 20;
    const FOLDER_PART: usize = 1 << 20;
    let (blobs, contents) = s3().await;
    let stored = || {
        let contents = contents.lock().expect("no test panics");
        let parts: Vec<usize> = contents
            .uploads
            .values()
            .flatten()
            .map(|(_, part)| part.len())
            .collect();
        assert!(parts.iter().all(|size| *size == PART), "parts of one size: {parts:?}");
        parts.iter().sum()
    };
    let most = bytes_in_flight(&blobs, 60 << 20, stored).await;
    assert!((PART..=3 * PART).contains(&most), "{most}");

    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Blobs::folder(folder.path()).expect("a store");
    let stored = || {
        let files = std::fs::read_dir(folder.path()).expect("the folder is there");
        let sizes = files.map(|file| file.and_then(|file| file.metadata()).map_or(0, |file| file.len()));
        usize::try_from(sizes.sum::<u64>()).expect("it fits")
    };
    let most = bytes_in_flight(&blobs, 60 << 20, stored).await;
    assert!(most <= 3 * FOLDER_PART, "{most}");
}

#[tokio::test]
async fn markers_of_folders_are_no_files() {
    let (blobs, contents) = s3().await;
    put(&blobs, "run/file", b"x").await;
    for key in ["run/", "run/empty/", "run/full/", "run/full/file"] {
        let mut contents = contents.lock().expect("no test panics");
        contents.objects.insert(format!("below/here/{key}"), "".into());
    }
    let names: Vec<_> = blobs.list(&path("run")).await.expect("listed");
    let names: Vec<_> = names.into_iter().map(|entry| (entry.name, entry.size)).collect();
    let expected = [("empty", None), ("file", Some(1)), ("full", None)].map(|(name, size)| (name.to_owned(), size));
    assert_eq!(names, expected);
    let files = blobs.list_all(&path("run"), 10).await.expect("listed");
    assert_eq!(files, [(path("file"), 1), (path("full/file"), 0)]);
    let empty = get(&blobs, "run/empty", ByteRange::Whole).await;
    assert!(matches!(empty, Err(Error::NotFound | Error::IsFolder)), "{empty:?}");
}

#[tokio::test]
async fn wrong_keys_are_refused_at_once() {
    let (endpoint, _contents) = server::start().await;
    let opened = Stores::open("s3://bucket", &amazon(&endpoint, "another secret")).await;
    assert!(matches!(opened, Err(Error::Open(_))), "{opened:?}");
    let own = Blobs::folder(tempfile::tempdir().expect("a folder").path()).expect("a store");
    let stores = Stores::new(own, "mlflow-artifacts:/", amazon(&endpoint, "another secret"));
    let place = stores.locate("s3://bucket/1").expect("a place");
    let refused = place.blobs.list(&place.path).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let refused = place.blobs.get(&path("1/x"), ByteRange::Whole).await.map(|_| ());
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_destination_is_said_at_once() {
    let (endpoint, _contents) = server::start().await;
    for (destination, part) in [
        ("s3://nowhere", "no such bucket"),
        ("s3://", "does not name a bucket"),
        ("hdfs://host/x", "not supported"),
        ("az://container", "names no account"),
    ] {
        let opened = Stores::open(destination, &amazon(&endpoint, SECRET)).await;
        let message = opened.expect_err(destination).to_string();
        assert!(message.contains(part), "{destination}: {message}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_fails_soon() {
    let environment = amazon("http://127.0.0.1:9", SECRET);
    let own = Stores::open("s3://bucket", &environment)
        .await
        .expect("the server starts all the same");
    let listed = own.list(&BlobPath::root()).await;
    assert!(matches!(listed, Err(Error::Store(_))), "{listed:?}");
}

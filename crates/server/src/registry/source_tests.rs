//! Sources that are taken, and ways to reach further than allowed.

use super::*;

fn is_within(source: &str, root: &str) -> bool {
    Source::parse(source).is_ok_and(|parsed| parsed.is_within(source, Some(root), "run_id").is_ok())
}

#[test]
fn kinds_are_told_apart() {
    let run = |path: &str| Source::Run {
        run_id: "abc".to_owned(),
        path: path.to_owned(),
    };
    for (source, expected) in [
        ("/data/model", Source::Local("/data/model".into())),
        ("file:///data/a%20b", Source::Local("/data/a b".into())),
        ("file://localhost/data", Source::Local("/data".into())),
        ("runs:/abc/model", run("model")),
        ("runs:/abc/a/b/", run("a/b")),
        ("runs:/abc", run("")),
        ("mlflow-artifacts:/1/abc/artifacts", Source::Proxied),
        ("s3://bucket/key", Source::Remote),
        ("dbfs:/a/b", Source::Remote),
        ("models:/m-1", Source::Model(ModelUri::LoggedModel("m-1".to_owned()))),
    ] {
        assert_eq!(Source::parse(source).expect(source), expected, "{source}");
    }
}

#[test]
fn traversal_is_refused_in_every_encoding() {
    for source in [
        "s3://bucket/../other",
        "s3:/bucket/path/../../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%252e%252e/other",
        "s3://bucket/..%2f..%2fother",
        "s3://bucket/a\\..\\b",
        "s3://bucket/a?x=/../b",
        "s3://bucket/./a",
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/a%00",
        "s3://bucket/a\0",
        "dbfs:a/b",
        "mlflow-artifacts:/1/abc/artifacts/../../def",
        "mlflow-artifacts:/1/abc/artifacts/%2e%2e/%2e%2e/def",
        "mlflow-artifacts:",
        "runs:/abc/../def",
        "runs:/abc/%2e%2e/def",
        "runs:abc/model",
        "runs:/",
        "runs://host/abc/model",
        "runs:/abc/model#x",
        "models://host/a/1",
        "models:/a/1/../2",
        "models:/a/b/c",
        "file:///data/../etc",
        "file://elsewhere/data",
        "/data/../etc/passwd",
        "/data/%2e%2e/etc/passwd",
        "data/model",
        "",
        "http://host/api/2.0/mlflow-artifacts/artifacts/1/x",
        "https://host/model",
        "ftp:///etc/passwd",
        "mlflow-artifacts://host:5000/1/abc/artifacts",
        "%25252525252525252525252525252525252525252e",
    ] {
        let error = Source::parse(source).expect_err(source);
        assert!(error.message.contains("source"), "{source}: {}", error.message);
    }
}

#[test]
fn proxied_sources_stay_below_their_root() {
    let root = "mlflow-artifacts:/1/abc/artifacts";
    for source in [
        root,
        "mlflow-artifacts:/1/abc/artifacts/model",
        "mlflow-artifacts:///1/abc/artifacts/model",
        "MLFLOW-ARTIFACTS:/1/abc/artifacts/a%20b",
        "s3://anywhere/else",
    ] {
        assert!(is_within(source, root), "{source}");
    }
    for source in [
        "mlflow-artifacts:/1/abc",
        "mlflow-artifacts:/1/abc/artifactsX",
        "mlflow-artifacts:/1/def/artifacts/model",
        "mlflow-artifacts:/1/abc%2fartifacts/model",
        "/1/abc/artifacts/model",
    ] {
        assert!(!is_within(source, root), "{source}");
    }
    assert!(!is_within("mlflow-artifacts:/1/x", "mlflow-artifacts:/"));
}

#[test]
fn local_sources_stay_below_their_root_even_through_links() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (inside, elsewhere) = (folder.path().join("run"), folder.path().join("secret"));
    std::fs::create_dir_all(inside.join("model")).expect("a folder");
    std::fs::create_dir_all(&elsewhere).expect("a folder");
    std::os::unix::fs::symlink(&elsewhere, inside.join("link")).expect("a link");
    let path = |below: &str| inside.join(below).display().to_string();
    for root in [inside.display().to_string(), format!("file://{}", inside.display())] {
        assert!(is_within(&path("model"), &root));
        assert!(is_within(&path("not/yet/there"), &root));
        assert!(!is_within(&path("link"), &root));
        assert!(!is_within(&path("link/x"), &root));
        assert!(!is_within(&elsewhere.display().to_string(), &root));
        assert!(!is_within("/etc/passwd", &root));
    }
    assert!(!is_within(&path("model"), "mlflow-artifacts:/1/abc/artifacts"));
    let local = Source::parse("/data").expect("a path");
    assert!(local.is_within("/data", None, "run_id").is_err());
}

#[test]
fn prompts_have_placeholders() {
    assert!(Source::prompt("dummy-source").is_ok());
    assert!(Source::prompt("s3://b/k").is_err());
}

//! The same body of tests against moto and Azurite. `cargo xtask test artifacts` starts them, and says where they are:
//! `FETTLE_TEST_S3` and `FETTLE_TEST_AZURE` are their addresses.

mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use fettle_blobs::{Blobs, Environment, Error, Stores};
use support::{clouds, conformance};

/// The account that every Azurite has.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test artifacts`"))
}

/// Bucket and container are made by the caller of the tests; each test has a folder of its own in it.
async fn open(destination: &str, environment: &Environment) -> Blobs {
    let place = format!("{destination}/{}", uuid::Uuid::new_v4());
    Stores::open(&place, environment).await.expect("a store")
}

fn azure(key: &str) -> Environment {
    let endpoint = address("FETTLE_TEST_AZURE");
    let connection = format!("AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={endpoint}/{ACCOUNT};");
    [("AZURE_STORAGE_CONNECTION_STRING", connection)].into_iter().collect()
}

#[tokio::test]
async fn moto_is_a_store() {
    let endpoint = address("FETTLE_TEST_S3");
    let environment: Environment = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
    ]
    .into_iter()
    .collect();
    let blobs = open("s3://bucket", &environment).await;
    conformance::check(&blobs).await;
    let missing = Stores::open("s3://no-such-bucket", &environment).await;
    assert!(matches!(missing, Err(Error::Open(_))), "{missing:?}");
}

#[tokio::test]
async fn azurite_is_a_store() {
    let environment = azure(KEY);
    for destination in [
        "az://container".to_owned(),
        format!("wasbs://container@{ACCOUNT}.blob.core.windows.net"),
        format!("abfss://container@{ACCOUNT}.dfs.core.windows.net"),
    ] {
        let blobs = open(&destination, &environment).await;
        conformance::check(&blobs).await;
        clouds::check(&blobs).await;
    }
    let missing = Stores::open("az://no-such-container", &environment).await;
    assert!(matches!(missing, Err(Error::Open(_))), "{missing:?}");
}

#[tokio::test]
async fn azurite_refuses_another_key() {
    let opened = Stores::open("az://container", &azure(&BASE64_STANDARD.encode("another key"))).await;
    assert!(matches!(opened, Err(Error::Open(_))), "{opened:?}");
}

//! Connections to the object stores of the clouds, with credentials from their usual environment variables.

mod azure;
mod azure_key;
mod gcs;
mod s3;

pub(crate) use azure_key::AccountKey;

use crate::{destination::Bucket, environment::Environment};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, RetryConfig, list::PaginatedListStore, multipart::MultipartStore,
    signer::Signer,
};
use std::{sync::Arc, time::Duration};

/// What all three clouds can do, and a folder cannot.
pub(crate) trait Cloud: ObjectStore + PaginatedListStore + MultipartStore + Signer {}

impl<T: ObjectStore + PaginatedListStore + MultipartStore + Signer> Cloud for T {}

/// A connection, and the key of an Azure account if there is one.
pub(crate) type Opened = (Arc<dyn Cloud>, Option<AccountKey>);

pub(crate) fn open(bucket: &Bucket, environment: &Environment) -> Result<Opened, String> {
    match bucket {
        Bucket::S3 { bucket } => Ok((s3::open(bucket, environment)?, None)),
        Bucket::Gcs { bucket } => Ok((gcs::open(bucket, environment)?, None)),
        Bucket::Azure { container, account } => azure::open(container, account.as_ref(), environment),
    }
}

/// Waits have bounds, and transfers have none as long as bytes flow.
fn client_options() -> ClientOptions {
    // Connections need one way of encryption for the whole process. Where there is one, it stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(Duration::from_mins(1))
        .with_timeout_disabled()
        .with_pool_max_idle_per_host(32)
}

/// Clients retry as well, so a store that is away is reported soon.
fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(20),
    }
}

/// Whether any of these addresses is one without TLS, which only what the operator wrote can be.
fn has_plain_http<'a>(addresses: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    addresses
        .into_iter()
        .flatten()
        .any(|address| address.starts_with("http://"))
}

//! Google Cloud Storage, by its XML API.

use super::{Cloud, client_options, has_plain_http, retries};
use crate::environment::Environment;
use object_store::gcp::GoogleCloudStorageBuilder;
use std::sync::Arc;

pub(super) fn open(bucket: &str, environment: &Environment) -> Result<Arc<dyn Cloud>, String> {
    let endpoint = ["STORAGE_EMULATOR_HOST", "GOOGLE_BASE_URL"]
        .into_iter()
        .find_map(|name| environment.get(name))
        .map(|host| {
            if host.contains("://") {
                host.trim_end_matches('/').to_owned()
            } else {
                format!("http://{host}")
            }
        });
    let options = client_options().with_allow_http(has_plain_http([endpoint.as_deref()]));
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(options)
        .with_retry(retries());
    for (name, value) in environment.settings("GOOGLE_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(&endpoint);
    }
    let store = builder.with_bucket_name(bucket).build().map_err(|e| e.to_string())?;
    Ok(Arc::new(store))
}

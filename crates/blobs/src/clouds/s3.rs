//! Amazon S3 and what speaks its protocol.

use super::{Cloud, client_options, has_plain_http, retries};
use crate::environment::Environment;
use object_store::aws::AmazonS3Builder;
use std::sync::Arc;

pub(super) fn open(bucket: &str, environment: &Environment) -> Result<Arc<dyn Cloud>, String> {
    let endpoint = ["MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .into_iter()
        .find_map(|name| environment.get(name));
    let options = client_options()
        .with_allow_http(has_plain_http([endpoint]))
        .with_allow_invalid_certificates(environment.is_true("MLFLOW_S3_IGNORE_TLS"));
    let mut builder = AmazonS3Builder::new()
        .with_client_options(options)
        .with_retry(retries());
    for (name, value) in environment.settings("AWS_") {
        if let Ok(key) = name.parse() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = endpoint {
        let virtual_hosted = environment.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE") == Some("virtual");
        builder = builder
            .with_endpoint(endpoint.trim_end_matches('/'))
            .with_virtual_hosted_style_request(virtual_hosted);
    }
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| environment.get(name))
        .unwrap_or("us-east-1");
    let store = builder
        .with_bucket_name(bucket)
        .with_region(region)
        .build()
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(store))
}

//! Artifact listings, uploads in parts, and signed addresses.

use crate::Int64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListArtifacts {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "runUuid")]
    pub run_uuid: Option<String>,
    pub path: Option<String>,
    #[serde(alias = "pageToken")]
    pub page_token: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FileInfo {
    pub path: String,
    pub is_dir: bool,
    /// In bytes; absent for folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct ListArtifactsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_uri: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileInfo>,
}

/// `mpu/create`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreateMultipartUpload {
    pub path: Option<String>,
    #[serde(alias = "numParts")]
    pub num_parts: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct CreateMultipartUploadResponse {
    pub upload_id: String,
    pub credentials: Vec<MultipartUploadCredential>,
}

/// Where to put one part.
#[derive(Debug, Serialize)]
pub struct MultipartUploadCredential {
    pub url: String,
    pub part_number: usize,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// `mpu/complete`, and `mpu/abort` without parts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndMultipartUpload {
    pub path: Option<String>,
    #[serde(alias = "uploadId")]
    pub upload_id: Option<String>,
    pub parts: Option<Vec<MultipartUploadPart>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MultipartUploadPart {
    #[serde(alias = "partNumber")]
    pub part_number: Option<Int64>,
    pub etag: Option<String>,
    pub url: Option<String>,
}

/// `mlflow-artifacts/presigned/...`
#[derive(Debug, Serialize)]
pub struct PresignedDownload {
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub file_size: u64,
}

/// `artifacts/presigned-upload-url` and, without a model, `artifacts/presigned-download-url`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CreatePresignedUrl {
    #[serde(alias = "runId")]
    pub run_id: Option<String>,
    #[serde(alias = "modelId")]
    pub model_id: Option<String>,
    pub path: Option<String>,
    /// In seconds.
    pub expiration: Option<Int64>,
}

#[derive(Debug, Serialize)]
pub struct CreatePresignedUrlResponse {
    pub presigned_url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
}

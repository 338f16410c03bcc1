//! Addresses with a signature in them, by which a client reaches a cloud without credentials of its own.

use crate::{
    blobs::{Blobs, Store},
    clouds::Cloud,
    destination::Bucket,
    error::{Error, Result},
    path::BlobPath,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use object_store::{
    multipart::PartId,
    path::Path,
    signer::{Method, SignedUrlOptions, Url},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;
use tokio::task::yield_now;

/// Parts of one upload: what S3 takes.
pub const PARTS_MAX: usize = 10_000;

/// An address to put a file to, and the headers that go with it.
#[derive(Debug, Clone)]
pub struct SignedUpload {
    pub url: String,
    pub headers: Vec<(&'static str, &'static str)>,
}

/// An upload that a client makes in parts.
#[derive(Debug, Clone)]
pub struct PartUpload {
    pub id: String,
    /// In order, one for each part.
    pub urls: Vec<String>,
}

/// What a client says of a part that it has sent.
#[derive(Debug, Clone)]
pub struct CompletedPart {
    pub number: usize,
    pub etag: String,
}

impl Blobs {
    /// Whether addresses can be signed here: tries it, without asking for any file.
    pub async fn can_sign(&self) -> bool {
        let probe = BlobPath::parse("probe").and_then(|path| self.prefix.join(&path).object());
        match (self.cloud(), probe) {
            (Ok((cloud, _)), Ok(path)) => cloud
                .signed_url(Method::GET, &path, Duration::from_mins(1))
                .await
                .inspect_err(|error| tracing::info!("{} cannot sign addresses: {error}", self.name()))
                .is_ok(),
            _ => false,
        }
    }

    /// Whether that holds for files of every name.
    pub fn signs_every_name(&self) -> bool {
        self.account_key.is_some() || !matches!(self.store, Store::Cloud(_, Bucket::Azure { .. }))
    }

    /// An address to read a file from. Browsers save what it answers, as they do with files of this server.
    pub async fn sign_get(&self, path: &BlobPath, valid: Duration) -> Result<String> {
        let (_, bucket) = self.cloud()?;
        let mut options = SignedUrlOptions::default();
        if !matches!(bucket, Bucket::Azure { .. }) {
            let name = utf8_percent_encode(path.file_name(), NON_ALPHANUMERIC);
            options = options.with_query([(
                "response-content-disposition",
                format!("attachment; filename*=UTF-8''{name}"),
            )]);
        }
        let url = self.sign(Method::GET, &self.object(path)?, valid, &options).await?;
        Ok(url.into())
    }

    /// An address to put a file to.
    pub async fn sign_put(&self, path: &BlobPath, valid: Duration) -> Result<SignedUpload> {
        let (_, bucket) = self.cloud()?;
        let options = SignedUrlOptions::default();
        let url = self.sign(Method::PUT, &self.object(path)?, valid, &options).await?;
        let headers = match bucket {
            Bucket::Azure { .. } => vec![("x-ms-blob-type", "BlockBlob")],
            _ => Vec::new(),
        };
        Ok(SignedUpload {
            url: url.into(),
            headers,
        })
    }

    /// Begins an upload in parts that the client itself sends.
    pub async fn start_parts(&self, path: &BlobPath, parts: usize, valid: Duration) -> Result<PartUpload> {
        let (cloud, bucket) = self.cloud()?;
        if !(1..=PARTS_MAX).contains(&parts) {
            return Err(Error::Parts(format!(
                "there must be 1 to {PARTS_MAX} of them, not {parts}"
            )));
        }
        let path = self.object(path)?;
        if let Bucket::Azure { .. } = bucket {
            let id = uuid::Uuid::new_v4().simple().to_string();
            let options = SignedUrlOptions::default();
            // One signature does: it is for the file, and the part's name is no part of it.
            let signed = self.sign(Method::PUT, &path, valid, &options).await?;
            let urls = (1..=parts)
                .map(|number| {
                    let mut url = signed.clone();
                    let block = BASE64_STANDARD.encode(block_name(&id, number));
                    url.query_pairs_mut()
                        .append_pair("comp", "block")
                        .append_pair("blockid", &block);
                    url.into()
                })
                .collect();
            return Ok(PartUpload { id, urls });
        }
        // Fails before anything is begun where nothing can be signed.
        self.sign(Method::PUT, &path, valid, &SignedUrlOptions::default())
            .await?;
        let id = cloud.create_multipart(&path).await?;
        let mut urls = Vec::with_capacity(parts);
        for number in 1..=parts {
            let options =
                SignedUrlOptions::default().with_query([("partNumber", number.to_string()), ("uploadId", id.clone())]);
            urls.push(self.sign(Method::PUT, &path, valid, &options).await?.into());
            // A signature is a millisecond of a processor where it is made with an RSA key.
            yield_now().await;
        }
        Ok(PartUpload { id, urls })
    }

    /// Makes one file of the parts: it is visible from then on.
    pub async fn complete_parts(&self, path: &BlobPath, id: &str, mut parts: Vec<CompletedPart>) -> Result<()> {
        let (cloud, bucket) = self.cloud()?;
        parts.sort_by_key(|part| part.number);
        if parts.is_empty() || parts.iter().zip(1..).any(|(part, number)| part.number != number) {
            return Err(Error::Parts("they must be numbered from 1 without a gap".to_owned()));
        }
        let azure = matches!(bucket, Bucket::Azure { .. });
        check_upload_id(id, azure)?;
        let ids = parts
            .into_iter()
            .map(|part| PartId {
                content_id: if azure { block_name(id, part.number) } else { part.etag },
            })
            .collect();
        cloud
            .complete_multipart(&self.object(path)?, &id.to_owned(), ids)
            .await
            .map(drop)
            .map_err(explain_parts)
    }

    /// Gives up an upload in parts. One that is not known counts as given up.
    pub async fn abort_parts(&self, path: &BlobPath, id: &str) -> Result<()> {
        let (cloud, bucket) = self.cloud()?;
        check_upload_id(id, matches!(bucket, Bucket::Azure { .. }))?;
        match cloud.abort_multipart(&self.object(path)?, &id.to_owned()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(explain_parts(error)),
        }
    }

    async fn sign(&self, method: Method, path: &Path, valid: Duration, with: &SignedUrlOptions) -> Result<Url> {
        let (cloud, bucket) = self.cloud()?;
        let url = cloud
            .signed_url_opts(method, path, valid, with)
            .await
            .map_err(|error| match Error::from(error) {
                error @ Error::Refused(_) => error,
                error => {
                    tracing::debug!("An address could not be signed: {error}");
                    Error::CannotSign
                }
            })?;
        if !matches!(bucket, Bucket::Azure { .. }) || !url.path().contains('%') {
            return Ok(url);
        }
        match &self.account_key {
            Some(key) => Ok(key.sign_again(&url)),
            None => Err(Error::CannotSign),
        }
    }

    fn cloud(&self) -> Result<(&dyn Cloud, &Bucket)> {
        match &self.store {
            Store::Folder(_) => Err(Error::CannotSign),
            Store::Cloud(cloud, bucket) => Ok((cloud.as_ref(), bucket)),
        }
    }
}

/// All names of an upload's blocks have one length, as Azure wants it.
fn block_name(id: &str, number: usize) -> String {
    format!("{id}-{number:06}")
}

fn check_upload_id(id: &str, azure: bool) -> Result<()> {
    let fits = if azure {
        id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())
    } else {
        (1..=1024).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic())
    };
    if fits {
        Ok(())
    } else {
        Err(Error::Parts("the upload_id is not one of this server".to_owned()))
    }
}

/// What stores call a list of parts that is wrong. It is the client's, so it must not look like a failure of the store.
const PARTS_REFUSED: [&str; 8] = [
    "NoSuchUpload",
    "InvalidPart",
    "InvalidPartOrder",
    "EntityTooSmall",
    "InvalidBlockList",
    "InvalidBlockId",
    "InvalidArgument",
    "MalformedXML",
];

fn explain_parts(error: object_store::Error) -> Error {
    if let object_store::Error::NotFound { .. } = error {
        return Error::Parts("the store knows no such upload".to_owned());
    }
    let text = error.to_string();
    match PARTS_REFUSED.iter().find(|code| text.contains(*code)) {
        Some(code) => Error::Parts(format!("the store answered {code}")),
        None => error.into(),
    }
}

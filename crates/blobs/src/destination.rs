//! Where artifacts are kept, as users write it: a folder, or an address in a cloud.

use crate::path::BlobPath;
use std::{fmt, path::PathBuf};

/// A parsed destination. A bucket or container is what a store is opened for; the path is where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Folder(PathBuf),
    Bucket(Bucket, BlobPath),
}

/// What one connection serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bucket {
    S3 {
        bucket: String,
    },
    Gcs {
        bucket: String,
    },
    /// Without an account, the one that the environment names.
    Azure {
        container: String,
        account: Option<AzureAccount>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AzureAccount {
    pub name: String,
    /// The host of its blobs, also where the address names the one of its file system.
    pub host: String,
}

/// Endings of hosts that belong to Azure. Others are refused: a request carries credentials to whom it is sent.
const AZURE_HOSTS: [&str; 5] = [
    "core.windows.net",
    "core.chinacloudapi.cn",
    "core.usgovcloudapi.net",
    "core.cloudapi.de",
    "fabric.microsoft.com",
];

impl Destination {
    pub fn parse(uri: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = uri.split_once("://") else {
            return match uri.strip_prefix("file:") {
                Some(path) => folder(path),
                None => folder(uri),
            };
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = match scheme.to_ascii_lowercase().as_str() {
            "file" if matches!(authority, "" | "localhost") => return folder(&format!("/{path}")),
            "file" => return Err(format!("`{uri}` names the host `{authority}`; write file:///FOLDER")),
            "s3" | "s3a" => Bucket::S3 {
                bucket: bucket_name(uri, authority)?,
            },
            "gs" => Bucket::Gcs {
                bucket: bucket_name(uri, authority)?,
            },
            "wasb" | "wasbs" | "abfs" | "abfss" | "az" => azure(uri, authority)?,
            other => {
                return Err(format!(
                    "`{other}://` is not supported; use a folder, s3://, gs://, wasbs://, abfss:// or az://"
                ));
            }
        };
        let path = BlobPath::parse(path.trim_start_matches('/')).map_err(|e| e.to_string())?;
        Ok(Self::Bucket(bucket, path))
    }
}

fn folder(path: &str) -> Result<Destination, String> {
    if path.is_empty() {
        return Err("the name of the folder is empty".to_owned());
    }
    Ok(Destination::Folder(PathBuf::from(path)))
}

/// Characters that the names of buckets and containers have: nothing that could lead elsewhere in an address.
fn bucket_name(uri: &str, name: &str) -> Result<String, String> {
    let fits = !name.is_empty()
        && name.len() <= 255
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'));
    if fits {
        Ok(name.to_owned())
    } else {
        Err(format!("`{uri}` does not name a bucket: `{name}`"))
    }
}

fn azure(uri: &str, authority: &str) -> Result<Bucket, String> {
    let Some((container, host)) = authority.split_once('@') else {
        return Ok(Bucket::Azure {
            container: bucket_name(uri, authority)?,
            account: None,
        });
    };
    let host = host.to_ascii_lowercase();
    let refused =
        || format!("`{uri}` must be CONTAINER@ACCOUNT.blob.core.windows.net or CONTAINER@ACCOUNT.dfs.core.windows.net");
    let (name, service) = host.split_once('.').ok_or_else(refused)?;
    let (kind, domain) = service.split_once('.').ok_or_else(refused)?;
    let known = matches!(kind, "blob" | "dfs") && AZURE_HOSTS.contains(&domain);
    if !known || name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(refused());
    }
    Ok(Bucket::Azure {
        container: bucket_name(uri, container)?,
        account: Some(AzureAccount {
            host: format!("{name}.blob.{domain}"),
            name: name.to_owned(),
        }),
    })
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket } => write!(f, "s3://{bucket}"),
            Self::Gcs { bucket } => write!(f, "gs://{bucket}"),
            Self::Azure {
                container,
                account: Some(account),
            } => write!(f, "wasbs://{container}@{}", account.host),
            Self::Azure {
                container,
                account: None,
            } => write!(f, "az://{container}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, bucket: &str, path: &str) {
        match Destination::parse(uri) {
            Ok(Destination::Bucket(found, at)) => assert_eq!((found.to_string().as_str(), at.as_str()), (bucket, path)),
            other => panic!("{uri}: {other:?}"),
        }
    }

    #[test]
    fn addresses_of_clouds_are_read() {
        check("s3://b", "s3://b", "");
        check("s3://b.c-d/one/two/", "s3://b.c-d", "one/two");
        check("gs://b/x", "gs://b", "x");
        check("az://c/x", "az://c", "x");
        let account = "wasbs://c@acc.blob.core.windows.net";
        check("wasbs://c@acc.blob.core.windows.net/x/y", account, "x/y");
        check("abfss://c@acc.dfs.core.windows.net/x", account, "x");
        check(
            "abfss://c@acc.dfs.core.usgovcloudapi.net",
            "wasbs://c@acc.blob.core.usgovcloudapi.net",
            "",
        );
    }

    #[test]
    fn folders_are_read() {
        for (uri, path) in [
            ("/srv/a", "/srv/a"),
            ("file:/srv/a", "/srv/a"),
            ("file:///srv/a", "/srv/a"),
            ("./a b", "./a b"),
        ] {
            assert_eq!(Destination::parse(uri), Ok(Destination::Folder(path.into())), "{uri}");
        }
    }

    #[test]
    fn what_cannot_be_a_destination_is_refused() {
        for uri in [
            "",
            "s3://",
            "s3:///x",
            "s3://b@evil.example/x",
            "s3://b?x=1/y",
            "s3://b/../c",
            "ftp://host/x",
            "hdfs://host/x",
            "file://host/x",
            "wasbs://c@acc.blob.evil.example/x",
            "wasbs://c@core.windows.net/x",
            "wasbs://c@evil.example#.blob.core.windows.net/x",
            "wasbs://@acc.blob.core.windows.net/x",
        ] {
            assert!(Destination::parse(uri).is_err(), "{uri}");
        }
    }
}

//! All stores that this server reaches: the one that it was started with, and those that experiments name.

use crate::{
    blobs::Blobs,
    destination::{Bucket, Destination},
    environment::Environment,
    error::{Error, Result},
    path::BlobPath,
};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Buckets that are kept open. More are opened anew each time, which costs a connection.
const OPEN_MAX: usize = 64;

/// The folder of the server's own store that holds what endpoints were asked, and no artifacts.
pub const RESERVED: &str = "capture";
/// The address of the server's own store, as experiments and runs carry it: `mlflow-artifacts:/1/<run>/artifacts`.
const OWN: &str = "mlflow-artifacts:";

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stores(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    own: Blobs,
    /// Folders that addresses may lead into, and their stores.
    folders: Vec<(PathBuf, Blobs)>,
    environment: Environment,
    open: Mutex<HashMap<Bucket, Blobs>>,
}

/// A store, and where in it.
#[derive(Debug, Clone)]
pub struct Place {
    pub blobs: Blobs,
    pub path: BlobPath,
}

impl Place {
    #[must_use]
    pub fn join(&self, below: &BlobPath) -> Self {
        Self {
            blobs: self.blobs.clone(),
            path: self.path.join(below),
        }
    }
}

impl Stores {
    /// The store at a destination. A folder is made if need be; a bucket must be there.
    pub async fn open(destination: &str, environment: &Environment) -> Result<Blobs> {
        match Destination::parse(destination).map_err(Error::Open)? {
            Destination::Folder(path) => Blobs::folder(&path),
            Destination::Bucket(bucket, prefix) => {
                let blobs = Blobs::bucket(&bucket, prefix, environment)?;
                blobs.check().await?;
                Ok(blobs)
            }
        }
    }

    /// `own` and the stores that experiments name. Of folders only those below `default_root` are served: an address
    /// comes from a client, and must not reach the rest of this machine.
    pub fn new(own: Blobs, default_root: &str, environment: Environment) -> Self {
        let folders = match Destination::parse(default_root) {
            Ok(Destination::Folder(path)) if !default_root.starts_with(OWN) => {
                Blobs::folder(&path).map(|blobs| (path, blobs)).into_iter().collect()
            }
            _ => Vec::new(),
        };
        Self(Arc::new(Inner {
            own,
            folders,
            environment,
            open: Mutex::default(),
        }))
    }

    /// The store behind the address of a run, a model or an experiment.
    pub fn locate(&self, uri: &str) -> Result<Place> {
        if let Some(rest) = uri.strip_prefix(OWN) {
            // `mlflow-artifacts://host:port/path` names this server by its address.
            let path = match rest.strip_prefix("//") {
                Some(authority) => authority.split_once('/').map_or("", |(_, path)| path),
                None => rest,
            };
            let path = BlobPath::parse(path.trim_start_matches('/'))?;
            if path.is_in(RESERVED) {
                return Err(Error::Unsupported(format!(
                    "'{uri}' is no place for artifacts: the server keeps data of its own in '{RESERVED}'."
                )));
            }
            return Ok(Place {
                blobs: self.0.own.clone(),
                path,
            });
        }
        match Destination::parse(uri).map_err(Error::Unsupported)? {
            Destination::Folder(path) => self.locate_folder(uri, &path),
            Destination::Bucket(bucket, path) => Ok(Place {
                blobs: self.bucket(&bucket)?,
                path,
            }),
        }
    }

    fn locate_folder(&self, uri: &str, path: &Path) -> Result<Place> {
        let found = self
            .0
            .folders
            .iter()
            .find_map(|(root, blobs)| Some((blobs, path.strip_prefix(root).ok()?)));
        match found.and_then(|(blobs, below)| Some((blobs, below.to_str()?))) {
            Some((blobs, below)) => Ok(Place {
                blobs: blobs.clone(),
                path: BlobPath::parse(below)?,
            }),
            None => Err(Error::Unsupported(format!(
                "The artifacts at '{uri}' are not kept by this server: clients reach them directly."
            ))),
        }
    }

    fn bucket(&self, bucket: &Bucket) -> Result<Blobs> {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(blobs) = open.get(bucket) {
            return Ok(blobs.clone());
        }
        let blobs = Blobs::bucket(bucket, BlobPath::root(), &self.0.environment)?;
        if open.len() < OPEN_MAX {
            open.insert(bucket.clone(), blobs.clone());
        }
        Ok(blobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(root: &Path) -> Stores {
        let own = Blobs::folder(&root.join("own")).expect("a folder");
        let keys = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")];
        let default_root = root.join("runs");
        Stores::new(own, &default_root.display().to_string(), keys.into_iter().collect())
    }

    #[test]
    fn addresses_become_places() {
        let folder = tempfile::tempdir().expect("a folder");
        let stores = stores(folder.path());
        let below = format!("file://{}/runs/1/abc", folder.path().display());
        for (uri, store, path) in [
            ("mlflow-artifacts:/1/abc/artifacts", "/own", "1/abc/artifacts"),
            ("mlflow-artifacts://localhost:5000/1/abc", "/own", "1/abc"),
            ("mlflow-artifacts:/", "/own", ""),
            ("s3://bucket/1/abc", "s3://bucket", "1/abc"),
            (below.as_str(), "/runs", "1/abc"),
        ] {
            let place = stores.locate(uri).expect(uri);
            assert!(place.blobs.name().ends_with(store), "{uri}: {}", place.blobs.name());
            assert_eq!(place.path.as_str(), path, "{uri}");
        }
    }

    #[test]
    fn addresses_that_lead_elsewhere_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let stores = stores(folder.path());
        let out = format!("{}/runs/../own", folder.path().display());
        for uri in [
            "file:///etc",
            "/etc/passwd",
            "mlflow-artifacts:/../x",
            "",
            "hdfs://h/x",
            &out,
        ] {
            assert!(stores.locate(uri).is_err(), "{uri}");
        }
    }
}

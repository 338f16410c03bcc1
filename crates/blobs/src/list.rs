//! What is in a folder.
//!
//! Consoles of the clouds make folders by empty objects whose names end in `/`. They are folders here, never files.

use crate::{
    blobs::{Blobs, Store},
    error::{Error, Result},
    path::BlobPath,
};
use futures::TryStreamExt;
use object_store::{ListResult, ObjectMeta, ObjectStore, ObjectStoreExt, list::PaginatedListOptions, path::Path};
use std::collections::BTreeMap;

/// Entries of one folder beyond which it is not listed.
const ENTRIES_MAX: usize = 100_000;

/// A file or a folder directly below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// In bytes; none for a folder.
    pub size: Option<u64>,
}

impl Blobs {
    /// Files and folders directly below `folder`, by name; nothing is an empty folder. A file lists as nothing.
    pub async fn list(&self, folder: &BlobPath) -> Result<Vec<Entry>> {
        let path = self.object(folder)?;
        let mut entries = Vec::new();
        match &self.store {
            Store::Folder(store) => {
                let listing = store.list_with_delimiter(prefix(&path)).await?;
                add(&mut entries, &path, listing)?;
            }
            Store::Cloud(store, _) => {
                let under = prefix(&path).map(|path| format!("{path}/"));
                let mut page_token = None;
                loop {
                    let options = PaginatedListOptions {
                        delimiter: Some("/".into()),
                        page_token,
                        ..PaginatedListOptions::default()
                    };
                    let page = store
                        .list_paginated(under.as_deref(), options)
                        .await
                        .map_err(|error| self.explain_list(error))?;
                    add(&mut entries, &path, page.result)?;
                    page_token = page.page_token;
                    if page_token.is_none() {
                        break;
                    }
                }
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup();
        Ok(entries)
    }

    /// Reads at most `keys` names, and drops them.
    pub(crate) async fn list_page(&self, folder: &BlobPath, keys: usize) -> Result<()> {
        let path = self.object(folder)?;
        if let Store::Cloud(store, _) = &self.store {
            let under = prefix(&path).map(|path| format!("{path}/"));
            let options = PaginatedListOptions {
                max_keys: Some(keys),
                ..PaginatedListOptions::default()
            };
            store
                .list_paginated(under.as_deref(), options)
                .await
                .map_err(|error| self.explain_list(error))?;
        }
        Ok(())
    }

    /// All files below `folder`, as paths relative to it; an error if there are more than `files_max`.
    pub async fn list_all(&self, folder: &BlobPath, files_max: usize) -> Result<Vec<(BlobPath, u64)>> {
        let path = self.object(folder)?;
        let depth = path.parts().count();
        let mut listing = self.objects().list(prefix(&path));
        let mut files = BTreeMap::new();
        while let Some(file) = listing.try_next().await? {
            if file.location == path {
                continue;
            }
            let relative: Vec<_> = file.location.parts().skip(depth).collect();
            let relative: Vec<&str> = relative.iter().map(AsRef::as_ref).collect();
            files.insert(BlobPath::parse(&relative.join("/"))?, file);
            if files.len() > files_max {
                return Err(Error::TooMany(files_max));
            }
        }
        let mut found = Vec::with_capacity(files.len());
        for (relative, file) in &files {
            if !self.is_folder_marker(file).await? {
                found.push((relative.clone(), file.size));
            }
        }
        Ok(found)
    }

    /// A folder that is not there lists as empty, so what is missing is the bucket.
    fn explain_list(&self, error: object_store::Error) -> Error {
        match Error::from(error) {
            Error::NotFound => Error::Open(format!("{}: there is no such bucket", self.name())),
            error => error,
        }
    }

    /// The path of a marker has lost its `/`, so there is no object of that name.
    async fn is_folder_marker(&self, file: &ObjectMeta) -> Result<bool> {
        if file.size > 0 || matches!(self.store, Store::Folder(_)) {
            return Ok(false);
        }
        match self.objects().head(&file.location).await {
            Ok(_) => Ok(false),
            Err(object_store::Error::NotFound { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

fn prefix(path: &Path) -> Option<&Path> {
    (!path.as_ref().is_empty()).then_some(path)
}

fn add(entries: &mut Vec<Entry>, folder: &Path, listing: ListResult) -> Result<()> {
    let folders = listing.common_prefixes.iter().map(|path| Entry {
        name: name(path),
        size: None,
    });
    let files = listing
        .objects
        .iter()
        .filter(|file| file.location != *folder)
        .map(|file| Entry {
            name: name(&file.location),
            size: Some(file.size),
        });
    entries.extend(folders.chain(files));
    if entries.len() > ENTRIES_MAX {
        return Err(Error::TooMany(ENTRIES_MAX));
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.filename().unwrap_or_default().to_owned()
}

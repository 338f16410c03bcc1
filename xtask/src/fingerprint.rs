//! Fingerprints of inputs, so that a step that has nothing to do does nothing.
//!
//! FNV-1a over names and contents: it is the same on every machine and with every compiler, and nothing here has to
//! withstand an attacker.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

pub(crate) fn of_text(text: &str) -> String {
    format!("{:016x}", fnv(OFFSET, text.as_bytes()))
}

/// Over every file below `folder`, except in the named sub-folders.
pub(crate) fn of_folder(folder: &Path, except: &[&str]) -> Result<String> {
    let mut files = Vec::new();
    collect(folder, except, &mut files)?;
    files.sort();
    let mut hash = OFFSET;
    for file in files {
        hash = fnv(
            hash,
            file.strip_prefix(folder)
                .unwrap_or(&file)
                .as_os_str()
                .as_encoded_bytes(),
        );
        hash = fnv(
            hash,
            &fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?,
        );
    }
    Ok(format!("{hash:016x}"))
}

pub(crate) fn is_done(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|done| done == fingerprint)
}

/// Do `action` unless `stamp` says that it was done for this fingerprint already.
pub(crate) fn unless_done(stamp: &Path, fingerprint: &str, action: impl FnOnce() -> Result<()>) -> Result<()> {
    if is_done(stamp, fingerprint) {
        return Ok(());
    }
    action()?;
    fs::write(stamp, fingerprint).with_context(|| format!("cannot write {}", stamp.display()))
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn collect(folder: &Path, except: &[&str], files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        if except.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), except, files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_done_once_per_fingerprint() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = folder.path().join("stamp");
        let mut count = 0;
        for fingerprint in ["a", "a", "b"] {
            unless_done(&stamp, fingerprint, || {
                count += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(count, 2);
    }

    #[test]
    fn contents_and_names_count_and_excluded_folders_do_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "1").unwrap();
        let before = of_folder(folder.path(), &["skip"]).unwrap();
        fs::create_dir(folder.path().join("skip")).unwrap();
        fs::write(folder.path().join("skip/b"), "2").unwrap();
        assert_eq!(of_folder(folder.path(), &["skip"]).unwrap(), before);
        fs::write(folder.path().join("a"), "2").unwrap();
        assert_ne!(of_folder(folder.path(), &["skip"]).unwrap(), before);
    }
}

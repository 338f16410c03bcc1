//! Files of this machine that hold what is not yet in the artifact store. Each running server has a folder of its own
//! under a lock; what a server that died left behind is taken over by the next one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

const LOCK: &str = "lock";
const OPEN: &str = "jsonl";
const SEALED: &str = "sealed";
/// Stands from a workspace's first file until the capture is closed.
const UNCLOSED: &str = "unclosed";

/// This server's part of the spool.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    instance: String,
    /// Held for as long as the server lives, however it ends.
    _lock: File,
}

/// A file that is complete and on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub path: PathBuf,
    pub workspace_id: i64,
    pub bytes: u64,
}

impl Sealed {
    /// Which file of which server it is, wherever it lies now.
    pub fn identity(&self, instance: &str) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        match stem.split_once("-of-") {
            Some((file, owner)) => format!("{owner}-{file}"),
            None => format!("{instance}-{stem}"),
        }
    }
}

/// A server that ended without closing its capture. What it had queued and not yet written is in no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub instance: String,
    pub workspace_id: i64,
    /// The one that was being written, if there was one.
    pub file: Option<String>,
    /// Bytes of a last line that was cut off, which are left out.
    pub torn_bytes: u64,
    /// When it was last written to; without one, when the server last made a file or was rid of one.
    pub last_write_ms: i64,
}

impl Spool {
    /// Makes this server's folder, and takes over what dead ones left in theirs.
    pub fn open(root: &Path, instance: &str) -> io::Result<(Self, Vec<Gap>)> {
        let folder = root.join(instance);
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock().map_err(io::Error::from)?;
        let spool = Self {
            folder,
            instance: instance.to_owned(),
            _lock: lock,
        };
        let mut gaps = Vec::new();
        for entry in fs::read_dir(root)? {
            let other = entry?.path();
            if other == spool.folder || !other.is_dir() {
                continue;
            }
            let Ok(lock) = File::open(other.join(LOCK)) else {
                continue;
            };
            if lock.try_lock().is_ok() {
                spool.take_over(&other, &mut gaps)?;
            }
        }
        Ok((spool, gaps))
    }

    pub fn instance(&self) -> &str {
        &self.instance
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn take_over(&self, other: &Path, gaps: &mut Vec<Gap>) -> io::Result<()> {
        let dead = name_of(other);
        let last_change_ms = modified_ms(other)?;
        let mut unclosed = Vec::new();
        let mut found = Vec::new();
        for entry in fs::read_dir(other)? {
            let path = entry?.path();
            let Some(workspace_id) = workspace_of(&path) else {
                continue;
            };
            if has_extension(&path, UNCLOSED) {
                unclosed.push((workspace_id, path));
                continue;
            }
            if has_extension(&path, OPEN) {
                let (torn_bytes, last_write_ms) = mend(&path)?;
                found.push(Gap {
                    instance: dead.clone(),
                    workspace_id,
                    file: Some(name_of(&path)),
                    torn_bytes,
                    last_write_ms,
                });
            }
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            // What was taken over once keeps the name of its first owner.
            let named = if stem.contains("-of-") {
                stem
            } else {
                format!("{stem}-of-{dead}")
            };
            fs::rename(&path, self.folder.join(format!("{named}.{SEALED}")))?;
        }
        File::open(&self.folder)?.sync_all()?;
        for (workspace_id, marker) in unclosed {
            if !found.iter().any(|gap| gap.workspace_id == workspace_id) {
                found.push(Gap {
                    instance: dead.clone(),
                    workspace_id,
                    file: None,
                    torn_bytes: 0,
                    last_write_ms: last_change_ms,
                });
            }
            fs::remove_file(marker)?;
        }
        gaps.append(&mut found);
        fs::remove_file(other.join(LOCK))?;
        fs::remove_dir(other)
    }

    /// Files that are ready to be taken away, oldest first.
    pub fn sealed(&self) -> io::Result<Vec<Sealed>> {
        sealed_in(&self.folder)
    }
}

/// Files of a folder that are ready to be taken away, oldest first.
pub(crate) fn sealed_in(folder: &Path) -> io::Result<Vec<Sealed>> {
    files_in(folder, &[SEALED])
}

/// Those, and the files that are being written.
pub(crate) fn all_in(folder: &Path) -> io::Result<Vec<Sealed>> {
    files_in(folder, &[SEALED, OPEN])
}

fn files_in(folder: &Path, kinds: &[&str]) -> io::Result<Vec<Sealed>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if kinds.iter().any(|kind| has_extension(&path, kind))
            && let Some(workspace_id) = workspace_of(&path)
        {
            let Ok(metadata) = entry.metadata() else { continue };
            let bytes = metadata.len();
            found.push(Sealed {
                path,
                workspace_id,
                bytes,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

pub(crate) fn open_name(workspace_id: i64, number: u64) -> String {
    format!("{number:012}-w{workspace_id}.{OPEN}")
}

/// Notes that something of a workspace is captured here, until [`close`].
pub(crate) fn mark_unclosed(folder: &Path, workspace_id: i64) -> io::Result<()> {
    File::create(folder.join(format!("capture-w{workspace_id}.{UNCLOSED}"))).map(drop)
}

/// Notes that all that was captured here is in sealed files.
pub(crate) fn close(folder: &Path) -> io::Result<()> {
    for marker in files_in(folder, &[UNCLOSED])? {
        fs::remove_file(marker.path)?;
    }
    Ok(())
}

/// Puts a complete file where [`Spool::sealed`] finds it.
pub(crate) fn seal(path: &Path) -> io::Result<()> {
    fs::rename(path, path.with_extension(SEALED))
}

/// `000000000007-w1.jsonl`
fn workspace_of(path: &Path) -> Option<i64> {
    let stem = path.file_stem()?.to_str()?;
    let rest = stem.split_once("-w")?.1;
    rest.split('-').next()?.parse().ok()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn has_extension(path: &Path, kind: &str) -> bool {
    path.extension().is_some_and(|extension| extension == kind)
}

fn modified_ms(path: &Path) -> io::Result<i64> {
    let since = fs::metadata(path)?.modified()?.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| since.as_millis() as i64))
}

/// Cuts off a last line that has no end.
fn mend(path: &Path) -> io::Result<(u64, i64)> {
    let last_write_ms = modified_ms(path)?;
    let text = fs::read(path)?;
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |place| place + 1);
    let torn = text.len() - whole;
    if torn > 0 {
        let file = File::options().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok((torn as u64, last_write_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_servers_files_are_taken_over_and_told_of() {
        let root = tempfile::tempdir().expect("a folder");
        let (dead, gaps) = Spool::open(root.path(), "a").expect("a spool");
        assert_eq!(gaps, []);
        fs::write(dead.folder().join(open_name(1, 3)), "{}\n{\"torn").expect("a file");
        fs::write(dead.folder().join("000000000002-w1.sealed"), "{}\n").expect("a file");
        // Two servers share a root while both live.
        let (_, gaps) = Spool::open(root.path(), "b").expect("a spool");
        assert_eq!(gaps, []);
        drop(dead);

        let (next, gaps) = Spool::open(root.path(), "c").expect("a spool");
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].instance.as_str(), gaps[0].torn_bytes), ("a", 6));
        assert_eq!(gaps[0].file.as_deref(), Some("000000000003-w1.jsonl"));
        let sealed = next.sealed().expect("a list");
        let texts: Vec<String> = sealed
            .iter()
            .map(|file| fs::read_to_string(&file.path).expect("text"))
            .collect();
        assert_eq!(texts, ["{}\n", "{}\n"]);
        assert!(!root.path().join("a").exists());
    }
}

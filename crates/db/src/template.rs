//! New SQLite stores begin as a copy of one that was made before: a file with the schema in it, packed.

use std::{
    fs::Permissions,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Unpacked it is a few pages for each table.
const LARGEST: usize = 16 * 1024 * 1024;

/// Puts the template where there is no store yet, whole or not at all, whoever else does so at the same time. Next to
/// what is left of another store it stays away: SQLite would take that store's log for the template's.
pub(crate) fn place(path: &Path, template: &[u8]) -> io::Result<()> {
    let taken = ["", "-wal", "-journal"].iter().any(|suffix| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        Path::new(&beside).symlink_metadata().is_ok()
    });
    if taken {
        return Ok(());
    }
    let store = zstd::bulk::decompress(template, LARGEST)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        // As SQLite makes its files.
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(&store)?;
    // SQLite syncs the folder with its first commit.
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != io::ErrorKind::AlreadyExists => Err(refused.error),
        _ => Ok(()),
    }
}

/// Packs a copy of a store.
#[cfg(feature = "testing")]
pub fn pack(path: &Path) -> Vec<u8> {
    const LEVEL: i32 = 19;
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy.db");
    let open = |path: &Path| rusqlite::Connection::open(path).expect("a store");
    open(path).execute("VACUUM INTO ?1", [copy.to_str()]).expect("a copy");
    open(&copy).execute_batch("PRAGMA journal_mode = WAL;").expect("a mode");
    zstd::bulk::compress(&std::fs::read(copy).expect("a file"), LEVEL).expect("bytes")
}

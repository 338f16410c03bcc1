//! A PostgreSQL cluster for one test run: fresh, on a free loopback port, gone afterwards.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::child::{Child, dying_with_us_as, free_port};
use crate::progress::step;
use crate::run::{run_quietly, succeeds};
use crate::system::{self, Need};
use crate::{interrupt, project};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running cluster. Tests make databases of their own in it.
pub(crate) struct Cluster {
    /// `postgresql://...`, which may create databases.
    pub(crate) address: String,
    // Dropped in this order: the server ends before its files go.
    _server: Child,
    _folder: tempfile::TempDir,
}

/// For tests: the machine will not crash during those that do not ask for more; the durability tests turn it on.
pub(crate) fn start() -> Result<Cluster> {
    start_with(&["max_connections=300", "fsync=off"])
}

/// For measurements: as one would run it, with every commit on disk.
pub(crate) fn start_durable() -> Result<Cluster> {
    start_with(&["max_connections=300", "shared_buffers=256MB", "max_wal_size=4GB"])
}

fn start_with(settings: &[&str]) -> Result<Cluster> {
    system::ensure(&[Need::Postgres])?;
    step("Starting PostgreSQL", || {
        let programs = system::postgres_programs().context("the programs of PostgreSQL were there a moment ago")?;
        let folder = project::temporary("postgres")?;
        let user = User::for_postgres(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = user.command(&programs.join("initdb"));
        initdb
            .arg("--pgdata")
            .arg(&data)
            .args(["--username=fettle", "--auth=trust", "--encoding=UTF8", "--no-locale"]);
        run_quietly(initdb.arg("--no-sync").current_dir(folder.path()))?;

        let port = free_port()?;
        let mut command = user.command(&programs.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.current_dir(folder.path());
        let mut server = Child::start("postgres", &mut command, &folder.path().join("log"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let deadline = Instant::now() + PATIENCE;
        let arguments = ["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "fettle", "-q"];
        while !succeeds(Command::new(programs.join("pg_isready")).args(arguments)) {
            interrupt::check()?;
            if server.exited()?.is_some() || Instant::now() > deadline {
                bail!("PostgreSQL did not start:\n{}", server.last_words());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let address = format!("postgresql://fettle@{address}/postgres");
        Ok(Cluster {
            address,
            _server: server,
            _folder: folder,
        })
    })
}

/// PostgreSQL refuses to run as root; then the user `postgres` of the Debian package runs it.
struct User {
    ids: Option<(u32, u32)>,
}

impl User {
    fn for_postgres(folder: &Path) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { ids: None });
        }
        let users = fs::read_to_string("/etc/passwd")?;
        let ids = users
            .lines()
            .find_map(postgres_ids)
            .context("there is no user `postgres`")?;
        chown(folder, Some(ids.0), Some(ids.1))?;
        Ok(Self { ids: Some(ids) })
    }

    fn options(&self) -> Vec<String> {
        let Some((user, group)) = self.ids else {
            return Vec::new();
        };
        vec![
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".to_owned(),
        ]
    }

    fn command(&self, program: &Path) -> Command {
        dying_with_us_as(&self.options(), program)
    }
}

fn postgres_ids(line: &str) -> Option<(u32, u32)> {
    let mut fields = line.split(':');
    (fields.next()? == "postgres").then_some(())?;
    let user = fields.nth(1)?.parse().ok()?;
    Some((user, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_of_the_debian_package_is_found() {
        assert_eq!(
            postgres_ids("postgres:x:101:103:admin:/var/lib/postgresql:/bin/bash"),
            Some((101, 103))
        );
        assert_eq!(postgres_ids("root:x:0:0:root:/root:/bin/bash"), None);
    }
}

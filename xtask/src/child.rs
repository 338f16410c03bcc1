//! Long-lived child processes: started with a log file, awaited until they answer, stopped with their owner.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::interrupt;
use crate::run::find_program;

const STOP_PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// A child process that is stopped when this value is dropped, and by the kernel if we ourselves are killed.
pub(crate) struct Child {
    name: String,
    process: Process,
    log: PathBuf,
}

impl Child {
    /// Start a command of [`dying_with_us`] with its output in `log`.
    pub(crate) fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let process = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            process,
            log: log.to_owned(),
        })
    }

    /// Wait until `GET path` at `address` answers 200.
    pub(crate) fn wait_until_ready(&mut self, address: SocketAddr, path: &str, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        while !answers(address, path) {
            interrupt::check()?;
            if let Some(status) = self.process.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, self.last_words());
            }
            if Instant::now() > deadline {
                bail!(
                    "{} did not answer on {address} in {patience:?}:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    pub(crate) fn exited(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = log.len().saturating_sub(4000);
        log.get(from..).unwrap_or(&log).to_owned()
    }

    fn stop(&mut self) {
        let Ok(pid) = i32::try_from(self.process.id()) else {
            return;
        };
        if let (Ok(None), Some(pid)) = (self.process.try_wait(), Pid::from_raw(pid)) {
            // It may end in this very moment; then there is nobody to tell, and that is fine.
            let _ = kill_process(pid, Signal::TERM);
            let deadline = Instant::now() + STOP_PATIENCE;
            while Instant::now() < deadline {
                if !matches!(self.process.try_wait(), Ok(None)) {
                    return;
                }
                thread::sleep(POLL);
            }
            eprintln!("warning: {} did not end in {STOP_PATIENCE:?} and is killed", self.name);
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `program`, started so that the kernel ends it when this process dies, however that happens.
pub(crate) fn dying_with_us(program: &Path) -> Command {
    dying_with_us_as(&[], program)
}

/// The same with further options of `setpriv`. One call has to set all: a later change of user would forget the signal.
pub(crate) fn dying_with_us_as(options: &[String], program: &Path) -> Command {
    if options.is_empty() && find_program("setpriv").is_none() {
        return Command::new(program); // not a Debian; then only an orderly end takes the children along
    }
    let mut command = Command::new("setpriv");
    command.args(options).args(["--pdeathsig", "TERM"]).arg(program);
    command
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The wished port if it is free, or the next free one.
pub(crate) fn free_port_from(wished: u16) -> Result<u16> {
    let free = (wished..wished.saturating_add(100)).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.with_context(|| format!("no free port from {wished} on"))
}

fn answers(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_ends_early_is_reported_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut command = dying_with_us(Path::new("sh"));
        let mut child = Child::start("sh", command.args(["-c", "echo no luck; exit 3"]), &log).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port().unwrap()));
        let error = child
            .wait_until_ready(address, "/", Duration::from_secs(10))
            .unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
    }

    #[test]
    fn a_dropped_child_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = dying_with_us(Path::new("sleep"));
        let child = Child::start("sleep", command.arg("600"), &folder.path().join("log")).unwrap();
        let pid = Pid::from_raw(i32::try_from(child.process.id()).unwrap()).unwrap();
        drop(child);
        assert!(
            rustix::process::test_kill_process(pid).is_err(),
            "the process is still there"
        );
    }
}

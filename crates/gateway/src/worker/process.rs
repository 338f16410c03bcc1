//! One Python worker process: its own process group, a Unix socket, a handshake within a bounded time.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::value::RawValue;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::protocol::{self, Converted, Handshake, PROTOCOL, Request, Response, RowResult};
use super::table;
use crate::frame::Frame;
use crate::options::Options;

const SCRIPT: &str = include_str!("../../../../worker/fettle_worker.py");
/// Read by the worker, which puts the limit on itself before it loads anything.
const MEMORY_BYTES_MAX: &str = "FETTLE_WORKER_MEMORY_BYTES_MAX";
const STDERR_LINES_KEPT: usize = 20;
const STDERR_LINE_CHARS_MAX: usize = 400;
const STDERR_END_WAIT: Duration = Duration::from_secs(5);
/// A longer path cannot name a socket: of 108 bytes on Linux and 104 on macOS one is its end.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// What it takes to start a worker for one model.
#[derive(Debug)]
pub(crate) struct WorkerSpec {
    pub(crate) python: PathBuf,
    pub(crate) model: PathBuf,
    pub(crate) start_timeout: Duration,
    memory_bytes_max: Option<u64>,
    /// Variables of the worker's environment, besides those it inherits.
    environment: BTreeMap<String, String>,
    /// Holds the script and the sockets; removed with the last user.
    run_dir: tempfile::TempDir,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot prepare the Python worker's directory")]
    Directory(#[source] io::Error),
    #[error("cannot start `{}`; name a Python that has mlflow installed with --python or FETTLE_PYTHON", python.display())]
    Spawn { python: PathBuf, source: io::Error },
    #[error("the Python worker (`{}`) ended before it was ready: {reason}{stderr}", python.display())]
    Ended {
        python: PathBuf,
        reason: String,
        stderr: String,
    },
    #[error("the Python worker (`{}`) was not ready within {seconds} s{stderr}", python.display())]
    Slow {
        python: PathBuf,
        seconds: u64,
        stderr: String,
    },
    #[error("the Python worker speaks protocol {found}, this gateway {PROTOCOL}")]
    Protocol { found: u32 },
}

#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the Python worker went away: {0}")]
    Lost(#[from] io::Error),
    #[error("the table could not be written for the Python worker")]
    Table(#[from] arrow_schema::ArrowError),
    #[error("{0}")]
    Refused(String),
}

impl WorkerSpec {
    pub(crate) fn new(python: PathBuf, model: PathBuf, options: &Options) -> Result<Self, StartError> {
        let run_dir = tempfile::Builder::new()
            .prefix("fettle-worker-")
            .tempdir_in(place_for_sockets(std::env::temp_dir()))
            .map_err(StartError::Directory)?;
        std::fs::write(run_dir.path().join("fettle_worker.py"), SCRIPT).map_err(StartError::Directory)?;
        Ok(Self {
            python,
            model,
            start_timeout: options.supervision.start_timeout,
            memory_bytes_max: options.supervision.memory_bytes_max,
            environment: options.environment.clone(),
            run_dir,
        })
    }
}

/// The folder for temporary files, unless its path leaves no room for that of a socket in it.
fn place_for_sockets(temporary: PathBuf) -> PathBuf {
    let socket = temporary.join("fettle-worker-XXXXXX/sXXXXXX.sock");
    if socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        temporary
    } else {
        PathBuf::from("/tmp")
    }
}

/// Kills the worker and everything it started when dropped.
struct ProcessGroup(Pid);

impl ProcessGroup {
    fn kill(&self) {
        // It fails only if the group is gone already, which is what we want.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a worker writes to standard error.
struct Stderr {
    tail: StderrTail,
    /// Ends with the pipe.
    reader: Option<JoinHandle<()>>,
}

impl Stderr {
    fn read(pipe: ChildStderr) -> Self {
        let tail = StderrTail::default();
        let reader = Some(tokio::spawn(keep_lines(pipe, tail.clone())));
        Self { tail, reader }
    }

    /// The last lines of a worker whose process group is gone: the pipe is read to its end first, so that a traceback is
    /// whole. Only a process that left the group can keep the pipe open; it is not waited for for long.
    async fn last_words(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            let _ = timeout(STDERR_END_WAIT, reader).await;
        }
        self.tail.text()
    }
}

/// The last lines a worker wrote to standard error.
#[derive(Debug, Clone, Default)]
struct StderrTail(Arc<Mutex<VecDeque<String>>>);

impl StderrTail {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == STDERR_LINES_KEPT {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(STDERR_LINE_CHARS_MAX).collect());
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return String::new();
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        format!("\nits last words:\n{}", lines.join("\n"))
    }
}

/// A running worker whose model is loaded.
pub(crate) struct Worker {
    stream: UnixStream,
    child: Child,
    pub(crate) handshake: Handshake,
    stderr: Stderr,
    /// The worker ends when this pipe closes.
    _stdin: ChildStdin,
    group: ProcessGroup,
}

impl Worker {
    pub(crate) async fn start(spec: &WorkerSpec) -> Result<Self, StartError> {
        let socket = tempfile::Builder::new()
            .prefix("s")
            .suffix(".sock")
            .make_in(spec.run_dir.path(), |path| UnixListener::bind(path))
            .map_err(StartError::Directory)?;
        let mut command = Command::new(&spec.python);
        if let Some(bytes) = spec.memory_bytes_max {
            command.env(MEMORY_BYTES_MAX, bytes.to_string());
        }
        let mut child = command
            .arg("-u")
            .arg(spec.run_dir.path().join("fettle_worker.py"))
            .arg("--socket")
            .arg(socket.path())
            .arg("--model")
            .arg(&spec.model)
            .envs(&spec.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| StartError::Spawn {
                python: spec.python.clone(),
                source,
            })?;
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(id as i32))
            .expect("a child not yet waited for has an id");
        let group = ProcessGroup(pid);
        let stdin = child.stdin.take().expect("standard input was asked to be a pipe");
        let mut stderr = Stderr::read(child.stderr.take().expect("standard error was asked to be a pipe"));

        let deadline = Instant::now() + spec.start_timeout;
        let greeting = async {
            let (mut stream, _) = socket.as_file().accept().await?;
            let (handshake, _) = protocol::read::<Handshake>(&mut stream).await?;
            Ok::<_, io::Error>((stream, handshake))
        };
        let greeted = tokio::select! {
            greeted = timeout_at(deadline, greeting) => greeted,
            // The greeting may still be in the socket; it is not looked at, the exit says enough.
            status = child.wait() => Ok(Err(io::Error::other(describe_exit(status)))),
        };
        let (stream, handshake) = match greeted {
            Ok(Ok((stream, handshake))) if handshake.error.is_none() => (stream, handshake),
            failed => {
                if failed.is_ok() {
                    // It is about to end, and still writes why.
                    let _ = timeout(STDERR_END_WAIT, child.wait()).await;
                }
                group.kill();
                let stderr = stderr.last_words().await;
                let python = spec.python.clone();
                let reason = match failed {
                    Ok(Ok((_, Handshake { error, .. }))) => {
                        format!("it could not load the model: {}", error.unwrap_or_default())
                    }
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => {
                        let seconds = spec.start_timeout.as_secs();
                        return Err(StartError::Slow {
                            python,
                            seconds,
                            stderr,
                        });
                    }
                };
                return Err(StartError::Ended { python, reason, stderr });
            }
        };
        if handshake.protocol != PROTOCOL {
            return Err(StartError::Protocol {
                found: handshake.protocol,
            });
        }
        Ok(Self {
            stream,
            child,
            handshake,
            stderr,
            _stdin: stdin,
            group,
        })
    }

    /// Score a table of several callers' rows: `rows[i]` of them belong to caller `i`.
    ///
    /// The second value is false once the model has shown that it does not answer row by row.
    pub(crate) async fn predict(
        &mut self,
        frame: &Frame,
        rows: &[usize],
        params: Option<&RawValue>,
    ) -> Result<(Vec<RowResult>, bool), CallError> {
        let (format, payload) = if self.handshake.arrow {
            ("arrow", table::as_arrow(frame)?)
        } else {
            ("json", table::as_json(frame))
        };
        let request = Request::Predict {
            rows,
            layout: table::layout_name(frame.layout),
            format,
            params,
        };
        let (response, payload) = self.call(&request, &payload).await?;
        let results = response.split(payload)?;
        if results.len() != rows.len() {
            return Err(CallError::Lost(io::Error::other(
                "the worker answered for another number of callers",
            )));
        }
        Ok((results, response.row_wise))
    }

    /// Let MLflow's own scoring code read a body.
    pub(crate) async fn raw(&mut self, content_type: &str, body: &[u8]) -> Result<RowResult, CallError> {
        let (response, payload) = self.call(&Request::Raw { content_type }, body).await?;
        let mut results = response.split(payload)?;
        results
            .pop()
            .ok_or_else(|| CallError::Lost(io::Error::other("the worker sent no result")))
    }

    /// The pickled model written as data, or why it cannot be.
    pub(crate) async fn convert(&mut self) -> Result<Converted, CallError> {
        let (response, bytes) = self.call(&Request::Convert, &[]).await?;
        let written_as = response
            .written_as
            .ok_or_else(|| CallError::Lost(io::Error::other("the worker did not say what it wrote")))?;
        Ok(Converted {
            bytes,
            written_as,
            labels: response.labels,
        })
    }

    pub(crate) async fn ping(&mut self) -> Result<(), CallError> {
        self.call(&Request::Ping, &[]).await.map(drop)
    }

    /// Resolves when the process ends by itself.
    pub(crate) async fn ended(&mut self) -> String {
        let status = self.child.wait().await;
        self.group.kill();
        format!("{}{}", describe_exit(status), self.stderr.last_words().await)
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kill the group and collect the process.
    pub(crate) async fn stop(mut self) {
        drop(self.group);
        // After SIGKILL this takes as long as the kernel needs to free the memory.
        let _ = timeout(Duration::from_secs(10), self.child.wait()).await;
    }

    async fn call(&mut self, request: &Request<'_>, payload: &[u8]) -> Result<(Response, Bytes), CallError> {
        protocol::write(&mut self.stream, request, payload).await?;
        let (response, payload) = protocol::read::<Response>(&mut self.stream).await?;
        match response.refused {
            Some(refused) => Err(CallError::Refused(refused)),
            None => Ok((response, payload)),
        }
    }
}

fn describe_exit(status: io::Result<std::process::ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}

async fn keep_lines(pipe: impl AsyncRead + Unpin, tail: StderrTail) {
    let mut lines = BufReader::new(pipe);
    let mut line = Vec::new();
    // A line that is not UTF-8 must not stop the reading: a full pipe would stop the worker.
    while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        tracing::debug!(target: "fettle::worker", "{text}");
        tail.push(text);
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_have_room_for_their_names() {
        let longest = PathBuf::from(format!("/{}", "d".repeat(68)));
        assert_eq!(place_for_sockets(longest.clone()), longest);
        let folder = tempfile::tempdir().expect("a folder");
        let longer = folder.path().join("d".repeat(60));
        assert_eq!(place_for_sockets(longer), PathBuf::from("/tmp"));
    }
}

//! `fettle doctor` in setups that are fine and in setups that are not.

use serde_json::Value;
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

/// A command that inherits none of the variables under test.
fn fettle(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fettle"));
    command.env_clear().current_dir(folder);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let port = free_port();
        let mut command = fettle(folder);
        command.args(["server", "--port", &port.to_string()]).args(arguments);
        let process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Its exit status, and state and text of each finding by check.
fn doctor(command: &mut Command) -> (Option<i32>, Vec<(String, String, String)>) {
    let output: Output = command.args(["-o", "json"]).output().expect("the doctor runs");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().expect("a list");
    let findings = findings.iter().map(|finding| {
        let message = text(finding, "message") + "\n" + &text(finding, "fix");
        (text(finding, "check"), text(finding, "state"), message)
    });
    (output.status.code(), findings.collect())
}

#[track_caller]
fn expect(findings: &[(String, String, String)], check: &str, state: &str, part: &str) {
    let found = findings.iter().find(|(name, ..)| name == check);
    let (_, found_state, message) = found.unwrap_or_else(|| panic!("no {check} in {findings:?}"));
    assert!(
        found_state == state && message.contains(part),
        "{check}: {found_state} {message}"
    );
}

#[test]
fn a_sound_setup_has_no_problems() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let mut command = fettle(folder.path());
    command.args(["doctor", "--tracking-uri", &server.address]);
    command.args(["--backend-store-uri", "sqlite:///fettle-data/fettle.db"]);
    command.args(["--artifacts-destination", "fettle-data/artifacts"]);
    let (status, findings) = doctor(&mut command);
    assert_eq!(status, Some(0), "{findings:?}");
    expect(&findings, "server", "ok", "Fettle");
    expect(&findings, "hosts", "ok", "");
    expect(&findings, "clock", "ok", "");
    expect(&findings, "traces", "ok", "");
    expect(&findings, "proxy", "ok", "");
    expect(&findings, "store", "ok", "this version's");
    expect(&findings, "artifacts", "ok", "can be written to");
}

#[test]
fn a_collector_in_the_environment_is_explained_with_its_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let run = |name: &str, value: &str| {
        let mut command = fettle(folder.path());
        command.args(["doctor", "--tracking-uri", &server.address]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        doctor(command.env(name, value))
    };
    let (status, findings) = run("UNRELATED", "x");
    assert_eq!(status, Some(1));
    expect(
        &findings,
        "traces",
        "problem",
        "export MLFLOW_ENABLE_OTLP_EXPORTER=false",
    );
    expect(&findings, "traces", "problem", "http://localhost:4318");
    for (name, value) in [
        ("MLFLOW_ENABLE_OTLP_EXPORTER", "false"),
        ("MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT", "true"),
    ] {
        let (status, findings) = run(name, value);
        assert_eq!(status, Some(0), "{findings:?}");
        expect(&findings, "traces", "ok", name);
    }
}

#[test]
fn a_server_that_is_away_or_refuses_the_name_is_a_problem() {
    let folder = tempfile::tempdir().expect("a folder");
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let (status, findings) = doctor(fettle(folder.path()).args(["doctor", "--tracking-uri", &nobody]));
    assert_eq!(status, Some(1));
    expect(&findings, "server", "problem", "does not answer");

    let server = Server::start(folder.path(), &["--allowed-hosts", "mlflow.company.com"]);
    let (status, findings) = doctor(fettle(folder.path()).args(["doctor", "--tracking-uri", &server.address]));
    assert_eq!(status, Some(1));
    expect(&findings, "server", "ok", "Fettle");
    expect(&findings, "hosts", "problem", "--allowed-hosts 127.0.0.1");

    let (status, findings) = doctor(
        fettle(folder.path())
            .env("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
            .arg("doctor"),
    );
    assert_eq!(status, Some(1));
    expect(&findings, "server", "problem", "export MLFLOW_TRACKING_URI=");
}

#[test]
fn stores_and_folders_that_cannot_be_used_are_problems() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "not a database, and not a folder").expect("a file");
    let run = |store: &str, artifacts: &str| {
        let mut command = fettle(folder.path());
        command.args([
            "doctor",
            "--backend-store-uri",
            store,
            "--artifacts-destination",
            artifacts,
        ]);
        doctor(&mut command).1
    };
    let findings = run("sqlite:///new/fettle.db", "new/artifacts");
    expect(&findings, "store", "ok", "is empty");
    expect(&findings, "artifacts", "ok", "can be written to");
    assert!(!folder.path().join("new").exists(), "looking made something");
    let findings = run("sqlite:///file", "file/artifacts");
    expect(&findings, "store", "problem", "not a database");
    expect(&findings, "artifacts", "problem", "cannot be written to");
    let findings = run("postgresql://fettle@127.0.0.1:1/none", ".");
    expect(&findings, "store", "problem", "Connection refused");
    expect(&run("mysql://x", "."), "store", "problem", "mysql");
}

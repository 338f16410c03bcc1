//! `fettle drift compare` on small files.

use serde_json::Value;
use std::{
    fmt::Write,
    path::Path,
    process::{Command, Output},
};

/// A column of amounts, one of classes, a target and a score that is worth less with every bit of `noise`.
fn write(path: &Path, rows: u64, shift: f64, noise: f64) {
    let mut text = String::from("amount,class,delayed,score\n");
    let mut state = rows;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..rows {
        let amount = (0..12).map(|_| uniform()).sum::<f64>() - 6.0 + shift;
        let delayed = u8::from(uniform() < 0.4);
        let score = 0.5 * f64::from(delayed) * (1.0 - noise) + 0.5 * uniform();
        let class = ["<a>", "b", "c"][(uniform() * 3.0) as usize];
        let _ = writeln!(text, "{amount:.5},{class},{delayed},{score:.4}");
    }
    std::fs::write(path, text).expect("a file");
}

fn compare(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fettle"));
    command.current_dir(folder).args(["drift", "compare"]).args(arguments);
    command.output().expect("the command runs")
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("before.csv"), 2_000, 0.0, 0.0);
    write(&folder.path().join("same.csv"), 1_500, 0.0, 0.0);
    write(&folder.path().join("moved.csv"), 1_600, 0.5, 0.8);
    folder
}

#[test]
fn drift_is_found_and_can_fail_the_command() {
    let folder = folder();
    let same = compare(folder.path(), &["before.csv", "same.csv", "--fail-on-drift"]);
    assert_eq!(same.status.code(), Some(0), "{}", String::from_utf8_lossy(&same.stderr));
    let moved = compare(folder.path(), &["before.csv", "moved.csv"]);
    assert_eq!(
        moved.status.code(),
        Some(0),
        "without --fail-on-drift drift is no failure"
    );
    let moved = compare(
        folder.path(),
        &["before.csv", "moved.csv", "--fail-on-drift", "-o", "tsv"],
    );
    assert_eq!(moved.status.code(), Some(1));
    let lines = String::from_utf8(moved.stdout).expect("text");
    let amount = lines
        .lines()
        .find(|line| line.starts_with("amount\t"))
        .expect("a line for the column");
    assert!(
        amount.contains("\tdrift\tnormalized_wasserstein_distance\t"),
        "{amount}"
    );
    assert!(String::from_utf8_lossy(&moved.stderr).contains("columns have drifted"));
}

#[test]
fn json_has_everything() {
    let folder = folder();
    let arguments = [
        "before.csv",
        "moved.csv",
        "-o",
        "json",
        "--target",
        "delayed",
        "--prediction",
        "score",
        "--positive",
        "1",
    ];
    let output = compare(folder.path(), &arguments);
    let whole: Value = serde_json::from_slice(&output.stdout).expect("JSON alone on standard output");
    assert_eq!(whole["drift"]["drifted"], true);
    let amount = &whole["drift"]["columns"][0];
    assert_eq!(
        (&amount["column"], &amount["state"]),
        (&"amount".into(), &"drift".into())
    );
    assert!(
        amount["smallest_detectable_shift"]["value"]
            .as_f64()
            .is_some_and(|shift| shift < 0.5)
    );
    assert!(amount["measures"]["population_stability_index"].is_number());
    let auc = |side: &str| {
        whole["performance"][side]["metrics"]["roc_auc"]["value"]
            .as_f64()
            .expect("a number")
    };
    assert!(
        auc("reference") > 0.95 && auc("current") < 0.9,
        "{} and {}",
        auc("reference"),
        auc("current")
    );
    let again: fettle_stats::compare::verdict::Comparison =
        serde_json::from_value(whole["drift"].clone()).expect("reads back");
    assert!(again.drifted);
}

#[test]
fn the_report_is_one_file_that_needs_nothing() {
    let folder = folder();
    let arguments = [
        "before.csv",
        "moved.csv",
        "--target",
        "delayed",
        "--prediction",
        "score",
        "--positive",
        "1",
    ];
    let output = compare(folder.path(), &[&arguments[..], &["--html", "report.html"]].concat());
    assert!(output.status.success());
    let page = std::fs::read_to_string(folder.path().join("report.html")).expect("a report");
    assert!(page.starts_with("<!doctype html>") && page.contains("&lt;a&gt;") && page.contains("roc_auc"));
    for outside in ["http://", "https://", "<script", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "the page asks for `{outside}`");
    }
}

#[test]
fn mistakes_are_named() {
    let folder = folder();
    for (arguments, says) in [
        (&["before.csv", "absent.csv"][..], "cannot read `absent.csv`"),
        (
            &["before.csv", "moved.csv", "--columns", "amuont"],
            "has no column `amuont`",
        ),
        (
            &["before.csv", "moved.csv", "--numerical-threshold=-1"],
            "--numerical-threshold must be zero or more",
        ),
    ] {
        let output = compare(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(says),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(compare(folder.path(), &["before.csv"]).status.code(), Some(2));
}

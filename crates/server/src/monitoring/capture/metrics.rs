//! The capture's own counters, as Prometheus text.

use crate::app::App;
use std::fmt::Write as _;

pub fn render(app: &App, out: &mut String) {
    let counts = app.recorder.capture().counts();
    let mut family = |name: &str, kind: &str, help: &str, value: u64| {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    };
    family(
        "fettle_capture_events_total",
        "counter",
        "Events written to the spool",
        counts.written,
    );
    family(
        "fettle_capture_unsynced_events",
        "gauge",
        "Events that are not on disk yet: what a crash would take",
        counts.unsynced,
    );
    family(
        "fettle_capture_dropped_total",
        "counter",
        "Requests that found the queue of the capture full, and are neither counted nor recorded",
        counts.dropped,
    );
    family(
        "fettle_capture_dropped_bodies_total",
        "counter",
        "Requests that were counted, but whose bodies found no room",
        counts.dropped_bodies,
    );
    family(
        "fettle_capture_write_errors_total",
        "counter",
        "Events that could not be written to the spool",
        counts.write_errors,
    );
    family(
        "fettle_capture_spool_bytes",
        "gauge",
        "Bytes that wait to be taken to the artifact store",
        counts.spool_bytes,
    );
}

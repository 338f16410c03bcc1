//! A sealed file becomes two Parquet files, on a thread that leaves the processor to whoever serves.

use crate::{
    segment::{LogEntry, Segment, read_segment},
    spool::Sealed,
    table::{Cell, Cells, Table, TableBuilder},
};
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    thread,
};

/// The least urgent there is.
const NICE: i32 = 19;

/// What is kept of a sealed file.
#[derive(Debug)]
pub struct Rolled {
    pub endpoint: String,
    pub deployment: String,
    pub from_ms: i64,
    pub to_ms: i64,
    pub requests: usize,
    pub row_count: usize,
    /// The log of its requests, as Parquet.
    pub log: Vec<u8>,
    /// Their rows, as Parquet; none if no request could be read as rows.
    pub rows: Option<Vec<u8>>,
    pub unreadable_lines: usize,
}

/// Reads a sealed file and writes it as Parquet.
pub fn roll(sealed: Sealed) -> impl Future<Output = io::Result<Rolled>> {
    let slot = Arc::new(Mutex::new(Slot::default()));
    let filled = Arc::clone(&slot);
    let spawned = thread::Builder::new().name("capture-roll".to_owned()).spawn(move || {
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
        let rolled = std::fs::read(&sealed.path).and_then(|text| rolled(&text));
        let mut slot = filled.lock().unwrap_or_else(PoisonError::into_inner);
        slot.value = Some(rolled);
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    });
    Rolling {
        slot,
        failed: spawned.err(),
    }
}

#[derive(Default)]
struct Slot {
    value: Option<io::Result<Rolled>>,
    waker: Option<Waker>,
}

/// A thread's result, for a task to wait for.
struct Rolling {
    slot: Arc<Mutex<Slot>>,
    failed: Option<io::Error>,
}

impl Future for Rolling {
    type Output = io::Result<Rolled>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = slot.value.take() {
            return Poll::Ready(value);
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

fn rolled(text: &[u8]) -> io::Result<Rolled> {
    let segment = read_segment(&String::from_utf8_lossy(text));
    let times = segment.log.iter().map(|entry| entry.at_ms);
    let (from_ms, to_ms) = (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default());
    let log = table_of_log(&segment.log).to_parquet().map_err(io::Error::other)?;
    let rows = match segment.rows.rows {
        0 => None,
        _ => Some(segment.rows.to_parquet().map_err(io::Error::other)?),
    };
    let Segment {
        endpoint,
        deployment,
        log: entries,
        rows: table,
        unreadable_lines,
    } = segment;
    Ok(Rolled {
        endpoint,
        deployment,
        from_ms,
        to_ms,
        requests: entries.len(),
        row_count: table.rows,
        log,
        rows,
        unreadable_lines,
    })
}

const LOG_COLUMNS: [&str; 12] = [
    "time",
    "correlationid",
    "deployment",
    "model_name",
    "model_version",
    "status",
    "latency_us",
    "rows",
    "request_bytes",
    "response_bytes",
    "error",
    "request",
];

fn table_of_log(entries: &[LogEntry]) -> Table {
    let mut table = TableBuilder::default();
    let columns = LOG_COLUMNS.map(|name| table.column(name));
    let text = |text: &Option<String>| text.clone().map_or(Cell::Null, Cell::Text);
    for entry in entries {
        let cells = [
            Cell::Time(entry.at_ms),
            Cell::Text(entry.correlation_id.clone()),
            Cell::Text(entry.deployment.clone()),
            Cell::Text(entry.model_name.clone()),
            Cell::Text(entry.model_version.clone()),
            entry
                .status
                .map_or(Cell::Null, |status| Cell::Integer(i64::from(status))),
            entry
                .latency_us
                .map_or(Cell::Null, |latency| Cell::Integer(latency as i64)),
            Cell::Integer(entry.rows as i64),
            Cell::Integer(entry.request_bytes as i64),
            Cell::Integer(entry.response_bytes as i64),
            text(&entry.error),
            text(&entry.request),
        ];
        table.push(columns.into_iter().zip(cells));
    }
    table.build()
}

/// The entries of a log that was read back.
pub fn log_of_table(table: &Table) -> Vec<LogEntry> {
    let columns = LOG_COLUMNS.map(|name| table.column(name).map(|column| &column.cells));
    let cell = |column: usize, row: usize| columns[column].map_or(Cell::Null, |cells: &Cells| cells.cell(row));
    let integer = |column, row| match cell(column, row) {
        Cell::Integer(value) | Cell::Time(value) => Some(value),
        _ => None,
    };
    let text = |column, row| cell(column, row).into_text();
    (0..table.rows)
        .map(|row| LogEntry {
            at_ms: integer(0, row).unwrap_or_default(),
            correlation_id: text(1, row).unwrap_or_default(),
            deployment: text(2, row).unwrap_or_default(),
            model_name: text(3, row).unwrap_or_default(),
            model_version: text(4, row).unwrap_or_default(),
            status: integer(5, row).map(|status| status as u16),
            latency_us: integer(6, row).map(|latency| latency as u64),
            rows: integer(7, row).unwrap_or_default() as usize,
            request_bytes: integer(8, row).unwrap_or_default() as usize,
            response_bytes: integer(9, row).unwrap_or_default() as usize,
            error: text(10, row),
            request: text(11, row),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_what_they_were_after_parquet() {
        let entry = |number: usize| LogEntry {
            at_ms: 1_700_000_000_000 + number as i64,
            correlation_id: format!("c{number}"),
            deployment: "blue".to_owned(),
            model_name: "m".to_owned(),
            model_version: "3".to_owned(),
            status: (!number.is_multiple_of(3)).then_some(200),
            latency_us: (!number.is_multiple_of(3)).then_some(number as u64),
            rows: number,
            request_bytes: 7,
            response_bytes: 9,
            error: None,
            request: (number == 2).then(|| "odd".to_owned()),
        };
        let entries: Vec<LogEntry> = (0..5).map(entry).collect();
        let bytes = table_of_log(&entries).to_parquet().expect("written");
        let table = Table::from_parquet(bytes.into(), None).expect("read");
        assert_eq!(log_of_table(&table), entries);
    }
}

//! The thread that writes down what was served.

use crate::{
    event::{EventKind, Head, Source, data_of_bytes},
    handle::{Limits, Shared},
    queue::{Item, Served},
    spool::{self, Spool},
    tally::Tally,
};
use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long answered requests gather before they are written.
const GATHER: Duration = Duration::from_millis(20);
const JSON: &str = "application/json";

pub(crate) struct Writer {
    shared: Arc<Shared>,
    limits: Limits,
    files: HashMap<Key, Open>,
    next_number: u64,
    synced_at: Instant,
    _spool: Spool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    workspace_id: i64,
    endpoint: Arc<str>,
    deployment: Arc<str>,
}

/// A file that is being written.
struct Open {
    path: PathBuf,
    file: File,
    opened_at: Instant,
    bytes: u64,
    dirty: bool,
    pending: String,
    pending_events: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, limits: Limits, spool: Spool) -> Self {
        Self {
            shared,
            limits,
            files: HashMap::new(),
            next_number: 0,
            synced_at: Instant::now(),
            _spool: spool,
        }
    }

    pub(crate) fn run(mut self) {
        let mut items = Vec::new();
        let mut tallies: HashMap<Arc<Source>, Tally> = HashMap::new();
        loop {
            // In this order: what was taken before something was asked for is part of it.
            let closing = self.shared.closing.load(Ordering::SeqCst);
            let sync_asked = self.shared.sync_asked.load(Ordering::SeqCst);
            let seal_asked = self.shared.seal_asked.load(Ordering::SeqCst);
            items = self.shared.queue.take(items);
            let idle = items.is_empty();
            for item in items.drain(..) {
                if let Item::Served(served) = &item {
                    let tally = match tallies.get_mut(&served.source) {
                        Some(tally) => tally,
                        None => tallies.entry(Arc::clone(&served.source)).or_default(),
                    };
                    tally.add(served.status, served.latency_us);
                }
                self.put(item);
            }
            self.publish(&mut tallies);
            self.flush();
            let must_sync = sync_asked > self.shared.sync_done.load(Ordering::SeqCst);
            if must_sync || closing || self.synced_at.elapsed() >= self.limits.sync_every {
                self.sync();
                self.shared.sync_done.store(sync_asked, Ordering::SeqCst);
            }
            let must_seal = closing || seal_asked > self.shared.seal_done.load(Ordering::SeqCst);
            self.seal(must_seal);
            self.shared.seal_done.store(seal_asked, Ordering::SeqCst);
            if closing {
                return;
            }
            if !idle {
                thread::sleep(GATHER);
            } else if self.files.is_empty() {
                thread::park();
            } else {
                thread::park_timeout(self.limits.sync_every);
            }
        }
    }

    fn put(&mut self, item: Item) {
        let key = match &item {
            Item::Served(Served { body: None, .. }) => return,
            Item::Served(served) => key_of(&served.source),
            Item::Event(event) => key_of(&event.source),
        };
        if self.shared.spool_bytes.load(Ordering::Relaxed) >= self.limits.spool_bytes_max {
            self.shared.spool_full.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let Some(open) = self.open(key) else { return };
        match item {
            Item::Served(served) => {
                write_served(&served, &mut open.pending);
                open.pending_events += 2;
            }
            Item::Event(event) => {
                event.write(&mut open.pending);
                open.pending_events += 1;
            }
        }
    }

    fn open(&mut self, key: Key) -> Option<&mut Open> {
        if !self.files.contains_key(&key) {
            let path = loop {
                let path = self
                    .shared
                    .folder
                    .join(spool::open_name(key.workspace_id, self.next_number));
                self.next_number += 1;
                if !path.exists() && !path.with_extension("sealed").exists() {
                    break path;
                }
            };
            match File::options().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    let open = Open {
                        path,
                        file,
                        opened_at: Instant::now(),
                        bytes: 0,
                        dirty: false,
                        pending: String::new(),
                        pending_events: 0,
                    };
                    self.files.insert(key.clone(), open);
                }
                Err(error) => {
                    self.failed(&error, 1);
                    return None;
                }
            }
        }
        self.files.get_mut(&key)
    }

    /// Hands over what was counted.
    fn publish(&self, tallies: &mut HashMap<Arc<Source>, Tally>) {
        if tallies.is_empty() {
            return;
        }
        let mut shared = self.shared.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for (source, tally) in tallies.drain() {
            shared.entry(source).or_default().merge(&tally);
        }
    }

    fn flush(&mut self) {
        let mut failures = Vec::new();
        for open in self.files.values_mut().filter(|open| !open.pending.is_empty()) {
            let size = open.pending.len() as u64;
            match open.file.write_all(open.pending.as_bytes()) {
                Ok(()) => {
                    open.bytes += size;
                    open.dirty = true;
                    self.shared.written.fetch_add(open.pending_events, Ordering::Relaxed);
                    self.shared.spool_bytes.fetch_add(size, Ordering::Relaxed);
                }
                Err(error) => failures.push((error, open.pending_events)),
            }
            open.pending.clear();
            open.pending_events = 0;
        }
        for (error, events) in failures {
            self.failed(&error, events);
        }
    }

    fn sync(&mut self) {
        self.synced_at = Instant::now();
        let written = self.shared.written.load(Ordering::Relaxed);
        let mut failure = None;
        for open in self.files.values_mut().filter(|open| open.dirty) {
            match open.file.sync_data() {
                Ok(()) => open.dirty = false,
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            None => self.shared.synced.store(written, Ordering::Relaxed),
            Some(error) => self.failed(&error, 0),
        }
    }

    /// Seals all files, or those that are large or old enough.
    fn seal(&mut self, all: bool) {
        let limits = &self.limits;
        let due =
            |open: &Open| all || open.bytes >= limits.segment_bytes || open.opened_at.elapsed() >= limits.segment_age;
        let keys: Vec<Key> = self
            .files
            .iter()
            .filter(|(_, open)| due(open))
            .map(|(key, _)| key.clone())
            .collect();
        if keys.is_empty() {
            return;
        }
        self.sync();
        for key in keys {
            if let Some(open) = self.files.remove(&key)
                && let Err(error) = spool::seal(&open.path)
            {
                self.failed(&error, 0);
            }
        }
    }

    fn failed(&self, error: &io::Error, events: u64) {
        self.shared.write_errors.fetch_add(events.max(1), Ordering::Relaxed);
        tracing::error!(%error, events, "The capture's file cannot be written");
    }
}

fn key_of(source: &Source) -> Key {
    Key {
        workspace_id: source.workspace_id,
        endpoint: Arc::clone(&source.endpoint),
        deployment: Arc::clone(&source.deployment),
    }
}

fn write_served(served: &Served, out: &mut String) {
    let Some(body) = &served.body else { return };
    let content_type = body.content_type.as_deref().unwrap_or(JSON);
    let head = |kind, content_type| Head {
        kind,
        source: &served.source,
        correlation_id: &served.correlation_id,
        at_ms: served.at_ms,
        content_type,
    };
    head(EventKind::Request, content_type).write(out);
    out.push_str(",\"data\":");
    push_data(
        out,
        &body.request,
        served.status == 200 && content_type.starts_with(JSON),
    );
    out.push_str("}\n");
    head(EventKind::Response, JSON).write(out);
    let _ = write!(
        out,
        ",\"httpstatus\":{},\"latencyus\":{},\"data\":",
        served.status, served.latency_us
    );
    push_data(out, &body.response, served.status == 200);
    out.push_str("}\n");
}

/// A body that was understood is JSON, unless it has Python's `NaN` or `Infinity`; it goes as it is. A line end in JSON
/// is only ever white space.
fn push_data(out: &mut String, bytes: &[u8], understood: bool) {
    if understood
        && !bytes.iter().any(|byte| matches!(byte, b'N' | b'I'))
        && let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_empty()
    {
        if text.bytes().any(|byte| byte == b'\n' || byte == b'\r') {
            out.push_str(&text.replace(['\n', '\r'], " "));
        } else {
            out.push_str(text);
        }
    } else {
        out.push_str(&data_of_bytes(bytes));
    }
}

//! The thread that writes down what was served.

use crate::{
    event::{EventKind, JSON, Source, data_of_bytes, push_escaped, time_text, write_head},
    handle::{Limits, Shared},
    queue::{Body, Item, Served},
    spool::{self, Spool},
    tally::Tally,
};
use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long answered requests gather before they are written.
const GATHER: Duration = Duration::from_millis(20);
/// Deployments whose lines are kept begun.
const KNOWN_MAX: usize = 4096;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    limits: Limits,
    files: HashMap<Key, Open>,
    /// Workspaces that had a file.
    unclosed: HashSet<i64>,
    /// By the address of its source, which it keeps.
    known: HashMap<usize, Known>,
    /// The text of a time, which many requests share.
    time: (i64, String),
    next_number: u64,
    /// Files were made since the folder was synced.
    made_files: bool,
    synced_at: Instant,
    _spool: Spool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    workspace_id: i64,
    endpoint: Arc<str>,
    deployment: Arc<str>,
}

/// What all requests of a deployment have in common.
struct Known {
    source: Arc<Source>,
    key: Key,
    head: Vec<u8>,
    tally: Option<Tally>,
}

/// A file that is being written.
struct Open {
    path: PathBuf,
    file: File,
    opened_at: Instant,
    bytes: u64,
    dirty: bool,
    pending: Vec<u8>,
    pending_events: u64,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, limits: Limits, spool: Spool) -> Self {
        Self {
            shared,
            limits,
            files: HashMap::new(),
            unclosed: HashSet::new(),
            known: HashMap::new(),
            time: (i64::MIN, String::new()),
            next_number: 0,
            made_files: false,
            synced_at: Instant::now(),
            _spool: spool,
        }
    }

    pub(crate) fn run(mut self) {
        let mut items = Vec::new();
        loop {
            // In this order: what was taken before something was asked for is part of it.
            let closing = self.shared.closing.load(Ordering::SeqCst);
            let sync_asked = self.shared.sync_asked.load(Ordering::SeqCst);
            let seal_asked = self.shared.seal_asked.load(Ordering::SeqCst);
            items = self.shared.queue.take(items, &self.shared.in_hand);
            let idle = items.is_empty();
            for item in items.drain(..) {
                match item {
                    Item::Served(served) => self.put_served(&served),
                    Item::Event(event) => {
                        if let Some(open) = self.room(&key_of(&event.source)) {
                            event.write(&mut open.pending);
                            open.pending_events += 1;
                        }
                    }
                }
            }
            self.publish();
            self.flush();
            self.shared.in_hand.store(0, Ordering::SeqCst);
            let must_sync = sync_asked > self.shared.sync_done.load(Ordering::SeqCst);
            if must_sync || closing || self.synced_at.elapsed() >= self.limits.sync_every {
                self.sync();
                self.shared.sync_done.store(sync_asked, Ordering::SeqCst);
            }
            let must_seal = closing || seal_asked > self.shared.seal_done.load(Ordering::SeqCst);
            self.seal(must_seal);
            self.shared.seal_done.store(seal_asked, Ordering::SeqCst);
            if closing {
                if let Err(error) = spool::close(&self.shared.folder) {
                    self.failed(&error, 0);
                }
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

    fn put_served(&mut self, served: &Served) {
        let address = Arc::as_ptr(&served.source) as usize;
        if !self.known.contains_key(&address) {
            if self.known.len() >= KNOWN_MAX {
                self.publish();
                self.known.clear();
            }
            self.known.insert(address, Known::new(&served.source));
        }
        let Some(known) = self.known.get_mut(&address) else {
            return;
        };
        known
            .tally
            .get_or_insert_default()
            .add(served.status, served.latency_us);
        let Some(body) = &served.body else { return };
        if self.time.0 != served.at_ms {
            self.time = (served.at_ms, time_text(served.at_ms));
        }
        // A file of this deployment is open nearly always.
        if let Some(open) = self.files.get_mut(&known.key)
            && self.shared.spool_bytes.load(Ordering::Relaxed) < self.limits.spool_bytes_max
        {
            write_exchange(served, body, &known.head, &self.time.1, &mut open.pending);
            open.pending_events += 1;
            return;
        }
        let (key, head, time) = (known.key.clone(), known.head.clone(), self.time.1.clone());
        if let Some(open) = self.room(&key) {
            write_exchange(served, body, &head, &time, &mut open.pending);
            open.pending_events += 1;
        }
    }

    /// The file of a deployment, unless the spool is full.
    fn room(&mut self, key: &Key) -> Option<&mut Open> {
        if self.shared.spool_bytes.load(Ordering::Relaxed) >= self.limits.spool_bytes_max {
            self.shared.spool_full.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.open(key.clone())
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
            let marked = self.mark_unclosed(key.workspace_id);
            match marked.and_then(|()| File::options().append(true).create_new(true).open(&path)) {
                Ok(file) => {
                    let open = Open {
                        path,
                        file,
                        opened_at: Instant::now(),
                        bytes: 0,
                        dirty: false,
                        pending: Vec::new(),
                        pending_events: 0,
                    };
                    self.files.insert(key.clone(), open);
                    self.made_files = true;
                }
                Err(error) => {
                    self.failed(&error, 1);
                    return None;
                }
            }
        }
        self.files.get_mut(&key)
    }

    fn mark_unclosed(&mut self, workspace_id: i64) -> io::Result<()> {
        if !self.unclosed.contains(&workspace_id) {
            spool::mark_unclosed(&self.shared.folder, workspace_id)?;
            self.unclosed.insert(workspace_id);
        }
        Ok(())
    }

    /// Hands over what was counted.
    fn publish(&mut self) {
        let mut counted = self.known.values_mut().filter(|known| known.tally.is_some()).peekable();
        if counted.peek().is_none() {
            return;
        }
        let mut shared = self.shared.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        for known in counted {
            if let Some(tally) = known.tally.take() {
                shared.entry(Arc::clone(&known.source)).or_default().merge(&tally);
            }
        }
    }

    fn flush(&mut self) {
        let mut failures = Vec::new();
        for open in self.files.values_mut().filter(|open| !open.pending.is_empty()) {
            let size = open.pending.len() as u64;
            match open.file.write_all(&open.pending) {
                Ok(()) => {
                    open.bytes += size;
                    open.dirty = true;
                    self.shared.written.fetch_add(open.pending_events, Ordering::SeqCst);
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
        let written = self.shared.written.load(Ordering::SeqCst);
        let mut failure = None;
        for open in self.files.values_mut().filter(|open| open.dirty) {
            match open.file.sync_data() {
                Ok(()) => open.dirty = false,
                Err(error) => failure = Some(error),
            }
        }
        // A new file is found after a power cut when its folder is on disk, too.
        if std::mem::take(&mut self.made_files)
            && let Err(error) = File::open(&self.shared.folder).and_then(|folder| folder.sync_all())
        {
            self.made_files = true;
            failure = Some(error);
        }
        match failure {
            None => self.shared.synced.store(written, Ordering::SeqCst),
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

impl Known {
    fn new(source: &Arc<Source>) -> Self {
        let mut head = Vec::new();
        write_head(&mut head, source, EventKind::Exchange, JSON);
        Self {
            source: Arc::clone(source),
            key: key_of(source),
            head,
            tally: None,
        }
    }
}

fn write_exchange(served: &Served, body: &Body, head: &[u8], time: &str, out: &mut Vec<u8>) {
    out.reserve(head.len() + body.request.len() + body.response.len() + 256);
    out.extend_from_slice(head);
    push_escaped(out, &served.correlation_id);
    out.extend_from_slice(b"\",\"time\":\"");
    out.extend_from_slice(time.as_bytes());
    out.extend_from_slice(b"\",\"correlationid\":\"");
    push_escaped(out, &served.correlation_id);
    let content_type = body.content_type.as_deref().unwrap_or(JSON);
    if body.content_type.is_some() {
        out.extend_from_slice(b"\",\"requestcontenttype\":\"");
        push_escaped(out, content_type);
    }
    out.extend_from_slice(b"\",\"httpstatus\":");
    push_number(out, u64::from(served.status));
    out.extend_from_slice(b",\"latencyus\":");
    push_number(out, served.latency_us);
    out.extend_from_slice(b",\"data\":{\"request\":");
    let succeeded = served.status == 200;
    push_data(out, &body.request, succeeded && content_type.starts_with(JSON));
    out.extend_from_slice(b",\"response\":");
    push_data(out, &body.response, succeeded);
    out.extend_from_slice(b"}}\n");
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// A body that was understood is JSON, unless it has Python's `NaN` or `Infinity`; it goes as it is. A line end in JSON
/// is only ever white space.
fn push_data(out: &mut Vec<u8>, bytes: &[u8], understood: bool) {
    if understood
        && !bytes.is_empty()
        && memchr::memchr2(b'N', b'I', bytes).is_none()
        && std::str::from_utf8(bytes).is_ok()
    {
        let start = out.len();
        out.extend_from_slice(bytes);
        if memchr::memchr2(b'\n', b'\r', bytes).is_some() {
            for byte in out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
                *byte = b' ';
            }
        }
    } else {
        out.extend_from_slice(data_of_bytes(bytes).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::read_segment;
    use bytes::Bytes;

    #[test]
    fn exchanges_are_read_as_they_were_written() {
        let source = Arc::new(Source {
            workspace_id: 1,
            endpoint: "e".into(),
            deployment: "d".into(),
            model_name: "a \"quoted\" name".into(),
            model_version: "7".into(),
        });
        let served =
            |id: &str, status, content_type: Option<&str>, request: &'static str, response: &'static str| Served {
                source: Arc::clone(&source),
                correlation_id: id.into(),
                at_ms: 1_700_000_000_123,
                latency_us: 4711,
                status,
                body: Some(Body {
                    content_type: content_type.map(Into::into),
                    request: Bytes::from_static(request.as_bytes()),
                    response: Bytes::from_static(response.as_bytes()),
                }),
            };
        let known = Known::new(&source);
        let mut out = Vec::new();
        for served in [
            served(
                "plain",
                200,
                None,
                "{\"inputs\":\n[1, 2]}",
                "{\"predictions\": [0.5, 1.5]}",
            ),
            served("nan\\", 200, None, "{\"inputs\": [NaN]}", "{\"predictions\": [0.5]}"),
            served("csv", 200, Some("text/csv"), "x\n3\n", "{\"predictions\": [2]}"),
            served("wrong", 400, None, "{\"torn", "{\"message\": \"no\"}"),
        ] {
            let body = served.body.as_ref().expect("a body");
            write_exchange(&served, body, &known.head, &time_text(served.at_ms), &mut out);
        }
        let text = String::from_utf8(out).expect("text");
        assert_eq!(text.lines().count(), 4);
        let segment = read_segment(&text);
        assert_eq!((segment.unreadable_lines, segment.rows.rows), (0, 4));
        assert_eq!(
            segment.logged(),
            [
                ("plain", Some(200), 2),
                ("nan\\", Some(200), 1),
                ("csv", Some(200), 1),
                ("wrong", Some(400), 0)
            ]
        );
        let entry = &segment.log[0];
        assert_eq!((entry.at_ms, entry.latency_us), (1_700_000_000_123, Some(4711)));
        assert_eq!(&*entry.model_name, "a \"quoted\" name");
        assert_eq!(segment.log[3].error.as_deref(), Some("{\"message\": \"no\"}"));
    }
}

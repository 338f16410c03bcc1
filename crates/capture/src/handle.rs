//! The handle through which the capture is told of requests and asked what became of them.

use crate::{
    event::{Event, Source},
    queue::{Item, Queue, Served},
    spool::{self, Sealed, Spool},
    tally::Tally,
    writer::Writer,
};
use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::Duration,
};

/// The bounds of a capture.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Requests that wait to be written.
    pub items_max: usize,
    /// And the bytes of their bodies.
    pub bytes_max: usize,
    /// A file of the spool is sealed when it is this large, or this old.
    pub segment_bytes: u64,
    pub segment_age: Duration,
    /// How long what is written may not be on disk.
    pub sync_every: Duration,
    /// Bytes of the spool beyond which bodies are dropped.
    pub spool_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            items_max: 1 << 16,
            bytes_max: 64 << 20,
            segment_bytes: 32 << 20,
            segment_age: Duration::from_mins(1),
            sync_every: Duration::from_secs(1),
            spool_bytes_max: 4 << 30,
        }
    }
}

/// What a capture has done since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting to be written, or written and not yet on disk: the most that a power cut takes. A killed process loses
    /// no more than waits to be written.
    pub unsynced: u64,
    pub written: u64,
    /// Requests that found the queue full.
    pub dropped: u64,
    /// Requests that were counted, but whose bodies found no room in the queue or in the spool.
    pub dropped_bodies: u64,
    pub write_errors: u64,
    pub spool_bytes: u64,
}

/// Takes records; cheap to clone.
#[derive(Debug, Clone)]
pub struct Capture {
    shared: Arc<Shared>,
    writer: Thread,
    handle: Arc<Mutex<Option<JoinHandle<()>>>>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) folder: PathBuf,
    pub(crate) closing: AtomicBool,
    /// How often a sync or a seal was asked for, and up to which it was done.
    pub(crate) sync_asked: AtomicU64,
    pub(crate) sync_done: AtomicU64,
    pub(crate) seal_asked: AtomicU64,
    pub(crate) seal_done: AtomicU64,
    /// What the writer has taken from the queue and not yet written.
    pub(crate) in_hand: AtomicU64,
    pub(crate) written: AtomicU64,
    pub(crate) synced: AtomicU64,
    pub(crate) write_errors: AtomicU64,
    pub(crate) spool_bytes: AtomicU64,
    pub(crate) spool_full: AtomicU64,
    pub(crate) tallies: Mutex<HashMap<Arc<Source>, Tally>>,
}

impl Capture {
    /// Starts the writer over a spool.
    pub fn start(spool: Spool, limits: Limits) -> io::Result<Self> {
        let leftover = spool.sealed()?.iter().map(|sealed| sealed.bytes).sum();
        let shared = Arc::new(Shared {
            queue: Queue::new(limits.items_max, limits.bytes_max),
            folder: spool.folder().to_owned(),
            closing: AtomicBool::new(false),
            sync_asked: AtomicU64::new(0),
            sync_done: AtomicU64::new(0),
            seal_asked: AtomicU64::new(0),
            seal_done: AtomicU64::new(0),
            in_hand: AtomicU64::new(0),
            written: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            write_errors: AtomicU64::new(0),
            spool_bytes: AtomicU64::new(leftover),
            spool_full: AtomicU64::new(0),
            tallies: Mutex::default(),
        });
        let writer = Writer::new(Arc::clone(&shared), limits, spool);
        let handle = thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || writer.run())?;
        Ok(Self {
            writer: handle.thread().clone(),
            shared,
            handle: Arc::new(Mutex::new(Some(handle))),
        })
    }

    /// Takes an answered request. Never waits.
    pub fn record(&self, served: Served) {
        self.shared.queue.push(Item::Served(served), &self.writer);
    }

    /// Takes an event from elsewhere; false if there is no room.
    pub fn ingest(&self, event: Event) -> bool {
        self.shared.queue.push(Item::Event(Box::new(event)), &self.writer)
    }

    /// Asks that all that was taken so far be on disk; [`Capture::is_synced`] says when.
    pub fn ask_to_sync(&self) -> u64 {
        let asked = self.shared.sync_asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.writer.unpark();
        asked
    }

    pub fn is_synced(&self, asked: u64) -> bool {
        self.shared.sync_done.load(Ordering::SeqCst) >= asked
    }

    /// Asks that all that was taken so far be in sealed files; [`Capture::is_sealed`] says when.
    pub fn ask_to_seal(&self) -> u64 {
        let asked = self.shared.seal_asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.writer.unpark();
        asked
    }

    pub fn is_sealed(&self, asked: u64) -> bool {
        self.shared.seal_done.load(Ordering::SeqCst) >= asked
    }

    /// Files that can be taken away.
    pub fn sealed(&self) -> io::Result<Vec<Sealed>> {
        spool::sealed_in(&self.shared.folder)
    }

    /// Those, and the files that are being written.
    pub fn all_files(&self) -> io::Result<Vec<Sealed>> {
        spool::all_in(&self.shared.folder)
    }

    /// Removes a sealed file that has been taken away.
    pub fn remove(&self, sealed: &Sealed) -> io::Result<()> {
        std::fs::remove_file(&sealed.path)?;
        let bytes = &self.shared.spool_bytes;
        let _ = bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
            Some(all.saturating_sub(sealed.bytes))
        });
        Ok(())
    }

    /// What was served since this was last asked, by deployment.
    pub fn take_tallies(&self) -> Vec<(Arc<Source>, Tally)> {
        let mut tallies = self.shared.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.drain().collect()
    }

    pub fn counts(&self) -> Counts {
        let shared = &self.shared;
        let read = |count: &AtomicU64| count.load(Ordering::SeqCst);
        // In this order, against the way of an event: one that moves on meanwhile counts twice, never not at all.
        let synced = read(&shared.synced);
        let waiting = shared.queue.len() as u64 + read(&shared.in_hand);
        let written = read(&shared.written);
        Counts {
            unsynced: waiting + written.saturating_sub(synced),
            written,
            dropped: read(&shared.queue.dropped),
            dropped_bodies: read(&shared.queue.dropped_bodies) + read(&shared.spool_full),
            write_errors: read(&shared.write_errors),
            spool_bytes: read(&shared.spool_bytes),
        }
    }

    /// Writes all that was taken, seals the files and ends the writer.
    pub fn close(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.writer.unpark();
        let handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handle) = handle
            && handle.join().is_err()
        {
            tracing::error!("The capture's writer ended in a panic");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Body;
    use bytes::Bytes;

    fn source(endpoint: &str) -> Arc<Source> {
        Arc::new(Source {
            workspace_id: 1,
            endpoint: endpoint.into(),
            deployment: "blue".into(),
            model_name: "m".into(),
            model_version: "3".into(),
        })
    }

    fn served(source: &Arc<Source>, number: usize, body: bool) -> Served {
        Served {
            source: Arc::clone(source),
            correlation_id: format!("c{number}").into(),
            at_ms: 1_700_000_000_000 + number as i64,
            latency_us: 100,
            status: 200,
            body: body.then(|| Body {
                content_type: None,
                request: Bytes::from(format!("{{\"inputs\":\n[[{number}]]}}")),
                response: Bytes::from_static(b"{\"predictions\": [NaN]}"),
            }),
        }
    }

    fn wait(until: impl Fn() -> bool) {
        while !until() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_is_recorded_is_in_sealed_files() {
        let root = tempfile::tempdir().expect("a folder");
        let (spool, _) = Spool::open(root.path(), "a").expect("a spool");
        let capture = Capture::start(spool, Limits::default()).expect("a capture");
        let sources = [source("one"), source("two")];
        for number in 0..100 {
            capture.record(served(&sources[number % 2], number, number != 7));
        }
        let asked = capture.ask_to_seal();
        wait(|| capture.is_sealed(asked));
        let sealed = capture.sealed().expect("a list");
        assert_eq!(sealed.len(), 2, "a file for each endpoint");
        let texts: Vec<String> = sealed
            .iter()
            .map(|file| std::fs::read_to_string(&file.path).expect("text"))
            .collect();
        assert_eq!(texts.concat().lines().count(), 99);
        assert_eq!(capture.counts().unsynced, 0);
        let requests: u64 = capture.take_tallies().iter().map(|(_, tally)| tally.requests()).sum();
        assert_eq!(requests, 100, "those without a body are counted");
        for file in &sealed {
            capture.remove(file).expect("removed");
        }
        assert_eq!(capture.counts().spool_bytes, 0);

        capture.record(served(&sources[0], 1, true));
        capture.close();
        assert_eq!(capture.sealed().expect("a list").len(), 1, "closing loses nothing");
    }

    /// Also when no file is being written, a server that ends may have requests in hand.
    #[test]
    fn what_is_not_closed_is_a_gap_without_an_open_file_too() {
        let folder = || tempfile::tempdir().expect("a folder");
        let (servers, root) = (folder(), folder());
        for (instance, close) in [("killed", false), ("closed", true), ("idle", false)] {
            let (spool, _) = Spool::open(servers.path(), instance).expect("a spool");
            let capture = Capture::start(spool, Limits::default()).expect("a capture");
            if instance != "idle" {
                capture.record(served(&source("e"), 1, true));
            }
            let asked = capture.ask_to_seal();
            wait(|| capture.is_sealed(asked));
            if close {
                capture.close();
            }
            // A kill: the folder stays as it is, and nobody holds its lock.
            let left = root.path().join(instance);
            std::fs::create_dir(&left).expect("a folder");
            for file in std::fs::read_dir(servers.path().join(instance)).expect("a list") {
                let file = file.expect("a file");
                std::fs::copy(file.path(), left.join(file.file_name())).expect("copied");
            }
            capture.close();
        }
        let (spool, gaps) = Spool::open(root.path(), "next").expect("a spool");
        let told: Vec<_> = gaps
            .iter()
            .map(|gap| (gap.instance.as_str(), gap.workspace_id, &gap.file))
            .collect();
        assert_eq!(told, [("killed", 1, &None)]);
        let minute = Duration::from_mins(1).as_millis() as i64;
        let now_ms = std::time::UNIX_EPOCH.elapsed().expect("a time").as_millis() as i64;
        assert!((now_ms - minute..=now_ms).contains(&gaps[0].last_write_ms));
        drop(spool);
        let (_, again) = Spool::open(root.path(), "after").expect("a spool");
        assert_eq!(again, [], "it is told once");
    }

    /// What a kill may take at any moment is counted at that moment.
    #[test]
    fn what_is_in_no_file_is_counted_as_unsynced() {
        const REQUESTS: usize = 20_000;
        let root = tempfile::tempdir().expect("a folder");
        let (spool, _) = Spool::open(root.path(), "a").expect("a spool");
        let limits = Limits {
            sync_every: Duration::from_millis(5),
            ..Limits::default()
        };
        let capture = Capture::start(spool, limits).expect("a capture");
        let (source, recorded) = (source("e"), AtomicU64::new(0));
        let lines = || -> u64 {
            let files = capture.all_files().expect("a list");
            let texts = files.iter().map(|file| std::fs::read(&file.path).unwrap_or_default());
            texts.map(|text| memchr::memchr_iter(b'\n', &text).count() as u64).sum()
        };
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..REQUESTS {
                    capture.record(served(&source, number, true));
                    recorded.store(number as u64 + 1, Ordering::SeqCst);
                    if number % 100 == 0 {
                        thread::sleep(Duration::from_micros(200));
                    }
                }
            });
            while recorded.load(Ordering::SeqCst) < REQUESTS as u64 {
                let before = recorded.load(Ordering::SeqCst);
                let unsynced = capture.counts().unsynced;
                let found = lines();
                assert!(
                    found + unsynced >= before,
                    "{before} recorded, {found} found, {unsynced} counted"
                );
            }
        });
        capture.close();
        assert_eq!((lines(), capture.counts().unsynced), (REQUESTS as u64, 0));
    }

    #[test]
    fn a_full_spool_drops_bodies_and_says_so() {
        let root = tempfile::tempdir().expect("a folder");
        let (spool, _) = Spool::open(root.path(), "a").expect("a spool");
        let limits = Limits {
            spool_bytes_max: 1,
            ..Limits::default()
        };
        let capture = Capture::start(spool, limits).expect("a capture");
        for number in 0..3 {
            capture.record(served(&source("e"), number, true));
            let asked = capture.ask_to_sync();
            wait(|| capture.is_synced(asked));
        }
        capture.close();
        let counts = capture.counts();
        assert_eq!((counts.written, counts.dropped_bodies), (1, 2));
    }
}

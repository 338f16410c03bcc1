//! What the native models of a process may take together. When it is more, those that were asked for least recently
//! leave; the next request reads them again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::resident::Place;

/// A bound on the bytes of model files that are in memory at once.
pub struct NativeMemory {
    bytes_max: u64,
    /// Counts uses, so that the least recent one is known without looking at a clock.
    uses: AtomicU64,
    places: Mutex<Vec<Weak<Place>>>,
}

impl std::fmt::Debug for NativeMemory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        formatter
            .debug_struct("NativeMemory")
            .field("bytes_max", &self.bytes_max)
            .finish_non_exhaustive()
    }
}

impl NativeMemory {
    pub fn new(bytes_max: u64) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            uses: AtomicU64::new(0),
            places: Mutex::default(),
        })
    }

    pub(super) fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn add(&self, place: &Arc<Place>) {
        place.used.store(self.next_use(), Ordering::Relaxed);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|place| place.strong_count() > 0);
        places.push(Arc::downgrade(place));
    }

    /// Has others leave until all fit. The newcomer stays, also if it alone is too large.
    pub(super) fn make_room(&self, newcomer: &Arc<Place>) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut loaded: Vec<Arc<Place>> = places
            .iter()
            .filter_map(Weak::upgrade)
            .filter(|place| place.is_loaded())
            .collect();
        loaded.sort_by_key(|place| place.used.load(Ordering::Relaxed));
        let mut bytes: u64 = loaded.iter().map(|place| place.bytes).sum();
        for place in loaded.iter().filter(|place| !Arc::ptr_eq(place, newcomer)) {
            if bytes <= self.bytes_max {
                break;
            }
            place.put(None);
            bytes -= place.bytes;
            tracing::info!(
                bytes = place.bytes,
                "A native model has left the memory until it is asked for"
            );
        }
    }
}

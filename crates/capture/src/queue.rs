//! Requests that have been answered and are not yet written: a list with two bounds, swapped out as a whole.

use crate::event::{Event, Source};
use bytes::Bytes;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::Thread,
};

/// One answered request.
#[derive(Debug, Clone)]
pub struct Served {
    pub source: Arc<Source>,
    pub correlation_id: Arc<str>,
    pub at_ms: i64,
    pub latency_us: u64,
    pub status: u16,
    /// None for a request that is counted and not recorded.
    pub body: Option<Body>,
}

#[derive(Debug, Clone)]
pub struct Body {
    /// None is JSON.
    pub content_type: Option<Box<str>>,
    pub request: Bytes,
    pub response: Bytes,
}

#[derive(Debug)]
pub(crate) enum Item {
    Served(Served),
    /// An event from elsewhere, which is not counted as a request of ours.
    Event(Box<Event>),
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Item>,
    bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    items_max: usize,
    bytes_max: usize,
    /// Requests that were neither counted nor recorded.
    pub dropped: AtomicU64,
    /// Requests that were counted, whose bodies found no room.
    pub dropped_bodies: AtomicU64,
}

impl Queue {
    pub fn new(items_max: usize, bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            items_max,
            bytes_max,
            dropped: AtomicU64::new(0),
            dropped_bodies: AtomicU64::new(0),
        }
    }

    /// Never waits for room: what finds none is dropped and counted. The writer is woken by the first only.
    pub fn push(&self, mut item: Item, writer: &Thread) -> bool {
        let size = item.bytes();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.items.len() >= self.items_max {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        if state.bytes + size > self.bytes_max {
            let Item::Served(served) = &mut item else {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return false;
            };
            served.body = None;
            self.dropped_bodies.fetch_add(1, Ordering::Relaxed);
        } else {
            state.bytes += size;
        }
        let first = state.items.is_empty();
        state.items.push(item);
        drop(state);
        if first {
            writer.unpark();
        }
        true
    }

    /// All that waits, which is counted as in hand before it is no longer counted here; `spare` is what the next ones
    /// are put into.
    pub fn take(&self, mut spare: Vec<Item>, in_hand: &AtomicU64) -> Vec<Item> {
        spare.clear();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bytes = 0;
        in_hand.store(state.items.len() as u64, Ordering::SeqCst);
        std::mem::replace(&mut state.items, spare)
    }

    pub fn len(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).items.len()
    }
}

impl Item {
    fn bytes(&self) -> usize {
        match self {
            Self::Served(Served { body: Some(body), .. }) => body.request.len() + body.response.len(),
            Self::Served(_) => 0,
            Self::Event(event) => event.data.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(bytes: usize) -> Item {
        Item::Served(Served {
            source: Arc::new(Source {
                workspace_id: 1,
                endpoint: "e".into(),
                deployment: "d".into(),
                model_name: "m".into(),
                model_version: "1".into(),
            }),
            correlation_id: "c".into(),
            at_ms: 0,
            latency_us: 1,
            status: 200,
            body: Some(Body {
                content_type: None,
                request: Bytes::from(vec![b' '; bytes]),
                response: Bytes::new(),
            }),
        })
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let queue = Queue::new(3, 100);
        let me = std::thread::current();
        assert!(queue.push(served(60), &me));
        assert!(queue.push(served(60), &me), "kept without its body");
        assert!(queue.push(served(40), &me));
        assert!(!queue.push(served(0), &me), "a fourth has no place");
        let counts = [&queue.dropped, &queue.dropped_bodies].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(counts, [1, 1]);
        let in_hand = AtomicU64::new(0);
        let bodies = queue
            .take(Vec::new(), &in_hand)
            .iter()
            .filter(|item| item.bytes() > 0)
            .count();
        assert_eq!((bodies, in_hand.into_inner()), (2, 3));
        assert!(queue.push(served(100), &me), "there is room again");
    }
}

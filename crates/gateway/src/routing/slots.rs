//! The hundred slots of the hash, and to which deployment each belongs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub const SLOTS: usize = 100;

/// The owner of each slot; empty while there is no traffic. Written as ranges: `{"blue": "0-89", "green": "90-99"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slots(Vec<Arc<str>>);

impl Slots {
    pub fn owner(&self, slot: usize) -> Option<&str> {
        self.0.get(slot).map(AsRef::as_ref)
    }

    /// The slots for a split: everyone keeps as many of their own as the split leaves them, the lowest first, and those
    /// that come free go to whoever lacks some, by name. So a key changes its deployment only if it has to.
    pub(super) fn assign(&self, split: &BTreeMap<String, u8>) -> Self {
        let mut wanted: BTreeMap<Arc<str>, u8> = split
            .iter()
            .map(|(name, percent)| (Arc::from(name.as_str()), *percent))
            .collect();
        let mut next: Vec<Option<Arc<str>>> = vec![None; SLOTS];
        for (place, owner) in next.iter_mut().zip(&self.0) {
            if let Some(left) = wanted.get_mut(owner).filter(|left| **left > 0) {
                *left -= 1;
                *place = Some(Arc::clone(owner));
            }
        }
        let mut lacking = wanted
            .into_iter()
            .flat_map(|(name, left)| std::iter::repeat_n(name, usize::from(left)));
        Self(
            next.into_iter()
                .map_while(|owner| owner.or_else(|| lacking.next()))
                .collect(),
        )
    }

    /// How many slots belong to another deployment than in `before`: the percent of keys that move.
    pub fn moved_from(&self, before: &Self) -> usize {
        (0..SLOTS)
            .filter(|slot| self.owner(*slot) != before.owner(*slot))
            .count()
    }

    fn ranges(&self) -> BTreeMap<&str, String> {
        let mut ranges: BTreeMap<&str, String> = BTreeMap::new();
        let mut start = 0;
        for chunk in self.0.chunk_by(|a, b| a == b) {
            let (first, last) = (start, start + chunk.len() - 1);
            start += chunk.len();
            let text = ranges.entry(&chunk[0]).or_default();
            if !text.is_empty() {
                text.push(',');
            }
            let _ = write!(text, "{first}");
            if last > first {
                let _ = write!(text, "-{last}");
            }
        }
        ranges
    }

    fn from_ranges(ranges: BTreeMap<String, String>) -> Option<Self> {
        let mut slots: Vec<Option<Arc<str>>> = vec![None; SLOTS];
        for (name, text) in &ranges {
            let name: Arc<str> = name.as_str().into();
            for range in text.split(',') {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                for slot in first.parse::<usize>().ok()?..=last.parse::<usize>().ok()? {
                    *slots.get_mut(slot)? = Some(Arc::clone(&name));
                }
            }
        }
        if ranges.is_empty() {
            return Some(Self::default());
        }
        slots.into_iter().collect::<Option<Vec<_>>>().map(Self)
    }
}

impl Serialize for Slots {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ranges().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Slots {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ranges = BTreeMap::deserialize(deserializer)?;
        Self::from_ranges(ranges).ok_or_else(|| D::Error::custom("the ranges do not cover the slots 0 to 99"))
    }
}

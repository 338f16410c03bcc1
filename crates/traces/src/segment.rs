//! Segments of the index: the entries of many blocks turned around, so that a search reads what it asks for and nothing
//! else.
//!
//! A segment's blocks are numbered. For each term it has the numbers of the blocks that hold it, for each bit of the
//! text signatures the numbers of the blocks that set it. Both lie in parts that are read one by one: terms by the low
//! bits of their hash, text by the low bits of the hash of a triple, whatever the size of the signatures.

use crate::{index::Entry, trigrams};
use std::collections::BTreeMap;

/// Blocks of one segment; numbers of blocks are written as 16 bits.
pub const BLOCKS_MAX: usize = 4096;
/// Parts have the numbers below it.
pub const PARTS: i64 = TERM_PARTS as i64 + TEXT_PARTS as i64;
const TERM_PARTS: u32 = 256;
const TEXT_PARTS: usize = 128;
/// Signatures are brought to one size: large ones are folded, small ones repeated.
const SIGNATURE_BITS_MAX: usize = 1 << 14;
/// In bytes: the number of blocks, and in parts of text the number of bits that follow.
const HEAD: usize = 4;

/// A segment as it is stored.
#[derive(Debug)]
pub struct Segment {
    pub blocks: usize,
    /// The trace of each block, see [`traces`].
    pub traces: Vec<u8>,
    /// By their numbers. A part of terms that would be empty is not there.
    pub parts: Vec<(i64, Vec<u8>)>,
}

/// Makes one segment of at most [`BLOCKS_MAX`] entries.
pub fn build(entries: &[Entry<'_>]) -> Segment {
    let keys: Vec<i64> = entries.iter().map(|entry| entry.trace_key).collect();
    let mut parts = term_parts(entries);
    parts.extend(text_parts(entries));
    Segment {
        blocks: entries.len(),
        traces: write_traces(&keys),
        parts,
    }
}

fn term_parts(entries: &[Entry<'_>]) -> Vec<(i64, Vec<u8>)> {
    let mut blocks_by_term: BTreeMap<(u32, u32), Vec<u16>> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for term in entry.terms() {
            let blocks = blocks_by_term.entry((term % TERM_PARTS, term)).or_default();
            blocks.push(number as u16);
        }
    }
    let mut parts: Vec<(i64, Vec<u8>)> = Vec::new();
    for ((part, term), blocks) in blocks_by_term {
        let part = i64::from(part);
        if parts.last().is_none_or(|(last, _)| *last != part) {
            parts.push((part, head(entries.len())));
        }
        if let Some((_, data)) = parts.last_mut() {
            push_blocks(data, term, &blocks, entries.len());
        }
    }
    parts
}

/// A list of numbers where it is short, a set of bits where that is shorter.
fn push_blocks(data: &mut Vec<u8>, term: u32, blocks: &[u16], of: usize) {
    let list: Vec<u8> = if blocks.len() * 2 < words(of) * 8 {
        blocks.iter().flat_map(|block| block.to_le_bytes()).collect()
    } else {
        let mut set = Blocks::none(of);
        for block in blocks {
            set.insert(usize::from(*block));
        }
        set.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    };
    data.extend(term.to_le_bytes());
    data.extend((list.len() as u16).to_le_bytes());
    data.extend(list);
}

fn text_parts(entries: &[Entry<'_>]) -> Vec<(i64, Vec<u8>)> {
    let bits = signature_bits(entries);
    let mut columns = vec![Blocks::none(entries.len()); bits];
    for (number, entry) in entries.iter().enumerate() {
        let own = entry.text.len() * 8;
        for bit in trigrams::bits(entry.text) {
            for place in (bit % bits..bits).step_by(own.clamp(1, bits)) {
                columns[place].insert(number);
            }
        }
    }
    let part = |part: usize| {
        let mut data = head(entries.len());
        data.extend(((bits / TEXT_PARTS) as u32).to_le_bytes());
        let columns = columns.iter().skip(part).step_by(TEXT_PARTS);
        data.extend(columns.flat_map(|blocks| &blocks.0).flat_map(|word| word.to_le_bytes()));
        (i64::from(TERM_PARTS) + part as i64, data)
    };
    (0..TEXT_PARTS).map(part).collect()
}

/// The size that nine in ten signatures have at most.
fn signature_bits(entries: &[Entry<'_>]) -> usize {
    let mut sizes: Vec<usize> = entries.iter().map(|entry| entry.text.len() * 8).collect();
    sizes.sort_unstable();
    let size = sizes.get(sizes.len() * 9 / 10).copied().unwrap_or(0);
    size.next_power_of_two().clamp(TEXT_PARTS, SIGNATURE_BITS_MAX)
}

fn head(blocks: usize) -> Vec<u8> {
    (blocks as u32).to_le_bytes().to_vec()
}

/// Blocks of a segment, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks(Vec<u64>);

impl Blocks {
    fn none(of: usize) -> Self {
        Self(vec![0; words(of)])
    }

    fn insert(&mut self, block: usize) {
        self.0[block / 64] |= 1 << (block % 64);
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub fn intersect(&mut self, other: &Self) {
        self.0.resize(self.0.len().min(other.0.len()), 0);
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    pub fn unite(&mut self, other: &Self) {
        self.unite_words(other.0.iter().copied());
    }

    fn unite_words(&mut self, words: impl Iterator<Item = u64>) {
        for (word, other) in self.0.iter_mut().zip(words) {
            *word |= other;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(index * 64 + bit)
            })
        })
    }
}

fn words(blocks: usize) -> usize {
    blocks.div_ceil(64)
}

fn little_words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// The number of the part that a term lies in.
pub(crate) fn term_part(term: u32) -> i64 {
    i64::from(term % TERM_PARTS)
}

/// The number of the part that the hash of a triple lies in.
pub(crate) fn text_part(hash: usize) -> i64 {
    i64::from(TERM_PARTS) + (hash % TEXT_PARTS) as i64
}

/// The blocks that hold any of `terms`, as one part tells it. None if the part is damaged.
pub(crate) fn with_any(part: &[u8], terms: &[u32]) -> Option<Blocks> {
    let (head, mut rest) = part.split_first_chunk::<HEAD>()?;
    let mut blocks = Blocks::none((u32::from_le_bytes(*head) as usize).min(BLOCKS_MAX));
    while let Some((term, after)) = rest.split_first_chunk::<4>() {
        let (length, after) = after.split_first_chunk::<2>()?;
        let (list, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        rest = after;
        if !terms.contains(&u32::from_le_bytes(*term)) {
            continue;
        }
        if list.len() == blocks.0.len() * 8 {
            blocks.unite_words(little_words(list));
        } else {
            for number in list.as_chunks::<2>().0 {
                let number = usize::from(u16::from_le_bytes(*number));
                if number < blocks.0.len() * 64 {
                    blocks.insert(number);
                }
            }
        }
    }
    Some(blocks)
}

/// The blocks whose text may hold all triples with these `hashes`, as one part tells it of those that lie in it.
pub(crate) fn with_all(part: &[u8], number: i64, hashes: &[usize]) -> Option<Blocks> {
    let (head, rest) = part.split_first_chunk::<HEAD>()?;
    let (bits, columns) = rest.split_first_chunk::<HEAD>()?;
    let size = words(u32::from_le_bytes(*head) as usize);
    let bits = (u32::from_le_bytes(*bits) as usize).max(1);
    let mut blocks = Blocks(vec![u64::MAX; size]);
    for hash in hashes.iter().filter(|hash| text_part(**hash) == number) {
        let place = hash / TEXT_PARTS % bits;
        let column = columns.get(place * size * 8..(place + 1) * size * 8)?;
        blocks.intersect(&Blocks(little_words(column).collect()));
    }
    Some(blocks)
}

/// Each key as its difference from the one before it, in as few bytes as it needs.
pub fn write_traces(keys: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(keys.len() * 2);
    let mut last = 0;
    for key in keys {
        let difference = key.wrapping_sub(std::mem::replace(&mut last, *key));
        prost::encoding::encode_varint(((difference << 1) ^ (difference >> 63)) as u64, &mut bytes);
    }
    bytes
}

/// The traces of a segment's blocks, in the order of the blocks. The key of a trace that was deleted is 0.
pub fn traces(mut stored: &[u8]) -> Vec<i64> {
    let mut keys = Vec::with_capacity(stored.len());
    let mut last = 0i64;
    while let Ok(coded) = prost::encoding::decode_varint(&mut stored) {
        last = last.wrapping_add((coded >> 1) as i64 ^ -((coded & 1) as i64));
        keys.push(last);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        index::{self, IndexRow, Signer},
        pattern::Pattern,
        query::{Need, SpanField, SpanQuery, SpanTest},
    };

    #[test]
    fn keys_of_traces_come_back() {
        let keys = [7, 7, 8, 0, 1_000_000, 3, i64::MAX, 0, i64::MIN];
        assert_eq!(traces(&write_traces(&keys)), keys);
        assert!(traces(&[]).is_empty());
    }

    /// What a segment says of a query, as the store asks it.
    fn asked(segment: &Segment, query: &SpanQuery) -> Vec<i64> {
        let keys = traces(&segment.traces);
        let mut found: Option<Blocks> = None;
        for need in query.needs() {
            let mut passing: Option<Blocks> = None;
            for part in need.parts() {
                let data = segment.parts.iter().find(|(number, _)| *number == part);
                let read = data.and_then(|(_, data)| need.read(part, data));
                need.join(&mut passing, read.unwrap_or_else(|| Blocks::none(segment.blocks)));
            }
            let passing = passing.expect("a need has parts");
            match &mut found {
                Some(found) => found.intersect(&passing),
                None => found = Some(passing),
            }
        }
        found.map_or(keys.clone(), |found| found.iter().map(|block| keys[block]).collect())
    }

    #[test]
    fn a_segment_says_what_its_entries_say() {
        let mut signer = Signer::default();
        let mut row = IndexRow::default();
        for key in 1..=200i64 {
            signer.add_terms(&[index::term("name", ["agent", "tool", "retriever"][key as usize % 3])]);
            signer.add_terms(&index::attribute("user", &format!("user-{key}")));
            // Texts of all lengths, so that signatures have all sizes.
            let words = (0..key * key / 8).map(|word| format!("w{} ", word * 7919 % 5000));
            signer.add_text(&words.collect::<String>());
            row.push(key, &signer.finish());
        }
        let entries: Vec<Entry<'_>> = row.entries().collect();
        let segment = build(&entries);
        assert_eq!((segment.blocks, traces(&segment.traces).len()), (200, 200));

        let text = |text: &str| SpanTest::Like(Pattern::like(text).expect("a pattern"));
        let name = || SpanTest::Equal("tool".to_owned());
        let user = || SpanTest::In(vec!["user-5".to_owned(), "user-160".to_owned(), "x".to_owned()]);
        let of = |conditions: Vec<(SpanField, SpanTest)>| {
            let mut query = SpanQuery::default();
            for (field, test) in conditions {
                query.and(field, test);
            }
            query
        };
        let attribute = || SpanField::Attribute("user".to_owned());
        for (conditions, exact) in [
            (vec![(SpanField::Name, name())], true),
            (vec![(attribute(), user())], true),
            (vec![(SpanField::Name, name()), (attribute(), user())], true),
            (vec![(attribute(), SpanTest::NotIn(Vec::new()))], true),
            (vec![(SpanField::Name, SpanTest::Equal("none".to_owned()))], true),
            (vec![(SpanField::Content, text("%w4321 %"))], false),
            (
                vec![(SpanField::Content, text("%w17 %")), (SpanField::Name, name())],
                false,
            ),
        ] {
            let query = of(conditions);
            let mut expected = Vec::new();
            let says = |entry: &Entry<'_>| query.may_match(entry);
            expected.extend(entries.iter().filter(|entry| says(entry)).map(|entry| entry.trace_key));
            let found = asked(&segment, &query);
            if exact {
                assert_eq!(found, expected, "{query:?}");
            } else {
                // Folded signatures rule out less, never more.
                assert!(expected.iter().all(|key| found.contains(key)), "{query:?}");
                assert!(found.len() < 200, "{query:?}");
            }
        }
        assert!(
            of(vec![(SpanField::Name, SpanTest::NotEqual("x".to_owned()))])
                .needs()
                .is_empty()
        );
        assert!(matches!(
            of(vec![(SpanField::Name, name())]).needs(),
            [Need::AnyTerm(_)]
        ));
    }
}

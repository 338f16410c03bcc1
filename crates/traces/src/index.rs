//! The search index over spans: for each block of spans, what its spans are and what text they hold.
//!
//! The blocks that one request brings share one row of two columns. `terms` lists each block's facts (a name, a type,
//! an attribute's value) as sorted hashes of 32 bits; `text` has each block's signature of triples. A search reads the
//! columns it needs from end to end, in the order they lie on disk, and afterwards opens the few blocks that may match.

use crate::{query::SpanQuery, trigrams::Trigrams};

/// What one block is found by.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    terms: Vec<u32>,
    text: Vec<u8>,
}

/// Makes signatures; keeps its working memory from one block to the next.
#[derive(Default)]
pub struct Signer {
    terms: Vec<u32>,
    trigrams: Trigrams,
}

impl Signer {
    pub fn add_term(&mut self, field: &str, value: &str) {
        self.terms.push(term(field, value));
    }

    /// Notes that an attribute is there, whatever its value.
    pub fn add_key(&mut self, field: &str) {
        self.terms.push(key(field));
    }

    pub fn add_text(&mut self, text: &str) {
        self.trigrams.add(text);
    }

    pub fn finish(&mut self) -> Signature {
        let mut terms = std::mem::take(&mut self.terms);
        terms.sort_unstable();
        terms.dedup();
        Signature {
            terms,
            text: self.trigrams.finish(),
        }
    }
}

/// The columns of one row of the index.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct IndexRow {
    pub terms: Vec<u8>,
    pub text: Vec<u8>,
}

impl IndexRow {
    pub fn push(&mut self, trace_key: i64, signature: &Signature) {
        let terms: Vec<u8> = signature.terms.iter().flat_map(|term| term.to_le_bytes()).collect();
        push_entry(&mut self.terms, trace_key, &terms);
        push_entry(&mut self.text, trace_key, &signature.text);
    }

    /// Drops the entries of traces that `keep` refuses.
    pub fn retain(&mut self, keep: impl Fn(i64) -> bool) {
        for column in [&mut self.terms, &mut self.text] {
            let mut kept = Vec::with_capacity(column.len());
            for (trace_key, entry) in entries(column).filter(|(trace_key, _)| keep(*trace_key)) {
                push_entry(&mut kept, trace_key, entry);
            }
            *column = kept;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// Appends to `found` the traces of one row that may match. `text` may be empty if the query does not need it.
pub fn candidates(query: &SpanQuery, terms: &[u8], text: &[u8], found: &mut Vec<i64>) {
    let mut texts = entries(text);
    for (trace_key, terms) in entries(terms) {
        let text = texts.next().map_or(&[][..], |(_, text)| text);
        if query.may_match(terms, text) {
            found.push(trace_key);
        }
    }
}

/// A fact of a span as it stands in the index.
pub(crate) fn term(field: &str, value: &str) -> u32 {
    let hash = fnv(fnv(FNV_START, field.as_bytes()) ^ 0xff, value.as_bytes());
    (hash ^ (hash >> 32)) as u32
}

/// That a span has an attribute at all.
pub(crate) fn key(field: &str) -> u32 {
    let hash = fnv(FNV_START ^ 0x5555, field.as_bytes());
    (hash ^ (hash >> 32)) as u32
}

/// Whether the sorted list of `terms` has `wanted` in it.
pub(crate) fn holds(terms: &[u8], wanted: u32) -> bool {
    let (terms, _) = terms.as_chunks::<4>();
    terms
        .binary_search_by_key(&wanted, |term| u32::from_le_bytes(*term))
        .is_ok()
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, which is short, fixed for ever, and good enough for 32 bits.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const HEAD: usize = 12;

fn push_entry(column: &mut Vec<u8>, trace_key: i64, entry: &[u8]) {
    column.extend(trace_key.to_le_bytes());
    column.extend((entry.len() as u32).to_le_bytes());
    column.extend(entry);
}

/// The entries of a column; a damaged end is left out.
fn entries(mut column: &[u8]) -> impl Iterator<Item = (i64, &[u8])> {
    std::iter::from_fn(move || {
        let (trace_key, rest) = column.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<{ HEAD - 8 }>()?;
        let (entry, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        column = rest;
        Some((i64::from_le_bytes(*trace_key), entry))
    })
}

//! The search index over spans: for each block of spans, what its spans are and what text they hold.
//!
//! The blocks that one request brings share one row of two columns. `terms` lists each block's facts (a name, a type,
//! an attribute's value) as sorted hashes of 32 bits; `text` has each block's signature of triples. A search reads these
//! rows from end to end, so they do not stay for long: many of them are folded into a [`crate::segment`]. Afterwards it
//! opens the few blocks that may match.

use crate::trigrams::Trigrams;

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
    pub fn add_terms(&mut self, terms: &[u32]) {
        self.terms.extend(terms);
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

    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        entries(&self.terms, &self.text)
    }

    /// Drops the entries of traces that `keep` refuses.
    pub fn retain(&mut self, keep: impl Fn(i64) -> bool) {
        for column in [&mut self.terms, &mut self.text] {
            let mut kept = Vec::with_capacity(column.len());
            for (trace_key, entry) in column_entries(column).filter(|(trace_key, _)| keep(*trace_key)) {
                push_entry(&mut kept, trace_key, entry);
            }
            *column = kept;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

/// What one block is found by, as it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub trace_key: i64,
    terms: &'a [u8],
    pub(crate) text: &'a [u8],
}

impl Entry<'_> {
    pub(crate) fn terms(&self) -> impl Iterator<Item = u32> {
        self.terms
            .as_chunks::<4>()
            .0
            .iter()
            .map(|term| u32::from_le_bytes(*term))
    }

    pub(crate) fn holds(&self, term: u32) -> bool {
        let (terms, _) = self.terms.as_chunks::<4>();
        terms
            .binary_search_by_key(&term, |term| u32::from_le_bytes(*term))
            .is_ok()
    }
}

/// The entries of one row. `text` may be empty if it is not asked for.
pub fn entries<'a>(terms: &'a [u8], text: &'a [u8]) -> impl Iterator<Item = Entry<'a>> {
    let mut texts = column_entries(text);
    column_entries(terms).map(move |(trace_key, terms)| Entry {
        trace_key,
        terms,
        text: texts.next().map_or(&[][..], |(_, text)| text),
    })
}

/// A fact of a span as it stands in the index.
pub(crate) fn term(field: &str, value: &str) -> u32 {
    folded(fnv(fnv(FNV_START, field.as_bytes()) ^ 0xff, value.as_bytes()))
}

/// That a span has an attribute at all.
pub(crate) fn key(field: &str) -> u32 {
    folded(fnv(KEY_START, field.as_bytes()))
}

/// What an attribute of a span is found by: [`key`] and [`term`] of `attributes.KEY`.
pub(crate) fn attribute(key: &str, value: &str) -> [u32; 2] {
    let place = |start| fnv(fnv(start, b"attributes."), key.as_bytes());
    let term = fnv(place(FNV_START) ^ 0xff, value.as_bytes());
    [folded(place(KEY_START)), folded(term)]
}

fn folded(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;
const KEY_START: u64 = FNV_START ^ 0x5555;

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
fn column_entries(mut column: &[u8]) -> impl Iterator<Item = (i64, &[u8])> {
    std::iter::from_fn(move || {
        let (trace_key, rest) = column.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<{ HEAD - 8 }>()?;
        let (entry, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        column = rest;
        Some((i64::from_le_bytes(*trace_key), entry))
    })
}

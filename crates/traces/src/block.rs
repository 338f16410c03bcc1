//! Blocks of spans: how they are kept. A block holds up to [`SPANS_MAX`] spans of one trace that came together; its
//! summary has what lists, metrics and most conditions need, its data the spans themselves as JSON, compressed.

use crate::index::{self, Signature, Signer};
use prost::Message;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::{borrow::Cow, cell::RefCell, collections::HashMap, fmt};

/// A page of a long trace opens a few blocks, so a block must not be the whole trace.
pub const SPANS_MAX: usize = 256;
/// A block with more text than this is closed early.
pub const BYTES_MAX: usize = 4 << 20;
/// Most that one block may hold when it is opened: a single span is at most as large as a request.
const OPENED_MAX: usize = 512 << 20;
const LEVEL: i32 = 1;

#[derive(Debug, thiserror::Error)]
#[error("A block of spans is damaged: {0}")]
pub struct Damaged(String);

impl Damaged {
    pub fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

/// What is known of a span without opening its block.
#[derive(Clone, PartialEq, Message)]
pub struct SpanSummary {
    #[prost(fixed64, tag = "1")]
    pub span_id: u64,
    #[prost(fixed64, optional, tag = "2")]
    pub parent_id: Option<u64>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(string, optional, tag = "4")]
    pub span_type: Option<String>,
    #[prost(enumeration = "Status", tag = "5")]
    pub status: i32,
    #[prost(fixed64, tag = "6")]
    pub start_ns: u64,
    /// 0 while the span runs.
    #[prost(fixed64, tag = "7")]
    pub end_ns: u64,
    /// Length of the span's JSON.
    #[prost(uint32, tag = "8")]
    pub size: u32,
    #[prost(string, optional, tag = "9")]
    pub model: Option<String>,
    #[prost(string, optional, tag = "10")]
    pub provider: Option<String>,
    #[prost(message, optional, tag = "11")]
    pub usage: Option<Usage>,
    #[prost(message, optional, tag = "12")]
    pub cost: Option<Cost>,
}

/// The part of a [`SpanSummary`] that says where a span stands, which is read several times as fast.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct SpanPlace {
    #[prost(fixed64, tag = "1")]
    pub span_id: u64,
    #[prost(fixed64, optional, tag = "2")]
    pub parent_id: Option<u64>,
    #[prost(fixed64, tag = "6")]
    pub start_ns: u64,
    #[prost(uint32, tag = "8")]
    pub size: u32,
}

impl SpanPlace {
    /// Roots first, then by time: the order in which MLflow gives out spans.
    pub fn order(&self) -> (bool, u64) {
        (self.parent_id.is_some(), self.start_ns)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Status {
    Unset = 0,
    Ok = 1,
    Error = 2,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Ok => "OK",
            Self::Error => "ERROR",
        }
    }
}

/// Tokens that a span used, itself or with all below it.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Usage {
    #[prost(int64, optional, tag = "1")]
    pub input_tokens: Option<i64>,
    #[prost(int64, optional, tag = "2")]
    pub output_tokens: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    pub total_tokens: Option<i64>,
    #[prost(int64, optional, tag = "4")]
    pub cache_read_input_tokens: Option<i64>,
    #[prost(int64, optional, tag = "5")]
    pub cache_creation_input_tokens: Option<i64>,
    #[prost(int64, optional, tag = "6")]
    pub cache_creation_input_tokens_above_1hr: Option<i64>,
}

/// In US dollars.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Cost {
    #[prost(double, optional, tag = "1")]
    pub input_cost: Option<f64>,
    #[prost(double, optional, tag = "2")]
    pub output_cost: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub total_cost: Option<f64>,
}

impl SpanSummary {
    pub fn duration_ms(&self) -> Option<i64> {
        (self.end_ns > 0).then(|| (self.end_ns / 1_000_000) as i64 - (self.start_ns / 1_000_000) as i64)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Summaries {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<SpanSummary>,
}

#[derive(Clone, PartialEq, Message)]
struct Places {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<SpanPlace>,
}

/// A block as it is stored.
#[derive(Debug)]
pub struct Block {
    pub spans: usize,
    pub summary: Vec<u8>,
    pub data: Vec<u8>,
    pub signature: Signature,
}

/// A span on its way into a block.
#[derive(Debug)]
pub struct PackedSpan {
    pub summary: SpanSummary,
    /// The span's JSON.
    pub content: String,
    /// What the span is found by, besides its text.
    pub terms: Vec<u32>,
}

/// Packs spans into blocks; keeps its working memory from one trace to the next.
pub struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    signer: Signer,
}

impl Packer {
    pub fn new() -> Result<Self, Damaged> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(LEVEL).map_err(damaged)?,
            signer: Signer::default(),
        })
    }

    /// The spans of one trace as blocks.
    pub fn pack(&mut self, spans: Vec<PackedSpan>) -> Result<Vec<Block>, Damaged> {
        let mut blocks = Vec::new();
        let (mut summaries, mut data) = (Vec::new(), Vec::new());
        let mut spans = spans.into_iter().peekable();
        while let Some(span) = spans.next() {
            self.signer.add_terms(&span.terms);
            self.signer.add_text(&span.content);
            data.extend_from_slice(span.content.as_bytes());
            summaries.push(SpanSummary {
                size: span.content.len() as u32,
                ..span.summary
            });
            if spans.peek().is_none() || summaries.len() >= SPANS_MAX || data.len() >= BYTES_MAX {
                blocks.push(self.close(std::mem::take(&mut summaries), &data)?);
                data.clear();
            }
        }
        Ok(blocks)
    }

    fn close(&mut self, spans: Vec<SpanSummary>, data: &[u8]) -> Result<Block, Damaged> {
        Ok(Block {
            spans: spans.len(),
            summary: self
                .compressor
                .compress(&Summaries { spans }.encode_to_vec())
                .map_err(damaged)?,
            data: self.compressor.compress(data).map_err(damaged)?,
            signature: self.signer.finish(),
        })
    }
}

/// What a stored span is found by.
pub fn sign(signer: &mut Signer, summary: &SpanSummary, content: &str) {
    let attributes = attributes(content);
    let attributes = attributes.iter().map(|(key, value)| (&**key, &**value));
    signer.add_terms(&terms(summary, attributes));
    signer.add_text(content);
}

/// What a span is found by, besides its text. Attributes are JSON as text.
pub fn terms<'a>(summary: &SpanSummary, attributes: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u32> {
    let mut terms = vec![
        index::term("name", &summary.name),
        index::term("status", summary.status().name()),
    ];
    terms.extend(summary.span_type.iter().map(|span_type| index::term("type", span_type)));
    for (key, value) in attributes {
        terms.extend(index::attribute(key, &plain_value(value)));
    }
    terms
}

pub fn summaries(stored: &[u8]) -> Result<Vec<SpanSummary>, Damaged> {
    let bytes = open(stored)?;
    Summaries::decode(&*bytes).map(|list| list.spans).map_err(damaged)
}

/// Where the spans of a block stand, in the order of its summaries.
pub fn places(stored: &[u8]) -> Result<Vec<SpanPlace>, Damaged> {
    let bytes = open(stored)?;
    Places::decode(&*bytes).map(|list| list.spans).map_err(damaged)
}

/// The JSON of a block's spans, opened.
pub struct Content {
    text: String,
    /// Where each span ends.
    ends: Vec<usize>,
}

impl Content {
    /// `sizes` are the lengths of the spans' JSON.
    pub fn open(sizes: impl Iterator<Item = u32>, stored: &[u8]) -> Result<Self, Damaged> {
        Self::cut(Self::text(stored)?, sizes)
    }

    pub fn cut(text: String, sizes: impl Iterator<Item = u32>) -> Result<Self, Damaged> {
        let mut end = 0;
        let mut ends = Vec::new();
        for size in sizes {
            end += size as usize;
            if !text.is_char_boundary(end) {
                return Err(Damaged::new("it ends early"));
            }
            ends.push(end);
        }
        Ok(Self { text, ends })
    }

    /// The spans of a block one after the other.
    pub fn text(stored: &[u8]) -> Result<String, Damaged> {
        String::from_utf8(open(stored)?).map_err(damaged)
    }

    /// The span at this place among the block's summaries.
    pub fn span(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[index]]
    }
}

fn open(stored: &[u8]) -> Result<Vec<u8>, Damaged> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let size = zstd::zstd_safe::get_frame_content_size(stored)
        .ok()
        .flatten()
        .filter(|size| *size <= OPENED_MAX as u64)
        .ok_or_else(|| Damaged::new("its length is not known"))?;
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(zstd::bulk::Decompressor::new().map_err(damaged)?),
        };
        decompressor.decompress(stored, size as usize).map_err(damaged)
    })
}

fn damaged(error: impl std::fmt::Display) -> Damaged {
    Damaged(error.to_string())
}

/// The attributes of a span's JSON: each value is itself JSON, as text.
fn attributes(content: &str) -> HashMap<Cow<'_, str>, Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Span<'a> {
        #[serde(borrow, default)]
        attributes: HashMap<Text<'a>, Text<'a>>,
    }
    let span: Span<'_> = serde_json::from_str(content).unwrap_or(Span {
        attributes: HashMap::new(),
    });
    let pairs = span.attributes.into_iter();
    pairs.map(|(Text(key), Text(value))| (key, value)).collect()
}

/// One attribute of a span's JSON; the rest is skipped.
pub fn attribute<'a>(content: &'a str, key: &str) -> Option<Cow<'a, str>> {
    let mut parser = serde_json::Deserializer::from_str(content);
    Entry {
        path: &["attributes", key],
    }
    .deserialize(&mut parser)
    .ok()
    .flatten()
}

/// The value at the end of a path of keys.
struct Entry<'p> {
    path: &'p [&'p str],
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.path.is_empty() {
            Text::deserialize(deserializer).map(|Text(text)| Some(text))
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (first, rest) = self
            .path
            .split_first()
            .expect("a map is only asked for with a key left");
        let mut found = None;
        while let Some(Text(key)) = map.next_key::<Text<'_>>()? {
            if key == *first {
                found = map.next_value_seed(Entry { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[derive(serde::Deserialize, PartialEq, Eq, Hash)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An attribute's value as people write it: a text without its quotes, anything else as its JSON.
pub fn plain_value(json: &str) -> Cow<'_, str> {
    match json.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        // Without an escape a text is what stands between its quotes.
        Some(text) if !text.contains(['"', '\\']) => Cow::Borrowed(text),
        Some(_) => serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned),
        None => Cow::Borrowed(json),
    }
}

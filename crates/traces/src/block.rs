//! Blocks of spans: how they are kept. A block holds up to [`SPANS_MAX`] spans of one trace that came together; its
//! summary has what lists, metrics and most conditions need, its data the spans themselves as JSON, compressed.

use crate::index::{Signature, Signer};
use prost::Message;
use std::{borrow::Cow, collections::HashMap};

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

    /// Roots first, then by time: the order in which MLflow gives out spans.
    pub fn place(&self) -> (bool, u64) {
        (self.parent_id.is_some(), self.start_ns)
    }
}

#[derive(Clone, PartialEq, Message)]
struct Summaries {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<SpanSummary>,
}

/// A block as it is stored.
#[derive(Debug)]
pub struct Block {
    pub spans: usize,
    pub summary: Vec<u8>,
    pub data: Vec<u8>,
    pub signature: Signature,
}

/// Packs spans of one trace, each with its JSON, into blocks.
pub fn pack(spans: &[(SpanSummary, String)], signer: &mut Signer) -> Result<Vec<Block>, Damaged> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL).map_err(damaged)?;
    let mut blocks = Vec::new();
    let (mut summaries, mut data) = (Vec::new(), Vec::new());
    let mut spans = spans.iter().peekable();
    while let Some((summary, content)) = spans.next() {
        let mut summary = summary.clone();
        summary.size = content.len() as u32;
        sign(signer, &summary, content);
        data.extend_from_slice(content.as_bytes());
        summaries.push(summary);
        if spans.peek().is_none() || summaries.len() >= SPANS_MAX || data.len() >= BYTES_MAX {
            let spans = std::mem::take(&mut summaries);
            blocks.push(Block {
                spans: spans.len(),
                summary: compressor
                    .compress(&Summaries { spans }.encode_to_vec())
                    .map_err(damaged)?,
                data: compressor.compress(&data).map_err(damaged)?,
                signature: signer.finish(),
            });
            data.clear();
        }
    }
    Ok(blocks)
}

fn sign(signer: &mut Signer, summary: &SpanSummary, content: &str) {
    signer.add_text(content);
    signer.add_term("name", &summary.name);
    signer.add_term("status", summary.status().name());
    if let Some(span_type) = &summary.span_type {
        signer.add_term("type", span_type);
    }
    for (key, value) in attributes(content) {
        let place = format!("attributes.{key}");
        signer.add_key(&place);
        signer.add_term(&place, &plain_value(&value));
    }
}

pub fn summaries(stored: &[u8]) -> Result<Vec<SpanSummary>, Damaged> {
    let bytes = open(stored)?;
    Summaries::decode(&*bytes).map(|list| list.spans).map_err(damaged)
}

/// The JSON of all spans of a block, in the order of its summaries.
pub fn contents(summaries: &[SpanSummary], stored: &[u8]) -> Result<Vec<String>, Damaged> {
    let text = String::from_utf8(open(stored)?).map_err(damaged)?;
    let mut rest = text.as_str();
    let cut = |summary: &SpanSummary| {
        let (content, after) = rest
            .split_at_checked(summary.size as usize)
            .ok_or_else(|| Damaged("it ends early".to_owned()))?;
        rest = after;
        Ok(content.to_owned())
    };
    summaries.iter().map(cut).collect()
}

fn open(stored: &[u8]) -> Result<Vec<u8>, Damaged> {
    let size = zstd::zstd_safe::get_frame_content_size(stored)
        .ok()
        .flatten()
        .filter(|size| *size <= OPENED_MAX as u64)
        .ok_or_else(|| Damaged("its length is not known".to_owned()))?;
    zstd::bulk::decompress(stored, size as usize).map_err(damaged)
}

fn damaged(error: impl std::fmt::Display) -> Damaged {
    Damaged(error.to_string())
}

/// The attributes of a span's JSON: each value is itself JSON, as text.
pub fn attributes(content: &str) -> HashMap<Cow<'_, str>, Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Span<'a> {
        #[serde(borrow, default)]
        attributes: HashMap<Text<'a>, Text<'a>>,
    }
    #[derive(serde::Deserialize, PartialEq, Eq, Hash)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    let span: Span<'_> = serde_json::from_str(content).unwrap_or(Span {
        attributes: HashMap::new(),
    });
    let pairs = span.attributes.into_iter();
    pairs.map(|(Text(key), Text(value))| (key, value)).collect()
}

/// An attribute's value as people write it: a text without its quotes, anything else as its JSON.
pub fn plain_value(json: &str) -> Cow<'_, str> {
    if json.starts_with('"') {
        serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned)
    } else {
        Cow::Borrowed(json)
    }
}

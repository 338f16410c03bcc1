//! Messages between the gateway and `worker/fettle_worker.py`: two lengths, a JSON header, a payload.

use std::collections::BTreeMap;
use std::io;

use bytes::Bytes;
use fettle_native::ClassLabels;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::executor::Rewritten;

pub(super) const PROTOCOL: u32 = 1;
const HEADER_BYTES_MAX: u32 = 16 << 20;
const PAYLOAD_BYTES_MAX: u32 = 1 << 30;

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Request<'a> {
    Predict {
        /// How many rows each caller sent, in the order of the table.
        rows: &'a [usize],
        layout: &'static str,
        format: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        params: Option<&'a RawValue>,
    },
    Raw {
        content_type: &'a str,
    },
    Convert,
    Ping,
}

/// What a worker says of itself once the model is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    #[serde(default)]
    pub protocol: u32,
    #[serde(default)]
    pub python: String,
    #[serde(default)]
    pub mlflow: String,
    #[serde(default)]
    pub flavor: String,
    #[serde(default)]
    pub signature: bool,
    #[serde(default)]
    pub arrow: bool,
    /// Installed packages that bear on predictions.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    #[serde(default, skip_serializing)]
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Response {
    /// Status and length in the payload, one for each caller.
    #[serde(default)]
    pub(super) results: Vec<(u16, usize)>,
    #[serde(default = "yes")]
    pub(super) row_wise: bool,
    #[serde(default)]
    pub(super) refused: Option<String>,
    /// Of a converted model: what it was written as, and the labels of a LightGBM classifier.
    #[serde(default)]
    pub(super) written_as: Option<WrittenAs>,
    #[serde(default)]
    pub(super) labels: Option<Labels>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum WrittenAs {
    Skops,
    Lightgbm,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Labels {
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

/// A pickled model that Python has written as data.
#[derive(Debug, Clone)]
pub(crate) struct Converted {
    pub(crate) bytes: Bytes,
    pub(super) written_as: WrittenAs,
    pub(super) labels: Option<Labels>,
}

impl Converted {
    pub(crate) fn with_bytes(&self, bytes: Bytes) -> Self {
        Self { bytes, ..self.clone() }
    }

    pub(crate) fn rewritten(&self) -> Rewritten<'_> {
        match self.written_as {
            WrittenAs::Skops => Rewritten::Skops(&self.bytes),
            WrittenAs::Lightgbm => Rewritten::Lightgbm(
                &self.bytes,
                self.labels.clone().map(|labels| match labels {
                    Labels::Integers(labels) => ClassLabels::Integers(labels),
                    Labels::Texts(labels) => ClassLabels::Texts(labels),
                }),
            ),
        }
    }
}

fn yes() -> bool {
    true
}

/// One caller's share of an answer: the status and a body in MLflow's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowResult {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Response {
    pub(super) fn split(&self, mut payload: Bytes) -> io::Result<Vec<RowResult>> {
        self.results
            .iter()
            .map(|&(status, length)| {
                if length > payload.len() {
                    return Err(invalid("the worker's results are longer than its payload"));
                }
                Ok(RowResult {
                    status,
                    body: payload.split_to(length),
                })
            })
            .collect()
    }
}

pub(super) async fn write(stream: &mut UnixStream, request: &Request<'_>, payload: &[u8]) -> io::Result<()> {
    let header = serde_json::to_vec(request)?;
    let payload_length = u32::try_from(payload.len())
        .ok()
        .filter(|length| *length <= PAYLOAD_BYTES_MAX)
        .ok_or_else(|| invalid("the request is larger than a worker message may be"))?;
    let mut message = Vec::with_capacity(8 + header.len() + payload.len());
    message.extend_from_slice(&(header.len() as u32).to_le_bytes());
    message.extend_from_slice(&payload_length.to_le_bytes());
    message.extend_from_slice(&header);
    message.extend_from_slice(payload);
    stream.write_all(&message).await
}

pub(super) async fn read<T: for<'de> Deserialize<'de>>(stream: &mut UnixStream) -> io::Result<(T, Bytes)> {
    let header_length = stream.read_u32_le().await?;
    let payload_length = stream.read_u32_le().await?;
    if header_length > HEADER_BYTES_MAX || payload_length > PAYLOAD_BYTES_MAX {
        return Err(invalid("the worker sent a message larger than the protocol allows"));
    }
    let mut message = vec![0; header_length as usize + payload_length as usize];
    stream.read_exact(&mut message).await?;
    let mut message = Bytes::from(message);
    let header = message.split_to(header_length as usize);
    Ok((serde_json::from_slice(&header)?, message))
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

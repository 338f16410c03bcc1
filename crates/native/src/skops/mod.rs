//! The skops container as data: a zip of one typed JSON tree and the arrays it points to.

mod archive;
mod array;
mod literal;
mod node;
mod npy;
mod object;
mod records;
mod scalar;
mod sparse;
mod version;

use serde_json::Value;

use crate::error::Refusal;
pub(crate) use archive::Archive;
pub(crate) use array::Items;
pub(crate) use node::Node;
pub(crate) use object::Object;
pub(crate) use records::Records;
pub(crate) use scalar::Scalar;

const SCHEMA: &str = "schema.json";
/// A tree takes some 400.
const VALUES_MAX: usize = 8_000_000;
/// The newest skops protocol whose nodes this crate knows.
const PROTOCOL_MAX: u64 = 2;

/// An opened file; it lives only while a model is being read.
pub(crate) struct File<'a> {
    archive: Archive<'a>,
    schema: Value,
}

impl<'a> File<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let archive = Archive::open(bytes)?;
        let text = archive.read(SCHEMA, archive::SCHEMA_BYTES_MAX)?;
        // Every value but the first follows one of these, whatever else they are used for.
        let values = text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        if values > VALUES_MAX {
            return Err(Refusal::new(SCHEMA, format!("has more than {VALUES_MAX} values")));
        }
        let schema: Value = serde_json::from_slice(&text)
            .map_err(|error| Refusal::new(SCHEMA, format!("is not valid JSON: {error}")))?;
        match schema.get("protocol").and_then(Value::as_u64) {
            Some(protocol) if protocol <= PROTOCOL_MAX => Ok(Self { archive, schema }),
            Some(protocol) => Err(Refusal::new(
                "protocol",
                format!("{protocol} is newer than {PROTOCOL_MAX}, the newest one known"),
            )),
            None => Err(Refusal::new(SCHEMA, "does not state its skops protocol")),
        }
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node::new(&self.schema, &self.archive, "model".to_owned())
    }
}

//! The JSON object around the data: which format it is, and the parameters beside it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::enforce::Route;
use super::records::{Key, Records};
use super::{Parsed, arrays, enforce, params, split};
use crate::error::ScoreError;
use crate::signature::{Inputs, Signature};

const FORMATS: &str = "The input must be a JSON dictionary with exactly one of the input fields \
    {'dataframe_split', 'dataframe_records', 'instances', 'inputs'}";

pub(super) enum Problem {
    /// Not JSON as `serde_json` sees it; it may still be as Python sees it.
    Syntax(serde_json::Error),
    Answer(ScoreError),
}

impl Problem {
    pub(super) fn into_error(self, body: &[u8]) -> ScoreError {
        match self {
            Self::Syntax(error) => {
                let start = String::from_utf8_lossy(&body[..body.len().min(100)]);
                ScoreError::BadRequest(format!(
                    "Invalid input. Ensure that input is a valid JSON formatted string. Error: '{error}'\n\
                     Input begins: \n{start}\n"
                ))
            }
            Self::Answer(error) => error,
        }
    }
}

impl From<ScoreError> for Problem {
    fn from(error: ScoreError) -> Self {
        Self::Answer(error)
    }
}

/// A JSON text inside the body that has been found but not yet read.
pub(super) fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, Problem> {
    serde_json::from_str(raw.get()).map_err(Problem::Syntax)
}

pub(super) fn parse(body: &[u8], signature: &Signature) -> Result<Parsed, Problem> {
    let top: Top = match serde_json::from_slice(body) {
        Ok(top) => top,
        Err(error) if is_out_of_range(&error) => return Ok(Parsed::Unread(OUT_OF_RANGE.into())),
        Err(error) => return Err(Problem::Syntax(error)),
    };
    let envelope = match top {
        Top::Object(envelope) => envelope,
        Top::List => return Err(bad_request(format!("{FORMATS}. Received a list."))),
        Top::Scalar => return Err(bad_request(format!("{FORMATS}. Received unexpected input type."))),
    };
    if envelope.language_model {
        return Ok(Parsed::Unread("a language model's request form".into()));
    }
    let (format, data) = match envelope.formats.as_slice() {
        [(format, data)] => (*format, *data),
        found => {
            let found: Vec<&str> = found.iter().map(|(format, _)| format.name()).collect();
            return Err(Problem::Answer(ScoreError::BadRequest(format!(
                "{FORMATS}. Received dictionary with input fields: {found:?}"
            ))));
        }
    };
    if let Inputs::Opaque(_) = signature.inputs {
        return Ok(Parsed::Unread(
            "the model's signature has inputs that only Python reads".into(),
        ));
    }
    let frame = match format {
        Format::Split => split::parse(data, &signature.inputs)?,
        Format::Records => {
            if let Some(error) = not_records(data) {
                return Err(error);
            }
            match read::<Records>(data) {
                Ok(Records(grid)) => enforce::frame(&grid, &signature.inputs, Route::Pandas)?,
                // A list of something else: pandas has an opinion.
                Err(_) => Err("records that are not flat objects"),
            }
        }
        Format::Instances | Format::Inputs => match arrays::parse(format, data, &signature.inputs) {
            Err(Problem::Syntax(error)) if is_out_of_range(&error) => Err(OUT_OF_RANGE),
            parsed => parsed?,
        },
    };
    match frame {
        Ok(frame) => Ok(Parsed::Table {
            frame,
            params: params::check(envelope.params, signature)?,
        }),
        Err(reason) => Ok(Parsed::Unread(reason.into())),
    }
}

/// Python reads 1e400 as infinity.
fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("number out of range")
}

const OUT_OF_RANGE: &str = "a number beyond the range of a double";

fn bad_request(message: String) -> Problem {
    Problem::Answer(ScoreError::BadRequest(format!("Invalid input. {message}")))
}

fn not_records(data: &RawValue) -> Option<Problem> {
    let found = match data.get().as_bytes().first() {
        Some(b'[') => return None,
        Some(b'{') => "dictionary",
        Some(b'"') => "type <class 'str'>",
        Some(b't' | b'f') => "type <class 'bool'>",
        Some(b'n') => "type <class 'NoneType'>",
        _ => "type <class 'int'>",
    };
    Some(bad_request(format!(
        "Dataframe records format must be a list of records. Got {found}."
    )))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Split,
    Records,
    Instances,
    Inputs,
}

impl Format {
    fn of(key: &str) -> Option<Self> {
        Some(match key {
            "dataframe_split" => Self::Split,
            "dataframe_records" => Self::Records,
            "instances" => Self::Instances,
            "inputs" => Self::Inputs,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Split => "dataframe_split",
            Self::Records => "dataframe_records",
            Self::Instances => "instances",
            Self::Inputs => "inputs",
        }
    }
}

enum Top<'a> {
    Object(Envelope<'a>),
    List,
    Scalar,
}

#[derive(Default)]
struct Envelope<'a> {
    formats: Vec<(Format, &'a RawValue)>,
    params: Option<&'a RawValue>,
    language_model: bool,
}

impl<'de> Deserialize<'de> for Top<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TopVisitor)
    }
}

struct TopVisitor;

impl<'de> Visitor<'de> for TopVisitor {
    type Value = Top<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(Key(key)) = map.next_key()? {
            if let Some(format) = Format::of(&key) {
                let value = map.next_value()?;
                // A key that comes twice counts once, with its last value, as in Python.
                envelope.formats.retain(|(earlier, _)| *earlier != format);
                envelope.formats.push((format, value));
            } else if key == "params" {
                envelope.params = Some(map.next_value()?);
            } else {
                envelope.language_model |= matches!(&*key, "messages" | "prompt" | "input");
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Top::Object(envelope))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Top::List)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Top::Scalar)
    }
}

/// Column names as a Python list, for messages.
pub(super) fn python_list<'n>(names: impl Iterator<Item = Cow<'n, str>>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("'{name}'")).collect();
    format!("[{}]", quoted.join(", "))
}

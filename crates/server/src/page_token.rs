//! Page tokens and page sizes. Tokens are opaque to clients; those on MLflow's paths look as MLflow's do.

use crate::error::{Result, invalid};
use base64::{Engine, engine::general_purpose::STANDARD};
use fettle_wire::Int64;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Offset {
    offset: u64,
}

#[derive(Serialize, Deserialize)]
struct Key {
    before: i64,
}

/// The offset a token stands for; no token is the start.
pub fn decode_offset(token: Option<&str>) -> Result<u64> {
    match token.filter(|token| !token.is_empty()) {
        None => Ok(0),
        Some(token) => match decode::<Offset>(token)?.offset {
            0 => Err(invalid("Invalid page token: an offset of 0 is never given out.")),
            offset if offset > i64::MAX as u64 => Err(invalid("Invalid page token: the offset is too large.")),
            offset => Ok(offset),
        },
    }
}

pub fn encode_offset(offset: u64) -> String {
    encode(&Offset { offset })
}

/// The key before which the next page starts.
pub fn decode_key(token: Option<&str>) -> Result<Option<i64>> {
    token
        .filter(|token| !token.is_empty())
        .map(|token| decode::<Key>(token).map(|key| key.before))
        .transpose()
}

pub fn encode_key(before: i64) -> String {
    encode(&Key { before })
}

/// Checks a page size: absent is `default`, more than `max` or less than 1 is refused.
pub fn limit(field: &str, requested: Option<Int64>, default: usize, max: usize) -> Result<usize> {
    match requested {
        None => Ok(default),
        Some(Int64(size)) if size >= 1 && size <= max as i64 => Ok(size as usize),
        Some(Int64(size)) => Err(invalid(format!(
            "Invalid value {size} for parameter '{field}' supplied: it must be between 1 and {max}."
        ))),
    }
}

/// Any other state a token carries.
pub fn decode<T: for<'de> Deserialize<'de>>(token: &str) -> Result<T> {
    let bytes = STANDARD
        .decode(token)
        .map_err(|_| invalid("Invalid page token, could not base64-decode"))?;
    // Serde would read a list as the fields in their order.
    if bytes.first() != Some(&b'{') {
        return Err(invalid("Invalid page token, parsed value is not a JSON object"));
    }
    serde_json::from_slice(&bytes)
        .map_err(|_| invalid("Invalid page token, parsed value is not what this call gives out"))
}

pub fn encode<T: Serialize>(state: &T) -> String {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Spaced);
    state.serialize(&mut serializer).expect("plain structs serialise");
    STANDARD.encode(text)
}

/// Python's `json.dumps` puts a space after the colon, so MLflow's tokens have one.
struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object_value<W: ?Sized + std::io::Write>(&mut self, writer: &mut W) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_those_of_mlflow() {
        assert_eq!(encode_offset(5), "eyJvZmZzZXQiOiA1fQ==");
        assert_eq!(decode_offset(Some("eyJvZmZzZXQiOiA1fQ==")).ok(), Some(5));
        assert_eq!(decode_offset(None).ok(), Some(0));
    }

    #[test]
    fn bad_tokens_are_refused() {
        for token in [
            "x",
            "%%%",
            "e30=",
            "WzFd",
            &encode(&Offset { offset: 0 }),
            &encode_key(3),
            "eyJvZmZzZXQiOiAtNX0=",
        ] {
            assert!(decode_offset(Some(token)).is_err(), "{token}");
        }
    }

    #[test]
    fn page_sizes_are_bounded() {
        assert_eq!(limit("max_results", None, 10, 20).ok(), Some(10));
        for size in [0, -1, 21, i64::MAX] {
            assert!(limit("max_results", Some(Int64(size)), 10, 20).is_err(), "{size}");
        }
    }
}

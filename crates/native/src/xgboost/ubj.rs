//! Universal Binary JSON, as XGBoost writes it, for serde.
//!
//! The format is that of <https://ubjson.org/> with big-endian numbers; containers may announce their length and the
//! type of their elements. Lengths are checked against what is left of the file before anything is allocated.

use std::fmt::Display;

use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// Deeper nesting than any model has.
const DEPTH_MAX: usize = 32;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Error(String);

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Result<T> = std::result::Result<T, Error>;

fn error<T>(message: impl Into<String>) -> Result<T> {
    Err(Error(message.into()))
}

/// Reads one value that fills `bytes`.
pub(super) fn from_slice<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let mut reader = Reader { rest: bytes, depth: 0 };
    let marker = reader.byte()?;
    let value = T::deserialize(Value {
        reader: &mut reader,
        marker,
    })?;
    if reader.rest.is_empty() {
        Ok(value)
    } else {
        error(format!("has {} bytes after its end", reader.rest.len()))
    }
}

struct Reader<'de> {
    rest: &'de [u8],
    depth: usize,
}

impl<'de> Reader<'de> {
    fn take(&mut self, count: usize) -> Result<&'de [u8]> {
        match self.rest.split_at_checked(count) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => error("ends too early"),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        taken.try_into().or_else(|_| error("ends too early"))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn peek(&self) -> Result<u8> {
        self.rest
            .first()
            .map_or_else(|| error("ends too early"), |byte| Ok(*byte))
    }

    fn integer(&mut self, marker: u8) -> Result<i64> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(self.byte()?),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            other => return error(format!("has `{}` where a length belongs", other.escape_ascii())),
        })
    }

    /// A length with its own marker in front. Every element takes a byte at least, or is of a type without content.
    fn length(&mut self) -> Result<usize> {
        let marker = self.byte()?;
        let length = self.integer(marker)?;
        match usize::try_from(length) {
            Ok(length) if length <= self.rest.len() => Ok(length),
            _ => error(format!("has a length of {length} with {} bytes left", self.rest.len())),
        }
    }

    fn text(&mut self) -> Result<&'de str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).or_else(|_| error("has a text that is not UTF-8"))
    }

    /// The type and number of elements that a container announces.
    fn header(&mut self) -> Result<(Option<u8>, Option<usize>)> {
        let kind = if self.peek()? == b'$' {
            self.byte()?;
            Some(self.byte()?)
        } else {
            None
        };
        if self.peek()? == b'#' {
            self.byte()?;
            return Ok((kind, Some(self.length()?)));
        }
        if kind.is_some() {
            return error("has a typed container without a length");
        }
        Ok((None, None))
    }
}

/// A value whose marker has been read.
struct Value<'a, 'de> {
    reader: &'a mut Reader<'de>,
    marker: u8,
}

impl<'de> de::Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.reader.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.reader.array()?)),
            b'S' => visitor.visit_borrowed_str(self.reader.text()?),
            b'[' | b'{' => self.container(visitor),
            marker => visitor.visit_i64(self.reader.integer(marker)?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.marker == b'Z' {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> Value<'_, 'de> {
    fn container<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Self { reader, marker } = self;
        reader.depth += 1;
        if reader.depth > DEPTH_MAX {
            return error(format!("is nested more than {DEPTH_MAX} deep"));
        }
        let (kind, left) = reader.header()?;
        let mut items = Items {
            reader,
            kind,
            left,
            end: if marker == b'[' { b']' } else { b'}' },
        };
        let value = if marker == b'[' {
            visitor.visit_seq(&mut items)?
        } else {
            visitor.visit_map(&mut items)?
        };
        if !items.at_end()? {
            return error("has more elements than were expected");
        }
        items.reader.depth -= 1;
        Ok(value)
    }
}

/// The elements of a container.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    kind: Option<u8>,
    /// None if the container ends with a marker.
    left: Option<usize>,
    end: u8,
}

impl<'de> Items<'_, 'de> {
    /// Whether all elements are read; takes the closing marker.
    fn at_end(&mut self) -> Result<bool> {
        match self.left {
            Some(left) => Ok(left == 0),
            None if self.reader.peek()? == self.end => {
                self.reader.byte()?;
                self.left = Some(0);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn value(&mut self) -> Result<Value<'_, 'de>> {
        let marker = match self.kind {
            Some(kind) => kind,
            None => self.reader.byte()?,
        };
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        Ok(Value {
            reader: self.reader,
            marker,
        })
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.at_end()? {
            return Ok(None);
        }
        seed.deserialize(self.value()?).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

impl<'de> MapAccess<'de> for &mut Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if self.at_end()? {
            return Ok(None);
        }
        let name: &'de str = self.reader.text()?;
        let name: de::value::BorrowedStrDeserializer<'de, Error> = de::value::BorrowedStrDeserializer::new(name);
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.value()?)
    }
}

#[cfg(test)]
mod tests {
    use super::from_slice;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<Value, &str>) {
        match (from_slice::<Value>(bytes), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.to_string().contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn values_are_read() {
        check(b"Z", Ok(Value::Null));
        check(b"i\xff", Ok(json!(-1)));
        check(b"I\x01\x00", Ok(json!(256)));
        check(b"SU\x02ab", Ok(json!("ab")));
        check(b"[TF]", Ok(json!([true, false])));
        check(b"[#U\x01T", Ok(json!([true])));
        check(b"[$d#U\x02\x3f\x00\x00\x00\x3f\x80\x00\x00", Ok(json!([0.5, 1.0])));
        check(b"{U\x01aU\x07U\x01b[]}", Ok(json!({"a": 7, "b": []})));
    }

    #[test]
    fn untrusted_bytes_are_refused() {
        check(b"", Err("too early"));
        check(b"[", Err("too early"));
        check(b"[#L\x7f\xff\xff\xff\xff\xff\xff\xff", Err("length"));
        check(b"[#i\xff", Err("length"));
        check(b"[$d", Err("too early"));
        check(b"[$dU", Err("without a length"));
        check(b"SU\x01\xff", Err("UTF-8"));
        check(b"TT", Err("after its end"));
        check(&b"[".repeat(64), Err("nested"));
    }
}

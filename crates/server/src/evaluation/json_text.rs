//! JSON as it stands on the wire inside strings: objects keep the order of their keys, and values every digit they were
//! sent with. Written as Python writes it, because clients compare such texts.

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Write},
};

/// An object. Of entries with one key the last one counts, in the place of the first.
#[derive(Debug, Clone, Default)]
pub struct Object {
    entries: Vec<(String, Box<RawValue>)>,
    places: HashMap<String, usize>,
}

impl Object {
    /// Reads what was checked when it was stored.
    pub fn stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value.as_ref()))
    }

    pub fn get(&self, key: &str) -> Option<&RawValue> {
        self.places.get(key).map(|place| self.entries[*place].1.as_ref())
    }

    /// The value under `key`, if it is text.
    pub fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }

    pub fn insert(&mut self, key: String, value: Box<RawValue>) {
        if let Some(place) = self.places.get(&key) {
            self.entries[*place].1 = value;
        } else {
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push((key, value));
        }
    }

    /// Adds the entries of `other`, which win.
    pub fn merge(&mut self, other: &Self) {
        for (key, value) in &other.entries {
            self.insert(key.clone(), value.clone());
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (index, (key, value)) in self.entries.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}: {}", Text(key), value.get())?;
        }
        f.write_char('}')
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry()? {
                    object.insert(key, value);
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// A string between quotes, with everything beyond ASCII escaped.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{8}' => f.write_str("\\b")?,
                '\u{c}' => f.write_str("\\f")?,
                ' '..='~' => f.write_char(character)?,
                _ => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(f, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        f.write_char('"')
    }
}

/// What kind of value it is, in MLflow's words for the fields of a dataset.
pub fn kind(value: &RawValue) -> &'static str {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'n') => "null",
        Some(b't' | b'f') => "boolean",
        Some(b'"') => "string",
        Some(b'[') => "array",
        Some(b'{') => "object",
        _ if text.contains(['.', 'e', 'E']) => "float",
        _ => "integer",
    }
}

/// The value with the keys of all objects in order, so that equal values are equal texts.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<&String, String> = object.iter().map(|(k, v)| (k, canonical(v))).collect();
            let entries: Vec<String> = sorted.iter().map(|(k, v)| format!("{}:{v}", Text(k))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(canonical).collect();
            format!("[{}]", values.join(","))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn order_and_digits_survive() {
        let text = r#"{"z": 1.0, "a": {"y":1e400, "b": 12345678901234567890123}, "\u00e9": "\u00e9"}"#;
        assert_eq!(object(text).to_string(), text);
        assert_eq!(object(r#"{"a":1,"b":2,"a":3}"#).to_string(), r#"{"a": 3, "b": 2}"#);
    }

    #[test]
    fn text_is_escaped_as_python_does() {
        assert_eq!(
            Text("a\"\\\n\u{1}é😀").to_string(),
            r#""a\"\\\n\u0001\u00e9\ud83d\ude00""#
        );
    }

    #[test]
    fn equal_values_are_equal_texts() {
        let check = |left: &str, right: &str, equal: bool| {
            let read = |text| canonical(&serde_json::from_str(text).expect("JSON"));
            assert_eq!(read(left) == read(right), equal, "{left} {right}");
        };
        check(
            r#"{"a":1,"b":{"d":[1],"c":2}}"#,
            r#"{"b": {"c": 2, "d": [1]}, "a": 1}"#,
            true,
        );
        check(r#"{"a":1}"#, r#"{"a":1.0}"#, false);
        check(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false);
    }

    #[test]
    fn kinds_are_named() {
        let object = object(r#"{"a":null,"b":true,"c":"x","d":[],"e":{},"f":1.5,"g":-3,"h":1e3}"#);
        let kinds: Vec<&str> = object.iter().map(|(_, value)| kind(value)).collect();
        assert_eq!(
            kinds,
            [
                "null", "boolean", "string", "array", "object", "float", "integer", "float"
            ]
        );
    }
}

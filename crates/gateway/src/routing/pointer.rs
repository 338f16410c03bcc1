//! One value of a JSON text by its pointer (RFC 6901), read past everything else without keeping it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The text, number or truth value at `pointer`; none if something else or nothing is there.
pub(super) fn find(body: &[u8], pointer: &str) -> Option<String> {
    let path: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    Seek { path: &path }.deserialize(&mut deserializer).ok().flatten()
}

#[derive(Clone, Copy)]
struct Seek<'p> {
    path: &'p [String],
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            match self.path.split_first() {
                Some((wanted, path)) if *wanted == key && found.is_none() => {
                    found = map.next_value_seed(Seek { path })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let wanted = self
            .path
            .split_first()
            .and_then(|(index, path)| Some((index.parse::<usize>().ok()?, path)));
        let mut found = None;
        for index in 0.. {
            let more = match wanted {
                Some((at, path)) if at == index => list.next_element_seed(Seek { path })?.map(|value| found = value),
                _ => list.next_element::<IgnoredAny>()?.map(drop),
            };
            if more.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.here(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.here(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(self.here(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(self.here(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(self.here(number))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

impl Seek<'_> {
    fn here(self, value: impl ToString) -> Option<String> {
        self.path.is_empty().then(|| value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[track_caller]
    fn check(body: &str, pointer: &str, expected: Option<&str>) {
        assert_eq!(
            find(body.as_bytes(), pointer).as_deref(),
            expected,
            "{pointer} in {body}"
        );
    }

    #[test]
    fn values_are_found_by_their_pointer() {
        let body = r#"{"user": "u1", "rows": [{"id": 7}, {"id": 8.5, "a/b": true}], "deep": {"~": null, "": "e"}}"#;
        check(body, "/user", Some("u1"));
        check(body, "/rows/0/id", Some("7"));
        check(body, "/rows/1/id", Some("8.5"));
        check(body, "/rows/1/a~1b", Some("true"));
        check(body, "/deep/", Some("e"));
        for missing in ["/rows", "/rows/2/id", "/rows/x", "/deep/~0", "/user/0", "/deep"] {
            check(body, missing, None);
        }
    }

    #[test]
    fn what_is_not_json_has_no_key() {
        for body in ["", "a,b\n1,2", "{\"user\": ", "[1", "\u{0}"] {
            check(body, "/user", None);
        }
    }
}

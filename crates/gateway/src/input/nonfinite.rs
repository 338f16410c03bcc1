//! `NaN`, `Infinity` and `-Infinity` outside strings: not JSON, but Python writes and reads them.
//!
//! `serde_json` refuses them, so a body it refuses is looked at once more with each literal turned into a marked string
//! that [`read`] recognises. The mark is a control character no honest text column holds.

const MARK: char = '\u{1}';

/// The number a marked string stands for.
pub(crate) fn read(text: &str) -> Option<f64> {
    match text.strip_prefix(MARK)? {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The body with its literals marked, or `None` if it has none.
pub(crate) fn mark(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() + 32);
    let mut rest = body;
    let mut found = false;
    while let Some(&byte) = rest.first() {
        let literal = ["NaN", "Infinity", "-Infinity"]
            .into_iter()
            .find(|literal| rest.starts_with(literal.as_bytes()));
        if let Some(literal) = literal {
            found = true;
            out.extend_from_slice(format!("\"\\u0001{literal}\"").as_bytes());
            rest = &rest[literal.len()..];
        } else {
            let length = if byte == b'"' { string_length(rest) } else { 1 };
            out.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
    }
    found.then_some(out)
}

/// Bytes from an opening quote to its closing one, both included, or to the end.
fn string_length(text: &[u8]) -> usize {
    let mut position = 1;
    while position < text.len() {
        match text[position] {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_inside_strings_are_text() {
        let marked = mark(br#"{"NaN": [NaN, -Infinity, "Infinity \" NaN"]}"#).unwrap();
        assert_eq!(
            String::from_utf8(marked).unwrap(),
            r#"{"NaN": ["\u0001NaN", "\u0001-Infinity", "Infinity \" NaN"]}"#
        );
        assert_eq!(mark(br#"{"a": 1}"#), None);
        assert_eq!(mark(br#"["open \"#), None);
    }
}

//! JSON as Python's `json.dumps` writes it, so that a client sees the same bytes from either executor.

use serde_json::Value;
use std::fmt::Write as _;

/// `repr` of a float: the shortest digits that read back equal, an exponent outside `1e-4 .. 1e16`.
pub fn float(out: &mut String, value: f64) {
    let magnitude = value.abs();
    let written = if value.is_nan() {
        out.push_str("NaN");
        Ok(())
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
        Ok(())
    } else if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        out.push_str(zmij::Buffer::new().format_finite(value));
        Ok(())
    } else {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |exponent| ('-', exponent));
        write!(out, "{digits}e{sign}{exponent:0>2}")
    };
    written.expect("writing to a String does not fail");
}

/// A string in quotes, everything beyond ASCII escaped.
pub fn text(out: &mut String, value: &str) {
    out.push('"');
    for character in value.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}").expect("writing to a String does not fail");
                }
            }
        }
    }
    out.push('"');
}

/// `[item, item]` with Python's separator.
pub fn list<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
    out.push(']');
}

/// Any value, as `json.dumps(value)`.
pub fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => float(out, number),
            None => out.push_str(&number.to_string()),
        },
        Value::String(string) => text(out, string),
        Value::Array(items) => list(out, items, self::value),
        Value::Object(entries) => {
            out.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                text(out, key);
                out.push_str(": ");
                self::value(out, entry);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        // Right-hand sides: `json.dumps(value)` of CPython 3.11.
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            // It is 141300128824897.125, as near to ..13, as which Rust writes it: the even digit.
            (141_300_128_824_897.12, "141300128824897.12"),
            (0.000_012_3, "1.23e-05"),
            (1e-7, "1e-07"),
            (5e-324, "5e-324"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut out = String::new();
            float(&mut out, value);
            assert_eq!(out, expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn floats_have_the_fewest_digits_that_read_back(value: f64, small in -1e17..1e17) {
            for value in [value, small, small / 1e12].into_iter().filter(|value| value.is_finite()) {
                let mut out = String::new();
                float(&mut out, value);
                assert_eq!(out.parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{out}");
                if (1e-4..1e16).contains(&value.abs()) {
                    assert_eq!(out.len(), format!("{value:?}").len(), "{out}");
                }
            }
        }
    }

    #[test]
    fn texts_are_escaped_as_python_escapes_them() {
        let mut out = String::new();
        text(&mut out, "a\"\\\n\u{7f}é😀");
        assert_eq!(out, r#""a\"\\\n\u007f\u00e9\ud83d\ude00""#);
    }

    #[test]
    fn values_are_spaced_as_python_spaces_them() {
        let mut out = String::new();
        value(
            &mut out,
            &serde_json::json!({ "a": [1, 2.0, null], "b": { "c": "é", "d": true } }),
        );
        assert_eq!(out, r#"{"a": [1, 2.0, null], "b": {"c": "\u00e9", "d": true}}"#);
    }
}

//! The scalars of a model file: Python's `json.dumps` of one value, kept as text inside the JSON tree.

/// A Python scalar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    /// Numbers go through Rust's own parser, which rounds correctly; `serde_json`'s default does not.
    pub(super) fn parse(json: &str) -> Option<Self> {
        Some(match json {
            "null" => Self::None,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            "NaN" => Self::Float(f64::NAN),
            "Infinity" => Self::Float(f64::INFINITY),
            "-Infinity" => Self::Float(f64::NEG_INFINITY),
            text if text.starts_with('"') => Self::Text(serde_json::from_str(text).ok()?),
            number
                if number
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) =>
            {
                match number.parse() {
                    Ok(integer) => Self::Int(integer),
                    Err(_) => Self::Float(number.parse().ok()?),
                }
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Scalar;

    fn check(json: &str, expected: Option<Scalar>) {
        assert_eq!(Scalar::parse(json), expected, "{json}");
    }

    #[test]
    fn reads_what_python_writes() {
        check("null", Some(Scalar::None));
        check("0.1", Some(Scalar::Float(0.1)));
        check("-7", Some(Scalar::Int(-7)));
        check("1e-05", Some(Scalar::Float(1e-5)));
        check("-Infinity", Some(Scalar::Float(f64::NEG_INFINITY)));
        check("\"a\\u00e9\"", Some(Scalar::Text("aé".to_owned())));
        check("7.038e-26", Some(Scalar::Float(7.038e-26)));
        check("[1]", None);
        check("inf", None);
        check("", None);
    }
}

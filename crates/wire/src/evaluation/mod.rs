//! What evaluations are made with: `datasets/...`, `scorers/...`, `label-schemas/...`, `review-queues/...`, `issues/...`

pub mod datasets;
pub mod issues;
pub mod label_schemas;
pub mod review_queues;
pub mod scorers;

use serde::Deserialize;

/// A value of a protobuf enum: its name or its number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum EnumValue {
    Number(i64),
    Name(String),
}

impl EnumValue {
    /// The value's place in `names`, which start at the number 0. What is not known is 0, the unspecified one.
    pub fn number(value: Option<&Self>, names: &[&str]) -> usize {
        match value {
            None => 0,
            Some(Self::Number(number)) => usize::try_from(*number).ok().filter(|n| *n < names.len()).unwrap_or(0),
            Some(Self::Name(name)) => names.iter().position(|known| known == name).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enums_are_read_by_name_and_number() {
        let names = ["UNSPECIFIED", "A", "B"];
        for (text, number) in [("\"B\"", 2), ("1", 1), ("\"C\"", 0), ("7", 0), ("-1", 0)] {
            let value: EnumValue = serde_json::from_str(text).expect(text);
            assert_eq!(EnumValue::number(Some(&value), &names), number, "{text}");
        }
        assert_eq!(EnumValue::number(None, &names), 0);
    }
}

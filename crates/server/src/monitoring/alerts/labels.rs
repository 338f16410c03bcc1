//! Labels say which alert it is: the same labels are the same alert.

use std::collections::BTreeMap;

pub type Labels = BTreeMap<String, String>;

/// Labels in their order as one number, written as Alertmanager writes it.
pub fn fingerprint(labels: &Labels) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in labels {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}

/// `{{ $labels.endpoint }}`, `{{ $value }}` and `{{ $threshold }}` in an annotation, as Prometheus' templates have them.
pub fn expand(template: &str, labels: &Labels, value: Option<f64>, threshold: f64) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, behind)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        match word.trim() {
            "$value" => out.push_str(&value.map_or_else(|| "unknown".to_owned(), figure)),
            "$threshold" => out.push_str(&figure(threshold)),
            name => {
                if let Some(value) = name.strip_prefix("$labels.").and_then(|name| labels.get(name)) {
                    out.push_str(value);
                } else {
                    out.extend(["{{", word, "}}"]);
                }
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A number for people: six digits that count.
pub fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn fingerprints_tell_labels_apart() {
        let of = |pairs: &[(&str, &str)]| fingerprint(&labels(pairs));
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1"), ("b", "2")]), of(&[("a", "2"), ("b", "1")]));
        assert_ne!(of(&[("ab", "c")]), of(&[("a", "bc")]));
    }

    #[test]
    fn annotations_are_filled_in() {
        let labels = labels(&[("endpoint", "churn")]);
        let text = "{{ $labels.endpoint }}: {{$value}} > {{ $threshold }} {{ $labels.none }} {{ open";
        assert_eq!(
            expand(text, &labels, Some(5120.25), 5000.0),
            "churn: 5120.25 > 5000 {{ $labels.none }} {{ open"
        );
    }

    #[test]
    fn figures_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.123_456_78, "0.123457"),
            (123_456_789.0, "123456789"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}

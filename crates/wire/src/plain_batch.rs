//! Reading `log-batch` as clients write it.
//!
//! A batch of a thousand points is 100 KB of JSON, and reading it with serde is a third or more of all that the server
//! does with it. This reader knows only what clients send: a run and metrics, text without escapes, plain numbers. Whatever else
//! it meets it leaves to serde, with which it agrees on all that it does read.

use crate::{Double, Int64, metrics::MetricInput, runs::LogBatch};
use std::borrow::Cow;

impl<'a> LogBatch<'a> {
    /// None if there is anything in it that this reader leaves to serde, mistakes among them.
    pub fn read_plain(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { rest: body };
        let mut batch = Self::default();
        reader.object(|reader, name| match name {
            b"run_id" => once(&mut batch.run_id, reader.text()?.to_owned()),
            b"metrics" => once(&mut batch.metrics, reader.metrics()?),
            _ => None,
        })?;
        reader.at_end().then_some(batch)
    }
}

/// Serde refuses a field that comes twice.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

/// Bytes of JSON for one point; if they are fewer, there are more points than room was made for.
const TYPICAL_METRIC: usize = 80;
/// As many as a request may hold, so that a large body cannot ask for much memory at once.
const ROOM_MAX: usize = 1_000;

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn metrics(&mut self) -> Option<Vec<MetricInput<'a>>> {
        let mut metrics = Vec::with_capacity((self.rest.len() / TYPICAL_METRIC).min(ROOM_MAX));
        self.expect(b'[')?;
        loop {
            metrics.push(self.metric()?);
            if !self.goes_on(b']')? {
                return Some(metrics);
            }
        }
    }

    fn metric(&mut self) -> Option<MetricInput<'a>> {
        let mut metric = MetricInput::default();
        self.object(|reader, name| match name {
            b"key" => once(&mut metric.key, Cow::Borrowed(reader.text()?)),
            b"value" => once(&mut metric.value, Double(reader.double()?)),
            b"timestamp" => once(&mut metric.timestamp, Int64(reader.integer()?)),
            b"step" => once(&mut metric.step, Int64(reader.integer()?)),
            b"model_id" => once(&mut metric.model_id, Cow::Borrowed(reader.text()?)),
            b"dataset_name" => once(&mut metric.dataset_name, Cow::Borrowed(reader.text()?)),
            b"dataset_digest" => once(&mut metric.dataset_digest, Cow::Borrowed(reader.text()?)),
            _ => None,
        })?;
        Some(metric)
    }

    /// An object with a field at least; `field` reads the value of each.
    fn object(&mut self, mut field: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        loop {
            let name = self.string()?;
            self.expect(b':')?;
            field(self, name)?;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    /// Whether a comma follows, or the `end`.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        match self.next()? {
            b',' => Some(true),
            byte => (byte == end).then_some(false),
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        self.skip_space();
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\n' | b'\r' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn at_end(&mut self) -> bool {
        self.skip_space();
        self.rest.is_empty()
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let end = self
            .rest
            .iter()
            .position(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    /// One of so few digits that it cannot be too large.
    fn integer(&mut self) -> Option<i64> {
        const DIGITS: usize = 18;
        self.skip_space();
        let negative = self.skip(b'-');
        let digits = self.rest;
        let count = self.digits()?;
        let is_plain = count <= DIGITS && !matches!(self.rest.first(), Some(b'.' | b'e' | b'E'));
        let value = digits[..count.min(DIGITS)]
            .iter()
            .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        is_plain.then_some(if negative { -value } else { value })
    }

    fn double(&mut self) -> Option<f64> {
        self.skip_space();
        let all = self.rest;
        self.skip(b'-');
        self.digits()?;
        if self.skip(b'.') {
            self.decimals()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            let _ = self.skip(b'+') || self.skip(b'-');
            self.decimals()?;
        }
        let text = &all[..all.len() - self.rest.len()];
        let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        value.is_finite().then_some(value)
    }

    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.rest.strip_prefix(&[byte]);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// How many digits there are, one at least, and no zero before others.
    fn digits(&mut self) -> Option<usize> {
        let zero = self.rest.first() == Some(&b'0');
        self.decimals().filter(|&count| count == 1 || !zero)
    }

    /// How many digits there are, one at least.
    fn decimals(&mut self) -> Option<usize> {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit());
        let count = end.unwrap_or(self.rest.len());
        self.rest = &self.rest[count..];
        (count > 0).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with_serde(body: &[u8]) -> Option<LogBatch<'_>> {
        serde_json::from_slice(body).ok()
    }

    #[test]
    fn what_clients_send_is_read() {
        let body = br#" {"run_id": "1f", "metrics": [
            {"key": "loss", "value": 0.1, "timestamp": 1700000000000, "step": 3},
            {"key": "Treffer \u00e9", "value": -2e-3, "timestamp": 0, "model_id": "m-1", "dataset_name": "d", "dataset_digest": "x"}]} "#;
        let body = String::from_utf8_lossy(body).replace("\\u00e9", "é");
        let batch = LogBatch::read_plain(body.as_bytes()).expect("plain");
        assert_eq!(batch.metrics.as_ref().map(Vec::len), Some(2));
        assert_eq!(Some(batch), with_serde(body.as_bytes()));
    }

    #[test]
    fn what_it_does_not_know_is_left_to_serde() {
        let metric = r#"{"key": "k", "value": 1, "timestamp": 1, "step": 0}"#;
        let bodies = [
            "{}".to_owned(),
            r#"{"run_id": "1", "metrics": []}"#.to_owned(),
            format!(r#"{{"run_id": "1", "metrics": [{metric}], "tags": []}}"#),
            format!(r#"{{"run_id": "1", "run_id": "2", "metrics": [{metric}]}}"#),
            format!(r#"{{"run_id": "1", "metrics": [{metric}]}} 1"#),
            format!(r#"{{"run_id": "1", "metrics": [{metric},]}}"#),
            format!(r#"{{"run_id": "1\n", "metrics": [{metric}]}}"#),
        ];
        for body in &bodies {
            assert_eq!(LogBatch::read_plain(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn numbers_are_read_as_serde_reads_them() {
        for number in [
            "0",
            "-0",
            "-0.0",
            "7",
            "01",
            "-",
            "+1",
            ".5",
            "1.",
            "1.5e3",
            "1e",
            "1E+2",
            "1e-400",
            "1e400",
            "\"NaN\"",
            "NaN",
            "null",
            "true",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "0.1000000000000000055511151",
            "123456789012345678901234567890",
            "3.0",
        ] {
            for field in ["value", "step"] {
                let body = format!(r#"{{"metrics": [{{"{field}": {number}}}]}}"#);
                if let Some(read) = LogBatch::read_plain(body.as_bytes()) {
                    assert_eq!(Some(read), with_serde(body.as_bytes()), "{body}");
                }
            }
        }
        assert!(LogBatch::read_plain(br#"{"metrics": [{"value": 1.5e3, "step": -7}]}"#).is_some());
    }

    /// Pieces of bodies, right and wrong ones.
    fn piece() -> impl Strategy<Value = String> {
        let known = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\"run_id\"",
            "\"metrics\"",
            "\"key\"",
            "\"value\"",
            "\"step\"",
            "\"x\"",
            "1",
            "-2.5",
            "1e3",
            "null",
            "\\",
            "\"",
        ];
        prop_oneof![
            8 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
            1 => any::<f64>().prop_map(|value| value.to_string()),
        ]
    }

    proptest! {
        #[test]
        fn doubles_keep_every_bit(value in any::<f64>().prop_filter("JSON has no others", |value| value.is_finite()), step in any::<i32>()) {
            let body = format!(r#"{{"run_id":"1","metrics":[{{"key":"k","value":{value:?},"timestamp":1,"step":{step}}}]}}"#);
            let read = LogBatch::read_plain(body.as_bytes()).expect("plain");
            let metric = read.metrics.as_ref().and_then(|metrics| metrics[0].value);
            prop_assert_eq!(metric.expect("a value").0.to_bits(), value.to_bits());
            prop_assert_eq!(Some(read), with_serde(body.as_bytes()));
        }

        #[test]
        fn it_agrees_with_serde_on_all_that_it_reads(pieces in proptest::collection::vec(piece(), 0..12)) {
            let body = format!(r#"{{"run_id": "1", "metrics": [{{"key": "k", "value": {}"#, pieces.concat());
            for end in ["", "}", "}]}"] {
                let body = format!("{body}{end}");
                if let Some(read) = LogBatch::read_plain(body.as_bytes()) {
                    prop_assert_eq!(Some(read), with_serde(body.as_bytes()), "{}", body);
                }
            }
        }
    }
}

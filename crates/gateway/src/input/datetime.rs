//! ISO 8601 date columns. Anything else `pandas.to_datetime` accepts is left to it.

use jiff::civil::{Date, DateTime};

use super::cell::Cell;

/// Nanoseconds since the epoch, or `None` when a cell is not a plain ISO date or the cells differ in form.
///
/// pandas takes the form of the first text for the whole column, so a column of mixed forms is an error there.
pub(super) fn column<'c, 'a: 'c>(cells: impl Iterator<Item = &'c Cell<'a>>) -> Option<Vec<Option<i64>>> {
    let mut form = None;
    let mut values = Vec::new();
    for cell in cells {
        match cell {
            Cell::Null | Cell::Absent => values.push(None),
            Cell::Text(text) => {
                let this = Form::of(text)?;
                if *form.get_or_insert(this) != this {
                    return None;
                }
                values.push(Some(nanoseconds(text)?));
            }
            _ => return None,
        }
    }
    // A column of nothing but nulls keeps the type pandas guesses for it.
    form.map(|_| values)
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Form {
    separator: Option<u8>,
    fraction_digits: usize,
}

impl Form {
    /// `YYYY-MM-DD`, or with `T` or a space and `HH:MM:SS` and up to nine digits of fraction.
    fn of(text: &str) -> Option<Self> {
        let pattern: &[u8] = b"dddd-dd-ddsdd:dd:dd.";
        let bytes = text.as_bytes();
        for (&byte, &wanted) in bytes.iter().zip(pattern) {
            let fits = match wanted {
                b'd' => byte.is_ascii_digit(),
                b's' => byte == b'T' || byte == b' ',
                other => byte == other,
            };
            if !fits {
                return None;
            }
        }
        let fraction = bytes.get(20..).unwrap_or_default();
        match bytes.len() {
            10 => Some(Self {
                separator: None,
                fraction_digits: 0,
            }),
            19 | 21..=29 if fraction.iter().all(u8::is_ascii_digit) => Some(Self {
                separator: Some(bytes[10]),
                fraction_digits: fraction.len(),
            }),
            _ => None,
        }
    }
}

fn nanoseconds(text: &str) -> Option<i64> {
    let datetime: DateTime = if text.len() == 10 {
        text.parse::<Date>().ok()?.to_datetime(jiff::civil::Time::midnight())
    } else {
        text.parse().ok()?
    };
    let timestamp = datetime.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    i64::try_from(timestamp.as_nanosecond()).ok()
}

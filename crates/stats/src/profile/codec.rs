//! Profiles as bytes: a version, then fields in a fixed order; integers as varints, numbers as their eight bytes.
//!
//! Reading is bounded and never panics: profiles are uploaded.

use super::{
    ColumnProfile, Kind, Settings, TEXT_BYTES_MAX,
    dataset::DatasetProfile,
    values::{Numbers, Texts, Values},
};
use crate::sketch::{
    distinct::{Distinct, REGISTERS},
    moments::Moments,
    quantiles::Quantiles,
    sample::Sample,
    top::Top,
};
use std::collections::BTreeMap;
use thiserror::Error;

const VERSION: u64 = 1;
/// Most values of a column that are read, and most columns of a table.
const VALUES_MAX: u64 = 20_000_000;
const COLUMNS_MAX: u64 = 100_000;
const ROWS_MAX: u64 = 1 << 48;
const NAME_BYTES_MAX: u64 = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("the profile is of a newer version ({0}) than this program reads ({VERSION})")]
    Version(u64),
    #[error("the profile is damaged: {0}")]
    Damaged(&'static str),
}

impl DatasetProfile {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, VERSION);
        put_settings(&mut out, &self.settings);
        put(&mut out, self.columns.len() as u64);
        for (name, column) in &self.columns {
            put_text(&mut out, name);
            column.write(&mut out);
        }
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader { bytes };
        reader.version()?;
        let settings = reader.settings()?;
        let count = reader.count(COLUMNS_MAX)?;
        let mut columns = BTreeMap::new();
        for _ in 0..count {
            let name = reader.text(NAME_BYTES_MAX)?.to_owned();
            columns.insert(name, ColumnProfile::read(&mut reader)?);
        }
        reader.end()?;
        Ok(Self { settings, columns })
    }
}

impl ColumnProfile {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, VERSION);
        self.write(&mut out);
        out
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut reader = Reader { bytes };
        reader.version()?;
        let column = Self::read(&mut reader)?;
        reader.end()?;
        Ok(column)
    }

    fn write(&self, out: &mut Vec<u8>) {
        put_settings(out, &self.settings);
        out.push(match self.kind {
            None => 0,
            Some(Kind::Integer) => 1,
            Some(Kind::Float) => 2,
            Some(Kind::Boolean) => 3,
            Some(Kind::Text) => 4,
            Some(Kind::Time) => 5,
        });
        for count in [self.rows, self.missing, self.infinite, self.mistyped] {
            put(out, count);
        }
        put(out, self.moments.count);
        for number in [
            self.moments.mean,
            self.moments.squares,
            self.moments.min,
            self.moments.max,
        ] {
            put_number(out, number);
        }
        match self.values.clone() {
            Values::Empty => out.push(0),
            Values::CountedNumbers(counts) => {
                out.push(1);
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                put(out, counts.len() as u64);
                for (bits, count) in counts {
                    put_number(out, f64::from_bits(bits));
                    put(out, count);
                }
            }
            Values::Numbers(mut numbers) => {
                out.push(2);
                put_sample(out, &mut numbers.sample, |out, number| put_number(out, *number));
                out.push(u8::from(numbers.sketches.is_some()));
                if let Some((quantiles, distinct)) = &numbers.sketches {
                    put_quantiles(out, quantiles);
                    out.extend_from_slice(distinct.registers());
                }
            }
            Values::CountedTexts(counts) => {
                out.push(3);
                let mut counts: Vec<_> = counts.into_iter().collect();
                counts.sort_unstable();
                put_levels(out, &counts);
            }
            Values::Texts(mut texts) => {
                out.push(4);
                put_sample(out, &mut texts.sample, |out, text| put_text(out, text));
                put(out, texts.top.missed());
                put_levels(out, &texts.top.levels());
                out.extend_from_slice(texts.distinct.registers());
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let settings = reader.settings()?;
        let kind = match reader.byte()? {
            0 => None,
            1 => Some(Kind::Integer),
            2 => Some(Kind::Float),
            3 => Some(Kind::Boolean),
            4 => Some(Kind::Text),
            5 => Some(Kind::Time),
            _ => return Err(Unreadable::Damaged("an unknown type of column")),
        };
        let (rows, missing, infinite, mistyped) =
            (reader.varint()?, reader.varint()?, reader.varint()?, reader.varint()?);
        let left_out = missing.checked_add(infinite).and_then(|sum| sum.checked_add(mistyped));
        let Some(valid) = left_out
            .and_then(|left_out| rows.checked_sub(left_out))
            .filter(|_| rows <= ROWS_MAX)
        else {
            return Err(Unreadable::Damaged("its rows do not add up"));
        };
        let moments = Moments {
            count: reader.varint()?,
            mean: reader.number()?,
            squares: reader.number()?,
            min: reader.number()?,
            max: reader.number()?,
        };
        let values = read_values(reader, kind, &settings)?;
        if values.rows() != Some(valid) {
            return Err(Unreadable::Damaged("its values do not add up"));
        }
        Ok(Self {
            settings,
            kind,
            rows,
            missing,
            infinite,
            mistyped,
            moments,
            values,
        })
    }
}

fn read_values(reader: &mut Reader<'_>, kind: Option<Kind>, settings: &Settings) -> Result<Values, Unreadable> {
    let values = match reader.byte()? {
        0 => Values::Empty,
        1 => {
            let count = reader.count(VALUES_MAX)?;
            let mut counts = std::collections::HashMap::default();
            for _ in 0..count {
                counts.insert(reader.finite()?.to_bits(), reader.varint()?);
            }
            Values::CountedNumbers(counts)
        }
        2 => {
            let sample = reader.sample(settings, Reader::finite)?;
            let sketches = match reader.byte()? {
                0 => None,
                _ => Some((reader.quantiles()?, reader.distinct()?)),
            };
            Values::Numbers(Box::new(Numbers { sample, sketches }))
        }
        3 => Values::CountedTexts(reader.levels()?.into_iter().collect()),
        4 => {
            let sample = reader.sample(settings, |reader| Ok(reader.text(TEXT_BYTES_MAX as u64)?.into()))?;
            let missed = reader.varint()?.min(ROWS_MAX);
            let top = Top::restore(missed, reader.levels()?).ok_or(Unreadable::Damaged("too many top levels"))?;
            let distinct = reader.distinct()?;
            Values::Texts(Box::new(Texts { sample, top, distinct }))
        }
        _ => return Err(Unreadable::Damaged("an unknown kind of values")),
    };
    let fits = match (&values, kind) {
        (Values::Empty, None) => true,
        (Values::CountedNumbers(_) | Values::Numbers(_), Some(kind)) => kind.is_number(),
        (Values::CountedTexts(_) | Values::Texts(_), Some(kind)) => !kind.is_number(),
        _ => false,
    };
    fits.then_some(values)
        .ok_or(Unreadable::Damaged("the values are not of the column's type"))
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_number(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(&number.to_le_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_settings(out: &mut Vec<u8>, settings: &Settings) {
    put(out, settings.sample as u64);
    put(out, settings.levels as u64);
    put(out, settings.seed);
}

fn put_levels(out: &mut Vec<u8>, levels: &[(Box<str>, u64)]) {
    put(out, levels.len() as u64);
    for (level, count) in levels {
        put_text(out, level);
        put(out, *count);
    }
}

fn put_sample<T>(out: &mut Vec<u8>, sample: &mut Sample<T>, put_value: impl Fn(&mut Vec<u8>, &T)) {
    put(out, sample.capacity() as u64);
    let (seed, seen, values, priorities) = sample.parts();
    put(out, seed);
    put(out, seen);
    put(out, values.len() as u64);
    for value in values {
        put_value(out, value);
    }
    out.push(u8::from(!priorities.is_empty()));
    for priority in priorities {
        out.extend_from_slice(&priority.to_le_bytes());
    }
}

fn put_quantiles(out: &mut Vec<u8>, quantiles: &Quantiles) {
    let (seed, compactions, levels) = quantiles.parts();
    put(out, seed);
    put(out, compactions);
    put(out, levels.len() as u64);
    for level in levels {
        put(out, level.len() as u64);
        for &value in level {
            put_number(out, value);
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(Unreadable::Damaged("it ends too early"))?;
        self.bytes = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        Ok(self.take(1)?[0])
    }

    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable::Damaged("a number is too long"))
    }

    /// A count of things of at least a byte each, so that no more is set aside than was sent.
    fn count(&mut self, most: u64) -> Result<usize, Unreadable> {
        let count = self.varint()?;
        if count > most || count > self.bytes.len() as u64 {
            return Err(Unreadable::Damaged("a count is too large"));
        }
        Ok(count as usize)
    }

    fn number(&mut self) -> Result<f64, Unreadable> {
        let bytes = self.take(8)?;
        Ok(f64::from_le_bytes(bytes.try_into().expect("eight bytes were taken")))
    }

    fn finite(&mut self) -> Result<f64, Unreadable> {
        let number = self.number()?;
        number
            .is_finite()
            .then_some(number)
            .ok_or(Unreadable::Damaged("a value is not finite"))
    }

    fn text(&mut self, most: u64) -> Result<&'a str, Unreadable> {
        let length = self.count(most)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| Unreadable::Damaged("a text is not UTF-8"))
    }

    fn version(&mut self) -> Result<(), Unreadable> {
        match self.varint()? {
            VERSION => Ok(()),
            other => Err(Unreadable::Version(other)),
        }
    }

    fn settings(&mut self) -> Result<Settings, Unreadable> {
        let (sample, levels, seed) = (self.varint()?, self.varint()?, self.varint()?);
        if sample > VALUES_MAX || levels > VALUES_MAX {
            return Err(Unreadable::Damaged("its settings keep too many values"));
        }
        Ok(Settings {
            sample: sample as usize,
            levels: levels as usize,
            seed,
        })
    }

    fn levels(&mut self) -> Result<Vec<(Box<str>, u64)>, Unreadable> {
        let count = self.count(VALUES_MAX)?;
        (0..count)
            .map(|_| {
                let level = self.text(TEXT_BYTES_MAX as u64)?.into();
                let count = self.varint()?;
                (count <= ROWS_MAX)
                    .then_some((level, count))
                    .ok_or(Unreadable::Damaged("a count is too large"))
            })
            .collect()
    }

    fn sample<T>(
        &mut self,
        settings: &Settings,
        value: impl Fn(&mut Self) -> Result<T, Unreadable>,
    ) -> Result<Sample<T>, Unreadable> {
        let capacity = self.varint()? as usize;
        let (seed, seen) = (self.varint()?, self.varint()?);
        let count = self.count(VALUES_MAX)?;
        let values = (0..count).map(|_| value(self)).collect::<Result<Vec<T>, _>>()?;
        let priorities = match self.byte()? {
            0 => Vec::new(),
            _ => (0..count)
                .map(|_| {
                    let bytes = self.take(8)?;
                    Ok(u64::from_le_bytes(bytes.try_into().expect("eight bytes were taken")))
                })
                .collect::<Result<_, _>>()?,
        };
        if capacity > settings.sample {
            return Err(Unreadable::Damaged("a sample is larger than its settings"));
        }
        Sample::restore(capacity, seed, seen, values, priorities).ok_or(Unreadable::Damaged("a sample does not add up"))
    }

    fn quantiles(&mut self) -> Result<Quantiles, Unreadable> {
        let (seed, compactions) = (self.varint()?, self.varint()?);
        let count = self.count(64)?;
        let mut levels = Vec::with_capacity(count);
        for _ in 0..count {
            let values = self.count(VALUES_MAX)?;
            levels.push((0..values).map(|_| self.finite()).collect::<Result<Vec<_>, _>>()?);
        }
        if compactions > ROWS_MAX {
            return Err(Unreadable::Damaged("a quantile sketch was compacted too often"));
        }
        Quantiles::restore(seed, compactions, levels).ok_or(Unreadable::Damaged("a quantile sketch does not add up"))
    }

    fn distinct(&mut self) -> Result<Distinct, Unreadable> {
        Distinct::restore(self.take(REGISTERS)?.to_vec())
            .ok_or(Unreadable::Damaged("a distinct sketch does not add up"))
    }

    fn end(&self) -> Result<(), Unreadable> {
        self.bytes
            .is_empty()
            .then_some(())
            .ok_or(Unreadable::Damaged("something follows its end"))
    }
}

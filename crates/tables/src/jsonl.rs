//! JSON lines: an object a line, its keys the columns. Values go from the parser into the profiles without a tree between.

use crate::{Error, table::empty};
use fettle_stats::profile::{ColumnProfile, Kind, Settings, Value, dataset::DatasetProfile};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    fs::File,
    io::{BufRead, BufReader},
    ops::Range,
    path::Path,
};

/// A line is one row, and rows are small.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Keys are columns, and a file whose keys are data has too many.
const COLUMNS_MAX: usize = 100_000;

pub(crate) fn profile(
    path: &Path,
    settings: Settings,
    kinds: &BTreeMap<String, Kind>,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    rows: Range<u64>,
) -> Result<DatasetProfile, Error> {
    let mut columns = Columns {
        settings,
        kinds,
        wanted,
        profiles: HashMap::new(),
        row: 0,
    };
    each_line(path, |line, row| {
        if row >= rows.start && row < rows.end {
            let mut parser = serde_json::Deserializer::from_slice(line);
            columns
                .row(&mut parser)
                .and_then(|()| parser.end())
                .map_err(|error| error.to_string())?;
            columns.row += 1;
        }
        Ok(row < rows.end)
    })?;
    Ok(columns.finish())
}

pub(crate) fn count_rows(path: &Path) -> Result<u64, Error> {
    let mut rows = 0;
    each_line(path, |_, row| {
        rows = row + 1;
        Ok(true)
    })?;
    Ok(rows)
}

/// Visits the lines that are not empty, until `visit` says false.
fn each_line(path: &Path, mut visit: impl FnMut(&[u8], u64) -> Result<bool, String>) -> Result<(), Error> {
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
    let (mut line, mut number, mut row) = (Vec::new(), 0, 0);
    loop {
        line.clear();
        let mut limited = std::io::Read::take(&mut reader, LINE_BYTES_MAX as u64);
        if limited.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        number += 1;
        let at = |message: String| Error::Line {
            path: path.to_owned(),
            line: number,
            message,
        };
        if line.len() == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            return Err(at(format!("longer than {LINE_BYTES_MAX} bytes")));
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        if !visit(text, row).map_err(at)? {
            return Ok(());
        }
        row += 1;
    }
}

struct Columns<'a> {
    settings: Settings,
    kinds: &'a BTreeMap<String, Kind>,
    wanted: &'a (dyn Fn(&str) -> bool + Sync),
    /// `None` for those that are not wanted.
    profiles: HashMap<String, Option<ColumnProfile>>,
    row: u64,
}

impl Columns<'_> {
    fn row(&mut self, parser: &mut serde_json::Deserializer<serde_json::de::SliceRead<'_>>) -> serde_json::Result<()> {
        parser.deserialize_map(Row(self))
    }

    /// The profile of a column, brought up to the current row with missing values; `None` if it is not wanted.
    fn column(&mut self, name: &str) -> Result<Option<&mut ColumnProfile>, String> {
        if !self.profiles.contains_key(name) {
            if self.profiles.len() >= COLUMNS_MAX {
                return Err(format!("more than {COLUMNS_MAX} different keys"));
            }
            let profile = (self.wanted)(name).then(|| empty(name, self.settings, self.kinds));
            self.profiles.insert(name.to_owned(), profile);
        }
        let row = self.row;
        let mut profile = self.profiles.get_mut(name).and_then(Option::as_mut);
        if let Some(profile) = &mut profile {
            let behind = row.saturating_sub(profile.rows());
            profile.push_many(Value::Missing, behind);
        }
        Ok(profile)
    }

    fn finish(self) -> DatasetProfile {
        let mut dataset = DatasetProfile::new(self.settings);
        for (name, profile) in self.profiles {
            if let Some(mut profile) = profile {
                profile.push_many(Value::Missing, self.row.saturating_sub(profile.rows()));
                dataset.columns.insert(name, profile);
            }
        }
        dataset
    }
}

struct Row<'a, 'b>(&'a mut Columns<'b>);

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.0.column(&key).map_err(A::Error::custom)? {
                Some(profile) => map.next_value_seed(Cell(profile))?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct Cell<'a>(&'a mut ColumnProfile);

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push(Value::Boolean(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.push(Value::Integer(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0
            .push(i64::try_from(value).map_or(Value::Float(value as f64), Value::Integer));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.0.push(Value::Float(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.push(Value::Text(value));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.push(Value::Missing);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        self.0.push(Value::Text("[...]"));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.0.push(Value::Text("{...}"));
        Ok(())
    }
}

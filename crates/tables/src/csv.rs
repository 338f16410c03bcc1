//! CSV and TSV with a line of names, as pandas reads them: empty fields and the usual words are missing, and a column is
//! of integers, floats, booleans or texts.

use crate::{Error, table::empty};
use fettle_stats::profile::{ColumnProfile, Kind, Settings, Value, dataset::DatasetProfile};
use std::{collections::BTreeMap, ops::Range, path::Path};

/// What pandas takes for missing.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan",
];
/// Rows that decide what a column is of, where no reference does.
const DECIDING_ROWS: usize = 10_000;

pub(crate) fn profile(
    path: &Path,
    separator: u8,
    settings: Settings,
    kinds: &BTreeMap<String, Kind>,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    rows: Range<u64>,
) -> Result<DatasetProfile, Error> {
    let unreadable = |source| Error::Csv {
        path: path.to_owned(),
        source,
    };
    let mut reader = open(path, separator)?;
    let names: Vec<String> = reader
        .headers()
        .map_err(unreadable)?
        .iter()
        .map(str::to_owned)
        .collect();
    let mut columns = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            return Err(Error::TwoColumns {
                path: path.to_owned(),
                column: name.clone(),
            });
        }
        if wanted(name) {
            let profile = empty(name, settings, kinds);
            columns.push((place, Reading::of(profile, kinds.get(name).copied())));
        }
    }
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while row < rows.end && reader.read_record(&mut record).map_err(unreadable)? {
        if row >= rows.start {
            for (place, column) in &mut columns {
                column.push(record.get(*place).unwrap_or_default());
            }
        }
        row += 1;
    }
    let mut dataset = DatasetProfile::new(settings);
    for (place, column) in columns {
        dataset.columns.insert(names[place].clone(), column.finish());
    }
    Ok(dataset)
}

pub(crate) fn count_rows(path: &Path, separator: u8) -> Result<u64, Error> {
    let mut reader = open(path, separator)?;
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record).map_err(|source| Error::Csv {
        path: path.to_owned(),
        source,
    })? {
        rows += 1;
    }
    Ok(rows)
}

pub(crate) fn open(path: &Path, separator: u8) -> Result<csv::Reader<std::fs::File>, Error> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .buffer_capacity(1 << 20)
        .from_path(path)
        .map_err(|source| Error::Csv {
            path: path.to_owned(),
            source,
        })
}

/// A column while its fields come.
enum Reading {
    /// Fields held back until it is clear what they are.
    Undecided {
        profile: ColumnProfile,
        fields: Vec<String>,
    },
    Decided {
        profile: ColumnProfile,
        kind: Kind,
    },
}

impl Reading {
    fn of(profile: ColumnProfile, kind: Option<Kind>) -> Self {
        match kind {
            Some(kind) => Self::Decided { profile, kind },
            None => Self::Undecided {
                profile,
                fields: Vec::new(),
            },
        }
    }

    fn push(&mut self, field: &str) {
        match self {
            Self::Decided { profile, kind } => profile.push(parse(field, *kind)),
            Self::Undecided { fields, .. } => {
                fields.push(field.to_owned());
                if fields.len() >= DECIDING_ROWS {
                    self.decide();
                }
            }
        }
    }

    fn decide(&mut self) {
        if let Self::Undecided { profile, fields } = self {
            let kind = kind_of(fields);
            let mut profile = std::mem::replace(profile, ColumnProfile::new(Settings::default()));
            for field in fields.iter() {
                profile.push(parse(field, kind));
            }
            *self = Self::Decided { profile, kind };
        }
    }

    fn finish(mut self) -> ColumnProfile {
        self.decide();
        match self {
            Self::Decided { profile, .. } | Self::Undecided { profile, .. } => profile,
        }
    }
}

/// The narrowest kind that all fields are of.
fn kind_of(fields: &[String]) -> Kind {
    let all = |fits: fn(&str) -> bool| {
        fields
            .iter()
            .filter(|field| !is_missing(field))
            .all(|field| fits(field))
    };
    if all(|field| field.parse::<i64>().is_ok()) {
        Kind::Integer
    } else if all(|field| field.trim().parse::<f64>().is_ok()) {
        Kind::Float
    } else if all(|field| boolean(field).is_some()) {
        Kind::Boolean
    } else {
        Kind::Text
    }
}

fn parse(field: &str, kind: Kind) -> Value<'_> {
    if is_missing(field) {
        return Value::Missing;
    }
    let parsed = match kind {
        Kind::Integer | Kind::Float => field.trim().parse().ok().map(|number: f64| {
            if kind == Kind::Integer && number.fract() == 0.0 && number.abs() < 9e15 {
                Value::Integer(number as i64)
            } else {
                Value::Float(number)
            }
        }),
        Kind::Boolean => boolean(field).map(Value::Boolean),
        Kind::Text | Kind::Time => None,
    };
    // What does not fit is a text where none belongs: the profile counts a type error.
    parsed.unwrap_or(Value::Text(field))
}

fn boolean(field: &str) -> Option<bool> {
    match field {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

pub(crate) fn is_missing(field: &str) -> bool {
    field.len() <= 8 && (MISSING.contains(&field) || field == "null")
}

//! Rows that tell two evaluators of one model apart: the saved example, and variations that sit where they differ.
//!
//! What has separated evaluators in practice: values that round differently in 32 bits (two decimals, large ids, epoch
//! seconds), missing values, integers on thresholds, and categories the model has not seen.

use crate::frame::{Column, ColumnData, Frame, Layout};
use crate::input::{self, Parsed};
use crate::model_folder::ModelFolder;
use crate::signature::{ColumnType, Inputs};

/// Rows of one kind, as one frame.
pub(crate) struct EdgeRows {
    pub(crate) kind: &'static str,
    pub(crate) frame: Frame,
}

/// Rows of pseudo-random cells of each kind.
const ROWS_PER_KIND: usize = 64;
/// Wide models get one-column-at-a-time rows for this many columns only.
const COLUMNS_VARIED_MAX: usize = 32;
const EXAMPLE_ROWS_MAX: usize = 256;

/// One column's type and name, and cells to vary around.
struct Slot {
    name: String,
    kind: ColumnType,
    base: Vec<Cell>,
}

#[derive(Clone, Debug)]
enum Cell {
    Number(f64),
    Text(String),
    Missing,
}

/// `number_columns` is asked when the signature does not say what the columns are.
pub(crate) fn for_model(folder: &ModelFolder, column_names: Option<&[String]>, column_count: usize) -> Vec<EdgeRows> {
    let example = example_frame(folder);
    let layout = match &folder.signature.inputs {
        Inputs::Matrix { .. } => Layout::Matrix,
        Inputs::Unnamed(_) => Layout::NumberedTable,
        Inputs::Named(_) => Layout::Table,
        Inputs::Undeclared | Inputs::Opaque(_) => {
            if column_names.is_some() {
                Layout::Table
            } else {
                Layout::Matrix
            }
        }
    };
    let slots = slots(folder, example.as_ref(), column_names, column_count);
    let mut sets = Vec::new();
    if let Some(frame) = example.filter(|frame| frame.rows > 0 && frame.rows <= EXAMPLE_ROWS_MAX) {
        sets.push(EdgeRows { kind: "example", frame });
    }
    let mut add = |kind: &'static str, rows: Vec<Vec<Cell>>| {
        if !rows.is_empty() {
            sets.push(EdgeRows {
                kind,
                frame: build(layout, &slots, &rows),
            });
        }
    };
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for (kind, number) in NUMBER_KINDS {
        let rows = (0..ROWS_PER_KIND).map(|_| slots.iter().map(|slot| slot.draw(&mut dice, *number)).collect());
        add(kind, rows.collect());
    }
    let varied = slots.len().min(COLUMNS_VARIED_MAX);
    let mut one_at_a_time = |kind: &'static str, values: &[Cell], applies: fn(&Slot) -> bool| {
        let mut rows = Vec::new();
        for column in (0..varied).filter(|column| applies(&slots[*column])) {
            for value in values {
                let mut row: Vec<Cell> = slots.iter().map(|slot| slot.draw(&mut dice, around)).collect();
                row[column] = value.clone();
                rows.push(row);
            }
        }
        add(kind, rows);
    };
    let number = |value: f64| Cell::Number(value);
    one_at_a_time("extreme", &EXTREMES.map(number), |slot| slot.kind != ColumnType::String);
    one_at_a_time(
        "overflow",
        &[f64::INFINITY, f64::NEG_INFINITY, 1e39].map(number),
        |slot| matches!(slot.kind, ColumnType::Double | ColumnType::Float),
    );
    one_at_a_time("missing", &[Cell::Missing], |slot| {
        matches!(slot.kind, ColumnType::Double | ColumnType::Float | ColumnType::String)
    });
    let unseen = ["", " ", "never seen before", "NaN", "0", "Ünïcode"].map(|text| Cell::Text(text.into()));
    one_at_a_time("category", &unseen, |slot| slot.kind == ColumnType::String);
    add("all missing", vec![slots.iter().map(|_| Cell::Missing).collect()]);
    sets
}

const EXTREMES: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.1,
    1e-45,
    16_777_217.0,
    1_700_000_000.0,
    9_007_199_254_740_993.0,
    -1e18,
    1e30,
    -3.4e38,
];

/// A way to draw a number around a column's known values.
type Draw = fn(&mut Dice, f64) -> f64;

const NUMBER_KINDS: &[(&str, Draw)] = &[
    ("around", around),
    ("two decimals", |dice, base| {
        ((base + dice.spread(base)) * 100.0).round() / 100.0
    }),
    ("integers", |dice, base| (base + 3.0 * dice.spread(base)).round()),
    ("negative", |dice, base| -(base + dice.spread(base)).abs()),
    ("large ids", |dice, _| (dice.unit() * 9e15).round()),
    ("epoch seconds", |dice, _| (1.6e9 + dice.unit() * 2e8).round()),
];

fn around(dice: &mut Dice, base: f64) -> f64 {
    base + dice.spread(base)
}

/// A small deterministic generator (xorshift): the same model is always asked about the same rows.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn spread(&mut self, base: f64) -> f64 {
        (self.unit() - 0.5) * 4.0 * base.abs().max(1.0)
    }
}

impl Slot {
    fn draw(&self, dice: &mut Dice, number: Draw) -> Cell {
        let base = &self.base[dice.next() as usize % self.base.len()];
        match base {
            Cell::Number(base) => Cell::Number(number(dice, *base)),
            other => other.clone(),
        }
    }
}

fn example_frame(folder: &ModelFolder) -> Option<Frame> {
    let body = folder.serving_example()?;
    match input::parse_json(&body, &folder.signature) {
        Ok(Parsed::Table { frame, .. }) => Some(frame),
        _ => None,
    }
}

fn slots(folder: &ModelFolder, example: Option<&Frame>, names: Option<&[String]>, count: usize) -> Vec<Slot> {
    let declared: Vec<(String, ColumnType)> = match &folder.signature.inputs {
        Inputs::Named(columns) => columns
            .iter()
            .map(|column| (column.name.clone(), column.kind))
            .collect(),
        Inputs::Unnamed(kinds) => kinds.iter().map(|kind| (String::new(), *kind)).collect(),
        Inputs::Matrix { kind, width } => vec![(String::new(), *kind); *width],
        Inputs::Undeclared | Inputs::Opaque(_) => {
            let name = |index: usize| names.and_then(|names| names.get(index)).cloned().unwrap_or_default();
            (0..count).map(|index| (name(index), ColumnType::Double)).collect()
        }
    };
    declared
        .into_iter()
        .enumerate()
        .map(|(index, (name, kind))| {
            let known = example
                .and_then(|frame| frame.columns.get(index))
                .map(|column| cells(&column.data));
            let base = known.filter(|cells| !cells.is_empty()).unwrap_or_else(|| match kind {
                ColumnType::String => vec![Cell::Text("a".into())],
                _ => vec![Cell::Number(0.0)],
            });
            Slot { name, kind, base }
        })
        .collect()
}

fn cells(data: &ColumnData) -> Vec<Cell> {
    match data {
        ColumnData::Boolean(values) => values
            .iter()
            .map(|value| Cell::Number(f64::from(u8::from(*value))))
            .collect(),
        ColumnData::Integer(values) => values.iter().map(|value| Cell::Number(f64::from(*value))).collect(),
        ColumnData::Long(values) => values.iter().map(|value| Cell::Number(*value as f64)).collect(),
        ColumnData::Float(values) => values.iter().map(|value| Cell::Number(f64::from(*value))).collect(),
        ColumnData::Double(values) => values.iter().map(|value| Cell::Number(*value)).collect(),
        ColumnData::Datetime(values) => values
            .iter()
            .flatten()
            .map(|value| Cell::Number(*value as f64))
            .collect(),
        ColumnData::Text(values) => values
            .iter()
            .map(|value| value.clone().map_or(Cell::Missing, Cell::Text))
            .collect(),
    }
}

fn build(layout: Layout, slots: &[Slot], rows: &[Vec<Cell>]) -> Frame {
    let column = |(index, slot): (usize, &Slot)| {
        let cells = rows.iter().map(|row| &row[index]);
        Column {
            name: slot.name.clone(),
            data: typed(slot.kind, cells),
        }
    };
    Frame {
        layout,
        rows: rows.len(),
        columns: slots.iter().enumerate().map(column).collect(),
    }
}

fn typed<'c>(kind: ColumnType, cells: impl Iterator<Item = &'c Cell>) -> ColumnData {
    let number = |cell: &Cell| {
        if let Cell::Number(value) = cell {
            *value
        } else {
            f64::NAN
        }
    };
    match kind {
        ColumnType::Boolean => ColumnData::Boolean(cells.map(|cell| number(cell) > 0.0).collect()),
        ColumnType::Integer => ColumnData::Integer(cells.map(|cell| number(cell) as i32).collect()),
        ColumnType::Long => ColumnData::Long(cells.map(|cell| number(cell) as i64).collect()),
        ColumnType::Float => ColumnData::Float(cells.map(|cell| number(cell) as f32).collect()),
        ColumnType::Double => ColumnData::Double(cells.map(number).collect()),
        ColumnType::Datetime => ColumnData::Datetime(cells.map(|cell| Some(number(cell) as i64)).collect()),
        ColumnType::String => {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => Some(text.clone()),
                Cell::Number(value) => Some(value.to_string()),
                Cell::Missing => None,
            };
            ColumnData::Text(cells.map(text).collect())
        }
    }
}

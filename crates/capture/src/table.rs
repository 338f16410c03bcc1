//! Columns of one type each: how captured rows are kept, in Parquet, and read again.

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array,
    LargeStringArray, RecordBatch, StringArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector},
    },
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

const BATCH_ROWS: usize = 8192;

/// A value of a body.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    /// Milliseconds since the epoch.
    Time(i64),
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    Flags(Vec<Option<bool>>),
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
    Times(Vec<Option<i64>>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub cells: Cells,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub rows: usize,
    pub columns: Vec<Column>,
}

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("the Parquet file cannot be read or written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("a column cannot be written: {0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}

/// Rows whose columns are found out on the way.
#[derive(Debug, Default)]
pub struct TableBuilder {
    rows: usize,
    names: HashMap<String, usize>,
    columns: Vec<(String, Vec<Cell>)>,
}

impl TableBuilder {
    /// The column of this name, made if need be.
    pub fn column(&mut self, name: &str) -> usize {
        if let Some(index) = self.names.get(name) {
            return *index;
        }
        let index = self.columns.len();
        self.names.insert(name.to_owned(), index);
        self.columns.push((name.to_owned(), Vec::new()));
        index
    }

    /// Adds a row. A column that is given twice keeps the first value, one that is not given is null.
    pub fn push(&mut self, cells: impl IntoIterator<Item = (usize, Cell)>) {
        for (index, cell) in cells {
            let column = &mut self.columns[index].1;
            if column.len() <= self.rows {
                column.resize(self.rows, Cell::Null);
                column.push(cell);
            }
        }
        self.rows += 1;
    }

    pub fn build(self) -> Table {
        let rows = self.rows;
        let columns = self.columns.into_iter().map(|(name, mut cells)| {
            cells.resize(rows, Cell::Null);
            Column {
                name,
                cells: Cells::of(cells),
            }
        });
        Table {
            rows,
            columns: columns.collect(),
        }
    }
}

impl Cells {
    /// The narrowest type that holds all cells; text, if they have nothing in common.
    fn of(cells: Vec<Cell>) -> Self {
        let (mut flags, mut integers, mut numbers, mut texts, mut times) = (false, false, false, false, false);
        for cell in &cells {
            match cell {
                Cell::Null => {}
                Cell::Flag(_) => flags = true,
                Cell::Integer(_) => integers = true,
                Cell::Number(_) => numbers = true,
                Cell::Text(_) => texts = true,
                Cell::Time(_) => times = true,
            }
        }
        let all = cells.into_iter();
        match (flags, integers, numbers, texts, times) {
            (true, false, false, false, false) => Self::Flags(
                all.map(|cell| match cell {
                    Cell::Flag(flag) => Some(flag),
                    _ => None,
                })
                .collect(),
            ),
            (false, true, false, false, false) => Self::Integers(
                all.map(|cell| match cell {
                    Cell::Integer(integer) => Some(integer),
                    _ => None,
                })
                .collect(),
            ),
            (false, false, false, false, true) => Self::Times(
                all.map(|cell| match cell {
                    Cell::Time(time) => Some(time),
                    _ => None,
                })
                .collect(),
            ),
            (false, _, _, false, false) => Self::Numbers(
                all.map(|cell| match cell {
                    Cell::Integer(integer) => Some(integer as f64),
                    Cell::Number(number) => Some(number),
                    _ => None,
                })
                .collect(),
            ),
            _ => Self::Texts(all.map(Cell::into_text).collect()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Flags(cells) => cells.len(),
            Self::Integers(cells) | Self::Times(cells) => cells.len(),
            Self::Numbers(cells) => cells.len(),
            Self::Texts(cells) => cells.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn cell(&self, row: usize) -> Cell {
        let known = match self {
            Self::Flags(cells) => cells[row].map(Cell::Flag),
            Self::Integers(cells) => cells[row].map(Cell::Integer),
            Self::Numbers(cells) => cells[row].map(Cell::Number),
            Self::Texts(cells) => cells[row].clone().map(Cell::Text),
            Self::Times(cells) => cells[row].map(Cell::Time),
        };
        known.unwrap_or(Cell::Null)
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Flags(_) => DataType::Boolean,
            Self::Integers(_) => DataType::Int64,
            Self::Numbers(_) => DataType::Float64,
            Self::Texts(_) => DataType::Utf8,
            Self::Times(_) => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Flags(cells) => Arc::new(BooleanArray::from(cells.clone())),
            Self::Integers(cells) => Arc::new(Int64Array::from(cells.clone())),
            Self::Numbers(cells) => Arc::new(Float64Array::from(cells.clone())),
            Self::Texts(cells) => Arc::new(cells.iter().map(Option::as_deref).collect::<StringArray>()),
            Self::Times(cells) => Arc::new(TimestampMillisecondArray::from(cells.clone()).with_timezone("UTC")),
        }
    }

    fn of_array(array: &dyn Array) -> Option<Vec<Cell>> {
        macro_rules! read {
            ($($kind:ty => $make:expr),* $(,)?) => {
                $(if let Some(values) = array.as_any().downcast_ref::<$kind>() {
                    return Some(values.iter().map(|value| value.map_or(Cell::Null, $make)).collect());
                })*
            };
        }
        read!(
            Float64Array => Cell::Number,
            Int64Array => Cell::Integer,
            StringArray => |text| Cell::Text(text.to_owned()),
            BooleanArray => Cell::Flag,
            TimestampMillisecondArray => Cell::Time,
            Float32Array => |number| Cell::Number(f64::from(number)),
            Int32Array => |number| Cell::Integer(i64::from(number)),
            Int16Array => |number| Cell::Integer(i64::from(number)),
            Int8Array => |number| Cell::Integer(i64::from(number)),
            UInt8Array => |number| Cell::Integer(i64::from(number)),
            UInt16Array => |number| Cell::Integer(i64::from(number)),
            UInt32Array => |number| Cell::Integer(i64::from(number)),
            UInt64Array => |number| Cell::Number(number as f64),
            LargeStringArray => |text| Cell::Text(text.to_owned()),
            TimestampMicrosecondArray => |time| Cell::Time(time.div_euclid(1000)),
            TimestampNanosecondArray => |time| Cell::Time(time.div_euclid(1_000_000)),
        );
        None
    }
}

impl Cell {
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Integer(integer) => Some(integer.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text),
            Self::Time(ms) => jiff::Timestamp::from_millisecond(ms).ok().map(|time| time.to_string()),
        }
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Null | Self::Time(_) => None,
        }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The rows that are to be kept.
    #[must_use]
    pub fn filtered(&self, keep: &[bool]) -> Self {
        let mut builder = TableBuilder::default();
        let columns: Vec<usize> = self.columns.iter().map(|column| builder.column(&column.name)).collect();
        for row in (0..self.rows).filter(|row| keep[*row]) {
            builder.push(
                columns
                    .iter()
                    .copied()
                    .zip(self.columns.iter().map(|column| column.cells.cell(row))),
            );
        }
        builder.build()
    }

    /// The table as a Parquet file.
    pub fn to_parquet(&self) -> Result<Vec<u8>, TableError> {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.cells.data_type(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_created_by(concat!("fettle ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties))?;
        if !self.columns.is_empty() {
            let arrays = self.columns.iter().map(|column| column.cells.array()).collect();
            writer.write(&RecordBatch::try_new(schema, arrays)?)?;
        }
        Ok(writer.into_inner()?)
    }

    /// The rows of a Parquet file; of some columns only, if they are named. Columns of nested types are left out.
    pub fn from_parquet(bytes: Bytes, wanted: Option<&dyn Fn(&str) -> bool>) -> Result<Self, TableError> {
        let mut table = TableBuilder::default();
        read(bytes, wanted, None, &mut table)?;
        Ok(table.build())
    }
}

impl TableBuilder {
    /// Adds the rows of a Parquet file; of its rows only those whose number `keep` wants, if it is given.
    pub fn push_parquet(
        &mut self,
        bytes: Bytes,
        wanted: Option<&dyn Fn(&str) -> bool>,
        keep: Option<&[bool]>,
    ) -> Result<(), TableError> {
        read(bytes, wanted, keep, self)
    }

    /// Adds rows of a captured table whose `_time` is wanted.
    pub fn push_table(&mut self, table: &Table, wanted: Option<&HashSet<String>>, in_time: &dyn Fn(i64) -> bool) {
        let Some(Cells::Times(times)) = table.column("_time").map(|column| &column.cells) else {
            return;
        };
        let keep: Vec<usize> = (0..table.rows).filter(|row| times[*row].is_some_and(in_time)).collect();
        let before = self.rows;
        for column in &table.columns {
            if wanted.is_some_and(|wanted| !wanted.contains(&column.name)) {
                continue;
            }
            let index = self.column(&column.name);
            let cells = &mut self.columns[index].1;
            cells.resize(before, Cell::Null);
            cells.extend(keep.iter().map(|row| column.cells.cell(*row)));
        }
        self.rows = before + keep.len();
    }

    /// The same for a captured file: first its times are read, then the rows that are wanted.
    pub fn push_captured(
        &mut self,
        bytes: Bytes,
        wanted: Option<&HashSet<String>>,
        in_time: &dyn Fn(i64) -> bool,
    ) -> Result<(), TableError> {
        let times = Table::from_parquet(bytes.clone(), Some(&|name: &str| name == "_time"))?;
        let Some(Cells::Times(times)) = times.columns.into_iter().next().map(|column| column.cells) else {
            return Ok(());
        };
        let keep: Vec<bool> = times.into_iter().map(|time| time.is_some_and(in_time)).collect();
        let named = |name: &str| wanted.is_none_or(|wanted| wanted.contains(name));
        self.push_parquet(bytes, Some(&named), Some(&keep))
    }

    pub fn rows(&self) -> usize {
        self.rows
    }
}

fn read(
    bytes: Bytes,
    wanted: Option<&dyn Fn(&str) -> bool>,
    keep: Option<&[bool]>,
    table: &mut TableBuilder,
) -> Result<(), TableError> {
    let mut builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(BATCH_ROWS);
    if let Some(wanted) = wanted {
        let fields = builder.schema().fields().iter().enumerate();
        let roots: Vec<usize> = fields
            .filter(|(_, field)| wanted(field.name()))
            .map(|(index, _)| index)
            .collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        builder = builder.with_projection(mask);
    }
    if let Some(keep) = keep {
        let selectors = keep.chunk_by(|a, b| a == b).map(|run| {
            if run[0] {
                RowSelector::select(run.len())
            } else {
                RowSelector::skip(run.len())
            }
        });
        builder = builder.with_row_selection(RowSelection::from(selectors.collect::<Vec<_>>()));
    }
    for batch in builder.build()? {
        let batch = batch?;
        let before = table.rows;
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let Some(cells) = Cells::of_array(array.as_ref()) else {
                continue;
            };
            let index = table.column(field.name());
            let column = &mut table.columns[index].1;
            column.resize(before, Cell::Null);
            column.extend(cells);
        }
        table.rows = before + batch.num_rows();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_what_they_were_after_parquet() {
        let mut builder = TableBuilder::default();
        let columns = ["t", "i", "n", "s", "f", "mixed"].map(|name| builder.column(name));
        for row in 0..20_000i64 {
            let cells = [
                Cell::Time(row),
                if row % 7 == 0 { Cell::Null } else { Cell::Integer(row) },
                if row % 2 == 0 {
                    Cell::Integer(row)
                } else {
                    Cell::Number(0.5)
                },
                Cell::Text(format!("text {}", row % 10)),
                Cell::Flag(row % 3 == 0),
                if row % 2 == 0 {
                    Cell::Flag(true)
                } else {
                    Cell::Integer(1)
                },
            ];
            builder.push(columns.into_iter().zip(cells));
        }
        let late = builder.column("late");
        builder.push([(late, Cell::Integer(1))]);
        let table = builder.build();
        assert!(matches!(table.columns[2].cells, Cells::Numbers(_)));
        assert!(matches!(table.columns[5].cells, Cells::Texts(_)));
        let bytes = Bytes::from(table.to_parquet().expect("written"));
        assert_eq!(Table::from_parquet(bytes.clone(), None).expect("read"), table);

        let mut some = TableBuilder::default();
        let keep: Vec<bool> = (0..table.rows).map(|row| row >= 19_999).collect();
        some.push_parquet(bytes, Some(&|name: &str| name == "t"), Some(&keep))
            .expect("read");
        let some = some.build();
        assert_eq!(some.columns[0].cells, Cells::Times(vec![Some(19_999), None]));
    }

    #[test]
    fn an_empty_table_is_a_file_too() {
        let bytes = Bytes::from(Table::default().to_parquet().expect("written"));
        assert_eq!(Table::from_parquet(bytes, None).expect("read"), Table::default());
    }
}

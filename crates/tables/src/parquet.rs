//! Parquet: the footer says what there is, and every column can be read by itself.

use crate::{Error, Field};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, PrimitiveArray,
    cast::AsArray,
    types::{
        ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type,
        Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
    },
};
use arrow_schema::{DataType, FieldRef, Schema, TimeUnit};
use fettle_stats::profile::{ColumnProfile, Kind, Settings, Value, dataset::DatasetProfile};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
};
use std::{
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 32 * 1024;

#[derive(Debug)]
pub struct ParquetFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Batches of some columns, by their places; texts come as dictionaries.
    pub(crate) fn batches(
        &self,
        places: &[usize],
    ) -> Result<parquet::arrow::arrow_reader::ParquetRecordBatchReader, Error> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&self.path)?, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), places.iter().copied());
        builder
            .with_batch_size(BATCH_ROWS)
            .with_projection(mask)
            .build()
            .map_err(|source| Error::Parquet {
                path: self.path.clone(),
                source,
            })
    }

    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let file = open(path)?;
        let unreadable = |source| Error::Parquet {
            path: path.to_owned(),
            source,
        };
        // The embedded Arrow schema may ask for types that the values are not stored in; the file's own types do.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(unreadable)?;
        // Texts as dictionaries: counting codes is cheaper than hashing texts.
        let options = ArrowReaderOptions::new()
            .with_skip_arrow_metadata(true)
            .with_schema(Arc::new(with_dictionaries(metadata.schema())));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(unreadable)?;
        let file = Self {
            path: path.to_owned(),
            metadata,
        };
        let mut names: Vec<&str> = file
            .metadata
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::TwoColumns {
                path: path.to_owned(),
                column: pair[0].to_owned(),
            });
        }
        Ok(file)
    }

    pub fn rows(&self) -> u64 {
        self.metadata.metadata().file_metadata().num_rows().max(0) as u64
    }

    pub fn fields(&self) -> Vec<Field> {
        let fields = self.metadata.schema().fields().iter();
        fields
            .map(|field| {
                let kind = kind_of(field.data_type());
                Field {
                    name: field.name().clone(),
                    kind,
                    is_nested: kind.is_none(),
                }
            })
            .collect()
    }

    /// Reads one column, by its place among the fields.
    pub fn column(&self, place: usize, settings: Settings) -> Result<ColumnProfile, Error> {
        self.column_rows(place, settings, 0..u64::MAX)
    }

    pub fn column_rows(&self, place: usize, settings: Settings, rows: Range<u64>) -> Result<ColumnProfile, Error> {
        let field = self.metadata.schema().field(place);
        let failed = |message: String| Error::Column {
            path: self.path.clone(),
            column: field.name().clone(),
            message,
        };
        let Some(kind) = kind_of(field.data_type()) else {
            return Err(failed(format!(
                "its type is {}, which has no distribution",
                field.data_type()
            )));
        };
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(open(&self.path)?, self.metadata.clone());
        let mask = ProjectionMask::roots(builder.parquet_schema(), [place]);
        builder = builder.with_batch_size(BATCH_ROWS).with_projection(mask);
        if rows != (0..u64::MAX) {
            builder = builder
                .with_offset(rows.start as usize)
                .with_limit((rows.end - rows.start) as usize);
        }
        let reader = builder.build().map_err(|error| failed(error.to_string()))?;
        let mut profile = ColumnProfile::of_kind(kind, settings);
        let mut numbers = Vec::with_capacity(BATCH_ROWS);
        for batch in reader {
            let batch = batch.map_err(|error| failed(error.to_string()))?;
            add(&mut profile, kind, batch.column(0), &mut numbers);
        }
        Ok(profile)
    }
}

/// All wanted columns one after the other, for those who need the whole profile.
pub(crate) fn profile(
    file: &ParquetFile,
    settings: Settings,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    rows: Range<u64>,
) -> Result<DatasetProfile, Error> {
    let mut dataset = DatasetProfile::new(settings);
    for (place, field) in file.fields().into_iter().enumerate() {
        if !field.is_nested && wanted(&field.name) {
            let column = file.column_rows(place, settings, rows.clone())?;
            dataset.columns.insert(field.name, column);
        }
    }
    Ok(dataset)
}

fn open(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

fn with_dictionaries(schema: &Schema) -> Schema {
    let fields: Vec<FieldRef> = schema
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let codes = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                Arc::new(field.as_ref().clone().with_data_type(codes))
            }
            _ => Arc::clone(field),
        })
        .collect();
    Schema::new(fields)
}

fn kind_of(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Boolean => Some(Kind::Boolean),
        data_type if data_type.is_integer() => Some(Kind::Integer),
        DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => Some(Kind::Float),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Some(Kind::Time),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Kind::Text),
        DataType::Dictionary(_, values) if **values == DataType::Utf8 => Some(Kind::Text),
        _ => None,
    }
}

fn add(profile: &mut ColumnProfile, kind: Kind, array: &ArrayRef, numbers: &mut Vec<f64>) {
    match array.data_type() {
        DataType::Boolean => add_booleans(profile, array.as_boolean()),
        DataType::Dictionary(..) => add_dictionary(profile, array.as_dictionary::<Int32Type>()),
        DataType::Float64 if array.null_count() == 0 => {
            profile.extend(kind, array.as_primitive::<Float64Type>().values());
        }
        _ => {
            numbers.clear();
            valid_numbers(array, numbers);
            profile.push_many(Value::Missing, array.null_count() as u64);
            profile.extend(kind, numbers);
        }
    }
}

/// The numbers of an array of numbers or times, in their places.
pub(crate) fn numbers_of(array: &ArrayRef) -> Vec<Option<f64>> {
    let mut numbers = Vec::with_capacity(array.len());
    valid_numbers(array, &mut numbers);
    let mut numbers = numbers.into_iter();
    (0..array.len())
        .map(|row| if array.is_valid(row) { numbers.next() } else { None })
        .collect()
}

/// Appends what is not null; times as milliseconds.
fn valid_numbers(array: &ArrayRef, out: &mut Vec<f64>) {
    match array.data_type() {
        DataType::Float64 => append::<Float64Type>(array, out, |value| value),
        DataType::Float32 => append::<Float32Type>(array, out, f64::from),
        DataType::Float16 => append::<Float16Type>(array, out, f64::from),
        DataType::Int8 => append::<Int8Type>(array, out, f64::from),
        DataType::Int16 => append::<Int16Type>(array, out, f64::from),
        DataType::Int32 => append::<Int32Type>(array, out, f64::from),
        DataType::Int64 => append::<Int64Type>(array, out, |value| value as f64),
        DataType::UInt8 => append::<UInt8Type>(array, out, f64::from),
        DataType::UInt16 => append::<UInt16Type>(array, out, f64::from),
        DataType::UInt32 => append::<UInt32Type>(array, out, f64::from),
        DataType::UInt64 => append::<UInt64Type>(array, out, |value| value as f64),
        DataType::Decimal128(_, scale) => {
            let unit = 10_f64.powi(-i32::from(*scale));
            append::<Decimal128Type>(array, out, |value| value as f64 * unit);
        }
        DataType::Date32 => append::<Date32Type>(array, out, |days| f64::from(days) * 86_400_000.0),
        DataType::Date64 => append::<Date64Type>(array, out, |millis| millis as f64),
        DataType::Timestamp(TimeUnit::Second, _) => {
            append::<TimestampSecondType>(array, out, |value| value as f64 * 1e3);
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            append::<TimestampMillisecondType>(array, out, |value| value as f64);
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            append::<TimestampMicrosecondType>(array, out, |value| value as f64 / 1e3);
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            append::<TimestampNanosecondType>(array, out, |value| value as f64 / 1e6);
        }
        other => unreachable!("{other} has no kind and is not read"),
    }
}

fn append<T: ArrowPrimitiveType>(array: &ArrayRef, out: &mut Vec<f64>, convert: impl Fn(T::Native) -> f64) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    if array.null_count() == 0 {
        out.extend(array.values().iter().map(|&value| convert(value)));
    } else {
        out.extend(array.iter().flatten().map(convert));
    }
}

fn add_booleans(profile: &mut ColumnProfile, array: &BooleanArray) {
    let (valid, yes) = ((array.len() - array.null_count()) as u64, array.true_count() as u64);
    profile.push_many(Value::Missing, array.null_count() as u64);
    profile.push_many(Value::Boolean(true), yes);
    profile.push_many(Value::Boolean(false), valid - yes);
}

fn add_dictionary(profile: &mut ColumnProfile, array: &DictionaryArray<Int32Type>) {
    let names = array.values().as_string::<i32>();
    let mut counts = vec![0_u64; names.len()];
    for code in array.keys().iter().flatten() {
        counts[code as usize] += 1;
    }
    let mut missing = array.null_count() as u64;
    for (place, count) in counts.into_iter().enumerate() {
        if names.is_null(place) {
            missing += count;
        } else {
            profile.push_many(Value::Text(names.value(place)), count);
        }
    }
    profile.push_many(Value::Missing, missing);
}

//! Two files compared in bounded memory, on all processors.
//!
//! Of two Parquet files every column is read, compared and let go of by itself, so that memory holds as many columns as
//! there are threads. Of other files all columns are profiled in one pass, and keep as many rows as memory allows.

use crate::{Error, Table, parquet::ParquetFile};
use fettle_stats::{
    compare::{
        judge, measure, nannyml,
        rule::{Profile, Rule},
        verdict::{Comparison, Measured},
    },
    profile::{Kind, Settings, column::Column, dataset::DatasetProfile},
    quality::{self, Counted, QualityRule, QualityVerdict},
};
use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Distinct values counted exactly; more are kept as rows.
const LEVELS: usize = 1_000;
/// Of a column no more rows are kept than this, whatever the memory.
const SAMPLE_MAX: usize = 20_000_000;
/// However little memory there is, this much is kept for the tests.
const SAMPLE_MIN: usize = 10_000;
/// A kept number and its place in the sorted copy.
const BYTES_A_ROW: u64 = 16;

#[derive(Debug, Clone)]
pub struct Options {
    pub rule: Rule,
    pub quality: QualityRule,
    /// Compare these only; all when empty.
    pub columns: Vec<String>,
    /// Bytes that kept rows may take.
    pub memory: u64,
    pub threads: usize,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.columns.is_empty() || self.columns.iter().any(|column| column == name)
    }

    /// Settings for `columns` columns in memory at once, on both sides.
    fn settings(&self, columns: usize) -> Settings {
        let rows = self.memory / (2 * BYTES_A_ROW * columns.max(1) as u64);
        Settings {
            sample: usize::try_from(rows)
                .unwrap_or(SAMPLE_MAX)
                .clamp(SAMPLE_MIN, SAMPLE_MAX),
            levels: LEVELS,
            seed: 0,
        }
    }
}

/// Called after each column with how many are done and how many there are.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What differs, and which rates of bad values have risen.
pub type Compared = (Comparison, Vec<QualityVerdict>);

/// A column before all are judged together.
type OneColumn = (Measured, Vec<Counted>);

pub fn files(options: &Options, reference: &Table, current: &Table, progress: Progress<'_>) -> Result<Compared, Error> {
    match (reference.parquet(), current.parquet()) {
        (Some(before), Some(now)) => parquet_files(options, (reference, before), (current, now), progress),
        _ => streamed(options, reference, current, progress),
    }
}

fn parquet_files(
    options: &Options,
    (reference, before): (&Table, &ParquetFile),
    (current, now): (&Table, &ParquetFile),
    progress: Progress<'_>,
) -> Result<Compared, Error> {
    let places = |file: &ParquetFile| -> BTreeMap<String, usize> {
        let fields = file.fields().into_iter().enumerate();
        fields
            .filter(|(_, field)| !field.is_nested && options.wants(&field.name))
            .map(|(place, field)| (field.name, place))
            .collect()
    };
    let (before_places, now_places) = (places(before), places(now));
    require(options, reference, |name| before_places.contains_key(name))?;
    require(options, current, |name| now_places.contains_key(name))?;
    let shared: Vec<(&str, usize, usize)> = before_places
        .iter()
        .filter_map(|(name, &place)| Some((name.as_str(), place, *now_places.get(name)?)))
        .collect();
    let settings = options.settings(options.threads);
    let results = in_parallel(options.threads, &shared, progress, |&(name, place, other)| {
        let column = before.column(place, settings)?.into_column();
        let chunks = match options.rule.profile {
            Profile::Nannyml => chunks(before.rows(), |rows| {
                Ok(before.column_rows(place, settings, rows)?.into_column())
            })?,
            _ => Vec::new(),
        };
        let current = now.column(other, settings)?.into_column();
        Ok(measured(options, name, &column, &chunks, &current))
    })?;
    let (mut comparison, quality) = judged(options, results, before.rows(), now.rows());
    comparison.missing_columns = only_in(&before_places, &now_places);
    comparison.new_columns = only_in(&now_places, &before_places);
    Ok((comparison, quality))
}

fn measured(options: &Options, name: &str, reference: &Column, chunks: &[Column], current: &Column) -> OneColumn {
    let measured = measure::column_in_chunks(&options.rule, name, reference, chunks, current);
    (measured, quality::count(name, reference, current))
}

fn judged(options: &Options, results: Vec<OneColumn>, reference_rows: u64, current_rows: u64) -> Compared {
    let (measured, counted): (Vec<Measured>, Vec<Vec<Counted>>) = results.into_iter().unzip();
    let comparison = judge::judge(&options.rule, measured, reference_rows, current_rows);
    let quality = quality::judge(&options.quality, counted.into_iter().flatten().collect());
    (comparison, quality)
}

fn only_in(these: &BTreeMap<String, usize>, those: &BTreeMap<String, usize>) -> Vec<String> {
    these
        .keys()
        .filter(|name| !those.contains_key(*name))
        .cloned()
        .collect()
}

fn streamed(options: &Options, reference: &Table, current: &Table, progress: Progress<'_>) -> Result<Compared, Error> {
    // How many columns share the memory shows in the first rows.
    let wanted = |name: &str| options.wants(name);
    let peek = Settings {
        sample: 0,
        levels: 0,
        seed: 0,
    };
    let width = reference
        .profile_rows(peek, &BTreeMap::new(), &wanted, 0..100)?
        .columns
        .len();
    let settings = options.settings(width);
    let before = reference.profile(settings, &BTreeMap::new(), &wanted)?;
    require(options, reference, |name| before.columns.contains_key(name))?;
    let kinds: BTreeMap<String, Kind> = before
        .columns
        .iter()
        .filter_map(|(name, column)| Some((name.clone(), column.kind()?)))
        .collect();
    let mut now = current.profile(settings, &kinds, &wanted)?;
    require(options, current, |name| now.columns.contains_key(name))?;
    let mut parts: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    if options.rule.profile == Profile::Nannyml {
        let chunks = chunks(reference.count_rows()?, |rows| {
            reference.profile_rows(settings, &kinds, &wanted, rows)
        })?;
        for (name, column) in chunks.into_iter().flat_map(|chunk: DatasetProfile| chunk.columns) {
            parts.entry(name).or_default().push(column.into_column());
        }
    }
    let (reference_rows, current_rows) = (before.rows(), now.rows());
    let (mut shared, mut missing_columns) = (Vec::new(), Vec::new());
    for (name, column) in before.columns {
        match now.columns.remove(&name) {
            Some(other) => shared.push((name, Mutex::new(Some((column, other))))),
            None => missing_columns.push(name),
        }
    }
    let results = in_parallel(options.threads, &shared, progress, |(name, pair)| {
        let taken = pair.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let (column, other) = taken.expect("each column is compared once");
        let chunks = parts.get(name).map_or(&[][..], Vec::as_slice);
        Ok(measured(
            options,
            name,
            &column.into_column(),
            chunks,
            &other.into_column(),
        ))
    })?;
    let (mut comparison, quality) = judged(options, results, reference_rows, current_rows);
    comparison.missing_columns = missing_columns;
    comparison.new_columns = now.columns.into_keys().collect();
    Ok((comparison, quality))
}

fn require(options: &Options, table: &Table, has: impl Fn(&str) -> bool) -> Result<(), Error> {
    match options.columns.iter().find(|column| !has(column)) {
        Some(column) => Err(Error::NoColumn {
            path: table.path().to_owned(),
            column: column.clone(),
        }),
        None => Ok(()),
    }
}

/// NannyML's chunks of consecutive rows.
fn chunks<T>(rows: u64, read: impl Fn(Range<u64>) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let size = rows / nannyml::CHUNKS;
    if size == 0 {
        return Ok(Vec::new());
    }
    (0..rows.div_ceil(size))
        .map(|chunk| read(chunk * size..((chunk + 1) * size).min(rows)))
        .collect()
}

/// Does `work` for every item, and gives the results in the order of the items.
fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    progress: Progress<'_>,
    work: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let run = || {
        let mut results = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else {
                return Ok(results);
            };
            match work(item) {
                Ok(result) => results.push((place, result)),
                Err(error) => {
                    next.store(items.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
        }
    };
    let results: Vec<Result<Vec<(usize, R)>, Error>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(run)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut all = Vec::with_capacity(items.len());
    for result in results {
        all.extend(result?);
    }
    all.sort_unstable_by_key(|(place, _)| *place);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

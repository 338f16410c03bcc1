//! Folding the log of a run into blocks: read and merged in a snapshot, then put in slices that hold the writer for a
//! moment each.
//!
//! A fold may stop between any two slices. Points that are in blocks and still in the log count once to every reader,
//! and fold to nothing the next time.

use super::metric_history::Rows;
use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Column, Tx, params};
use fettle_series::{
    batch,
    fold::{self, Folded},
    point::Point,
    store::{self, Source, Store},
};
use std::{collections::BTreeMap, ops::Range};

/// What is put by one transaction.
const SLICE_BYTES: usize = 128 * 1024;
const SLICE_SERIES: usize = 32;
const SLICE_BATCHES: usize = 64;

/// As much of a series as is rewritten in memory. One that is logged out of order may take more: see [`at_once`].
const PLAN_BYTES: usize = 16 * 1024 * 1024;

const BLOCKS: &str = "metric_blocks (id, workspace_id, data)";
const SUMMARIES: &str = "metric_summaries (id, workspace_id, data)";
const REPLACING: &str = "ON CONFLICT (id) DO UPDATE SET data = excluded.data";

type Rowset = Vec<(u32, Vec<u8>)>;

/// What one fold of a run does.
#[derive(Debug, Default)]
pub struct RunFold {
    pub points: u64,
    pub batches: u64,
    pub series: u64,
    pub rewritten: u64,
    run_id: i64,
    workspace_id: i64,
    batch_ids: Vec<i64>,
    changes: Vec<SeriesChange>,
}

/// A series as a fold found it and leaves it.
#[derive(Debug)]
struct SeriesChange {
    key: String,
    before: u64,
    after: u64,
    blocks: Rowset,
    pages: Rowset,
}

/// Rows to be put later, over those that are there.
struct Planned<'r, 't, 'c> {
    rows: &'r mut Rows<'t, 'c>,
    blocks: Rowset,
    pages: Rowset,
    bytes: usize,
}

impl Source for Planned<'_, '_, '_> {
    type Error = ApiError;

    fn blocks(&mut self, numbers: &[u32]) -> Result<Rowset> {
        self.rows.blocks(numbers)
    }

    fn pages(&mut self, numbers: Range<u32>) -> Result<Rowset> {
        self.rows.pages(numbers)
    }
}

impl Store for Planned<'_, '_, '_> {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.bytes += data.len();
        if self.bytes > PLAN_BYTES {
            return Err(ApiError::new(
                ErrorCode::ResourceExhausted,
                "A fold is too large to be planned.",
            ));
        }
        self.blocks.push((number, data.to_vec()));
        Ok(())
    }

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.pages.push((number, data.to_vec()));
        Ok(())
    }
}

/// The points of at most `batches_max` batches of a run, by metric.
fn gather(tx: &Tx, run_id: i64, batches_max: usize) -> Result<(RunFold, BTreeMap<String, Vec<Point>>)> {
    let mut fold = RunFold {
        run_id,
        ..RunFold::default()
    };
    let mut series: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    tx.for_each(
        "SELECT id, workspace_id, points, data FROM metric_batches WHERE run_id = ?1 LIMIT ?2",
        params![run_id, batches_max as i64],
        |row| {
            fold.batch_ids.push(row.get::<i64>(0)?);
            fold.workspace_id = row.get(1)?;
            fold.points += row.get::<i64>(2)? as u64;
            Ok::<_, ApiError>(batch::group(row.bytes(3)?, &mut series)?)
        },
    )?;
    fold.batches = fold.batch_ids.len() as u64;
    fold.series = series.len() as u64;
    Ok((fold, series))
}

/// Merges at most `batches_max` batches of a run with the blocks of their series.
pub fn plan(tx: &Tx, run_id: i64, batches_max: usize) -> Result<RunFold> {
    let (mut fold, series) = gather(tx, run_id, batches_max)?;
    for (key, points) in series {
        let mut rows = Rows::find(tx, run_id, &key)?;
        let before = rows.folded;
        let mut planned = Planned {
            rows: &mut rows,
            blocks: Vec::new(),
            pages: Vec::new(),
            bytes: 0,
        };
        let Folded {
            rows: after, rewritten, ..
        } = fold::fold(&mut planned, before, points)?;
        let Planned { blocks, pages, .. } = planned;
        fold.rewritten += rewritten;
        fold.changes.push(SeriesChange {
            key,
            before,
            after,
            blocks,
            pages,
        });
    }
    Ok(fold)
}

impl RunFold {
    /// Takes the next slice of series out of the fold; none when all are taken.
    pub fn next_slice(&mut self) -> Option<Slice> {
        let mut bytes = 0;
        let fitting = self.changes.iter().take(SLICE_SERIES).take_while(|change| {
            let fits = bytes < SLICE_BYTES;
            bytes += change.bytes();
            fits
        });
        let changes: Vec<SeriesChange> = {
            let count = fitting.count();
            self.changes.drain(..count).collect()
        };
        (!changes.is_empty()).then_some(Slice {
            run_id: self.run_id,
            workspace_id: self.workspace_id,
            changes,
        })
    }

    /// Takes the next of the batches that are folded by now, to be deleted.
    pub fn next_batches(&mut self) -> Option<Vec<i64>> {
        let count = self.batch_ids.len().min(SLICE_BATCHES);
        let ids: Vec<i64> = self.batch_ids.drain(..count).collect();
        (!ids.is_empty()).then_some(ids)
    }
}

impl SeriesChange {
    fn bytes(&self) -> usize {
        let rows = self.blocks.iter().chain(&self.pages);
        rows.map(|(_, data)| data.len()).sum()
    }
}

/// Some series of a fold, put by one transaction.
#[derive(Debug)]
pub struct Slice {
    run_id: i64,
    workspace_id: i64,
    changes: Vec<SeriesChange>,
}

impl Slice {
    /// False if another replica has folded the run in the meantime.
    pub fn put(&self, tx: &Tx) -> Result<bool> {
        tx.lock(self.run_id)?;
        let (mut blocks, mut pages) = (Vec::new(), Vec::new());
        for change in &self.changes {
            let found = tx.query_opt(
                "SELECT id, points FROM metric_series WHERE run_id = ?1 AND key = ?2",
                params![self.run_id, &change.key],
                |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)? as u64)),
            )?;
            let series_id = match found {
                Some((id, rows)) if rows == change.before => {
                    update_series(tx, id, change.after)?;
                    id
                }
                None if change.before == 0 => {
                    insert_series(tx, self.workspace_id, self.run_id, &change.key, change.after)?
                }
                _ => return Ok(false),
            };
            let keyed = |rows: &'_ Rowset| -> Vec<i64> {
                rows.iter()
                    .map(|&(number, _)| store::row_id(series_id, number))
                    .collect()
            };
            blocks.push((keyed(&change.blocks), &change.blocks));
            pages.push((keyed(&change.pages), &change.pages));
        }
        self.put_rows(tx, BLOCKS, &blocks)?;
        self.put_rows(tx, SUMMARIES, &pages)?;
        Ok(true)
    }

    fn put_rows(&self, tx: &Tx, into: &'static str, rows: &[(Vec<i64>, &Rowset)]) -> Result<()> {
        let ids: Vec<i64> = rows.iter().flat_map(|(ids, _)| ids.iter().copied()).collect();
        let data = rows
            .iter()
            .flat_map(|(_, rows)| rows.iter().map(|(_, data)| data.as_slice()));
        tx.insert_rows(
            into,
            &[
                Column::Ints(ids.clone()),
                Column::Ints(vec![self.workspace_id; ids.len()]),
                Column::Bytes(data.collect()),
            ],
            REPLACING,
        )?;
        Ok(())
    }
}

/// Puts as it goes, with little memory and the writer held: for points that move most of a very long series.
struct Direct<'r, 't, 'c> {
    rows: &'r mut Rows<'t, 'c>,
    tx: &'t Tx<'c>,
    workspace_id: i64,
    series_id: i64,
}

impl Source for Direct<'_, '_, '_> {
    type Error = ApiError;

    fn blocks(&mut self, numbers: &[u32]) -> Result<Rowset> {
        self.rows.blocks(numbers)
    }

    fn pages(&mut self, numbers: Range<u32>) -> Result<Rowset> {
        self.rows.pages(numbers)
    }
}

impl Store for Direct<'_, '_, '_> {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<()> {
        put_row(self.tx, BLOCKS, self.workspace_id, self.series_id, number, data)
    }

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<()> {
        put_row(self.tx, SUMMARIES, self.workspace_id, self.series_id, number, data)
    }
}

fn put_row(tx: &Tx, into: &'static str, workspace_id: i64, series_id: i64, number: u32, data: &[u8]) -> Result<()> {
    let columns = [
        Column::Ints(vec![store::row_id(series_id, number)]),
        Column::Ints(vec![workspace_id]),
        Column::Bytes(vec![data]),
    ];
    tx.insert_rows(into, &columns, REPLACING)?;
    Ok(())
}

/// A fold in one transaction.
pub fn at_once(tx: &Tx, run_id: i64, batches_max: usize) -> Result<RunFold> {
    tx.lock(run_id)?;
    let (mut fold, series) = gather(tx, run_id, batches_max)?;
    for (key, points) in series {
        let mut rows = Rows::find(tx, run_id, &key)?;
        let before = rows.folded;
        if rows.series_id.is_none() {
            rows.series_id = Some(insert_series(tx, fold.workspace_id, run_id, &key, 0)?);
        }
        let series_id = rows.series_id.unwrap_or_default();
        let mut direct = Direct {
            rows: &mut rows,
            tx,
            workspace_id: fold.workspace_id,
            series_id,
        };
        let folded = fold::fold(&mut direct, before, points)?;
        fold.rewritten += folded.rewritten;
        update_series(tx, series_id, folded.rows)?;
    }
    delete_batches(tx, run_id, std::mem::take(&mut fold.batch_ids))?;
    Ok(fold)
}

fn insert_series(tx: &Tx, workspace_id: i64, run_id: i64, key: &str, rows: u64) -> Result<i64> {
    Ok(tx.query_one(
        "INSERT INTO metric_series (workspace_id, run_id, key, points) VALUES (?1, ?2, ?3, ?4) RETURNING id",
        params![workspace_id, run_id, key, rows as i64],
        |row| row.get(0),
    )?)
}

fn update_series(tx: &Tx, series_id: i64, rows: u64) -> Result<()> {
    tx.execute(
        "UPDATE metric_series SET points = ?1 WHERE id = ?2",
        params![rows as i64, series_id],
    )?;
    Ok(())
}

/// The other replica's answer to a slice that came too late.
pub fn overtaken() -> ApiError {
    ApiError::new(ErrorCode::ResourceConflict, "Another replica folds this run.")
}

pub fn delete_batches(tx: &Tx, run_id: i64, ids: Vec<i64>) -> Result<()> {
    tx.execute(
        "DELETE FROM metric_batches WHERE run_id = ?1 AND id IN_IDS(?2)",
        params![run_id, ids],
    )?;
    Ok(())
}

//! Histories: reading them, and folding the log into blocks. `fettle_series` does the work on rows that this file
//! fetches and puts.

use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Row, Tx, params};
use fettle_series::{
    batch,
    fold::{self, Folded},
    point::Point,
    store::{self, Corrupt, Source, Store},
    view::View,
};
use std::{collections::BTreeMap, ops::Range};

impl From<Corrupt> for ApiError {
    fn from(corrupt: Corrupt) -> Self {
        Self::new(
            ErrorCode::InternalError,
            "A metric's stored history cannot be read; the server's log says why.",
        )
        .because(corrupt)
    }
}

/// The blocks of one series within a transaction.
pub struct Rows<'t, 'c> {
    tx: &'t Tx<'c>,
    workspace_id: i64,
    /// None for a metric that has not been folded yet.
    series_id: Option<i64>,
    folded: u64,
}

impl<'t, 'c> Rows<'t, 'c> {
    pub fn find(tx: &'t Tx<'c>, workspace_id: i64, run_id: i64, key: &str) -> Result<Self> {
        let series = tx.query_opt(
            "SELECT id, points FROM metric_series WHERE run_id = ?1 AND key = ?2",
            params![run_id, key],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)? as u64)),
        )?;
        let (series_id, folded) = series.map_or((None, 0), |(id, folded)| (Some(id), folded));
        Ok(Self {
            tx,
            workspace_id,
            series_id,
            folded,
        })
    }
}

/// Reads a metric's history through `read`.
pub fn view<T>(
    tx: &Tx,
    workspace_id: i64,
    run_id: i64,
    key: &str,
    read: impl FnOnce(&mut View<'_, Rows<'_, '_>>) -> Result<T>,
) -> Result<T> {
    let mut rows = Rows::find(tx, workspace_id, run_id, key)?;
    let mut tail = Vec::new();
    tx.for_each(
        "SELECT data FROM metric_batches WHERE run_id = ?1",
        params![run_id],
        |row| Ok::<_, ApiError>(batch::points_of(row.bytes(0)?, key, &mut tail)?),
    )?;
    let folded = rows.folded;
    read(&mut View::open(&mut rows, folded, tail)?)
}

impl Source for Rows<'_, '_> {
    type Error = ApiError;

    fn blocks(&mut self, numbers: &[u32]) -> Result<Vec<(u32, Vec<u8>)>> {
        let Some(series_id) = self.series_id else {
            return Ok(Vec::new());
        };
        let ids: Vec<i64> = numbers.iter().map(|&number| store::row_id(series_id, number)).collect();
        Ok(self.tx.query(
            "SELECT id, data FROM metric_blocks WHERE id IN_IDS(?1)",
            params![ids],
            read_row,
        )?)
    }

    fn pages(&mut self, numbers: Range<u32>) -> Result<Vec<(u32, Vec<u8>)>> {
        let Some(series_id) = self.series_id else {
            return Ok(Vec::new());
        };
        let ids = [
            store::row_id(series_id, numbers.start),
            store::row_id(series_id, numbers.end),
        ];
        Ok(self.tx.query(
            "SELECT id, data FROM metric_summaries WHERE id >= ?1 AND id < ?2",
            params![ids[0], ids[1]],
            read_row,
        )?)
    }
}

fn read_row(row: &Row<'_>) -> fettle_db::Result<(u32, Vec<u8>)> {
    Ok((store::number(row.get(0)?), row.get(1)?))
}

impl Store for Rows<'_, '_> {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.put(
            "INSERT INTO metric_blocks (id, workspace_id, data) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            number,
            data,
        )
    }

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.put(
            "INSERT INTO metric_summaries (id, workspace_id, data) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET data = excluded.data",
            number,
            data,
        )
    }
}

impl Rows<'_, '_> {
    fn put(&self, sql: &'static str, number: u32, data: &[u8]) -> Result<()> {
        let series_id = self.series_id.expect("a series has its row before it has blocks");
        self.tx
            .execute(sql, params![store::row_id(series_id, number), self.workspace_id, data])?;
        Ok(())
    }
}

/// What one fold of a run did.
#[derive(Debug, Default, Clone, Copy)]
pub struct RunFold {
    pub points: u64,
    pub batches: u64,
    pub series: u64,
    pub rewritten: u64,
}

/// Moves at most `batches_max` batches of a run into the blocks of their series.
pub fn fold_run(tx: &Tx, run_id: i64, batches_max: usize) -> Result<RunFold> {
    tx.lock(run_id)?;
    let mut done = RunFold::default();
    let mut series: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    let (mut ids, mut workspace_id) = (Vec::new(), 0);
    tx.for_each(
        "SELECT id, workspace_id, points, data FROM metric_batches WHERE run_id = ?1 LIMIT ?2",
        params![run_id, batches_max as i64],
        |row| {
            ids.push(row.get::<i64>(0)?);
            workspace_id = row.get(1)?;
            done.points += row.get::<i64>(2)? as u64;
            done.batches += 1;
            Ok::<_, ApiError>(batch::group(row.bytes(3)?, &mut series)?)
        },
    )?;
    done.series = series.len() as u64;
    for (key, points) in series {
        done.rewritten += fold_series(tx, workspace_id, run_id, &key, points)?.rewritten;
    }
    tx.execute(
        "DELETE FROM metric_batches WHERE run_id = ?1 AND id IN_IDS(?2)",
        params![run_id, ids],
    )?;
    Ok(done)
}

fn fold_series(tx: &Tx, workspace_id: i64, run_id: i64, key: &str, points: Vec<Point>) -> Result<Folded> {
    let mut rows = Rows::find(tx, workspace_id, run_id, key)?;
    if rows.series_id.is_none() {
        rows.series_id = Some(tx.query_one(
            "INSERT INTO metric_series (workspace_id, run_id, key, points) VALUES (?1, ?2, ?3, 0) RETURNING id",
            params![workspace_id, run_id, key],
            |row| row.get(0),
        )?);
    }
    let before = rows.folded;
    let folded = fold::fold(&mut rows, before, points)?;
    tx.execute(
        "UPDATE metric_series SET points = ?1 WHERE id = ?2",
        params![folded.rows as i64, rows.series_id],
    )?;
    Ok(folded)
}

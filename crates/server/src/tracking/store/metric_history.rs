//! Histories: reading them. `fettle_series` does the work on rows that this file fetches.

use crate::error::{ApiError, ErrorCode, Result};
use fettle_db::{Row, Tx, params};
use fettle_series::{
    batch,
    store::{self, Corrupt, Source},
    view::View,
};
use std::ops::Range;

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
    /// None for a metric that has not been folded yet.
    pub series_id: Option<i64>,
    pub folded: u64,
}

impl<'t, 'c> Rows<'t, 'c> {
    pub fn find(tx: &'t Tx<'c>, run_id: i64, key: &str) -> Result<Self> {
        let series = tx.query_opt(
            "SELECT id, points FROM metric_series WHERE run_id = ?1 AND key = ?2",
            params![run_id, key],
            |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)? as u64)),
        )?;
        let (series_id, folded) = series.map_or((None, 0), |(id, folded)| (Some(id), folded));
        Ok(Self { tx, series_id, folded })
    }
}

/// Reads a metric's history through `read`.
pub fn view<T>(
    tx: &Tx,
    run_id: i64,
    key: &str,
    read: impl FnOnce(&mut View<'_, Rows<'_, '_>>) -> Result<T>,
) -> Result<T> {
    let mut rows = Rows::find(tx, run_id, key)?;
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

//! Design A: one row a point, clustered in the order in which samples are taken, identity enforced by the key.

use std::collections::HashMap;

use fettle_series::ntile;
use fettle_series::point::Point;
use rusqlite::{Connection, Row, params};

use crate::Result;
use crate::workload::Request;

pub(crate) struct Plain {
    pub(crate) connection: Connection,
    keys: HashMap<String, i64>,
}

impl Plain {
    pub(crate) fn create(connection: Connection) -> Result<Self> {
        connection.execute_batch(
            "CREATE TABLE metrics (
                 run_id INTEGER, key_id INTEGER, step INTEGER, timestamp INTEGER, value REAL, is_nan INTEGER,
                 PRIMARY KEY (run_id, key_id, step, timestamp, value, is_nan)) WITHOUT ROWID",
        )?;
        Ok(Self {
            connection,
            keys: HashMap::new(),
        })
    }

    /// Stores requests in one transaction.
    pub(crate) fn write(&mut self, requests: &[Request]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached("INSERT OR IGNORE INTO metrics VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
            for request in requests {
                for (key, point) in &request.points {
                    let next = self.keys.len() as i64;
                    let key_id = match self.keys.get(key) {
                        Some(&id) => id,
                        None => *self.keys.entry(key.clone()).or_insert(next),
                    };
                    let nan = point.value().is_nan();
                    let value = if nan { 0.0 } else { point.value() };
                    insert.execute(params![
                        request.run,
                        key_id,
                        point.step(),
                        point.timestamp(),
                        value,
                        nan
                    ])?;
                }
            }
        }
        Ok(transaction.commit()?)
    }
}

fn to_point(row: &Row) -> rusqlite::Result<Point> {
    let value = if row.get(3)? { f64::NAN } else { row.get(2)? };
    Ok(Point::new(row.get(0)?, row.get(1)?, value))
}

/// The history of key 0 of run 0.
pub(crate) fn history(connection: &Connection) -> Result<Vec<Point>> {
    let mut select = connection.prepare_cached(
        "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_id = 0 AND key_id = 0
         ORDER BY timestamp, step, value",
    )?;
    let rows = select.query_map([], to_point)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A sample by walking the clustered rows, the best plain rows can do without a side table.
pub(crate) fn sample_by_scan(connection: &Connection, max_results: u64) -> Result<Vec<Point>> {
    let total: i64 = connection.query_row(
        "SELECT count(*) FROM metrics WHERE run_id = 0 AND key_id = 0",
        [],
        |row| row.get(0),
    )?;
    let mut select = connection.prepare_cached(
        "SELECT step, timestamp, value, is_nan FROM metrics WHERE run_id = 0 AND key_id = 0
         ORDER BY step, timestamp, value, is_nan",
    )?;
    let mut rows = select.query([])?;
    let mut sample = Vec::new();
    let mut next = 0;
    for rank in ntile::ranks(total as u64, max_results) {
        while let Some(row) = rows.next()? {
            next += 1;
            if next > rank {
                sample.push(to_point(row)?);
                break;
            }
        }
    }
    Ok(sample)
}

/// A sample by `MLflow`'s own window query (the separate query for the last row left out).
pub(crate) fn sample_by_ntile(connection: &Connection, max_results: u64) -> Result<Vec<Point>> {
    let mut select = connection.prepare_cached(
        "SELECT step, timestamp, value, is_nan FROM (
             SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY step, timestamp, value, is_nan) AS rn FROM (
                 SELECT *, ntile(?1) OVER (ORDER BY step, timestamp, value, is_nan) AS bucket
                 FROM metrics WHERE run_id = 0 AND key_id = 0))
         WHERE rn = 1 ORDER BY step, timestamp, value, is_nan",
    )?;
    let rows = select.query_map([max_results as i64], to_point)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

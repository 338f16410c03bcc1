//! Design B: one row a request, folded into blocks of sorted rows afterwards. This is also the SQL a server needs.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::time::{Duration, Instant};

use fettle_series::batch;
use fettle_series::fold::{self, UNFOLDED_BATCHES, fold};
use fettle_series::point::Point;
use fettle_series::store::{Corrupt, Source, Store, number, row_id};
use fettle_series::view::View;
use rusqlite::{Connection, OptionalExtension, params};

use crate::Result;
use crate::workload::Request;

pub(crate) type Error = Box<dyn std::error::Error>;

pub(crate) struct Folded {
    pub(crate) connection: Connection,
    next_batch: i64,
    /// Unfolded points and batches, and the limit on points, by run.
    pending: HashMap<i64, (u64, u64, u64)>,
    pub(crate) fold_time: Duration,
    pub(crate) longest_fold: Duration,
}

impl Folded {
    pub(crate) fn create(connection: Connection) -> Result<Self> {
        connection.execute_batch(
            "CREATE TABLE metric_batches (
                 run_id INTEGER, id INTEGER, points INTEGER, data BLOB, PRIMARY KEY (run_id, id)) WITHOUT ROWID;
             CREATE TABLE metric_series (
                 id INTEGER PRIMARY KEY, run_id INTEGER, key TEXT, rows INTEGER, UNIQUE (run_id, key));
             CREATE TABLE metric_blocks (id INTEGER PRIMARY KEY, data BLOB);
             CREATE TABLE metric_pages (id INTEGER PRIMARY KEY, data BLOB);",
        )?;
        Ok(Self {
            connection,
            next_batch: 0,
            pending: HashMap::new(),
            fold_time: Duration::ZERO,
            longest_fold: Duration::ZERO,
        })
    }

    /// Appends encoded requests in one transaction, then folds the runs whose log has grown enough.
    pub(crate) fn write(&mut self, batches: &[(i64, u64, Vec<u8>)]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO metric_batches VALUES (?1, ?2, ?3, ?4)")?;
            for (run, points, data) in batches {
                self.next_batch += 1;
                insert.execute(params![run, self.next_batch, *points as i64, data])?;
            }
        }
        transaction.commit()?;
        for &(run, points, _) in batches {
            let pending = self.pending.entry(run).or_insert((0, 0, fold::unfolded_limit(0, 0)));
            pending.0 += points;
            pending.1 += 1;
        }
        let due =
            |&(_, &(points, batches, limit)): &(&i64, &(u64, u64, u64))| points >= limit || batches >= UNFOLDED_BATCHES;
        let runs: Vec<i64> = self.pending.iter().filter(due).map(|(&run, _)| run).collect();
        runs.into_iter().try_for_each(|run| self.fold(run))
    }

    pub(crate) fn fold_all(&mut self) -> Result<()> {
        let runs: Vec<i64> = self.pending.keys().copied().collect();
        runs.into_iter().try_for_each(|run| self.fold(run))
    }

    fn fold(&mut self, run: i64) -> Result<()> {
        let start = Instant::now();
        let transaction = self.connection.transaction()?;
        let mut rewritten = 0;
        let mut series = BTreeMap::new();
        {
            let mut select = transaction.prepare_cached("SELECT data FROM metric_batches WHERE run_id = ?1")?;
            let mut rows = select.query([run])?;
            while let Some(row) = rows.next()? {
                batch::group(row.get_ref(0)?.as_blob()?, &mut series)?;
            }
        }
        let series_count = series.len() as u64;
        for (key, points) in series {
            let (series, rows): (i64, i64) = transaction
                .prepare_cached(
                    "INSERT INTO metric_series (run_id, key, rows) VALUES (?1, ?2, 0)
                     ON CONFLICT (run_id, key) DO UPDATE SET rows = rows RETURNING id, rows",
                )?
                .query_row(params![run, key], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut store = Series {
                connection: &transaction,
                id: series,
            };
            let folded = fold(&mut store, rows as u64, points)?;
            rewritten += folded.rewritten;
            transaction
                .prepare_cached("UPDATE metric_series SET rows = ?2 WHERE id = ?1")?
                .execute(params![series, folded.rows as i64])?;
        }
        transaction.execute("DELETE FROM metric_batches WHERE run_id = ?1", [run])?;
        transaction.commit()?;
        self.pending
            .insert(run, (0, 0, fold::unfolded_limit(series_count, rewritten)));
        self.fold_time += start.elapsed();
        self.longest_fold = self.longest_fold.max(start.elapsed());
        Ok(())
    }
}

/// Encodes a request as the thread that parsed it would.
pub(crate) fn encode(request: &Request) -> Result<(i64, u64, Vec<u8>)> {
    let points: Vec<(&str, Point)> = request
        .points
        .iter()
        .map(|(key, point)| (key.as_str(), *point))
        .collect();
    Ok((request.run, points.len() as u64, batch::encode(&points)?))
}

/// Opens `key` of `run` for reading and hands it to `read`, in one snapshot.
pub(crate) fn read<T>(
    connection: &Connection,
    run: i64,
    key: &str,
    read: impl FnOnce(&mut View<Series>) -> Result<T>,
) -> Result<T> {
    let transaction = connection.unchecked_transaction()?;
    let mut tail = Vec::new();
    {
        let mut select = transaction.prepare_cached("SELECT data FROM metric_batches WHERE run_id = ?1")?;
        let mut rows = select.query([run])?;
        while let Some(row) = rows.next()? {
            batch::points_of(row.get_ref(0)?.as_blob()?, key, &mut tail)?;
        }
    }
    let found: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT id, rows FROM metric_series WHERE run_id = ?1 AND key = ?2")?
        .query_row(params![run, key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (id, rows) = found.unwrap_or_default();
    let mut source = Series {
        connection: &transaction,
        id,
    };
    let mut view = View::open(&mut source, rows as u64, tail)?;
    read(&mut view)
}

/// One series in the database.
pub(crate) struct Series<'a> {
    connection: &'a Connection,
    id: i64,
}

impl Source for Series<'_> {
    type Error = Error;

    fn blocks(&mut self, numbers: &[u32]) -> Result<Vec<(u32, Vec<u8>)>> {
        let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
            return Ok(Vec::new());
        };
        if (last - first) as usize + 1 == numbers.len() {
            return self.range("metric_blocks", first..last + 1);
        }
        // A database in the same process answers single look-ups fastest; a remote one wants one query.
        let mut select = self
            .connection
            .prepare_cached("SELECT data FROM metric_blocks WHERE id = ?1")?;
        numbers
            .iter()
            .map(|&number| {
                let data = select
                    .query_row([row_id(self.id, number)], |row| row.get(0))
                    .optional()?;
                Ok((number, data.ok_or(Corrupt::MissingBlock(number))?))
            })
            .collect()
    }

    fn pages(&mut self, numbers: Range<u32>) -> Result<Vec<(u32, Vec<u8>)>> {
        self.range("metric_pages", numbers)
    }
}

impl Series<'_> {
    fn range(&self, table: &str, numbers: Range<u32>) -> Result<Vec<(u32, Vec<u8>)>> {
        let sql = format!("SELECT id, data FROM {table} WHERE id >= ?1 AND id < ?2");
        let mut select = self.connection.prepare_cached(&sql)?;
        let ids = [row_id(self.id, numbers.start), row_id(self.id, numbers.end)];
        let rows = select.query_map(ids, |row| Ok((number(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl Store for Series<'_> {
    fn put_block(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO metric_blocks VALUES (?1, ?2)")?
            .execute(params![row_id(self.id, number), data])?;
        Ok(())
    }

    fn put_page(&mut self, number: u32, data: &[u8]) -> Result<()> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO metric_pages VALUES (?1, ?2)")?
            .execute(params![row_id(self.id, number), data])?;
        Ok(())
    }
}

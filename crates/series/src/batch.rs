//! Batches: all the points of one request, as one row of the append-only log.
//!
//! Points are grouped by key, since the order between keys means nothing, and then need no key column. Keys are
//! written as text, so that a request can be encoded before its transaction starts.

use std::collections::{BTreeMap, HashMap};

use crate::pack::{self, Reader};
use crate::point::Point;
use crate::store::Corrupt;

/// Most points in one batch.
pub const POINTS_MAX: usize = 65_536;

const VERSION: u8 = 1;

/// More than [`POINTS_MAX`] points in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at most {POINTS_MAX} metric points fit in one batch, got {0}: split the request")]
pub struct TooLarge(pub usize);

/// Encodes points in any order, repeated keys welcome.
pub fn encode(points: &[(&str, Point)]) -> Result<Vec<u8>, TooLarge> {
    let (keys, key_of_point) = index_keys(points);
    let keyed: Vec<(u32, Point)> = key_of_point
        .into_iter()
        .zip(points)
        .map(|(key, (_, point))| (key, *point))
        .collect();
    encode_keyed(&keys, &keyed)
}

/// Encodes points in any order, each with the index of its key. The keys differ, and each has a point.
pub fn encode_keyed<K: AsRef<str>>(keys: &[K], points: &[(u32, Point)]) -> Result<Vec<u8>, TooLarge> {
    if points.len() > POINTS_MAX {
        return Err(TooLarge(points.len()));
    }
    let mut counts = vec![0_usize; keys.len()];
    for (key, _) in points {
        counts[*key as usize] += 1;
    }
    let names: usize = keys.iter().map(|key| key.as_ref().len() + 2).sum();
    let mut out = Vec::with_capacity(64 + names + points.len() * 12);
    out.push(VERSION);
    pack::put_varint(&mut out, keys.len() as u64);
    for (key, &count) in keys.iter().zip(&counts) {
        let key = key.as_ref();
        pack::put_varint(&mut out, key.len() as u64);
        out.extend_from_slice(key.as_bytes());
        pack::put_varint(&mut out, count as u64);
    }
    if points.is_sorted_by_key(|(key, _)| *key) {
        pack::put_points(&mut out, points.iter().map(|(_, point)| point));
    } else {
        let order = by_key(&counts, points);
        pack::put_points(&mut out, order.iter().map(|&index| &points[index as usize].1));
    }
    Ok(out)
}

/// Indexes of the points, those of the first key first.
fn by_key(counts: &[usize], points: &[(u32, Point)]) -> Vec<u32> {
    let mut next: Vec<usize> = counts
        .iter()
        .scan(0, |before, &count| {
            let first = *before;
            *before += count;
            Some(first)
        })
        .collect();
    let mut order = vec![0_u32; points.len()];
    for (index, (key, _)) in (0..).zip(points) {
        let place = &mut next[*key as usize];
        order[*place] = index;
        *place += 1;
    }
    order
}

/// Distinct keys in the order of first appearance, and for each point the index of its key.
fn index_keys<'a>(points: &[(&'a str, Point)]) -> (Vec<&'a str>, Vec<u32>) {
    let mut keys: Vec<&str> = Vec::new();
    let mut index_of: HashMap<&str, u32> = HashMap::new();
    let mut previous: Option<(&str, u32)> = None;
    let key_of_point = points
        .iter()
        .map(|&(key, _)| {
            // Runs of one key are the common case and need no hash.
            if let Some((previous_key, index)) = previous
                && previous_key == key
            {
                return index;
            }
            let index = *index_of.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len() as u32 - 1
            });
            previous = Some((key, index));
            index
        })
        .collect();
    (keys, key_of_point)
}

/// Keys with their counts, then the columns.
struct Header<'a> {
    keys: Vec<(&'a str, usize)>,
    points: usize,
}

fn header<'a>(reader: &mut Reader<'a>) -> Result<Header<'a>, Corrupt> {
    reader.version(VERSION)?;
    let key_count = reader.count(POINTS_MAX)?;
    let mut keys = Vec::new();
    let mut points = 0;
    for _ in 0..key_count {
        let length = reader.count(usize::MAX)?;
        let key = std::str::from_utf8(reader.take(length)?).map_err(|_| Corrupt::Invalid("key is not UTF-8"))?;
        let count = reader.count(POINTS_MAX - points)?;
        points += count;
        keys.push((key, count));
    }
    Ok(Header { keys, points })
}

/// Adds the points that a batch holds for one key to `tail`. A batch without the key costs only its key list.
pub fn points_of(data: &[u8], key: &str, tail: &mut Vec<Point>) -> Result<(), Corrupt> {
    let mut reader = Reader::new(data);
    let header = header(&mut reader)?;
    if !header.keys.iter().any(|&(found, _)| found == key) {
        return Ok(());
    }
    let points = pack::points(&mut reader, header.points)?;
    reader.end()?;
    let mut rest = points.as_slice();
    for (found, count) in header.keys {
        let (mine, others) = rest.split_at(count);
        rest = others;
        if found == key {
            tail.extend_from_slice(mine);
        }
    }
    Ok(())
}

/// Adds all points of a batch to the points of their keys: call it for each batch of a run, then fold each key.
pub fn group(data: &[u8], series: &mut BTreeMap<String, Vec<Point>>) -> Result<(), Corrupt> {
    let mut reader = Reader::new(data);
    let header = header(&mut reader)?;
    let points = pack::points(&mut reader, header.points)?;
    reader.end()?;
    let mut rest = points.as_slice();
    for (key, count) in header.keys {
        let (mine, others) = rest.split_at(count);
        rest = others;
        if let Some(points) = series.get_mut(key) {
            points.extend_from_slice(mine);
        } else {
            series.insert(key.to_owned(), mine.to_vec());
        }
    }
    Ok(())
}

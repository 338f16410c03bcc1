//! What packing costs and saves, against 24 bytes a point.

use std::hint::black_box;
use std::time::{Duration, Instant};

use fettle_series::block;
use fettle_series::point::Point;

use crate::workload::point;
use crate::{Result, median};

const ROUNDS: usize = 2_000;

pub(crate) fn measure() -> Result<()> {
    println!("\n## Blocks of {} rows\n", block::ROWS);
    println!("| values | encoding | bytes/point | encode ns/point | decode ns/point |");
    println!("|---|---|---|---|---|");
    let double: Vec<Point> = (0..i64::from(block::ROWS)).map(|step| point(0, step, 0)).collect();
    let map = |change: fn(&Point) -> f64| -> Vec<Point> {
        double
            .iter()
            .map(|point| Point::new(point.step(), point.timestamp(), change(point)))
            .collect()
    };
    let single = map(|point| f64::from(point.value() as f32));
    let whole = map(|point| (point.value() * 1000.0).round());
    for (name, rows) in [
        ("doubles", &double),
        ("from 32-bit floats", &single),
        ("whole numbers", &whole),
    ] {
        report(name, "packed", rows, block::encode, |data| Ok(block::decode(data)?))?;
    }
    report("doubles", "plain columns", &double, plain_encode, |data| {
        Ok(plain_decode(data))
    })
}

fn report(
    name: &str,
    encoding: &str,
    rows: &[Point],
    encode: impl Fn(&[Point]) -> Vec<u8>,
    decode: impl Fn(&[u8]) -> Result<Vec<Point>>,
) -> Result<()> {
    let data = encode(rows);
    let time = |work: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let mut durations = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            work()?;
            durations.push(start.elapsed());
        }
        Ok(nanos_per_row(median(durations), rows))
    };
    let encode_ns = time(&mut || {
        black_box(encode(black_box(rows)));
        Ok(())
    })?;
    let decode_ns = time(&mut || {
        black_box(decode(black_box(&data))?);
        Ok(())
    })?;
    let bytes = data.len() as f64 / rows.len() as f64;
    println!("| {name} | {encoding} | {bytes:.2} | {encode_ns:.1} | {decode_ns:.1} |");
    Ok(())
}

fn nanos_per_row(duration: Duration, rows: &[Point]) -> f64 {
    duration.as_nanos() as f64 / rows.len() as f64
}

fn plain_encode(rows: &[Point]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len() * 24);
    out.extend(rows.iter().flat_map(|row| row.step().to_le_bytes()));
    out.extend(rows.iter().flat_map(|row| row.timestamp().to_le_bytes()));
    out.extend(rows.iter().flat_map(|row| row.value().to_le_bytes()));
    out
}

fn plain_decode(data: &[u8]) -> Vec<Point> {
    let (words, _) = data.as_chunks::<8>();
    let rows = words.len() / 3;
    (0..rows)
        .map(|row| {
            Point::new(
                i64::from_le_bytes(words[row]),
                i64::from_le_bytes(words[rows + row]),
                f64::from_le_bytes(words[2 * rows + row]),
            )
        })
        .collect()
}

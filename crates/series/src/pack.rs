//! Byte-aligned packing of columns: what batches, blocks and summary pages are written with.
//!
//! A column is stored as distances from its smallest element, without the low zero bits all of them share, in the
//! fewest whole bytes that hold the largest. Steps that count up take no bytes at all, timestamps one or two, values
//! that came from 32-bit floats about four. Whole bytes rather than bits or varints because both directions are then
//! a loop without branches.

use crate::point::Point;
use crate::store::Corrupt;

type Result<T> = std::result::Result<T, Corrupt>;

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// What is left to read of an encoded value. Every method fails rather than reading past the end.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or(Corrupt::Truncated)?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn version(&mut self, known: u8) -> Result<()> {
        match self.byte()? {
            version if version == known => Ok(()),
            version => Err(Corrupt::Version(version)),
        }
    }

    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Corrupt::Invalid("integer too long"))
    }

    /// A count, refused above `limit` so that bad bytes cannot ask for much memory.
    pub(crate) fn count(&mut self, limit: usize) -> Result<usize> {
        let count = self.varint()?;
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= limit)
            .ok_or(Corrupt::Invalid("count above its limit"))
    }

    fn signed(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn end(&self) -> Result<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(Corrupt::Invalid("bytes after the end"))
        }
    }
}

fn put_truncated<const WIDTH: usize>(out: &mut Vec<u8>, distances: &[u64], shift: u32) {
    for distance in distances {
        out.extend_from_slice(&(distance >> shift).to_le_bytes()[..WIDTH]);
    }
}

fn put_distances(out: &mut Vec<u8>, distances: &[u64]) {
    let used = distances.iter().fold(0, |used, distance| used | distance);
    if used == 0 {
        out.push(0);
        return;
    }
    let shift = used.trailing_zeros();
    let width = (64 - used.leading_zeros() - shift).div_ceil(8);
    out.push(width as u8);
    out.push(shift as u8);
    match width {
        1 => put_truncated::<1>(out, distances, shift),
        2 => put_truncated::<2>(out, distances, shift),
        3 => put_truncated::<3>(out, distances, shift),
        4 => put_truncated::<4>(out, distances, shift),
        5 => put_truncated::<5>(out, distances, shift),
        6 => put_truncated::<6>(out, distances, shift),
        7 => put_truncated::<7>(out, distances, shift),
        _ => put_truncated::<8>(out, distances, shift),
    }
}

fn extend_truncated<const WIDTH: usize>(distances: &mut Vec<u64>, packed: &[u8], shift: u32) {
    distances.extend(packed.chunks_exact(WIDTH).map(|bytes| {
        let mut whole = [0; 8];
        whole[..WIDTH].copy_from_slice(bytes);
        u64::from_le_bytes(whole) << shift
    }));
}

/// The caller bounds `count`.
fn distances(reader: &mut Reader, count: usize) -> Result<Vec<u64>> {
    let width = usize::from(reader.byte()?);
    if width == 0 {
        return Ok(vec![0; count]);
    }
    let shift = u32::from(reader.byte()?);
    if width > 8 || shift > 63 {
        return Err(Corrupt::Invalid("column width"));
    }
    let packed = reader.take(count * width)?;
    let mut distances = Vec::with_capacity(count);
    match width {
        1 => extend_truncated::<1>(&mut distances, packed, shift),
        2 => extend_truncated::<2>(&mut distances, packed, shift),
        3 => extend_truncated::<3>(&mut distances, packed, shift),
        4 => extend_truncated::<4>(&mut distances, packed, shift),
        5 => extend_truncated::<5>(&mut distances, packed, shift),
        6 => extend_truncated::<6>(&mut distances, packed, shift),
        7 => extend_truncated::<7>(&mut distances, packed, shift),
        _ => extend_truncated::<8>(&mut distances, packed, shift),
    }
    Ok(distances)
}

/// Writes integers as the first and the differences between neighbours. Wrapping arithmetic keeps every input exact.
pub(crate) fn put_integers(out: &mut Vec<u8>, integers: impl Iterator<Item = i64>) {
    let mut integers = integers.peekable();
    let Some(&first) = integers.peek() else { return };
    put_signed(out, first);
    let mut previous = first;
    let mut smallest = i64::MAX;
    let mut steps: Vec<u64> = Vec::with_capacity(integers.size_hint().0);
    for integer in integers.skip(1) {
        let step = integer.wrapping_sub(previous);
        smallest = smallest.min(step);
        steps.push(step as u64);
        previous = integer;
    }
    if steps.is_empty() {
        return;
    }
    for step in &mut steps {
        *step = step.wrapping_sub(smallest as u64);
    }
    put_signed(out, smallest);
    put_distances(out, &steps);
}

pub(crate) fn integers(reader: &mut Reader, count: usize) -> Result<Vec<i64>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut current = reader.signed()?;
    let mut integers = Vec::with_capacity(count);
    integers.push(current);
    if count > 1 {
        let smallest = reader.signed()?;
        for distance in distances(reader, count - 1)? {
            current = current.wrapping_add(smallest).wrapping_add(distance as i64);
            integers.push(current);
        }
    }
    Ok(integers)
}

/// Writes floats as distances of their bit patterns, which are near each other when the values are.
pub(crate) fn put_floats(out: &mut Vec<u8>, floats: impl Iterator<Item = f64>) {
    let mut bits: Vec<u64> = floats.map(f64::to_bits).collect();
    let Some(&smallest) = bits.iter().min() else { return };
    for bits in &mut bits {
        *bits -= smallest;
    }
    out.extend_from_slice(&smallest.to_le_bytes());
    put_distances(out, &bits);
}

pub(crate) fn floats(reader: &mut Reader, count: usize) -> Result<Vec<f64>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut smallest = [0; 8];
    smallest.copy_from_slice(reader.take(8)?);
    let smallest = u64::from_le_bytes(smallest);
    let distances = distances(reader, count)?;
    Ok(distances
        .into_iter()
        .map(|distance| f64::from_bits(smallest.wrapping_add(distance)))
        .collect())
}

pub(crate) fn put_points<'a>(out: &mut Vec<u8>, points: impl Iterator<Item = &'a Point> + Clone) {
    put_integers(out, points.clone().map(Point::step));
    put_integers(out, points.clone().map(Point::timestamp));
    put_floats(out, points.map(Point::value));
}

pub(crate) fn points(reader: &mut Reader, count: usize) -> Result<Vec<Point>> {
    let steps = integers(reader, count)?;
    let timestamps = integers(reader, count)?;
    let values = floats(reader, count)?;
    Ok(steps
        .into_iter()
        .zip(timestamps)
        .zip(values)
        .map(|((step, timestamp), value)| Point::new(step, timestamp, value))
        .collect())
}

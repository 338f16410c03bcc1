//! Numpy's `.npy` format: a short header and raw values.

use super::array::{Array, Items};
use super::literal::Literal;
use super::records::{Field, FieldKind, Records};

const MAGIC: &[u8] = b"\x93NUMPY";
const DIMENSIONS_MAX: usize = 8;
const FIELDS_MAX: usize = 64;

/// Reads a whole `.npy` file; the error is a reason without a subject.
pub(super) fn parse(bytes: &[u8]) -> Result<Array, String> {
    let (header, data) = split(bytes).ok_or("is not a .npy array")?;
    let header = Literal::parse(header).ok_or("has a header that numpy does not write")?;
    let shape = header
        .get("shape")
        .and_then(Literal::sequence)
        .filter(|shape| shape.len() <= DIMENSIONS_MAX)
        .and_then(|shape| shape.iter().map(Literal::count).collect::<Option<Vec<_>>>())
        .ok_or("has no readable shape")?;
    let count = shape
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .ok_or("has a shape too large")?;
    let descr = header.get("descr").ok_or("has no dtype")?;
    let items = match descr {
        Literal::Text(dtype) => plain(dtype, data, count)?,
        Literal::Sequence(fields) => Items::Records(records(fields, data, count)?),
        _ => return Err("has no readable dtype".to_owned()),
    };
    let mut array = Array { shape, items };
    match header.get("fortran_order") {
        Some(Literal::Bool(false)) => {}
        Some(Literal::Bool(true)) => array.reorder_from_fortran()?,
        _ => return Err("does not state its order".to_owned()),
    }
    Ok(array)
}

fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (version, rest) = rest.split_first_chunk::<2>()?;
    let (length, rest) = match version {
        [1, 0] => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, 0] => {
            let (length, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

fn check_length(data: &[u8], count: usize, item_bytes: usize) -> Result<(), String> {
    if count.checked_mul(item_bytes) == Some(data.len()) {
        Ok(())
    } else {
        Err(format!(
            "holds {} bytes where its shape needs {count} values of {item_bytes}",
            data.len()
        ))
    }
}

/// Splits `data` into values of `N` bytes.
fn values<const N: usize, T>(data: &[u8], count: usize, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, String> {
    check_length(data, count, N)?;
    Ok(data.as_chunks::<N>().0.iter().map(|bytes| read(*bytes)).collect())
}

fn plain(dtype: &str, data: &[u8], count: usize) -> Result<Items, String> {
    Ok(match dtype {
        "<f8" => Items::F64(values(data, count, f64::from_le_bytes)?),
        "<f4" => Items::F32(values(data, count, f32::from_le_bytes)?),
        "<i8" => Items::I64(values(data, count, i64::from_le_bytes)?),
        "<i4" => Items::I64(values(data, count, |bytes| i64::from(i32::from_le_bytes(bytes)))?),
        "<i2" => Items::I64(values(data, count, |bytes| i64::from(i16::from_le_bytes(bytes)))?),
        "|i1" => Items::I64(values(data, count, |bytes| i64::from(i8::from_le_bytes(bytes)))?),
        "<u8" => Items::U64(values(data, count, u64::from_le_bytes)?),
        "<u4" => Items::I64(values(data, count, |bytes| i64::from(u32::from_le_bytes(bytes)))?),
        "<u2" => Items::I64(values(data, count, |bytes| i64::from(u16::from_le_bytes(bytes)))?),
        "|u1" => Items::I64(values(data, count, |[byte]: [u8; 1]| i64::from(byte))?),
        "|b1" => Items::Bool(values(data, count, |[byte]: [u8; 1]| byte != 0)?),
        _ if dtype.starts_with("|S") => Items::Text(ascii(dtype, data, count)?),
        _ => match dtype.strip_prefix("<U").and_then(|width| width.parse::<usize>().ok()) {
            Some(width) => Items::Text(text(data, count, width)?),
            None => return Err(format!("has dtype {dtype}, which is not read")),
        },
    })
}

/// `|S` arrays: ASCII, padded with zeros to a fixed width.
fn ascii(dtype: &str, data: &[u8], count: usize) -> Result<Vec<String>, String> {
    let width = dtype[2..].parse::<usize>().ok().filter(|width| *width > 0);
    let width = width.ok_or_else(|| format!("has dtype {dtype}, which is not read"))?;
    check_length(data, count, width)?;
    data.chunks_exact(width)
        .map(|item| {
            let length = item.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let text = std::str::from_utf8(&item[..length]).ok().filter(|text| text.is_ascii());
            text.map(str::to_owned)
                .ok_or_else(|| "holds bytes that are not text".to_owned())
        })
        .collect()
}

/// `<U` arrays: UTF-32, padded with zeros to a fixed width.
fn text(data: &[u8], count: usize, width: usize) -> Result<Vec<String>, String> {
    let item_bytes = width.checked_mul(4).ok_or("has text too wide")?;
    check_length(data, count, item_bytes)?;
    if width == 0 {
        // An empty array of no width would otherwise let `count` be anything at all.
        return if count == 0 {
            Ok(Vec::new())
        } else {
            Err("has text of no width".to_owned())
        };
    }
    data.chunks_exact(item_bytes)
        .map(|item| {
            let points = item.as_chunks::<4>().0;
            let length = points
                .iter()
                .rposition(|point| *point != [0; 4])
                .map_or(0, |last| last + 1);
            points[..length]
                .iter()
                .map(|point| char::from_u32(u32::from_le_bytes(*point)))
                .collect::<Option<String>>()
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| "holds text that is not Unicode".to_owned())
}

fn records(fields: &[Literal], data: &[u8], count: usize) -> Result<Records, String> {
    if fields.len() > FIELDS_MAX {
        return Err(format!("has {} fields, more than {FIELDS_MAX}", fields.len()));
    }
    let mut row_bytes = 0;
    let mut known = Vec::with_capacity(fields.len());
    for field in fields {
        let Some([Literal::Text(name), Literal::Text(dtype)]) = field.sequence() else {
            return Err("has a field that is not a name and a dtype".to_owned());
        };
        let (kind, bytes) = match dtype.as_str() {
            "<f8" => (FieldKind::F64, 8),
            "<i8" => (FieldKind::I64, 8),
            "<u4" => (FieldKind::U32, 4),
            "|u1" | "u1" => (FieldKind::U8, 1),
            _ => match dtype.strip_prefix("|V").and_then(|bytes| bytes.parse::<usize>().ok()) {
                Some(padding) if padding <= 64 => (FieldKind::Padding, padding),
                _ => return Err(format!("has field {name} of dtype {dtype}, which is not read")),
            },
        };
        known.push(Field {
            name: name.clone(),
            kind,
            offset: row_bytes,
        });
        row_bytes += bytes;
    }
    if row_bytes == 0 {
        return Err("has records of no size".to_owned());
    }
    check_length(data, count, row_bytes)?;
    Ok(Records::new(known, row_bytes, data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat();
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn reads_fortran_order_row_by_row() {
        let data: Vec<u8> = [1.0_f64, 3.0, 2.0, 4.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let array = parse(&npy(
            "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2), }",
            &data,
        ))
        .expect("an array");
        assert_eq!(array.items, Items::F64(vec![1.0, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn refuses_sizes_that_do_not_fit() {
        for shape in [
            "(3,)",
            "(18446744073709551615, 2)",
            "(4294967296, 4294967296)",
            "(0, 1)",
        ] {
            let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
            assert!(parse(&npy(&header, &[0; 16])).is_err(), "{shape}");
        }
        assert!(
            parse(&npy(
                "{'descr': '<U0', 'fortran_order': False, 'shape': (9999999999,), }",
                &[]
            ))
            .is_err()
        );
        assert!(
            parse(&npy(
                "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
                &[0; 8]
            ))
            .is_err()
        );
    }

    #[test]
    fn reads_text() {
        let data: Vec<u8> = ['é', 'x', 'y', '\0']
            .iter()
            .flat_map(|&point| u32::from(point).to_le_bytes())
            .collect();
        let array = parse(&npy("{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }", &data)).expect("an array");
        assert_eq!(array.items, Items::Text(vec!["éx".to_owned(), "y".to_owned()]));
    }
}

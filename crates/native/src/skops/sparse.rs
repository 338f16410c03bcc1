//! Sparse matrices: scipy's `.npz`, a zip of the parts of a matrix in compressed rows. They are small where models
//! keep them, and become dense here.

use super::array::Items;
use super::{Archive, archive, npy};

/// Values of a dense matrix.
const VALUES_MAX: usize = 1 << 27;

/// Rows, columns and row-major values; the error is a reason without a subject.
pub(super) fn parse(bytes: &[u8]) -> Result<(usize, usize, Vec<f64>), String> {
    let archive = Archive::open(bytes).map_err(|refusal| refusal.reason)?;
    let part = |name: &str| {
        let bytes = archive
            .read(name, archive::ARRAY_BYTES_MAX)
            .map_err(|refusal| format!("has a part {refusal}"))?;
        Ok::<_, String>(npy::parse(&bytes)?.items)
    };
    let integers = |name: &str| match part(name)? {
        Items::I64(values) => values
            .iter()
            .map(|&value| usize::try_from(value).map_err(|_| format!("has {value} in {name}")))
            .collect::<Result<Vec<_>, _>>(),
        other => Err(format!("has {} numbers in {name}", other.kind())),
    };
    match part("format.npy")? {
        Items::Text(format) if format == ["csr"] => {}
        _ => return Err("is not in compressed rows (csr)".to_owned()),
    }
    let shape = integers("shape.npy")?;
    let &[rows, columns] = shape.as_slice() else {
        return Err("is not a matrix".to_owned());
    };
    if rows.checked_mul(columns).is_none_or(|values| values > VALUES_MAX) {
        return Err(format!("has {rows} times {columns} values, more than {VALUES_MAX}"));
    }
    let starts = integers("indptr.npy")?;
    let places = integers("indices.npy")?;
    let Items::F64(data) = part("data.npy")? else {
        return Err("does not hold float64".to_owned());
    };
    if starts.len() != rows + 1 || places.len() != data.len() {
        return Err("has parts that do not fit".to_owned());
    }
    let mut values = vec![0.0; rows * columns];
    for (row, bounds) in starts.windows(2).enumerate() {
        let entries = bounds[0]..bounds[1];
        let (Some(places), Some(data)) = (places.get(entries.clone()), data.get(entries)) else {
            return Err("has rows that are not in order".to_owned());
        };
        for (&place, value) in places.iter().zip(data) {
            if place >= columns {
                return Err(format!("has column {place} of {columns}"));
            }
            values[row * columns + place] += value;
        }
    }
    Ok((rows, columns, values))
}

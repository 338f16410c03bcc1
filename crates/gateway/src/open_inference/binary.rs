//! Tensors as bytes, little-endian: Triton's binary extension, and gRPC's raw contents.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::datatype::Datatype;
use super::error::InferenceError;
use super::tensor::{Data, elements};

/// Reads the elements of an input; nothing may be left over.
pub(super) fn read(name: &str, datatype: Datatype, shape: &[usize], raw: Bytes) -> Result<Data, InferenceError> {
    let count = elements(name, shape)?;
    if let Some(size) = datatype.size() {
        let wanted = count.saturating_mul(size);
        if raw.len() != wanted {
            return Err(InferenceError::bad(format!(
                "input '{name}' has {} bytes, {count} elements of {} are {wanted}",
                raw.len(),
                datatype.name()
            )));
        }
    }
    let raw_bytes = &raw[..];
    Ok(match datatype {
        Datatype::Bool => Data::Bool(raw.iter().map(|byte| *byte != 0).collect()),
        Datatype::Uint8 => Data::Integers(raw.iter().map(|byte| i64::from(*byte)).collect()),
        Datatype::Int8 => Data::Integers(raw.iter().map(|byte| i64::from(*byte as i8)).collect()),
        Datatype::Uint16 => Data::Integers(each(raw_bytes, |b| i64::from(u16::from_le_bytes(b)))),
        Datatype::Int16 => Data::Integers(each(raw_bytes, |b| i64::from(i16::from_le_bytes(b)))),
        Datatype::Uint32 => Data::Integers(each(raw_bytes, |b| i64::from(u32::from_le_bytes(b)))),
        Datatype::Int32 => Data::Integers(each(raw_bytes, |b| i64::from(i32::from_le_bytes(b)))),
        Datatype::Int64 => Data::Integers(each(raw_bytes, i64::from_le_bytes)),
        Datatype::Uint64 => Data::Uint64(each(raw_bytes, u64::from_le_bytes)),
        Datatype::Fp16 => Data::Floats(each(raw_bytes, |b| half_to_double(u16::from_le_bytes(b)))),
        Datatype::Bf16 => Data::Floats(each(raw_bytes, |b| bfloat_to_double(u16::from_le_bytes(b)))),
        Datatype::Fp32 => Data::Floats(each(raw_bytes, |b| f64::from(f32::from_le_bytes(b)))),
        Datatype::Fp64 => Data::Floats(each(raw_bytes, f64::from_le_bytes)),
        Datatype::Bytes => Data::Bytes(texts(name, count, raw)?),
    })
}

fn each<const N: usize, T>(raw: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (elements, _) = raw.as_chunks::<N>();
    elements.iter().map(|element| read(*element)).collect()
}

/// Each text has its length before it, in four bytes.
fn texts(name: &str, count: usize, mut raw: Bytes) -> Result<Vec<Bytes>, InferenceError> {
    let cut_off = || {
        InferenceError::bad(format!(
            "input '{name}': a text is longer than the bytes that were sent"
        ))
    };
    let mut texts = Vec::with_capacity(count.min(raw.len() / 4));
    while raw.has_remaining() {
        let length = raw.try_get_u32_le().map_err(|_| cut_off())? as usize;
        if length > raw.len() {
            return Err(cut_off());
        }
        texts.push(raw.split_to(length));
    }
    if texts.len() == count {
        return Ok(texts);
    }
    Err(InferenceError::bad(format!(
        "input '{name}' has {} texts, its shape asks for {count}",
        texts.len()
    )))
}

/// The elements of an output.
pub(super) fn write(datatype: Datatype, data: &Data) -> Bytes {
    let mut out = BytesMut::with_capacity(data.len() * datatype.size().unwrap_or(16));
    match data {
        Data::Bool(values) => out.extend(values.iter().map(|value| u8::from(*value))),
        Data::Integers(values) => {
            let size = datatype.size().unwrap_or(8);
            for value in values {
                out.put_slice(&value.to_le_bytes()[..size]);
            }
        }
        Data::Uint64(values) => {
            for value in values {
                out.put_u64_le(*value);
            }
        }
        Data::Floats(values) if datatype == Datatype::Fp32 => {
            for value in values {
                out.put_f32_le(*value as f32);
            }
        }
        Data::Floats(values) => {
            for value in values {
                out.put_f64_le(*value);
            }
        }
        Data::Bytes(values) => {
            for value in values {
                out.put_u32_le(value.len() as u32);
                out.put_slice(value);
            }
        }
    }
    out.freeze()
}

/// IEEE 754's binary16.
fn half_to_double(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// The upper half of a float of 32 bits.
fn bfloat_to_double(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let texts = ["", "a", "größer"].map(|text| Bytes::copy_from_slice(text.as_bytes()));
        let cases = [
            (Datatype::Bool, Data::Bool(vec![true, false, true])),
            (Datatype::Int8, Data::Integers(vec![-128, 0, 127])),
            (Datatype::Uint8, Data::Integers(vec![0, 1, 255])),
            (Datatype::Int16, Data::Integers(vec![-32768, 5, 32767])),
            (Datatype::Uint16, Data::Integers(vec![0, 1, 65535])),
            (Datatype::Int32, Data::Integers(vec![i64::from(i32::MIN), 0, 7])),
            (Datatype::Uint32, Data::Integers(vec![0, 1, i64::from(u32::MAX)])),
            (Datatype::Int64, Data::Integers(vec![i64::MIN, 0, i64::MAX])),
            (Datatype::Uint64, Data::Uint64(vec![0, 1, u64::MAX])),
            (Datatype::Fp32, Data::Floats(vec![0.5, -1.25, 3.0])),
            (Datatype::Fp64, Data::Floats(vec![0.1, -1e300, f64::INFINITY])),
            (Datatype::Bytes, Data::Bytes(texts.to_vec())),
        ];
        for (datatype, data) in cases {
            let raw = write(datatype, &data);
            assert_eq!(read("x", datatype, &[3], raw).unwrap(), data, "{datatype:?}");
        }
    }

    #[test]
    fn halves_are_numbers() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x7c00, f64::INFINITY),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half_to_double(bits), value, "{bits:x}");
        }
        assert!(half_to_double(0x7e00).is_nan());
        assert_eq!(bfloat_to_double(0x3f80), 1.0);
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let read = |datatype, raw: &'static [u8]| read("x", datatype, &[2], Bytes::from_static(raw));
        assert!(read(Datatype::Int32, &[0; 7]).is_err());
        assert!(read(Datatype::Bytes, &[1, 0, 0, 0, b'a']).is_err(), "one text");
        assert!(
            read(Datatype::Bytes, &[9, 0, 0, 0, b'a']).is_err(),
            "longer than what is there"
        );
        assert!(read(Datatype::Bytes, &[1, 0]).is_err(), "half a length");
        assert!(read(Datatype::Bytes, &[0; 8]).is_ok(), "two empty texts");
        let huge = super::read("x", Datatype::Fp64, &[usize::MAX, 2], Bytes::new());
        assert!(huge.is_err());
    }
}

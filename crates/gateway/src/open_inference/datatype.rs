//! The protocol's names for the types of tensors.

use crate::signature::ColumnType;

/// Floats of 16 bits are read and written and computed with as 64 bits, which hold them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datatype {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Bf16,
    Fp32,
    Fp64,
    Bytes,
}

const ALL: [Datatype; 14] = [
    Datatype::Bool,
    Datatype::Uint8,
    Datatype::Uint16,
    Datatype::Uint32,
    Datatype::Uint64,
    Datatype::Int8,
    Datatype::Int16,
    Datatype::Int32,
    Datatype::Int64,
    Datatype::Fp16,
    Datatype::Bf16,
    Datatype::Fp32,
    Datatype::Fp64,
    Datatype::Bytes,
];

impl Datatype {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Bf16 => "BF16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|datatype| datatype.name() == name)
    }

    pub fn of_column(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Boolean => Self::Bool,
            ColumnType::Integer => Self::Int32,
            ColumnType::Long => Self::Int64,
            ColumnType::Float => Self::Fp32,
            ColumnType::Double => Self::Fp64,
            ColumnType::String | ColumnType::Datetime => Self::Bytes,
        }
    }

    /// Of numpy's name for a type, as tensors in MLflow's signatures have it.
    pub fn of_numpy(dtype: &str) -> Option<Self> {
        Some(match dtype {
            "bool" => Self::Bool,
            "uint8" => Self::Uint8,
            "uint16" => Self::Uint16,
            "uint32" => Self::Uint32,
            "uint64" => Self::Uint64,
            "int8" => Self::Int8,
            "int16" => Self::Int16,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "float16" => Self::Fp16,
            "float32" => Self::Fp32,
            "float64" => Self::Fp64,
            "str" | "object" => Self::Bytes,
            _ => return None,
        })
    }

    /// Bytes of an element in binary form; texts carry their own length.
    pub(crate) fn size(self) -> Option<usize> {
        Some(match self {
            Self::Bool | Self::Uint8 | Self::Int8 => 1,
            Self::Uint16 | Self::Int16 | Self::Fp16 | Self::Bf16 => 2,
            Self::Uint32 | Self::Int32 | Self::Fp32 => 4,
            Self::Uint64 | Self::Int64 | Self::Fp64 => 8,
            Self::Bytes => return None,
        })
    }

    /// The integers it holds, if it is a type of integers of at most 63 bits.
    pub(crate) fn integer_range(self) -> Option<std::ops::RangeInclusive<i64>> {
        Some(match self {
            Self::Uint8 => 0..=i64::from(u8::MAX),
            Self::Uint16 => 0..=i64::from(u16::MAX),
            Self::Uint32 => 0..=i64::from(u32::MAX),
            Self::Int8 => i64::from(i8::MIN)..=i64::from(i8::MAX),
            Self::Int16 => i64::from(i16::MIN)..=i64::from(i16::MAX),
            Self::Int32 => i64::from(i32::MIN)..=i64::from(i32::MAX),
            Self::Int64 => i64::MIN..=i64::MAX,
            _ => return None,
        })
    }
}

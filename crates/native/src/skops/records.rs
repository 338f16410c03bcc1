//! Structured arrays: the nodes of trees, one record each, fields found by name.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    F64,
    I64,
    U32,
    U8,
    Padding,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: FieldKind,
    pub(super) offset: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Records {
    fields: Vec<Field>,
    row_bytes: usize,
    bytes: Vec<u8>,
}

impl Records {
    /// `bytes` is a whole number of rows of `row_bytes`, which is not zero, and every field lies within a row.
    pub(super) fn new(fields: Vec<Field>, row_bytes: usize, bytes: Vec<u8>) -> Self {
        Self {
            fields,
            row_bytes,
            bytes,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.bytes.len() / self.row_bytes
    }

    /// The field's values as floats; `None` if there is no such field of floats.
    pub(crate) fn floats(&self, name: &str) -> Option<Vec<f64>> {
        let field = self.field(name).filter(|field| field.kind == FieldKind::F64)?;
        Some(self.values(field.offset, f64::from_le_bytes))
    }

    /// The field's values as integers, whatever their width.
    pub(crate) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let field = self.field(name)?;
        match field.kind {
            FieldKind::I64 => Some(self.values(field.offset, i64::from_le_bytes)),
            FieldKind::U32 => Some(self.values(field.offset, |bytes| i64::from(u32::from_le_bytes(bytes)))),
            FieldKind::U8 => Some(self.values(field.offset, |[byte]: [u8; 1]| i64::from(byte))),
            FieldKind::F64 | FieldKind::Padding => None,
        }
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn values<const N: usize, T>(&self, offset: usize, read: impl Fn([u8; N]) -> T) -> Vec<T> {
        self.bytes
            .chunks_exact(self.row_bytes)
            .filter_map(|row| row.get(offset..)?.first_chunk::<N>())
            .map(|bytes| read(*bytes))
            .collect()
    }
}

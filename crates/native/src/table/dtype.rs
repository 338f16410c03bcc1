//! The dtype that several columns or arrays get together.

use crate::rows::Column;

/// The dtypes that matter to rounding. `int32` behaves as `int64` in every promotion that can occur here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dtype {
    Bool,
    I64,
    F32,
    F64,
    Text,
}

impl Dtype {
    pub(crate) fn of(column: &Column) -> Self {
        match column {
            Column::F64(_) => Self::F64,
            Column::F32(_) => Self::F32,
            Column::I64(_) | Column::I32(_) => Self::I64,
            Column::Bool(_) => Self::Bool,
            Column::Text(_) | Column::Object(_) => Self::Text,
        }
    }

    /// What pandas makes of a frame's columns. Booleans beside numbers become objects, whose values reach any float
    /// type through `float64`.
    pub(crate) fn of_frame<'a>(columns: impl Iterator<Item = &'a Column>) -> Self {
        columns
            .map(Self::of)
            .reduce(|left, right| match (left, right) {
                (Self::Bool, other) | (other, Self::Bool) if other != Self::Bool && other != Self::Text => Self::F64,
                _ => left.promote(right),
            })
            .unwrap_or(Self::F64)
    }

    /// What numpy makes of two arrays side by side.
    pub(crate) fn promote(self, other: Self) -> Self {
        match (self, other) {
            (same, other) if same == other => same,
            (Self::Text, _) | (_, Self::Text) => Self::Text,
            (Self::Bool, other) | (other, Self::Bool) => other,
            _ => Self::F64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(columns: &[Column], expected: Dtype) {
        assert_eq!(Dtype::of_frame(columns.iter()), expected, "{columns:?}");
    }

    #[test]
    fn frames_follow_pandas() {
        let double = || Column::F64(vec![]);
        let single = || Column::F32(vec![]);
        let integer = || Column::I32(vec![]);
        let boolean = || Column::Bool(vec![]);
        check(&[integer(), double()], Dtype::F64);
        check(&[single(), single()], Dtype::F32);
        check(&[integer(), single()], Dtype::F64);
        check(&[Column::I64(vec![]), integer()], Dtype::I64);
        check(&[boolean(), integer()], Dtype::F64);
        check(&[single(), boolean()], Dtype::F64);
        check(&[boolean(), boolean()], Dtype::Bool);
        check(&[boolean(), Column::Text(vec![])], Dtype::Text);
        assert_eq!(Dtype::Bool.promote(Dtype::F32), Dtype::F32);
    }
}

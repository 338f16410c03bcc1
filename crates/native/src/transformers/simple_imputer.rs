//! `SimpleImputer`: a value for each column in place of what is missing.

use std::borrow::Cow;

use super::Transformer;
use super::scaling::rounded_to_single;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::rows::Column;
use crate::skops::{Items, Node, Object, Scalar};
use crate::table::{Dense, Frame, NonFinite, Table, Values};

const NAME: &str = "SimpleImputer";
const KNOWN: &[&str] = &[
    "_fill_dtype",
    "_fit_dtype",
    "add_indicator",
    "copy",
    "fill_value",
    "indicator_",
    "keep_empty_features",
    "missing_values",
    "statistics_",
    "strategy",
    "verbose",
];
pub(super) const INDICATOR_KNOWN: &[&str] = &[
    "_n_features",
    "_precomputed",
    "error_on_new",
    "features",
    "features_",
    "missing_values",
    "sparse",
];

struct SimpleImputer {
    inputs: Inputs,
    fill: Fill,
    constant: Option<Constant>,
    /// The mean and the median turn integers into floats first.
    floats: bool,
    /// Columns that get another column telling whether they were missing.
    indicated: Vec<usize>,
}

/// The kind of a constant. Columns of a kind that cannot hold it are refused, even if nothing is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Constant {
    Integer,
    Float,
}

enum Fill {
    /// NaN marks a column that training saw empty; it is dropped.
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let missing = object.get("missing_values")?;
    if !matches!(missing.scalar()?, Scalar::Float(value) if value.is_nan()) {
        return Err(missing.refuse("is not NaN, which is the only one evaluated"));
    }
    let strategy = object.get("strategy")?.text()?;
    let statistics = object.get("statistics_")?;
    let mut fill = fill(&statistics, object.get("_fit_dtype")?.is_object_dtype()?)?;
    let count = match &fill {
        Fill::Numbers(values) => values.len(),
        Fill::Texts(values) => values.len(),
    };
    if count != inputs.count {
        return Err(statistics.refuse(format!("has {count} values for {} columns", inputs.count)));
    }
    if let Fill::Numbers(values) = &fill
        && values.iter().any(|value| value.is_nan())
        && (strategy == "constant"
            || object
                .find_some("keep_empty_features")
                .is_some_and(|node| node.boolean() == Ok(true)))
    {
        return Err(statistics.refuse("is NaN for a column that is kept"));
    }
    if let Fill::Numbers(values) = &mut fill
        && object.find("_fill_dtype").is_some_and(|dtype| dtype.is_single_dtype())
    {
        *values = rounded_to_single(values);
    }
    let indicated = match object.find_some("indicator_") {
        Some(indicator) => indicated(&indicator.object()?, inputs.count)?,
        None => Vec::new(),
    };
    if !indicated.is_empty() && matches!(fill, Fill::Texts(_)) {
        return Err(object.refuse("adds indicators to text (add_indicator), which is not evaluated"));
    }
    let constant = match object.find_some("fill_value").map(|node| node.scalar()).transpose()? {
        _ if strategy != "constant" => None,
        Some(Scalar::Float(_)) => Some(Constant::Float),
        _ => Some(Constant::Integer),
    };
    let floats = matches!(strategy.as_str(), "mean" | "median");
    Ok(Box::new(SimpleImputer {
        inputs,
        fill,
        constant,
        floats,
        indicated,
    }))
}

/// Constants are kept as objects even where the column is one of numbers.
fn fill(statistics: &Node<'_>, is_text: bool) -> Result<Fill, Refusal> {
    if statistics.is_array() {
        return match statistics.array()?.items {
            Items::F64(values) => Ok(Fill::Numbers(values)),
            Items::F32(values) => Ok(Fill::Numbers(values.into_iter().map(f64::from).collect())),
            Items::I64(values) => Ok(Fill::Numbers(values.into_iter().map(|value| value as f64).collect())),
            other => Err(statistics.refuse(format!("is a {} array, which is not evaluated", other.kind()))),
        };
    }
    let items = statistics.items()?;
    Ok(if is_text {
        Fill::Texts(items.iter().map(Node::text).collect::<Result<_, _>>()?)
    } else {
        Fill::Numbers(items.iter().map(Node::float).collect::<Result<_, _>>()?)
    })
}

pub(super) fn indicated(indicator: &Object<'_>, columns: usize) -> Result<Vec<usize>, Refusal> {
    indicator.expect_only(INDICATOR_KNOWN)?;
    let node = indicator.get("features_")?;
    let Items::I64(features) = node.array()?.items else {
        return Err(node.refuse("is not an array of columns"));
    };
    features
        .iter()
        .map(|&feature| usize::try_from(feature).ok().filter(|&feature| feature < columns))
        .collect::<Option<_>>()
        .ok_or_else(|| node.refuse(format!("names a column beyond {columns}")))
}

impl Transformer for SimpleImputer {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn origins(&self) -> Option<Vec<usize>> {
        let kept = |column: &usize| match &self.fill {
            Fill::Numbers(fill) => !fill[*column].is_nan(),
            Fill::Texts(_) => true,
        };
        let kept = (0..self.inputs.count).filter(kept);
        Some(kept.chain(self.indicated.iter().copied()).collect())
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        match &self.fill {
            Fill::Texts(fill) => fill_texts(fill, table),
            Fill::Numbers(fill) => self.fill_numbers(fill, table),
        }
    }
}

impl SimpleImputer {
    fn fill_numbers<'a>(&self, fill: &[f64], table: Table<'a>) -> Result<Table<'a>, PredictError> {
        let mut dense = table.into_dense()?;
        if self.floats {
            dense = dense.into_float();
        }
        dense.check_finite(NonFinite::NanTaken, NAME)?;
        let holds = match (&dense.values, self.constant) {
            (Values::I64(_), constant) => constant != Some(Constant::Float),
            (Values::Bool(_), constant) => constant.is_none(),
            _ => true,
        };
        if !holds {
            return Err(PredictError::Value {
                estimator: NAME,
                what: "integers or booleans where its constant is a float or an integer",
            });
        }
        let indicator = self.indicator(&dense);
        match &mut dense.values {
            Values::F64(values) => {
                let missing = values.iter().any(|value| value.is_nan());
                if missing {
                    for (at, value) in values
                        .to_mut()
                        .iter_mut()
                        .enumerate()
                        .filter(|(_, value)| value.is_nan())
                    {
                        *value = fill[at % fill.len()];
                    }
                }
            }
            Values::F32(values) => {
                for (at, value) in values
                    .to_mut()
                    .iter_mut()
                    .enumerate()
                    .filter(|(_, value)| value.is_nan())
                {
                    *value = fill[at % fill.len()] as f32;
                }
            }
            Values::I64(_) | Values::Bool(_) => {}
        }
        if fill.iter().any(|value| value.is_nan()) {
            let kept: Vec<usize> = (0..fill.len()).filter(|&column| !fill[column].is_nan()).collect();
            dense = dense.select(&kept);
        }
        let rows = dense.rows;
        Ok(Table::Dense(match indicator {
            Some(indicator) => Dense::beside(vec![dense, indicator], rows),
            None => dense,
        }))
    }

    fn indicator(&self, dense: &Dense<'_>) -> Option<Dense<'static>> {
        if self.indicated.is_empty() {
            return None;
        }
        let is_missing = |at: usize| match &dense.values {
            Values::F64(values) => values[at].is_nan(),
            Values::F32(values) => values[at].is_nan(),
            Values::I64(_) | Values::Bool(_) => false,
        };
        let values = (0..dense.rows)
            .flat_map(|row| self.indicated.iter().map(move |&column| row * dense.columns + column))
            .map(is_missing)
            .collect();
        Some(Dense::new(dense.rows, self.indicated.len(), Values::Bool(values)))
    }
}

/// The result is an array of objects, whose columns lose their names.
fn fill_texts<'a>(fill: &[String], table: Table<'a>) -> Result<Table<'a>, PredictError> {
    let mut columns = Vec::with_capacity(fill.len());
    for (column, fill) in fill.iter().enumerate() {
        columns.push(Cow::Owned(match &*table.column(column) {
            Column::Text(values) => Column::Text(
                values
                    .iter()
                    .map(|value| Some(value.as_ref().unwrap_or(fill).clone()))
                    .collect(),
            ),
            // None is not NaN, so it is not missing.
            Column::Object(values) => Column::Object(values.clone()),
            _ => return Err(PredictError::CategoryType(table.column_label(column))),
        }));
    }
    Ok(Table::Frame(Frame {
        names: None,
        columns,
        rows: table.rows(),
    }))
}

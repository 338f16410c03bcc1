//! `PolynomialFeatures`: products of columns.

use super::Transformer;
use crate::error::{PredictError, Refusal};
use crate::estimators::Inputs;
use crate::skops::Object;
use crate::table::{Dense, NonFinite, Table, Values};

const NAME: &str = "PolynomialFeatures";
const KNOWN: &[&str] = &[
    "_max_degree",
    "_min_degree",
    "_n_out_full",
    "degree",
    "include_bias",
    "interaction_only",
    "n_output_features_",
    "order",
];
const COLUMNS_MAX: usize = 1 << 20;

struct PolynomialFeatures {
    inputs: Inputs,
    /// Each is one of the input times one that came before it. The inputs come first.
    products: Vec<(usize, usize)>,
    /// Of the inputs and products, the first that is put out.
    first: usize,
    bias: bool,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Transformer>, Refusal> {
    object.expect_only(KNOWN)?;
    let inputs = Inputs::read(object)?;
    let least = object.get("_min_degree")?.count()?;
    let most = object.get("_max_degree")?.count()?;
    let interaction_only = object.get("interaction_only")?.boolean()?;
    if most == 0 || inputs.count == 0 {
        return Err(object.refuse("has degree 0, which is not evaluated"));
    }
    let mut products = Vec::new();
    let mut first = if least <= 1 { 0 } else { inputs.count };
    // Where the terms of the last degree begin that begin with each column, and where they end.
    let mut starts: Vec<usize> = (0..=inputs.count).collect();
    for degree in 2..=most {
        if degree == least {
            first = inputs.count + products.len();
        }
        let end = starts[starts.len() - 1];
        let mut next = Vec::with_capacity(starts.len());
        for column in 0..inputs.count {
            next.push(inputs.count + products.len());
            let mut start = starts[column];
            if interaction_only {
                start += starts[column + 1] - starts[column];
            }
            products.extend((start..end).map(|term| (column, term)));
            if products.len() > COLUMNS_MAX {
                return Err(object.refuse(format!("makes more than {COLUMNS_MAX} columns")));
            }
        }
        next.push(inputs.count + products.len());
        starts = next;
    }
    Ok(Box::new(PolynomialFeatures {
        inputs,
        products,
        first,
        bias: object.get("include_bias")?.boolean()?,
    }))
}

impl Transformer for PolynomialFeatures {
    fn describe(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> Inputs {
        self.inputs.clone()
    }

    fn transform<'a>(&self, table: Table<'a>) -> Result<Table<'a>, PredictError> {
        self.inputs.check(&table)?;
        if table.is_sparse() {
            return Err(PredictError::Sparse(NAME));
        }
        let dense = table.into_dense()?.into_float();
        dense.check_finite(NonFinite::Refused, NAME)?;
        let rows = dense.rows;
        let single = matches!(dense.values, Values::F32(_));
        let width = usize::from(self.bias) + self.inputs.count + self.products.len() - self.first;
        let mut values = Vec::with_capacity(rows * width);
        let mut terms = Vec::with_capacity(self.inputs.count + self.products.len());
        for row in dense.into_f64().chunks_exact(self.inputs.count) {
            terms.clear();
            terms.extend_from_slice(row);
            for &(column, term) in &self.products {
                let product: f64 = terms[term] * row[column];
                terms.push(if single { f64::from(product as f32) } else { product });
            }
            values.extend(self.bias.then_some(1.0));
            values.extend_from_slice(&terms[self.first..]);
        }
        Ok(Table::Dense(Dense::encoded(rows, width, values, single)))
    }
}

//! `Pipeline`: transformers, then a model.

use super::{Estimator, Inputs, Labels, Scores};
use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::exactness::Exactness;
use crate::rows::Output;
use crate::skops::Object;
use crate::table::Table;
use crate::transformers::Chain;

struct Pipeline {
    chain: Chain,
    last: Box<dyn Estimator>,
}

pub(super) fn read(object: &Object<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut steps = Chain::steps(object)?;
    let last = steps.pop().ok_or_else(|| object.refuse("has no steps"))?;
    let chain = Chain::read(&steps)?;
    Ok(Box::new(Pipeline {
        chain,
        last: super::read(&last.object()?)?,
    }))
}

impl Estimator for Pipeline {
    fn describe(&self) -> String {
        match self.chain.describe() {
            Some(chain) => format!("Pipeline of {chain}, {}", self.last.describe()),
            None => format!("Pipeline of {}", self.last.describe()),
        }
    }

    fn inputs(&self) -> Inputs {
        self.chain.first_inputs().unwrap_or_else(|| self.last.inputs())
    }

    fn exactness(&self) -> Exactness {
        self.chain.exactness().least(self.last.exactness())
    }

    fn largest_term(&self, table: Table<'_>) -> Result<f64, PredictError> {
        self.last.largest_term(self.chain.transform(table)?)
    }

    fn predict(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.last.predict(self.chain.transform(table)?)
    }

    fn predict_proba(&self, table: Table<'_>) -> Result<Output, PredictError> {
        self.last.predict_proba(self.chain.transform(table)?)
    }

    fn attributions(&self, table: Table<'_>, background: Table<'_>) -> Result<Option<Attributions>, PredictError> {
        if self.chain.is_empty() {
            return self.last.attributions(table, background);
        }
        let Some(origins) = self.chain.origins() else {
            return Ok(None);
        };
        let (table, background) = (self.chain.transform(table)?, self.chain.transform(background)?);
        let found = self.last.attributions(table, background)?;
        Ok(found.and_then(|found| found.of_origins(&origins, self.inputs().count)))
    }

    fn decision(&self, table: Table<'_>) -> Result<Option<Scores>, PredictError> {
        self.last.decision(self.chain.transform(table)?)
    }

    fn is_single(&self) -> bool {
        self.last.is_single()
    }

    fn labels(&self) -> Option<&Labels> {
        self.last.labels()
    }
}

//! The public face: a model read from a file, ready to score rows.

use crate::attributions::Attributions;
use crate::error::{PredictError, Refusal};
use crate::estimators::{self, Estimator, Inputs};
use crate::exactness::Exactness;
use crate::lightgbm::{self, LightgbmClass};
use crate::rows::{Output, Rows};
use crate::skops::File;
use crate::table::Table;
use crate::xgboost::{self, XgboostClass};

/// Which of the model's methods is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Predict,
    PredictProba,
}

/// A model that answers as its Python library would.
pub struct Model {
    estimator: Box<dyn Estimator>,
    inputs: Inputs,
    /// What wrote the file, such as `scikit-learn 1.9.1`.
    library: String,
}

impl Model {
    /// Reads a skops file. The refusal names what is not known or not trusted.
    pub fn from_skops(bytes: &[u8]) -> Result<Self, Refusal> {
        let file = File::open(bytes)?;
        let root = file.root().object()?;
        // XGBoost's and LightGBM's classes say nothing of scikit-learn's release.
        let library = match root.find("_sklearn_version") {
            Some(_) => format!("scikit-learn {}", root.version()?),
            None => root.class().split('.').next().unwrap_or_default().to_owned(),
        };
        Ok(Self::new(estimators::read(&root)?, library))
    }

    /// Reads an XGBoost file, JSON or UBJ.
    pub fn from_xgboost(bytes: &[u8], class: XgboostClass) -> Result<Self, Refusal> {
        let (boosted, library) = xgboost::read(bytes, class)?;
        Ok(Self::new(Box::new(boosted), library))
    }

    /// Reads LightGBM's text.
    pub fn from_lightgbm(bytes: &[u8], class: LightgbmClass) -> Result<Self, Refusal> {
        let (boosted, library) = lightgbm::read(bytes, class)?;
        Ok(Self::new(Box::new(boosted), library))
    }

    fn new(estimator: Box<dyn Estimator>, library: String) -> Self {
        let inputs = estimator.inputs();
        Self {
            estimator,
            inputs,
            library,
        }
    }

    /// The column names of training, if it was given a data frame.
    pub fn input_names(&self) -> Option<&[String]> {
        self.inputs.names.as_deref()
    }

    pub fn input_count(&self) -> usize {
        self.inputs.count
    }

    /// Scores every row by itself: the answer for a row does not depend on the rows beside it.
    pub fn predict(&self, rows: &Rows, method: Method) -> Result<Output, PredictError> {
        if rows.count() == 0 {
            return Err(PredictError::NoRows);
        }
        let table = Table::from_rows(rows);
        match method {
            Method::Predict => self.estimator.predict(table),
            Method::PredictProba => self.estimator.predict_proba(table),
        }
    }

    /// The largest term of the sums behind these rows' answers, for models that are only exact within a fraction of
    /// it: terms of a linear model may be far larger than their sum. Zero where the answers themselves are the measure.
    pub fn largest_term(&self, rows: &Rows) -> Result<f64, PredictError> {
        self.estimator.largest_term(Table::from_rows(rows))
    }

    /// How much each input has to do with each answer, for linear models and trees, alone or behind steps that make
    /// every column of one column; `None` for all others. Of a linear model it is told from the mean of `background`,
    /// of trees from the ways of their training data.
    pub fn attributions(&self, rows: &Rows, background: &Rows) -> Result<Option<Attributions>, PredictError> {
        if rows.count() == 0 || background.count() == 0 {
            return Err(PredictError::NoRows);
        }
        self.estimator
            .attributions(Table::from_rows(rows), Table::from_rows(background))
    }

    pub fn exactness(&self) -> Exactness {
        self.estimator.exactness()
    }

    /// A line for people, such as `RandomForestClassifier, 100 trees, scikit-learn 1.9.1`.
    pub fn describe(&self) -> String {
        format!("{}, {}", self.estimator.describe(), self.library)
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Model").field(&self.describe()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_shared_between_threads() {
        fn check<T: Send + Sync>() {}
        check::<Model>();
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        let refusal = Model::from_skops(b"\x80\x04pickle").expect_err("a refusal");
        assert_eq!(refusal.subject, "file");
    }
}

//! Files of XGBoost and LightGBM from untrusted places: read or refused, in bounded time and memory, and scored.

#![no_main]

use fettle_native::{ClassLabels, Column, LightgbmClass, Method, Model, Rows, XgboostClass};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    for class in [XgboostClass::Booster, XgboostClass::Regressor, XgboostClass::Classifier] {
        let _ = Model::from_xgboost(file, class).map(|model| score(&model));
    }
    let labels = ClassLabels::Integers(vec![0, 1]);
    for class in [LightgbmClass::Booster, LightgbmClass::Classifier(labels)] {
        let _ = Model::from_lightgbm(file, class).map(|model| score(&model));
    }
});

fn score(model: &Model) {
    let column = |at: usize| Column::F64(vec![at as f64 * 0.7 - 1.0, f64::NAN, 0.0]);
    let columns = (0..model.input_count().min(64)).map(column).collect();
    if let Ok(rows) = Rows::new(model.input_names().map(<[String]>::to_vec), columns) {
        let _ = model.predict(&rows, Method::Predict);
    }
}

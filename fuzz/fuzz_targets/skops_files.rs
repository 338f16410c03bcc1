//! Model files from untrusted places: read or refused, in bounded time and memory.

#![no_main]

use fettle_native::{Column, Method, Model, Rows};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let Ok(model) = Model::from_skops(file) else { return };
    let _ = model.describe();
    let column = |at: usize| Column::F64(vec![at as f64 * 0.7 - 1.0, f64::NAN, 1e9]);
    let columns = (0..model.input_count().min(64)).map(column).collect();
    if let Ok(rows) = Rows::new(model.input_names().map(<[String]>::to_vec), columns) {
        let _ = model.predict(&rows, Method::Predict);
        let _ = model.predict(&rows, Method::PredictProba);
        let _ = model.largest_term(&rows);
    }
});

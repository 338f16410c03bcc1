//! Attributions are those of the `shap` package, LightGBM and XGBoost (`attributions/record.py`).

use std::fs;
use std::path::{Path, PathBuf};

use fettle_native::{Attributions, Column, LightgbmClass, Method, Model, Output, Rows, XgboostClass};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attributions")
}

fn model(file: &str) -> Model {
    let bytes = fs::read(folder().join(file)).expect("a model file");
    let read = match file.rsplit('.').next() {
        Some("json") => Model::from_xgboost(&bytes, XgboostClass::Regressor),
        Some("txt") => Model::from_lightgbm(&bytes, LightgbmClass::Booster),
        _ => Model::from_skops(&bytes),
    };
    read.expect(file)
}

fn rows(columns: &Value) -> Rows {
    let columns = columns.as_object().expect("columns by name");
    let read = |cells: &Value| {
        let cells = cells.as_array().expect("a list");
        if cells.iter().any(Value::is_string) {
            Column::Text(cells.iter().map(|cell| cell.as_str().map(str::to_owned)).collect())
        } else {
            Column::F64(cells.iter().map(|cell| cell.as_f64().unwrap_or(f64::NAN)).collect())
        }
    };
    let names = columns.keys().cloned().collect();
    Rows::new(Some(names), columns.values().map(read).collect()).expect("even columns")
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().expect("a list").iter();
    list.map(|value| value.as_f64().expect("a number")).collect()
}

fn expect_close(name: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * expected.abs().max(1.0),
            "{name}, value {place}: {found} for {expected}"
        );
    }
}

#[test]
fn attributions_are_those_of_shap() {
    let text = fs::read_to_string(folder().join("cases.json")).expect("cases");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_object().expect("cases by name");
    assert_eq!(cases.len(), 13);
    for (name, case) in cases {
        let model = model(case["file"].as_str().expect("a file"));
        let asked = rows(&case["columns"]);
        let background = match &case["background"] {
            Value::Null => asked.clone(),
            columns => rows(columns),
        };
        let found = model.attributions(&asked, &background).expect(name).expect(name);
        let tolerance = case["tolerance"].as_f64().expect("a tolerance");
        expect_close(name, &found.values, &numbers(&case["values"]), tolerance);
        expect_close(name, &found.base, &numbers(&case["base"]), tolerance);
        if [
            "decision_tree",
            "forest",
            "extra_trees",
            "boosted",
            "linear",
            "pipeline",
            "xgboost",
            "lightgbm",
        ]
        .contains(&name.as_str())
        {
            add_up(name, &model, &asked, &found);
        }
    }
}

/// A regressor's answer is the base and what each input adds to it.
fn add_up(name: &str, model: &Model, rows: &Rows, found: &Attributions) {
    let Output::F64 { values, columns: 1 } = model.predict(rows, Method::Predict).expect(name) else {
        panic!("{name} does not answer with a number");
    };
    let sums: Vec<f64> = found
        .values
        .chunks(found.inputs)
        .map(|row| found.base[0] + row.iter().sum::<f64>())
        .collect();
    expect_close(name, &sums, &values, 1e-6);
}

#[test]
fn what_mixes_columns_is_not_explained() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.9.1");
    let bytes = fs::read(golden.join("ada_boost_regressor/model.skops")).expect("a model");
    let model = Model::from_skops(&bytes).expect("a model that is read");
    let column = || Column::F64(vec![0.5, 1.5]);
    let rows = Rows::new(
        model.input_names().map(<[String]>::to_vec),
        (0..model.input_count()).map(|_| column()).collect(),
    )
    .expect("even columns");
    assert_eq!(model.attributions(&rows, &rows).expect("an answer"), None);
}

//! Compares this crate's answers with the ones that `generate.py` wrote.

use std::fs;
use std::path::{Path, PathBuf};

use fettle_native::{
    ClassLabels, Column, Exactness, LightgbmClass, Method, Model, Output, PredictError, Rows, XgboostClass,
};
use serde_json::Value;

/// Rows of each set that are also scored by themselves.
const SINGLES: usize = 64;

/// What a folder of cases came to.
#[derive(Debug, Default)]
pub struct Report {
    pub cases: usize,
    pub values: usize,
    /// Cases that had to be refused, and were.
    pub refused: usize,
    /// The most that a value differed from Python's, relative to the largest of its column.
    pub greatest_difference: f64,
    pub failures: Vec<String>,
}

/// Checks every case below `folder`.
pub fn check_folder(folder: &Path) -> Report {
    let mut report = Report::default();
    for case in case_folders(folder) {
        let name = case.strip_prefix(folder).unwrap_or(&case).display().to_string();
        report.cases += 1;
        if let Err(failure) = check_case(&case, &mut report) {
            report.failures.push(format!("{name}: {failure}"));
        }
    }
    if report.cases == 0 {
        report.failures.push(format!("{} holds no cases", folder.display()));
    }
    report
}

fn case_folders(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    entries.sort();
    for path in entries.into_iter().filter(|path| path.is_dir()) {
        if path.join("case.json").is_file() {
            found.push(path);
        } else {
            found.extend(case_folders(&path));
        }
    }
    found
}

fn check_case(folder: &Path, report: &mut Report) -> Result<(), String> {
    let read = |name: &str| fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"));
    let case: Value = serde_json::from_slice(&read("case.json")?).map_err(|error| error.to_string())?;
    let model = match (model(&case["model"], read), case["refused"].as_str()) {
        (Ok(model), None) => model,
        (Ok(_), Some(_)) => return Err("is read, and was to be refused".to_owned()),
        (Err(refusal), Some(reason)) if refusal.contains(reason) => {
            report.refused += 1;
            return Ok(());
        }
        (Err(refusal), _) => return Err(refusal),
    };
    for set in case["sets"].as_array().ok_or("case.json has no sets")? {
        check_set(&model, set, report).map_err(|failure| format!("{}: {failure}", set["name"]))?;
    }
    Ok(())
}

/// The model of a case; those of scikit-learn have no entry of their own.
fn model(entry: &Value, read: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Model, String> {
    let bytes = read(entry["file"].as_str().unwrap_or("model.skops"))?;
    let class = entry["class"].as_str().unwrap_or_default();
    let found = match entry["library"].as_str() {
        None => Model::from_skops(&bytes),
        Some("xgboost") => Model::from_xgboost(
            &bytes,
            match class {
                "classifier" => XgboostClass::Classifier,
                "regressor" => XgboostClass::Regressor,
                _ => XgboostClass::Booster,
            },
        ),
        Some("lightgbm") => Model::from_lightgbm(
            &bytes,
            match entry["labels"].as_array() {
                Some(labels) => LightgbmClass::Classifier(class_labels(labels)),
                None => LightgbmClass::Booster,
            },
        ),
        Some(other) => return Err(format!("unknown library {other}")),
    };
    found.map_err(|refusal| format!("refused: {refusal}"))
}

fn class_labels(labels: &[Value]) -> ClassLabels {
    let integers: Option<Vec<i64>> = labels.iter().map(Value::as_i64).collect();
    integers.map_or_else(
        || {
            ClassLabels::Texts(
                labels
                    .iter()
                    .filter_map(|label| label.as_str().map(str::to_owned))
                    .collect(),
            )
        },
        ClassLabels::Integers,
    )
}

fn check_set(model: &Model, set: &Value, report: &mut Report) -> Result<(), String> {
    let rows = rows(set)?;
    for (method, key) in [(Method::Predict, "predict"), (Method::PredictProba, "predict_proba")] {
        let found = model.predict(&rows, method);
        let expected = &set[key];
        if !set["raises"].is_null() {
            match found {
                Ok(_) => return Err(format!("{key} answers where Python raises {}", set["raises"])),
                Err(_) => continue,
            }
        }
        let found = match found {
            Err(PredictError::NoProbability(_)) if expected.is_null() => continue,
            found => found.map_err(|error| format!("{key}: {error}"))?,
        };
        let expected = output(expected)?;
        let largest_term = model.largest_term(&rows).map_err(|error| error.to_string())?;
        let difference = difference(&found, &expected, model.exactness(), largest_term)
            .map_err(|found| format!("{key}: {found}"))?;
        report.greatest_difference = report.greatest_difference.max(difference);
        report.values += rows.count();
        check_singles(model, &rows, method, &found)?;
    }
    Ok(())
}

/// Each row alone must get the very answer that it got among the others.
fn check_singles(model: &Model, rows: &Rows, method: Method, together: &Output) -> Result<(), String> {
    for row in 0..rows.count().min(SINGLES) {
        let columns = rows.columns().iter().map(|column| one(column, row)).collect();
        let single = Rows::new(rows.names().map(<[String]>::to_vec), columns).map_err(|error| error.to_string())?;
        let alone = model
            .predict(&single, method)
            .map_err(|error| format!("row {row} alone: {error}"))?;
        let same = match (&alone, together) {
            (Output::F64 { values: alone, columns }, Output::F64 { values, .. }) => {
                bits(alone) == bits(&values[row * columns..(row + 1) * columns])
            }
            (Output::Column(alone), Output::Column(values)) => bits(alone) == bits(&values[row..=row]),
            (Output::I64(alone), Output::I64(values)) => alone[0] == values[row],
            (Output::Bool(alone), Output::Bool(values)) => alone[0] == values[row],
            (Output::Text(alone), Output::Text(values)) => alone[0] == values[row],
            (Output::Labels(alone), Output::Labels(together)) => alone
                .iter()
                .zip(together)
                .all(|(alone, together)| row_of(together, row) == *alone),
            _ => false,
        };
        if !same {
            return Err(format!("row {row} alone gives {alone:?}"));
        }
    }
    Ok(())
}

/// One row of a vector of labels.
fn row_of(labels: &Output, row: usize) -> Output {
    match labels {
        Output::I64(values) => Output::I64(vec![values[row]]),
        Output::Bool(values) => Output::Bool(vec![values[row]]),
        Output::Text(values) => Output::Text(vec![values[row].clone()]),
        other => other.clone(),
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn one(column: &Column, row: usize) -> Column {
    match column {
        Column::F64(values) => Column::F64(vec![values[row]]),
        Column::F32(values) => Column::F32(vec![values[row]]),
        Column::I64(values) => Column::I64(vec![values[row]]),
        Column::I32(values) => Column::I32(vec![values[row]]),
        Column::Bool(values) => Column::Bool(vec![values[row]]),
        Column::Text(values) => Column::Text(vec![values[row].clone()]),
        Column::Object(values) => Column::Object(vec![values[row].clone()]),
    }
}

/// The greatest difference, or what is wrong.
fn difference(found: &Output, expected: &Output, exactness: Exactness, largest_term: f64) -> Result<f64, String> {
    if let (Output::Column(found), Output::Column(expected)) = (found, expected) {
        let vector = |values: &[f64]| Output::F64 {
            values: values.to_vec(),
            columns: 1,
        };
        return difference(&vector(found), &vector(expected), exactness, largest_term);
    }
    let (
        Output::F64 { values: found, columns },
        Output::F64 {
            values: expected,
            columns: expected_columns,
        },
    ) = (found, expected)
    else {
        return if found == expected {
            Ok(0.0)
        } else {
            Err(format!("{found:?} is not {expected:?}"))
        };
    };
    if columns != expected_columns || found.len() != expected.len() {
        return Err(format!(
            "{} values in {columns} columns, not {} in {expected_columns}",
            found.len(),
            expected.len()
        ));
    }
    let mut greatest = 0.0_f64;
    for (at, (found, value)) in found.iter().zip(expected).enumerate() {
        if found.to_bits() == value.to_bits() {
            continue;
        }
        let largest = expected
            .iter()
            .skip(at % columns)
            .step_by(*columns)
            .fold(largest_term, |most, value| most.max(value.abs()));
        let relative = (found - value).abs() / largest;
        let allowed = matches!(exactness, Exactness::WithinRelative(bound) if relative <= bound);
        if !allowed {
            return Err(format!(
                "row {} has {found:?}, not {value:?} ({relative:e})",
                at / columns
            ));
        }
        greatest = greatest.max(relative);
    }
    Ok(greatest)
}

fn rows(set: &Value) -> Result<Rows, String> {
    let columns = set["columns"].as_array().ok_or("a set has no columns")?;
    let named = set["named"] == true;
    let names = columns
        .iter()
        .map(|column| column["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    let columns = columns.iter().map(column).collect::<Result<_, _>>()?;
    Rows::new(named.then_some(names), columns).map_err(|error| error.to_string())
}

fn column(column: &Value) -> Result<Column, String> {
    let values = column["values"].as_array().ok_or("a column has no values")?;
    let integers = || values.iter().filter_map(Value::as_i64);
    let texts = || values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
    Ok(match column["dtype"].as_str().unwrap_or_default() {
        "float64" => Column::F64(values.iter().map(float).collect::<Result<_, _>>()?),
        "float32" => Column::F32(
            values
                .iter()
                .map(|value| Ok(float(value)? as f32))
                .collect::<Result<_, String>>()?,
        ),
        "int64" => Column::I64(integers().collect()),
        "int32" => Column::I32(integers().map(|value| value as i32).collect()),
        "bool" => Column::Bool(values.iter().map(|value| *value == true).collect()),
        "text" => Column::Text(texts()),
        "object" => Column::Object(texts()),
        other => return Err(format!("unknown dtype {other}")),
    })
}

fn output(output: &Value) -> Result<Output, String> {
    let values = output["values"].as_array().ok_or("an answer is missing")?;
    let columns = output["columns"].as_u64().unwrap_or(0) as usize;
    if columns > 1 && output["dtype"] != "float64" {
        // Row by row in the file, a vector for each output here.
        let column = |column: usize| {
            let values: Vec<&Value> = values.iter().skip(column).step_by(columns).collect();
            labels(output["dtype"].as_str().unwrap_or_default(), &values)
        };
        return Ok(Output::Labels((0..columns).map(column).collect::<Result<_, _>>()?));
    }
    if output["dtype"] == "column" {
        return Ok(Output::Column(values.iter().map(float).collect::<Result<_, _>>()?));
    }
    if output["dtype"] == "float64" {
        return Ok(Output::F64 {
            values: values.iter().map(float).collect::<Result<_, _>>()?,
            columns,
        });
    }
    labels(
        output["dtype"].as_str().unwrap_or_default(),
        &values.iter().collect::<Vec<_>>(),
    )
}

fn labels(dtype: &str, values: &[&Value]) -> Result<Output, String> {
    Ok(match dtype {
        "int64" => Output::I64(values.iter().filter_map(|value| value.as_i64()).collect()),
        "bool" => Output::Bool(values.iter().map(|value| **value == true).collect()),
        "text" => Output::Text(
            values
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
        ),
        other => return Err(format!("unknown dtype {other}")),
    })
}

fn float(value: &Value) -> Result<f64, String> {
    let digits = value.as_str().ok_or("a float is not hexadecimal digits")?;
    u64::from_str_radix(digits, 16)
        .map(f64::from_bits)
        .map_err(|error| error.to_string())
}

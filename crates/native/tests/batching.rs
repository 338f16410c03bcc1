//! A batch must not change an answer: the gateway puts rows of different callers together.

use std::path::Path;

use fettle_native::{Column, Method, Model, Output, Rows};
use proptest::prelude::*;

/// Models of numbers only, one of each way of walking and adding up.
const CASES: &[&str] = &[
    "random_forest_missing",
    "random_forest_text_labels",
    "random_forest_many_targets",
    "decision_tree_regressor",
    "hist_categories",
    "hist_classifier_three",
    "imputed_ridge",
    "scaled_single_precision",
    "gaussian_nb",
    "mlp_classifier_three",
    "neighbours_weighted_ties",
    "pca_scaled",
    "stacking_classifier",
    "svc_probability_three",
];

fn model(case: &str) -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.9.1");
    Model::from_skops(&std::fs::read(folder.join(case).join("model.skops")).expect("a committed model"))
        .expect("a model")
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3.0..6.0_f64,
        2 => (-6..12_i32).prop_map(|halves| f64::from(halves) / 2.0),
        1 => 1.69e9..1.71e9_f64,
        1 => Just(f64::NAN),
        1 => Just(-0.0),
    ]
}

fn rows(model: &Model, values: &[Vec<f64>]) -> Rows {
    let columns = (0..model.input_count()).map(|column| Column::F64(values.iter().map(|row| row[column]).collect()));
    Rows::new(model.input_names().map(<[String]>::to_vec), columns.collect()).expect("columns of one length")
}

/// The answer of each row, floats by their bits.
fn answers(output: &Output) -> Vec<String> {
    match output {
        Output::F64 { values, columns } => {
            let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            bits.chunks_exact(*columns).map(|row| format!("{row:x?}")).collect()
        }
        Output::Column(values) => values.iter().map(|value| value.to_bits().to_string()).collect(),
        Output::I64(values) => values.iter().map(ToString::to_string).collect(),
        Output::Bool(values) => values.iter().map(ToString::to_string).collect(),
        Output::Text(values) => values.clone(),
        Output::Labels(outputs) => {
            let outputs: Vec<Vec<String>> = outputs.iter().map(answers).collect();
            let row = |row: usize| {
                outputs
                    .iter()
                    .map(|labels| labels[row].clone())
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            (0..outputs[0].len()).map(row).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_batch_answers_as_its_rows_do(
        case in 0..CASES.len(),
        values in proptest::collection::vec(proptest::collection::vec(value(), 5), 1..40),
    ) {
        let model = model(CASES[case]);
        for method in [Method::Predict, Method::PredictProba] {
            let Ok(together) = model.predict(&rows(&model, &values), method) else { continue };
            let mut alone = Vec::new();
            for row in values.chunks(1) {
                alone.extend(answers(&model.predict(&rows(&model, row), method).expect("a row of a good batch")));
            }
            prop_assert_eq!(answers(&together), alone);
        }
    }
}

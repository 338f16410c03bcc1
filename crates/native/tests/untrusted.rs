//! Files from untrusted places: whatever the bytes, reading them ends with a model or a refusal.

use std::io::{Cursor, Read, Write};
use std::path::Path;

use fettle_native::{ClassLabels, Column, LightgbmClass, Method, Model, Rows, XgboostClass};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// One model of each kind of file content.
const CASES: &[&str] = &[
    "random_forest_classifier",
    "hist_text_categories",
    "gradient_boosting_three",
    "columns_forest",
    "logistic_three",
    "bins_onehot",
    "calibrated_isotonic",
    "categorical_nb",
    "columns_everything",
    "isolation_forest_columns",
    "lightgbm_step_classes",
    "mlp_classifier_three",
    "multi_output_forest",
    "neighbours_ball_tree_manhattan",
    "neighbours_ties",
    "quadratic_discriminant",
    "quantile_transformer",
    "stacking_classifier",
    "svc_sparse",
    "target_encoder_three",
    "xgboost_step_classes",
];

fn model(case: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/1.9.1");
    std::fs::read(folder.join(case).join("model.skops")).expect("a committed model")
}

/// The entries of a model file, unpacked, so that changes reach the content instead of its checksum.
fn entries(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            (entry.name().to_owned(), content)
        })
        .collect()
}

fn pack(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in entries {
        zip.start_file(name, options).expect("an entry");
        zip.write_all(content).expect("content");
    }
    zip.finish().expect("a zip").into_inner()
}

/// Reads the file and, if it is taken for a model, scores rows with it.
fn exercise(bytes: &[u8]) {
    if let Ok(model) = Model::from_skops(bytes) {
        score(&model);
    }
}

fn score(model: &Model) {
    let columns = || -> Vec<Column> {
        (0..model.input_count().min(1_000))
            .map(|at| Column::F64(vec![at as f64 * 0.7 - 1.0, f64::NAN, 1e9]))
            .collect()
    };
    for names in [model.input_names().map(<[String]>::to_vec), None] {
        let Ok(rows) = Rows::new(names, columns()) else {
            continue;
        };
        let _ = model.predict(&rows, Method::Predict);
        let _ = model.predict(&rows, Method::PredictProba);
        let _ = model.largest_term(&rows);
        let _ = model.describe();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Model::from_skops(&bytes).is_err());
    }

    #[test]
    fn changed_files_do_not_panic(
        case in 0..CASES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = model(CASES[case]);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        exercise(&bytes);
    }

    #[test]
    fn changed_content_does_not_panic(
        case in 0..CASES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut entries = entries(&model(CASES[case]));
        for (entry, at, value) in changes {
            let content = &mut entry.get_mut(&mut entries).1;
            if !content.is_empty() {
                let at = at.index(content.len());
                content[at] = value;
            }
        }
        exercise(&pack(&entries));
    }

    #[test]
    fn changed_numbers_do_not_panic(
        case in 0..CASES.len(),
        which in any::<prop::sample::Index>(),
        number in prop::sample::select(vec!["-1", "0", "1", "7", "255", "4294967296", "1e308", "NaN", "null", "true"]),
    ) {
        let mut entries = entries(&model(CASES[case]));
        let schema = entries.iter_mut().find(|(name, _)| name == "schema.json").expect("a schema");
        let text = String::from_utf8(schema.1.clone()).expect("text");
        let mark = "\"content\": \"";
        let places: Vec<usize> = text.match_indices(mark).map(|(at, _)| at + mark.len()).collect();
        let start = places[which.index(places.len())];
        let end = start + text[start..].find("\",\n").expect("an end");
        schema.1 = format!("{}{number}{}", &text[..start], &text[end..]).into_bytes();
        exercise(&pack(&entries));
    }

    #[test]
    fn exchanged_arrays_do_not_panic(
        case in 0..CASES.len(),
        left in any::<prop::sample::Index>(),
        right in any::<prop::sample::Index>(),
    ) {
        let mut entries = entries(&model(CASES[case]));
        let (left, right) = (left.index(entries.len()), right.index(entries.len()));
        entries[left].1 = entries[right].1.clone();
        exercise(&pack(&entries));
    }
}

fn check_refused(change: impl Fn(&str) -> String, expected: &str) {
    let mut entries = entries(&model("random_forest_regressor"));
    let schema = entries
        .iter_mut()
        .find(|(name, _)| name == "schema.json")
        .expect("a schema");
    schema.1 = change(std::str::from_utf8(&schema.1).expect("text")).into_bytes();
    let refusal = Model::from_skops(&pack(&entries)).expect_err("a refusal").to_string();
    assert!(refusal.contains(expected), "{refusal}");
}

#[test]
fn refusals_name_what_is_refused() {
    check_refused(
        |schema| schema.replace("\"protocol\": 2", "\"protocol\": 3"),
        "protocol: 3 is newer",
    );
    check_refused(
        |schema| schema.replace("\\\"1.9.1\\\"", "\\\"2.0.0\\\""),
        "scikit-learn 2.0.0; 1.2 to 1.9 are known",
    );
    check_refused(
        |schema| schema.replace("\"bootstrap\"", "\"quantum\""),
        "model: has `quantum`, which is not known",
    );
    check_refused(
        |schema| schema.replace("\"RandomForestRegressor\"", "\"Evil\""),
        "model: is a sklearn.ensemble._forest.Evil, which is not evaluated natively",
    );
    check_refused(
        // Leaves of one value where the forest claims two.
        |schema| {
            let (before, after) = schema.split_once("\"n_outputs_\"").expect("an attribute");
            let after = after.replacen("\"content\": \"1\"", "\"content\": \"2\"", 1);
            format!("{before}\"n_outputs_\"{after}")
        },
        "which does not fit the model",
    );
    check_refused(|_| "[".repeat(100_000), "schema.json: is not valid JSON");
}

#[test]
fn a_zip_bomb_is_refused_while_it_unpacks() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    zip.start_file("schema.json", options).expect("an entry");
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..300 {
        zip.write_all(&zeros).expect("content");
    }
    let bytes = zip.finish().expect("a zip").into_inner();
    assert!(bytes.len() < 2 << 20);
    let refusal = Model::from_skops(&bytes).expect_err("a refusal").to_string();
    assert!(refusal.contains("unpacks to more than"), "{refusal}");
}

/// Boosted models in their own formats.
const BOOSTED: &[&str] = &[
    "xgboost_three/model.json",
    "xgboost_two_targets/model.ubj",
    "lightgbm_categories/model.lgb",
    "lightgbm_text_labels/model.lgb",
    "lightgbm_linear_regressor/model.lgb",
    "lightgbm_zeros/model.lgb",
    "xgboost_categories_sets/model.ubj",
    "xgboost_dart_classes/model.json",
    "xgboost_vector_leaves/model.ubj",
];

fn exercise_boosted(bytes: &[u8]) {
    for class in [XgboostClass::Booster, XgboostClass::Regressor, XgboostClass::Classifier] {
        if let Ok(model) = Model::from_xgboost(bytes, class) {
            score(&model);
        }
    }
    let labels = ClassLabels::Texts(["a", "b", "c"].map(str::to_owned).to_vec());
    for class in [LightgbmClass::Booster, LightgbmClass::Classifier(labels)] {
        if let Ok(model) = Model::from_lightgbm(bytes, class) {
            score(&model);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn changed_boosted_files_do_not_panic(
        case in 0..BOOSTED.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kept in any::<prop::sample::Index>(),
    ) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/boosted").join(BOOSTED[case]);
        let mut bytes = std::fs::read(path).expect("a committed model");
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        exercise_boosted(&bytes);
        exercise_boosted(&bytes[..kept.index(bytes.len())]);
    }
}

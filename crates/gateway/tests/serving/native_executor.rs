//! Which executor a model gets, and that native answers are Python's.

use crate::common::{deploy, json, model, options, score, together};
use fettle_gateway::{Deployment, ExecutorChoice, ExecutorKind, Options, compare_with_python};
use serde_json::json;

/// Rows around the training data, on its two decimals, and far outside.
fn bodies(columns: &[&str]) -> Vec<String> {
    let text = |row: usize| ["Oslo", "Lima", "Pune", "Paris", ""][row % 5];
    let number = |row: usize, column: usize| match row % 7 {
        6 => (row * 1_000_003 + column) as f64 * 1e3,
        _ => ((row * 37 + column * 91) % 400) as f64 / 100.0 - 2.0,
    };
    let cell = |row: usize, (index, name): (usize, &&str)| match *name {
        "city" => json!(text(row)),
        _ => json!(number(row, index)),
    };
    (0..60)
        .map(|row| {
            let data: Vec<_> = columns.iter().enumerate().map(|column| cell(row, column)).collect();
            json!({"dataframe_split": {"columns": columns, "data": [data]}}).to_string()
        })
        .collect()
}

async fn answers(deployment: &Deployment, bodies: &[String]) -> Vec<String> {
    let mut answers = Vec::new();
    for body in bodies {
        let response = score(deployment, body.clone()).await;
        assert_eq!(response.status, 200, "{body}: {response:?}");
        answers.push(String::from_utf8(response.body.to_vec()).unwrap());
    }
    answers
}

/// Native must have been chosen and must answer the very bytes Python answers.
async fn check_exact(name: &str, columns: &[&str]) {
    let native = deploy(name, options(ExecutorChoice::Auto)).await;
    let report = native.report();
    assert_eq!(report.executor, ExecutorKind::Native, "{report:#?}");
    let parity = report.parity.as_ref().unwrap();
    assert!(
        parity.passed && parity.rows_compared > 400 && parity.rows_by_kind["example"] == 3,
        "{parity:?}"
    );
    assert_eq!(parity.max_absolute_difference, 0.0);
    assert!(native.worker_pids().is_empty());
    let python = deploy(name, options(ExecutorChoice::Python)).await;
    let bodies = bodies(columns);
    assert_eq!(answers(&native, &bodies).await, answers(&python, &bodies).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forest_is_scored_natively_to_the_bit() {
    let _turn = together().await;
    check_exact("forest", &["a", "b", "c", "d"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pickled_forest_is_rewritten_and_scored_natively() {
    let _turn = together().await;
    check_exact("forest_pickle", &["d", "a", "b", "c"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn boosted_trees_are_scored_natively_from_their_own_files() {
    let _turn = together().await;
    check_exact("xgboost", &["a", "b", "c", "d"]).await;
    check_exact("xgboost_classes", &["a", "b", "c", "d"]).await;
    check_exact("lightgbm_booster", &["a", "b", "c", "d"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pickled_lightgbm_is_rewritten_and_scored_natively() {
    let _turn = together().await;
    check_exact("lightgbm", &["a", "b", "c", "d"]).await;
    check_exact("lightgbm_classes", &["a", "b", "c", "d"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn class_labels_are_the_same_texts() {
    let _turn = together().await;
    check_exact("classes", &["a", "b", "c", "d"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn histogram_boosting_is_scored_natively_to_the_bit() {
    let _turn = together().await;
    check_exact("boosting", &["a", "b", "c", "d"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_answers_otherwise_does_not_pass() {
    let _turn = together().await;
    let forest = model("forest");
    let other = std::fs::read(model("forest_other_seed").path.join("model.skops")).unwrap();
    let parity = compare_with_python(&forest, &other, &options(ExecutorChoice::Auto))
        .await
        .unwrap();
    assert!(!parity.passed && parity.rows_differing > 100, "{parity:?}");
    let difference = parity.first_difference.unwrap();
    assert_ne!(difference.python, difference.native);

    let own = std::fs::read(forest.path.join("model.skops")).unwrap();
    let parity = compare_with_python(&forest, &own, &options(ExecutorChoice::Auto))
        .await
        .unwrap();
    assert!(parity.passed && parity.rows_differing == 0, "{parity:?}");
    assert!(
        parity.rows_both_refuse > 0,
        "rows with infinities should be refused by both: {parity:?}"
    );
}

/// Models with a matrix product are close, not equal; whichever executor `auto` picks has to say why.
#[tokio::test(flavor = "multi_thread")]
async fn linear_models_and_pipelines_agree_within_rounding() {
    let _turn = together().await;
    for name in ["linear", "mixed"] {
        let deployment = deploy(name, options(ExecutorChoice::Auto)).await;
        let report = deployment.report();
        assert_eq!(report.executor, ExecutorKind::Native, "{name}: {report:#?}");
        assert!(report.parity.as_ref().unwrap().max_relative_difference <= 1e-12);
    }
}

/// Models of several kinds pass the gate from their pickles, and say what the comparison came to.
#[tokio::test(flavor = "multi_thread")]
async fn models_of_several_kinds_are_scored_natively() {
    let _turn = together().await;
    for name in ["svc", "neighbours", "stacking", "several_labels", "prepared_xgboost"] {
        let deployment = deploy(&format!("zoo_{name}"), options(ExecutorChoice::Auto)).await;
        let report = deployment.report();
        assert_eq!(report.executor, ExecutorKind::Native, "{name}: {report:#?}");
        let parity = report.parity.as_ref().unwrap();
        assert!(
            parity.verdict.contains("gave Python's answers"),
            "{name}: {}",
            parity.verdict
        );
        let rows: usize = parity.kinds.values().map(|kind| kind.rows).sum();
        assert_eq!(rows, parity.rows_compared, "{name}");
        if name == "several_labels" {
            let body = json!({"instances": [{"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}]}).to_string();
            let answer = json(&score(&deployment, body).await);
            let labels = answer["predictions"][0].as_array().map(Vec::len);
            assert_eq!(labels, Some(2), "{answer}");
        }
    }
    let several = deploy("zoo_several_labels", options(ExecutorChoice::Auto)).await;
    let body = json!({"instances": [{"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}]}).to_string();
    let answer = json(&score(&several, body).await);
    assert!(
        answer["predictions"][0]
            .as_array()
            .is_some_and(|labels| labels.len() == 2),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_only_python_knows_gets_python_and_the_reason() {
    let _turn = together().await;
    let deployment = deploy("moody", options(ExecutorChoice::Auto)).await;
    assert_eq!(deployment.report().executor, ExecutorKind::Python);
    assert!(
        deployment.report().why.contains("flavour is scored in Python"),
        "{}",
        deployment.report().why
    );
    let error = Deployment::start(model("moody"), options(ExecutorChoice::Native))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("cannot be scored natively"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn native_can_be_forced_without_python_and_says_that_nothing_was_compared() {
    let _turn = together().await;
    let no_python = |executor| Options {
        python: Some("/nowhere/python".into()),
        ..options(executor)
    };
    let deployment = deploy("forest", no_python(ExecutorChoice::Native)).await;
    assert_eq!(deployment.report().executor, ExecutorKind::Native);
    assert!(
        deployment.report().why.contains("not compared with Python"),
        "{}",
        deployment.report().why
    );
    assert!(deployment.report().parity.is_none());
    let body = json!({"instances": [{"a": 1, "b": 2, "c": 3, "d": 4}]}).to_string();
    assert_eq!(score(&deployment, body).await.status, 200);
    // What only pandas reads is refused with the way out.
    let odd = score(
        &deployment,
        r#"{"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}"#,
    )
    .await;
    assert_eq!(odd.status, 400);
    assert!(
        json(&odd)["message"]
            .as_str()
            .unwrap()
            .contains("the executor `python`")
    );

    let auto = Deployment::start(model("forest"), no_python(ExecutorChoice::Auto))
        .await
        .unwrap_err();
    assert!(auto.to_string().contains("/nowhere/python"), "{auto}");
    let pickle = Deployment::start(model("forest_pickle"), no_python(ExecutorChoice::Native))
        .await
        .unwrap_err();
    assert!(pickle.to_string().contains("only Python may open"), "{pickle}");
}

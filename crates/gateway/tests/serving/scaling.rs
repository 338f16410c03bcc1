//! Workers that come and go: with the load, with their wear, with the memory there is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{alone, deploy, json, metric, options, row, score, together};
use fettle_gateway::{Deployment, ExecutorChoice, NativeMemory, Options, Recycling, Scaling, ScoreResponse};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const PATIENCE: Duration = Duration::from_mins(2);

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn quick(least: usize, most: usize) -> Options {
    Options {
        batching: Some(false),
        scaling: Scaling {
            stable_window: Duration::from_secs(3),
            panic_window: Duration::from_millis(600),
            tick: Duration::from_millis(200),
            ..Scaling::between(least, most)
        },
        ..options(ExecutorChoice::Python)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_follow_the_load_from_one_to_four_to_none_to_one_and_no_request_fails() {
    let _turn = alone().await;
    let deployment = Arc::new(deploy("moody", quick(0, 4)).await);
    assert_eq!(deployment.worker_pids().len(), 1);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    // Twelve callers, each waiting for half a second of work: more than two for each of four workers.
    let callers: Vec<_> = (0..12)
        .map(|_| {
            let (deployment, stop) = (Arc::clone(&deployment), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answers: Vec<ScoreResponse> = Vec::new();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    answers.push(score(&deployment, row(-2.0)).await);
                }
                answers
            })
        })
        .collect();
    until("four workers", || deployment.worker_pids().len() == 4).await;
    assert_eq!(deployment.replicas().ready, 4);
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for caller in callers {
        for answer in caller.await.unwrap() {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    until("no worker", || {
        let replicas = deployment.replicas();
        replicas.ready + replicas.starting + replicas.stopping == 0
    })
    .await;
    assert!(deployment.ready(), "a request would start a worker");
    assert_eq!(metric(&deployment, "fettle_scoring_loaded"), 0.0);
    let answer = score(&deployment, row(4.0)).await;
    assert_eq!(
        (answer.status, json(&answer)["predictions"][0].as_f64()),
        (200, Some(8.0))
    );
    assert_eq!(deployment.worker_pids().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_waits_for_the_first_worker_only_so_long() {
    let _turn = together().await;
    let mut options = quick(0, 1);
    options.scaling.cold_start_max = Duration::from_millis(1);
    let deployment = deploy("moody", options).await;
    until("no worker", || deployment.worker_pids().is_empty()).await;
    let refused = score(&deployment, row(1.0)).await;
    assert_eq!((refused.status, refused.retry_after), (503, Some(1)), "{refused:?}");
    until("a worker that was started for it", || {
        !deployment.worker_pids().is_empty()
    })
    .await;
    assert_eq!(score(&deployment, row(1.0)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worn_worker_is_replaced_and_no_request_fails() {
    let _turn = together().await;
    let mut options = options(ExecutorChoice::Python);
    options.supervision.recycling = Recycling {
        requests_max: Some(5),
        resident_bytes_max: None,
    };
    let deployment = deploy("moody", options).await;
    let first = deployment.worker_pids();
    let end = Instant::now() + PATIENCE;
    while metric(&deployment, "fettle_scoring_workers_recycled_total") < 1.0 {
        assert!(Instant::now() < end, "the worker was not replaced");
        assert_eq!(score(&deployment, row(1.0)).await.status, 200);
    }
    assert_ne!(deployment.worker_pids(), first);
    assert_eq!(score(&deployment, row(1.0)).await.status, 200);
    assert_eq!(metric(&deployment, "fettle_scoring_worker_restarts_total"), 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_wants_more_memory_than_it_may_have_fails_alone() {
    let _turn = together().await;
    let mut options = options(ExecutorChoice::Python);
    options.supervision.memory_bytes_max = Some(2 << 30);
    let deployment = deploy("moody", options).await;
    let pids = deployment.worker_pids();
    let refused = score(&deployment, row(-5.0)).await;
    assert_eq!(refused.status, 400);
    let message = json(&refused)["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("MemoryError"), "{message}");
    assert_eq!(score(&deployment, row(1.0)).await.status, 200);
    assert_eq!(deployment.worker_pids(), pids, "the worker lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn native_models_make_room_for_each_other_and_come_back() {
    let _turn = together().await;
    let memory = NativeMemory::new(1);
    let native = || Options {
        native_memory: Some(Arc::clone(&memory)),
        ..options(ExecutorChoice::Auto)
    };
    let skops = deploy("forest", native()).await;
    let loaded = |deployment: &Deployment| metric(deployment, "fettle_scoring_loaded") == 1.0;
    assert!(loaded(&skops));
    let pickle = deploy("forest_pickle", native()).await;
    assert!(loaded(&pickle) && !loaded(&skops));
    let body = r#"{"dataframe_split": {"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, 4]]}}"#;
    let first = score(&skops, body).await;
    assert_eq!(first.status, 200);
    assert!(loaded(&skops) && !loaded(&pickle));
    assert_eq!(
        score(&pickle, body).await,
        first,
        "the same forest, read again from what Python wrote"
    );
    assert!(loaded(&pickle) && !loaded(&skops));
    pickle.unload().await;
    assert!(!pickle.ready() && !loaded(&pickle));
    assert_eq!(score(&pickle, body).await.status, 503);
    pickle.load().await.unwrap();
    assert_eq!(score(&pickle, body).await, first);
}

/// Whatever arrives together, in whatever order and with whatever in it: each caller gets what it would get alone.
#[test]
fn batched_equals_unbatched() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _turn = runtime.block_on(together());
    let batching = Options {
        batching: Some(true),
        ..options(ExecutorChoice::Python)
    };
    let deployment = Arc::new(runtime.block_on(deploy("moody", batching)));
    let value = prop_oneof![8 => -1e6..1e6, 1 => Just(-1.0), 1 => Just(f64::NAN), 1 => Just(0.0)];
    let requests = prop::collection::vec(prop::collection::vec(value, 1..4), 1..24);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let check = |requests: Vec<Vec<f64>>| {
        let together = requests.iter().map(|values| {
            let (deployment, body) = (Arc::clone(&deployment), body(values));
            runtime.spawn(async move { score(&deployment, body).await })
        });
        let together: Vec<_> = together.collect();
        for (values, answer) in requests.iter().zip(together) {
            let answer = runtime.block_on(answer).unwrap();
            let alone = runtime.block_on(score(&deployment, body(values)));
            prop_assert_eq!(&answer, &alone);
            let refused = values.contains(&-1.0);
            prop_assert_eq!(answer.status, if refused { 400 } else { 200 });
        }
        Ok(())
    };
    runner.run(&requests, check).unwrap();
    assert!(
        metric(&deployment, "fettle_scoring_batch_requests_sum")
            > metric(&deployment, "fettle_scoring_batch_requests_count")
    );
}

fn body(values: &[f64]) -> String {
    let rows: Vec<String> = values
        .iter()
        .map(|value| {
            if value.is_nan() {
                "[NaN]".to_owned()
            } else {
                format!("[{value:?}]")
            }
        })
        .collect();
    format!(
        r#"{{"dataframe_split": {{"columns": ["x"], "data": [{}]}}}}"#,
        rows.join(", ")
    )
}

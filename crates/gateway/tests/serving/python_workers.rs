//! The Python executor against real workers: batches, and everything that can go wrong with a process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{alone, deploy, json, metric, model, options, row, score, together};
use fettle_gateway::{Deployment, ExecutorChoice, ExecutorKind, Options, Scaling, ScoreResponse, Supervision};
use serde_json::json;

fn python_options() -> Options {
    Options {
        batching: Some(true),
        ..options(ExecutorChoice::Python)
    }
}

/// Score all bodies at once.
async fn all(deployment: &Arc<Deployment>, bodies: Vec<String>) -> Vec<ScoreResponse> {
    let tasks: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let deployment = Arc::clone(deployment);
            tokio::spawn(async move { score(&deployment, body).await })
        })
        .collect();
    let mut responses = Vec::new();
    for task in tasks {
        responses.push(task.await.unwrap());
    }
    responses
}

#[tokio::test(flavor = "multi_thread")]
async fn batched_answers_equal_single_ones_and_a_bad_row_fails_alone() {
    let _turn = together().await;
    let deployment = Arc::new(deploy("moody", python_options()).await);
    assert_eq!(deployment.report().executor, ExecutorKind::Python);
    let mut singles = Vec::new();
    for x in 0..20 {
        singles.push(score(&deployment, row(f64::from(x) / 7.0)).await);
    }
    // The first keeps the worker busy, so the others meet in the queue.
    let mut bodies = vec![row(-2.0)];
    bodies.extend((0..20).map(|x| row(f64::from(x) / 7.0)));
    bodies.push(row(-1.0));
    let mut batched = all(&deployment, bodies).await;
    let bad = batched.pop().unwrap();
    assert_eq!(batched[0].status, 200);
    assert_eq!(batched[1..], singles);
    assert_eq!(bad.status, 400);
    assert_eq!(json(&bad)["error_code"], "BAD_REQUEST");
    assert!(
        json(&bad)["message"]
            .as_str()
            .unwrap()
            .contains("minus one is not welcome")
    );
    assert!(
        metric(
            &deployment,
            "fettle_scoring_batch_requests_bucket{model=\"model\",version=\"1\",le=\"1\"}"
        ) < 23.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forests_answer_the_same_in_and_out_of_a_batch() {
    let _turn = together().await;
    let deployment = Arc::new(deploy("forest", options(ExecutorChoice::Python)).await);
    let bodies: Vec<String> = (0..40)
        .map(|i| {
            let x = f64::from(i) * 0.37 - 7.0;
            json!({"dataframe_split": {"columns": ["d", "c", "b", "a"], "data": [[x, x * x, -x, 0.5 * x]]}}).to_string()
        })
        .collect();
    let mut singles = Vec::new();
    for body in &bodies {
        singles.push(score(&deployment, body.clone()).await);
    }
    assert!(singles.iter().all(|response| response.status == 200), "{singles:?}");
    assert_eq!(all(&deployment, bodies).await, singles);
    assert!(
        deployment
            .report()
            .batching
            .as_ref()
            .unwrap()
            .starts_with("on: 48 rows"),
        "{:?}",
        deployment.report()
    );
}

/// A matrix product adds up in another order for many rows; such models keep one request to a call.
#[tokio::test(flavor = "multi_thread")]
async fn linear_models_answer_the_same_because_they_are_not_batched() {
    let _turn = together().await;
    let deployment = Arc::new(deploy("linear", options(ExecutorChoice::Python)).await);
    assert!(
        deployment
            .report()
            .batching
            .as_ref()
            .unwrap()
            .starts_with("off: in batches of"),
        "{:?}",
        deployment.report()
    );
    let bodies: Vec<String> = (0..40)
        .map(|i| {
            let x = f64::from(i) * 0.37 - 7.0;
            json!({"dataframe_split": {"columns": ["a", "b", "c", "d"], "data": [[x, x * x, -x, 0.5 * x]]}}).to_string()
        })
        .collect();
    let mut singles = Vec::new();
    for body in &bodies {
        singles.push(score(&deployment, body.clone()).await);
    }
    assert_eq!(all(&deployment, bodies).await, singles);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_only_mlflow_reads_reach_it_unread() {
    let _turn = together().await;
    let deployment = deploy("moody", python_options()).await;
    let parquet = std::fs::read(deployment.folder().path.with_file_name("two_rows.parquet")).unwrap();
    let response = deployment
        .score(Some("application/vnd.apache.parquet"), parquet.into())
        .await;
    assert_eq!(json(&response), json!({"predictions": [3.0, 5.0]}));
    let csv = deployment
        .score(Some("text/csv; charset=utf-8"), "x,y\n1.5,a\n2.5,b\n".into())
        .await;
    assert_eq!(csv, response);
    let indexed = json!({"dataframe_split": {"index": [9, 4], "columns": ["x"], "data": [[1.5], [2.5]]}}).to_string();
    assert_eq!(score(&deployment, indexed).await, response);
    let broken = deployment
        .score(Some("application/vnd.apache.parquet"), "no parquet".into())
        .await;
    assert_eq!(
        (broken.status, &json(&broken)["error_code"]),
        (400, &json!("BAD_REQUEST"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_row_wise_is_asked_one_by_one() {
    let _turn = together().await;
    let deployment = Arc::new(deploy("total", python_options()).await);
    let responses = all(&deployment, (0..12).map(|x| row(f64::from(x))).collect()).await;
    for (x, response) in responses.iter().enumerate() {
        assert_eq!(json(response), json!({"predictions": [x as f64]}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_survive_the_kill_of_their_worker() {
    let _turn = alone().await;
    let deployment = Arc::new(deploy("moody", python_options()).await);
    let killed = deployment.worker_pids();
    assert_eq!(killed.len(), 1);
    let scoring = tokio::spawn({
        let deployment = Arc::clone(&deployment);
        async move { all(&deployment, vec![row(-2.0), row(1.0), row(2.0)]).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    kill(killed[0]);
    let responses = scoring.await.unwrap();
    assert!(responses.iter().all(|response| response.status == 200), "{responses:?}");
    assert_eq!(json(&responses[2]), json!({"predictions": [4.0]}));
    let again = deployment.worker_pids();
    assert!(again.len() == 1 && again != killed);
    assert_eq!(metric(&deployment, "fettle_scoring_worker_restarts_total"), 1.0);
}

fn kill(pid: u32) {
    let status = std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_kills_workers_is_given_up_and_the_others_are_not() {
    let _turn = together().await;
    let deployment = Arc::new(deploy("moody", python_options()).await);
    let responses = all(&deployment, vec![row(-2.0), row(1.0), row(-3.0), row(2.0)]).await;
    let statuses: Vec<u16> = responses.iter().map(|response| response.status).collect();
    assert_eq!(statuses, [200, 200, 503, 200], "{responses:?}");
    assert_eq!(responses[2].retry_after, Some(1));
    assert_eq!(json(&responses[2])["error_code"], "TEMPORARILY_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_answers_429_at_once() {
    let _turn = alone().await;
    let deployment = Arc::new(
        deploy(
            "moody",
            Options {
                queue: 2,
                ..python_options()
            },
        )
        .await,
    );
    let busy = tokio::spawn({
        let deployment = Arc::clone(&deployment);
        async move { score(&deployment, row(-2.0)).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let started = Instant::now();
    let responses = all(&deployment, (0..6).map(|x| row(f64::from(x))).collect()).await;
    let refused: Vec<_> = responses.iter().filter(|response| response.status == 429).collect();
    assert_eq!(refused.len(), 4, "{responses:?}");
    assert_eq!(refused[0].retry_after, Some(1));
    assert_eq!(json(refused[0])["error_code"], "REQUEST_LIMIT_EXCEEDED");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(busy.await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_worker_costs_a_504_and_is_replaced() {
    let _turn = alone().await;
    let supervision = Supervision {
        stuck_grace: Duration::from_millis(100),
        ..python_options().supervision
    };
    let options = Options {
        deadline: Duration::from_millis(400),
        supervision,
        ..python_options()
    };
    let deployment = Arc::new(deploy("moody", options).await);
    let stuck = deployment.worker_pids();
    let response = score(&deployment, row(-4.0)).await;
    assert_eq!(response.status, 504);
    assert_eq!(&response.body[..], b"Request processing time exceeded limit");
    let end = Instant::now() + Duration::from_mins(1);
    while !deployment.ready() || deployment.worker_pids() == stuck {
        assert!(Instant::now() < end, "no new worker in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(score(&deployment, row(1.0)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_the_work_and_a_dropped_deployment_leaves_no_process() {
    let _turn = alone().await;
    let deployment = Arc::new(
        deploy(
            "moody",
            Options {
                scaling: Scaling::fixed(2),
                batching: Some(false),
                ..python_options()
            },
        )
        .await,
    );
    let end = Instant::now() + Duration::from_mins(1);
    while deployment.worker_pids().len() < 2 {
        assert!(Instant::now() < end, "the second replica did not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let started = Instant::now();
    let responses = all(&deployment, vec![row(-2.0), row(-2.0)]).await;
    assert!(responses.iter().all(|response| response.status == 200));
    assert!(
        started.elapsed() < Duration::from_millis(950),
        "two half seconds ran one after the other"
    );
    let pids = deployment.worker_pids();
    assert_eq!(deployment.drain(Duration::from_secs(5)).await, 0);
    assert_eq!(score(&deployment, row(1.0)).await.status, 503);
    drop(deployment);
    let end = Instant::now() + Duration::from_secs(10);
    while pids
        .iter()
        .any(|pid| std::path::Path::new(&format!("/proc/{pid}/cmdline")).exists())
    {
        assert!(Instant::now() < end, "a worker outlived its deployment");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_python_without_mlflow_is_named_with_its_last_words() {
    let _turn = together().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("python");
    std::fs::write(&path, "#!/bin/sh\necho 'no module named mlflow' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let options = Options {
        python: Some(path),
        ..python_options()
    };
    let error = Deployment::start(model("moody"), options)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ended before it was ready") && error.contains("no module named mlflow"),
        "{error}"
    );

    let missing = Options {
        python: Some("/nowhere/python".into()),
        ..python_options()
    };
    let error = Deployment::start(model("moody"), missing)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("FETTLE_PYTHON"), "{error}");
}

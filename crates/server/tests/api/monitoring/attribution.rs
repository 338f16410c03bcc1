use super::{START_MS, fettle, send};
use crate::support::{TestApp, model};
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::fmt::Write as _;

const ROWS: usize = 300;

/// Two trees of one split. Training saw `x` on its right side once in ten rows, so that rows there are explained by
/// `x` (9 of 10), and all others by `y` (2).
fn two_trees() -> Vec<(&'static str, String)> {
    let tree = |number: usize, feature: usize, counts: &str, values: &str| {
        format!(
            "Tree={number}\nnum_leaves=2\nnum_cat=0\nsplit_feature={feature}\nsplit_gain=1\nthreshold=0.5\ndecision_type=2\n\
             left_child=-1\nright_child=-2\nleaf_value={values}\nleaf_count={counts}\ninternal_count=100\nis_linear=0\n\
             shrinkage=1\n\n\n"
        )
    };
    let model = format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n\
         objective=regression\nfeature_names=x y\nfeature_infos=[0:1] [0:1]\n\n{}{}end of trees\n",
        tree(0, 0, "90 10", "0 10"),
        tree(1, 1, "50 50", "0 4"),
    );
    let mut files = model::files(0.0, 0.0);
    for (name, text) in &mut files {
        match *name {
            "model.lgb" => text.clone_from(&model),
            "MLmodel" => {
                let of_y = "{\"type\": \"double\", \"name\": \"y\", \"required\": true}";
                *text = text.replace("\"required\": true}]", &format!("\"required\": true}}, {of_y}]"));
            }
            _ => r#"{"dataframe_split": {"columns": ["x", "y"], "data": [[0.25, 0.25]]}}"#.clone_into(text),
        }
    }
    files
}

/// A request of many rows in the hour before `hour`, and its answer.
async fn exchange(app: &TestApp, hour: i64, columns: &[&str], row: impl Fn(usize) -> Value, answers: Value) {
    let event = |kind: &str, data: Value| {
        json!({
            "specversion": "1.0", "id": format!("{hour}-{kind}"), "source": "/endpoints/churn/deployments/blue",
            "type": format!("fettle.inference.{kind}"), "correlationid": hour.to_string(), "modelname": "churn",
            "modelversion": "1", "time": format!("2025-12-31T{:02}:30:00Z", 23 - hour), "httpstatus": 200, "data": data,
        })
    };
    let rows: Vec<Value> = (0..ROWS).map(row).collect();
    let question = event(
        "request",
        json!({ "dataframe_split": { "columns": columns, "data": rows } }),
    );
    let body = format!("{question}\n{}\n", event("response", answers));
    send(app, "capture/events", "application/x-ndjson", body).await.ok();
}

async fn run(app: &TestApp, hour: i64) -> Value {
    let (from, to) = (START_MS - (hour + 1) * 3_600_000, START_MS - hour * 3_600_000);
    let body = json!({ "window_start": from.to_string(), "window_end": to.to_string() });
    app.post(&fettle("monitors/churn/run"), body).await.ok()["runs"][0].clone()
}

async fn monitor(app: &TestApp, signal: Value) {
    let body = json!({
        "name": "churn",
        "monitoring_target": { "ml_task": "regression", "endpoint_deployment_id": "churn:blue", "model_id": "models:/churn/1" },
        "monitoring_signals": { "signal": signal },
    });
    app.post(&fettle("monitors"), body).await.ok();
}

fn hour() -> Value {
    json!({ "data_window": { "lookback_window_size": "PT1H" } })
}

fn result<'r>(run: &'r Value, metric: &str, feature: &str) -> &'r Value {
    let mut results = run["results"].as_array().expect("results").iter();
    results
        .find(|result| result["metric"] == metric && result["feature"].as_str().unwrap_or_default() == feature)
        .unwrap_or_else(|| panic!("no {metric} {feature} in {run:#}"))
}

/// Half of the rows on the right side of each feature.
fn mixed(row: usize) -> Value {
    json!([(row % 2) as f64, (row / 2 % 2) as f64])
}

/// No row on the right side of `x`.
fn left(row: usize) -> Value {
    json!([0.0, (row % 2) as f64])
}

on_both_databases! { MIGRATIONS;
    async fn the_model_itself_explains_its_answers(db: Db) {
        let app = TestApp::at(db, model::without_python(), START_MS).await;
        app.register("churn", &two_trees()).await;
        app.post(&fettle("endpoints"), json!({ "name": "churn" })).await.ok();
        let body = json!({ "name": "blue", "model_uri": "models:/churn/1", "executor": "native" });
        app.post(&fettle("endpoints/churn/deployments"), body).await.ok();
        app.wait_for_state("churn", "blue", "ready").await;
        let mut csv = "x,y,label\n".to_owned();
        for row in 0..ROWS {
            let _ = writeln!(csv, "{},{},1", row % 2, row / 2 % 2);
        }
        send(&app, "baselines/upload?model_name=churn&model_version=1", "text/csv", csv).await.ok();
        let answers = || json!({ "predictions": vec![1.0; ROWS] });
        exchange(&app, 2, &["x", "y"], mixed, answers()).await;
        exchange(&app, 1, &["x", "y"], left, answers()).await;
        monitor(&app, json!({ "type": "feature_attribution_drift", "production_data": hour() })).await;

        let same = run(&app, 2).await;
        assert_eq!(same["verdict"], "ok", "{same:#}");
        let share = result(&same, "attribution_share", "x");
        // |phi| of x is 1 and 9 in turn, of y 2.
        assert_eq!((&share["value"], &share["detail"]["current_mean"]), (&json!(5.0 / 7.0), &json!(5.0)));
        let moved = run(&app, 1).await;
        assert_eq!(moved["verdict"], "alarm");
        let gain = result(&moved, "normalized_discounted_cumulative_gain", "");
        // sklearn.metrics.ndcg_score([[5, 2]], [[1, 2]])
        let value = gain["value"].as_f64().expect("a number");
        assert!((value - 0.823_181_797_991).abs() < 1e-9, "{value}");
        let summary = result(&moved, "alarms", "");
        let changed = summary["detail"]["changed"].as_str().expect("what changed");
        assert!(changed.contains("x from place 1 to 2"), "{changed}");
    }

    async fn attributions_that_came_with_the_answers_are_taken(db: Db) {
        let app = TestApp::at(db, model::without_python(), START_MS).await;
        let answers = |x: f64, y: f64| {
            let answer = json!({ "prediction": 1.0, "attribution_x": x, "attribution_y": -y });
            json!({ "predictions": vec![answer; ROWS] })
        };
        exchange(&app, 3, &["x", "y"], mixed, answers(5.0, 2.0)).await;
        exchange(&app, 2, &["x", "y"], mixed, answers(6.0, 1.0)).await;
        exchange(&app, 1, &["x", "y"], mixed, answers(1.0, 2.0)).await;
        monitor(&app, json!({
            "type": "feature_attribution_drift", "production_data": hour(),
            "reference_data": { "data_window": { "window_start": "2025-12-31T20:00:00Z", "window_end": "2025-12-31T21:00:00Z" } },
            "metric_thresholds": { "normalized_discounted_cumulative_gain": 0.85 },
        })).await;
        assert_eq!(run(&app, 2).await["verdict"], "ok");
        assert_eq!(run(&app, 1).await["verdict"], "alarm");
        let nothing = run(&app, 5).await;
        assert_eq!(nothing["verdict"], "insufficient_data");
    }

    async fn without_rows_or_a_model_nothing_is_said(db: Db) {
        let app = TestApp::at(db, model::without_python(), START_MS).await;
        exchange(&app, 1, &["x", "y"], mixed, json!({ "predictions": vec![1.0; ROWS] })).await;
        monitor(&app, json!({ "type": "feature_attribution_drift", "production_data": hour() })).await;
        let reason = |run: &Value| result(run, "coverage", "")["detail"]["reason"].as_str().expect("a reason").to_owned();
        assert!(reason(&run(&app, 1).await).contains("no baseline"));
        send(&app, "baselines/upload?model_name=churn&model_version=1", "text/csv", "x,y\n0,1\n").await.ok();
        assert!(reason(&run(&app, 1).await).contains("runs no endpoint `churn`"));
    }

    async fn old_features_are_an_alarm(db: Db) {
        let app = TestApp::at(db, model::without_python(), START_MS).await;
        let answers = || json!({ "predictions": vec![1.0; ROWS] });
        let at = |hour: usize| move |row: usize| json!([row, format!("2025-12-31T{hour:02}:00:{:02}Z", row % 60)]);
        exchange(&app, 2, &["x", "balance_at"], at(21), answers()).await;
        exchange(&app, 1, &["x", "balance_at"], at(20), answers()).await;
        monitor(&app, json!({
            "type": "feature_freshness", "production_data": hour(), "features": ["balance_at"],
            "metric_thresholds": { "p95_age": "PT1H", "newest_age": 7200 },
        })).await;
        assert_eq!(run(&app, 2).await["verdict"], "ok");
        let old = run(&app, 1).await;
        assert_eq!(old["verdict"], "alarm");
        let age = result(&old, "p95_age", "balance_at");
        assert_eq!((&age["threshold"], &age["verdict"]), (&json!(3600.0), &json!("alarm")));
        assert!(age["value"].as_f64().is_some_and(|age| age > 8900.0), "{age}");
        assert_eq!(result(&old, "newest_age", "balance_at")["verdict"], "alarm");
    }
}

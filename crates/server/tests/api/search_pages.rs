//! Searches over runs along every way to them, and their pages, against a plain sort. On both databases.

use crate::support::TestApp;
use fettle_db::{Db, on_both_databases};
use fettle_server::{Settings, schema::MIGRATIONS, seed};
use serde_json::{Value, json};
use std::{cmp::Ordering, time::Duration};

/// The index over metrics catches up at once, or never.
fn settings(ranking_pause: Duration) -> Settings {
    Settings {
        ranking_pause,
        ..Settings::default()
    }
}

const NEVER: Duration = Duration::from_hours(1);
const AT_ONCE: Duration = Duration::from_millis(5);

async fn unranked(db: &Db) -> i64 {
    let count = db.read(|tx| tx.query_one("SELECT COUNT(*) FROM runs WHERE ranked = 0", &[], |row| row.get(0)));
    count.await.expect("a count")
}

async fn create(app: &TestApp, number: usize) -> String {
    let value = [
        "a",
        "b",
        "a longer value that goes on and on beyond what any index would hold of it, number 1",
        "a longer value that goes on and on beyond what any index would hold of it, number 2",
    ][number % 4];
    // Several start together.
    let start = 1000 + (number / 3) as i64;
    let mut tags = vec![json!({ "key": "few", "value": format!("{}", number % 7) })];
    if !number.is_multiple_of(5) {
        tags.push(json!({ "key": "team", "value": value }));
    }
    let body = json!({ "experiment_id": "0", "run_name": format!("r{number:02}"), "start_time": start, "tags": tags });
    let id = app.post("runs/create", body).await.ok()["run"]["info"]["run_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    // Ties, NaN, infinities and runs without the metric.
    let loss = match number % 6 {
        0 => None,
        1 => Some(json!("NaN")),
        2 => Some(json!("Infinity")),
        other => Some(json!(f64::from(other as u32) / 2.0 - (number % 4) as f64)),
    };
    if let Some(loss) = loss {
        let metric = json!({ "run_id": id, "key": "loss", "value": loss, "timestamp": 1, "step": 0 });
        app.post("runs/log-metric", metric).await.ok();
    }
    if number % 4 != 1 {
        app.post(
            "runs/update",
            json!({ "run_id": id, "status": "FINISHED", "end_time": 5000 - (number % 3) as i64 }),
        )
        .await
        .ok();
    }
    id
}

async fn found(app: &TestApp, filter: &str, order: &[&str], size: usize) -> Vec<Value> {
    let (mut runs, mut token) = (Vec::new(), None);
    loop {
        let body = json!({
            "experiment_ids": ["0"], "filter": filter, "order_by": order, "max_results": size, "page_token": token,
        });
        let mut answer = app.post("runs/search", body).await.ok();
        let page = answer["runs"].as_array().cloned().unwrap_or_default();
        assert!(
            page.len() == size || answer["next_page_token"].is_null(),
            "only the last page is short"
        );
        runs.extend(page);
        token = match answer["next_page_token"].take() {
            Value::Null => return runs,
            token => Some(token),
        };
        assert!(runs.len() <= 100, "pages that do not end");
    }
}

fn names(runs: &[Value]) -> Vec<String> {
    runs.iter()
        .map(|run| run["info"]["run_name"].as_str().expect("a name").to_owned())
        .collect()
}

/// What a run is sorted by: its class, then a number or a text.
fn key(run: &Value, by: &str) -> (u8, f64, String) {
    let entry = |list: &str, key: &str| {
        let entries = run["data"][list].as_array().cloned().unwrap_or_default();
        entries
            .into_iter()
            .find(|entry| entry["key"] == key)
            .map(|entry| entry["value"].clone())
    };
    match by.split_once('.') {
        Some(("metrics", key)) => match entry("metrics", key) {
            None => (2, 0.0, String::new()),
            Some(Value::String(text)) if text == "NaN" => (1, 0.0, String::new()),
            Some(Value::String(text)) => (0, if text == "Infinity" { f64::MAX } else { f64::MIN }, String::new()),
            Some(value) => (0, value.as_f64().expect("a number"), String::new()),
        },
        Some((_, key)) => entry("tags", key).map_or((2, 0.0, String::new()), |value| {
            (0, 0.0, value.as_str().expect("a text").to_owned())
        }),
        None => match &run["info"][by] {
            Value::Null => (2, 0.0, String::new()),
            Value::String(text) => (0, 0.0, text.clone()),
            value => (0, value.as_f64().expect("a number"), String::new()),
        },
    }
}

fn sorted(mut runs: Vec<Value>, order: &[&str]) -> Vec<String> {
    runs.sort_by(|a, b| {
        for by in order {
            let (name, descending) = by.strip_suffix(" DESC").map_or((*by, false), |name| (name, true));
            let ((class_a, number_a, text_a), (class_b, number_b, text_b)) = (key(a, name), key(b, name));
            let values = number_a.total_cmp(&number_b).then(text_a.cmp(&text_b));
            let ordering = class_a
                .cmp(&class_b)
                .then(if descending { values.reverse() } else { values });
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        let start = |run: &Value| run["info"]["start_time"].as_i64();
        let id = |run: &Value| run["info"]["run_id"].as_str().map(str::to_owned);
        start(b).cmp(&start(a)).then(id(a).cmp(&id(b)))
    });
    names(&runs)
}

const ORDERS: [&[&str]; 10] = [
    &[],
    &["metrics.loss"],
    &["metrics.loss DESC"],
    &["metrics.loss DESC", "run_name DESC"],
    &["tags.team"],
    &["tags.team DESC", "metrics.loss"],
    &["end_time"],
    &["end_time DESC", "tags.few"],
    &["run_name DESC"],
    &["status", "metrics.loss"],
];

const FILTERS: [&str; 8] = [
    "",
    "metrics.loss > -1",
    "metrics.loss != 0.5",
    "tags.few = '3'",
    "tags.team = 'a longer value that goes on and on beyond what any index would hold of it, number 1'",
    "attributes.status = 'FINISHED' AND metrics.loss <= 1",
    "tags.few = '3' AND tags.team = 'b'",
    "metrics.loss < 2 AND tags.few = '2' AND tags.team = 'a longer value that goes on and on beyond what any index would hold of it, number 2'",
];

async fn check_every_order(app: &TestApp) {
    let all = found(app, "", &[], 50).await;
    assert_eq!(all.len(), 40);
    for filter in FILTERS {
        let matching = found(app, filter, &["run_name"], 50).await;
        for order in ORDERS {
            let expected = sorted(matching.clone(), order);
            for size in [3, 50] {
                assert_eq!(
                    names(&found(app, filter, order, size).await),
                    expected,
                    "{filter} by {order:?}, pages of {size}"
                );
            }
        }
    }
}

on_both_databases! { MIGRATIONS;
    async fn pages_hold_each_run_once_before_and_after_it_is_ranked(db: Db) {
        let app = TestApp::with(db.clone(), settings(NEVER)).await;
        let mut ids = Vec::new();
        for number in 0..40 {
            ids.push(create(&app, number).await);
        }
        assert!(unranked(&db).await > 20, "runs that logged wait to be ranked");
        check_every_order(&app).await;

        let ranking = TestApp::with(db.clone(), settings(AT_ONCE)).await;
        while unranked(&db).await > 0 {
            tokio::time::sleep(AT_ONCE).await;
        }
        check_every_order(&ranking).await;
        drop(ranking);

        // Some of each, and values that moved.
        for id in ids.iter().step_by(3) {
            let metric = json!({ "run_id": id, "key": "loss", "value": 0.25, "timestamp": 2, "step": 1 });
            app.post("runs/log-metric", metric).await.ok();
        }
        check_every_order(&app).await;
    }

    async fn several_experiments_are_merged(db: Db) {
        let app = TestApp::with(db.clone(), settings(NEVER)).await;
        let mut experiments = Vec::new();
        for name in ["one", "two"] {
            let wanted = seed::Seed { experiment: name.to_owned(), runs: 12, metrics: 2, steps: 3, params: 2, tags: 1 };
            seed::seed(&db, wanted, 0, |_| {}).await.expect("runs are made");
            let answer = app.get("experiments/get-by-name", &[("experiment_name", name)]).await.ok();
            experiments.push(answer["experiment"]["experiment_id"].clone());
        }
        let body = json!({ "experiment_ids": experiments, "order_by": ["metrics.metric_1 DESC"], "max_results": 5 });
        let answer = app.post("runs/search", body).await.ok();
        let values: Vec<f64> = answer["runs"].as_array().expect("runs").iter().map(|run| key(run, "metrics.metric_1").1).collect();
        // Both hold the same values: each comes twice.
        assert_eq!(values.len(), 5);
        assert!(values.is_sorted_by(|a, b| a >= b) && values[0] == values[1] && values[2] == values[3], "{values:?}");
    }

    async fn a_tag_is_found_by_the_value_that_it_has_now(db: Db) {
        let app = TestApp::new(db).await;
        let id = create(&app, 1).await;
        // As long as the index over values, and then by one character more.
        let values = ["é".repeat(64), "é".repeat(65), "b".to_owned()];
        for value in &values {
            app.post("runs/set-tag", json!({ "run_id": id, "key": "team", "value": value })).await.ok();
            for other in &values {
                let runs = found(&app, &format!("tags.team = '{other}'"), &[], 10).await;
                assert_eq!(runs.len(), usize::from(other == value), "{other} where it is {value}");
            }
        }
    }

    async fn a_token_of_another_order_is_refused(db: Db) {
        let app = TestApp::new(db).await;
        for number in 0..3 {
            create(&app, number).await;
        }
        let body = json!({ "experiment_ids": ["0"], "max_results": 1, "order_by": ["metrics.loss"] });
        let token = app.post("runs/search", body).await.ok()["next_page_token"].take();
        let other = json!({ "experiment_ids": ["0"], "max_results": 1, "page_token": token });
        app.post("runs/search", other).await.refused("INVALID_PARAMETER_VALUE", "order_by");
        // What MLflow gives out is understood, too.
        let offset = json!({ "experiment_ids": ["0"], "max_results": 1, "order_by": ["run_name"], "page_token": "eyJvZmZzZXQiOiAyfQ==" });
        let answer = app.post("runs/search", offset).await.ok();
        assert_eq!(answer["runs"][0]["info"]["run_name"], "r02");
    }
}

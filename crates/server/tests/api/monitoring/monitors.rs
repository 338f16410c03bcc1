use super::{START_MS, alerts::point, app, fettle, refused, send};
use crate::support::{TestApp, receiver::Receiver};
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::{fmt::Write as _, time::Duration};

const ROWS: usize = 400;
const HOUR_MS: i64 = 3_600_000;

/// One request of many rows in the hour before `hours` ago: ages around `middle`, each called old above 50.
async fn exchange(app: &TestApp, id: &str, hours: i64, middle: f64) {
    let at = jiff_time(START_MS - hours * HOUR_MS - HOUR_MS / 2);
    let ages: Vec<f64> = (0..ROWS).map(|row| middle + 10.0 * (0.7 * row as f64).sin()).collect();
    let rows: Vec<Vec<f64>> = ages.iter().map(|age| vec![*age]).collect();
    let answers: Vec<f64> = ages.iter().map(|age| f64::from(u8::from(*age > 50.0))).collect();
    let event = |kind: &str, data: Value| {
        json!({
            "specversion": "1.0", "id": format!("{id}-{kind}"), "source": "/endpoints/churn/deployments/blue",
            "type": format!("fettle.inference.{kind}"), "correlationid": id, "modelname": "churn", "modelversion": "3",
            "time": at, "httpstatus": 200, "latencyus": 900, "data": data,
        })
    };
    let question = event(
        "request",
        json!({ "dataframe_split": { "columns": ["age"], "data": rows } }),
    );
    let answer = event("response", json!({ "predictions": answers }));
    let body = format!("{question}\n{answer}\n");
    send(app, "capture/events", "application/x-ndjson", body).await.ok();
}

fn jiff_time(ms: i64) -> String {
    // Times of these tests are whole minutes of the last days of December 2025.
    let minutes = (ms - 1_764_547_200_000) / 60_000;
    format!(
        "2025-12-{:02}T{:02}:{:02}:00Z",
        1 + minutes / 1440,
        minutes / 60 % 24,
        minutes % 60
    )
}

async fn baseline(app: &TestApp, middle: f64) {
    let mut csv = "age,prediction\n".to_owned();
    for row in 0..ROWS {
        let age = middle + 10.0 * (0.7 * row as f64 + 0.1).sin();
        let _ = writeln!(csv, "{age},{}", f64::from(u8::from(age > 50.0)));
    }
    let path = "baselines/upload?model_name=churn&model_version=3";
    let made = send(app, path, "text/csv", csv).await.ok();
    assert_eq!((&made["rows"], &made["source"]), (&json!(ROWS), &json!("uploaded")));
}

fn monitor(signals: Value) -> Value {
    json!({
        "name": "churn",
        "create_monitor": {
            "compute": { "instance_type": "standard_e4s_v3" },
            "monitoring_target": { "ml_task": "classification", "endpoint_deployment_id": "azureml:churn:blue" },
            "monitoring_signals": signals,
        },
    })
}

fn hour() -> Value {
    json!({ "data_window": { "lookback_window_size": "PT1H" } })
}

async fn run(app: &TestApp, hours: i64) -> Value {
    let (from, to) = (jiff_time(START_MS - (hours + 1) * HOUR_MS), START_MS - hours * HOUR_MS);
    let body = json!({ "window_start": from, "window_end": to.to_string() });
    app.post(&fettle("monitors/churn/run"), body).await.ok()["runs"][0].clone()
}

fn result<'r>(run: &'r Value, signal: &str, metric: &str) -> &'r Value {
    let mut results = run["results"].as_array().expect("results").iter();
    results
        .find(|result| result["signal"] == signal && result["metric"] == metric)
        .unwrap_or_else(|| panic!("no {signal} {metric} in {run:#}"))
}

on_both_databases! { MIGRATIONS;
    async fn monitors_of_a_batch_are_made_all_or_none(db: Db) {
        let app = app(db).await;
        let named = |name: &str, signal: Value| {
            let mut spec = monitor(json!({ "drift": signal }));
            spec["name"] = json!(name);
            spec
        };
        let drift = || json!({ "type": "data_drift", "production_data": hour() });
        let (first, second) = (named("first", drift()), named("second", drift()));
        let mut unheard = second.clone();
        unheard["create_monitor"]["alert_notification"] = json!({ "receivers": ["nobody"] });
        for (bad, part) in [
            (named("second", json!({ "type": "charm" })), "monitors[1]"),
            (unheard, "nobody"),
            (first.clone(), "`first` already exists"),
        ] {
            refused(&app.put(&fettle("monitors"), json!({ "monitors": [first, bad] })).await, 400, part);
            assert_eq!(app.get(&fettle("monitors"), &[]).await.ok()["monitors"], json!([]));
            assert_eq!(app.get(&fettle("alert-rules"), &[]).await.ok()["rules"], json!([]), "nor their rules");
        }
        let both = json!({ "monitors": [first, second] });
        let made = app.put(&fettle("monitors"), both.clone()).await.ok();
        assert_eq!((&made["monitors"][0]["name"], &made["monitors"][1]["name"]), (&json!("first"), &json!("second")));
        refused(&app.put(&fettle("monitors"), both).await, 400, "already exists");
        let changed = named("second", json!({ "type": "data_quality", "production_data": hour() }));
        let more = json!({ "monitors": [changed, named("third", drift())], "replace": true });
        let put = app.put(&fettle("monitors"), more).await.ok();
        assert_eq!(put["monitors"][0]["spec"]["create_monitor"]["monitoring_signals"]["drift"]["type"], "data_quality");
        assert_eq!(app.get(&fettle("monitors"), &[]).await.ok()["monitors"].as_array().map(Vec::len), Some(3));
    }

    async fn drift_is_found_in_the_window_where_it_is(db: Db) {
        let app = app(db).await;
        baseline(&app, 40.0).await;
        exchange(&app, "same", 2, 40.0).await;
        exchange(&app, "moved", 1, 60.0).await;
        let drift = json!({ "type": "data_drift", "production_data": hour() });
        let predictions = json!({ "type": "prediction_drift", "production_data": hour(), "alert_enabled": false });
        let quality = json!({ "type": "data_quality", "production_data": hour() });
        let made = app.post(&fettle("monitors"), monitor(json!({ "drift": drift, "predictions": predictions, "quality": quality }))).await.ok();
        assert_eq!((&made["endpoint"], &made["window"]), (&json!("churn"), &json!("PT1H")));

        let same = run(&app, 2).await;
        assert_eq!((&same["verdict"], &same["rows"]), (&json!("ok"), &json!(ROWS)));
        let moved = run(&app, 1).await;
        assert_eq!(moved["verdict"], "alarm");
        let age = result(&moved, "drift", "normalized_wasserstein_distance");
        assert_eq!((&age["feature"], &age["verdict"]), (&json!("age"), &json!("alarm")));
        assert!(age["detail"]["distribution"]["reference"].is_array());
        assert_eq!(result(&moved, "predictions", "alarms")["verdict"], "alarm");
        let outside = result(&moved, "quality", "out_of_bounds_rate");
        assert!(outside["value"].as_f64().is_some_and(|rate| rate > 0.4), "{outside}");
        let empty = run(&app, 3).await;
        assert_eq!(empty["verdict"], "insufficient_data", "nothing captured is not green");

        let series = app.get(&fettle("monitors/churn/series"), &[("signal", "drift"), ("since", "P30D")]).await.ok();
        let verdicts: Vec<&Value> = series["points"].as_array().expect("a list").iter()
            .filter(|point| point["metric"] == "alarms").map(|point| &point["verdict"]).collect();
        assert_eq!(verdicts, [&json!("insufficient_data"), &json!("ok"), &json!("alarm")]);
    }

    async fn signals_raise_their_own_alerts(db: Db) {
        let app = app(db).await;
        baseline(&app, 40.0).await;
        exchange(&app, "moved", 2, 60.0).await;
        exchange(&app, "same", 1, 40.0).await;
        let signals = json!({ "drift": { "type": "data_drift", "production_data": hour() } });
        app.post(&fettle("monitors"), monitor(signals)).await.ok();
        for (hours, state) in [(2, "firing"), (1, "resolved")] {
            run(&app, hours).await;
            let rule = app.post(&fettle("alert-rules/churn.drift/evaluate"), json!({})).await.ok();
            assert_eq!((&rule["state"], &rule["monitor"]), (&json!(state), &json!("churn")));
        }
        let alert = &app.get(&fettle("alerts"), &[]).await.ok()["alerts"][0];
        assert_eq!(alert["labels"]["signal"], "drift");
        assert_eq!((&alert["labels"]["endpoint"], &alert["labels"]["version"]), (&json!("churn"), &json!("3")));
        app.delete(&fettle("monitors/churn"), json!({})).await.ok();
        assert_eq!(app.get(&fettle("alert-rules"), &[]).await.ok()["rules"], json!([]));
    }

    async fn who_heard_of_an_alarm_hears_that_its_monitor_is_gone(db: Db) {
        let app = app(db).await;
        let receiver = Receiver::start().await;
        app.post(&fettle("alert-receivers"), json!({ "name": "oncall", "kind": "webhook", "url": receiver.url })).await.ok();
        baseline(&app, 40.0).await;
        exchange(&app, "moved", 1, 60.0).await;
        let drift = json!({ "type": "data_drift", "production_data": hour() });
        let mut spec = monitor(json!({ "drift": drift, "more": drift }));
        spec["create_monitor"]["alert_notification"] = json!({ "receivers": ["oncall"] });
        app.post(&fettle("monitors"), spec.clone()).await.ok();
        run(&app, 1).await;
        for signal in ["drift", "more"] {
            let rule = app.post(&fettle(&format!("alert-rules/churn.{signal}/evaluate")), json!({})).await.ok();
            assert_eq!(rule["state"], "firing");
        }
        receiver.wait_for(2).await;
        spec["create_monitor"]["monitoring_signals"].as_object_mut().expect("an object").remove("more");
        app.put(&fettle("monitors/churn"), spec).await.ok();
        let told = receiver.wait_for(3).await;
        assert!(told[2].body.contains("\"status\":\"resolved\"") && told[2].body.contains("churn.more"), "{}", told[2].body);
        app.delete(&fettle("monitors/churn"), json!({})).await.ok();
        let told = receiver.wait_for(4).await;
        assert!(told[3].body.contains("\"status\":\"resolved\"") && told[3].body.contains("churn.drift"), "{}", told[3].body);
    }

    async fn late_truth_changes_the_past(db: Db) {
        let app = app(db).await;
        exchange(&app, "asked", 1, 50.0).await;
        let performance = json!({
            "type": "model_performance", "production_data": hour(),
            "metric_thresholds": { "classification": { "accuracy": 0.9 } },
        });
        app.post(&fettle("monitors"), monitor(json!({ "performance": performance }))).await.ok();
        let before = run(&app, 1).await;
        assert_eq!(result(&before, "performance", "label_coverage")["value"], json!(0.0));
        assert_eq!(before["verdict"], "insufficient_data");

        // Half of the truth, of which every other answer was wrong.
        app.clock.set(START_MS + 1000);
        let mut csv = "correlationid,row_index,label\n".to_owned();
        for row in 0..ROWS / 2 {
            let age = 50.0 + 10.0 * (0.7 * row as f64).sin();
            let _ = writeln!(csv, "asked,{row},{}", (age > 50.0) == (row % 2 == 0));
        }
        send(&app, "endpoints/churn/ground-truth", "text/csv", csv).await.ok();
        app.clock.set(START_MS + 2000);
        let newest = loop {
            let runs = app.get(&fettle("monitors/churn/runs"), &[]).await.ok();
            if runs["runs"][0]["cause"] == "labels" && runs["runs"][0]["state"] == "succeeded" {
                break runs["runs"][0].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let id = newest["id"].as_str().expect("an id");
        let after = app.get(&fettle(&format!("monitors/churn/runs/{id}")), &[]).await.ok();
        assert_eq!(after["window_end"], before["window_end"]);
        assert_eq!(result(&after, "performance", "label_coverage")["value"], json!(0.5));
        let accuracy = result(&after, "performance", "accuracy");
        assert_eq!((&accuracy["value"], &accuracy["verdict"]), (&json!(0.5), &json!("alarm")));
        let all = app.get(&fettle("monitors/churn/runs"), &[("all", "true")]).await.ok();
        assert_eq!(all["runs"][1]["state"], "superseded");
    }

    async fn custom_and_operational_signals_have_thresholds(db: Db) {
        let app = app(db).await;
        let signals = json!({
            "lag": { "type": "custom", "production_data": hour(), "metrics": [{ "name": "lag_minutes", "threshold": 10 }] },
            "health": { "type": "operational", "production_data": hour(), "metric_thresholds": { "error_rate": 0.01 } },
        });
        app.post(&fettle("monitors"), monitor(signals)).await.ok();
        for (value, minute) in [(8.0, 10), (30.0, 20)] {
            let body = json!({ "name": "lag_minutes", "value": value, "time": (START_MS - minute * 60_000).to_string() });
            app.post(&fettle("monitors/churn/metrics"), body).await.ok();
        }
        let run = run(&app, 0).await;
        assert_eq!(result(&run, "lag", "lag_minutes")["value"], json!(19.0));
        assert_eq!(result(&run, "lag", "alarms")["verdict"], "alarm");
        assert_eq!(result(&run, "health", "error_rate")["verdict"], "insufficient_data", "no request, no rate");
    }

    async fn scheduled_windows_wait_for_what_other_servers_captured(db: Db) {
        let app = app(db.clone()).await;
        let mut hourly = monitor(json!({ "health": { "type": "operational", "metric_thresholds": { "error_rate": 0.01 } } }));
        // The clocks of Kathmandu show a quarter to when those of UTC show a full hour.
        hourly["trigger"] = json!({ "type": "cron", "expression": "45 * * * *", "time_zone": "Asia/Kathmandu" });
        let made = app.post(&fettle("monitors"), hourly).await.ok();
        assert_eq!((&made["window"], &made["next_run_at"]), (&json!("PT1H"), &json!("2026-01-01T01:00:00Z")));
        let ends = || async {
            let runs = app.get(&fettle("monitors/churn/runs"), &[]).await.ok();
            runs["runs"].as_array().expect("a list").iter().map(|run| run["window_end"].clone()).collect::<Vec<_>>()
        };
        app.clock.set(START_MS + HOUR_MS + 1000);
        while ends().await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let second = START_MS + 2 * HOUR_MS;
        point(&db, "churn", second - 10_000, 1, 10, 1).await;
        app.clock.set(second + 30_000);
        tokio::time::sleep(Duration::from_millis(2500)).await;
        assert_eq!(ends().await, [json!("2026-01-01T01:00:00Z")], "the other server's newest file has not been taken");
        point(&db, "churn", second + 50_000, 1, 10, 1).await;
        app.clock.set(second + 91_000);
        while ends().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(ends().await[0], "2026-01-01T02:00:00Z");
    }

    async fn bad_monitors_are_refused(db: Db) {
        let app = app(db).await;
        for (signals, part) in [
            (json!({}), "monitoring_signals"),
            (json!({ "s": { "type": "magic" } }), "monitoring_signals.s.type"),
            (json!({ "s": { "type": "feature_freshness" } }), "monitoring_signals.s.features"),
            (json!({ "s": { "type": "feature_freshness", "features": ["at"] } }), "p95_age"),
            (json!({ "s": { "type": "feature_freshness", "features": ["at"], "metric_thresholds": { "p95_age": "soon" } } }), "p95_age"),
            (json!({ "s": { "type": "feature_attribution_drift", "metric_thresholds": { "accuracy": 1 } } }), "accuracy"),
            (json!({ "s": { "type": "data_drift", "metric_thresholds": { "numerical": { "vibes": 1 } } } }), "vibes"),
            (json!({ "s": { "type": "model_performance", "metric_thresholds": { "charm": 1 } } }), "charm"),
            (json!({ "s": { "type": "data_drift", "production_data": { "data_window": { "lookback_window_size": "P1M" } } } }), "lookback_window_size"),
            (json!({ "s": { "type": "data_drift", "production_data": hour(), "reference_data": { "data_window": {
                "lookback_window_size": "PT1H", "lookback_window_offset": "PT0S" } } } }), "overlap"),
            (json!({ "a": { "type": "data_drift", "production_data": hour() }, "b": { "type": "data_quality" } }), "same window"),
            (json!({ "s": { "type": "operational" } }), "metric_thresholds"),
            (json!({ "s": { "type": "data_drift", "colour": "red" } }), "colour"),
        ] {
            refused(&app.post(&fettle("monitors"), monitor(signals)).await, 400, part);
        }
        refused(&app.post(&fettle("monitors/none/run"), json!({})).await, 404, "none");
        refused(&send(&app, "baselines/upload", "text/csv", "a\n1\n").await, 400, "model_version");
        refused(&send(&app, "baselines/upload?model_name=m&model_version=1", "text/csv", "a\n").await, 400, "no rows");
    }
}

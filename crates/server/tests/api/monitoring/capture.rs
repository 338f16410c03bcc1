use super::{app, download, exchange, fettle, refused, send};
use fettle_capture::{Cells, Table};
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const NDJSON: &str = "application/x-ndjson";

async fn query(app: &crate::support::TestApp, query: &[(&str, &str)]) -> Value {
    app.get(&fettle("logs"), query).await.ok()
}

fn ids(logs: &Value) -> Vec<&str> {
    let requests = logs["requests"].as_array().expect("a list");
    requests
        .iter()
        .map(|request| request["correlation_id"].as_str().expect("an id"))
        .collect()
}

on_both_databases! { MIGRATIONS;
    async fn requests_are_found_again(db: Db) {
        let app = app(db).await;
        let statuses = [200, 503, 200, 400, 200];
        let events = statuses.iter().zip(0..).map(|(status, turn)| exchange(&format!("r{turn}"), turn, *status, 30.0, 0.5));
        let answer = send(&app, "capture/events", NDJSON, events.collect::<String>()).await;
        assert_eq!(answer.ok()["accepted"], 10);

        let all = query(&app, &[("since", "P1D"), ("endpoint", "churn")]).await;
        assert_eq!(ids(&all), ["r4", "r3", "r2", "r1", "r0"]);
        let newest = &all["requests"][0];
        assert_eq!(newest["time"], "2025-12-31T23:30:04Z");
        assert_eq!((&newest["status"], &newest["latency_ms"], &newest["rows"]), (&json!(200), &json!(1.5), &json!(1)));
        assert_eq!((&newest["deployment"], &newest["model_version"]), (&json!("blue"), &json!("3")));
        for (filter, expected) in [
            (("status", "5xx"), vec!["r1"]),
            (("status", "error"), vec!["r3", "r1"]),
            (("status", "400"), vec!["r3"]),
            (("correlation_id", "r2"), vec!["r2"]),
            (("contains", "failure r3"), vec!["r3"]),
            (("deployment", "green"), vec![]),
            (("min_latency_ms", "2"), vec![]),
            (("endpoint", "other"), vec![]),
        ] {
            let found = query(&app, &[("since", "P1D"), filter]).await;
            assert_eq!(ids(&found), expected, "{filter:?}");
        }
        assert_eq!(ids(&query(&app, &[("since", "10m")]).await), Vec::<&str>::new());

        let first = query(&app, &[("since", "P1D"), ("max_results", "2")]).await;
        let token = first["next_page_token"].as_str().expect("more").to_owned();
        let second = query(&app, &[("since", "P1D"), ("max_results", "2"), ("page_token", &token)]).await;
        assert_eq!((ids(&first), ids(&second)), (vec!["r4", "r3"], vec!["r2", "r1"]));

        refused(&app.get(&fettle("logs"), &[("status", "bad")]).await, 400, "status");
        refused(&app.get(&fettle("logs"), &[("since", "yesterday")]).await, 400, "since");
        refused(&app.get(&fettle("logs"), &[("max_results", "0")]).await, 400, "max_results");
    }

    async fn captured_rows_are_exported(db: Db) {
        let app = app(db).await;
        for turn in 0..3 {
            let answer = send(&app, "capture/events", NDJSON, exchange(&format!("r{turn}"), turn, 200, 30.0 + turn as f64, 0.25)).await;
            answer.ok();
        }
        let bytes = download(&app, "endpoints/churn/capture/export?since=P1D").await;
        let table = Table::from_parquet(bytes, None).expect("Parquet");
        assert_eq!(table.rows, 3);
        assert_eq!(table.column("age").expect("a feature").cells, Cells::Numbers(vec![Some(30.0), Some(31.0), Some(32.0)]));
        assert_eq!(table.column("prediction").expect("an output").cells, Cells::Numbers(vec![Some(0.25); 3]));
        refused(&app.get(&fettle("endpoints/other/capture/export"), &[]).await, 404, "other");
    }

    async fn events_in_the_forms_of_others_are_taken(db: Db) {
        let app = app(db).await;
        let azure = json!([{
            "specversion": "1.0", "id": "1", "source": "/subscriptions/s/onlineEndpoints/churn/deployments/blue",
            "type": "azureml.inference.model_inputs", "time": "2025-12-31T23:30:00Z", "correlationid": "az", "data": [{ "age": 41 }],
        }]);
        send(&app, "capture/events", "application/cloudevents-batch+json", azure.to_string()).await.ok();
        let kserve = [
            ("ce-specversion", "1.0"),
            ("ce-id", "ks"),
            ("ce-type", "org.kubeflow.serving.inference.request"),
            ("ce-source", "http://localhost:9081/"),
            ("ce-inferenceservicename", "churn"),
            ("content-type", "application/json"),
        ];
        let body = json!({ "instances": [[41.0]] }).to_string();
        let answer = app.raw(axum::http::Method::POST, &fettle("capture/events"), &kserve, body).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-request-id"], "ks", "an event's id is the request's");
        let found = query(&app, &[("since", "P1D"), ("endpoint", "churn")]).await;
        let mut found = ids(&found);
        found.sort_unstable();
        assert_eq!(found, ["az", "ks"]);

        for (body, part) in [
            ("", "empty"),
            ("{", "CloudEvent"),
            (r#"{"specversion": "1.0", "id": "1", "type": "x", "data": 1}"#, "type"),
            (r#"{"specversion": "1.0", "id": "1", "type": "fettle.inference.request", "data": 1}"#, "source"),
            (&format!("{}\n{}", azure[0], r#"{"specversion": "1.0", "id": "9a1f", "type": "azureml.inference.request", "source": "/endpoints/churn", "datainblob": "https://store.example/payload.blob"}"#), "event 2 (id `9a1f`), and none was taken: datainblob"),
        ] {
            refused(&send(&app, "capture/events", NDJSON, body).await, 400, part);
        }
    }

    async fn settings_are_kept(db: Db) {
        let app = app(db).await;
        let path = fettle("endpoints/churn/capture");
        let usual = app.get(&path, &[]).await.ok();
        assert_eq!(usual, json!({ "endpoint": "churn", "enabled": true, "sampling_rate": 1.0, "retention": "PT720H" }));
        let put = |body| app.send(axum::http::Method::PUT, &path, Some(body));
        put(json!({ "sampling_rate": 0.25, "retention": "P90D" })).await.ok();
        let changed = put(json!({ "enabled": false, "retention": "forever" })).await.ok();
        assert_eq!(changed, json!({ "endpoint": "churn", "enabled": false, "sampling_rate": 0.25, "retention": "forever" }));
        assert_eq!(app.get(&path, &[]).await.ok(), changed);
        refused(&put(json!({ "sampling_rate": 1.5 })).await, 400, "sampling_rate");
        refused(&put(json!({ "retention": "P1M" })).await, 400, "retention");
        refused(&put(json!({ "rate": 1 })).await, 400, "rate");
        let audit = app.get(&fettle("audit"), &[]).await.ok();
        assert_eq!(audit["entries"][0]["entity_type"], "capture");
    }
}

use super::{START_MS, app, fettle, refused, send};
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const PATH: &str = "endpoints/churn/ground-truth";
const JSON: &str = "application/json";

on_both_databases! { MIGRATIONS;
    async fn the_latest_label_counts(db: Db) {
        let app = app(db).await;
        let rows = |label: &str, second: u32| {
            json!({ "rows": [{ "correlationid": "a", "row_index": 1, "label": label, "label_time": format!("2026-01-01T00:00:{second:02}Z") }] })
                .to_string()
        };
        let first = send(&app, PATH, JSON, rows("no", 10)).await.ok();
        assert_eq!(first, json!({ "rows": 1, "new": 1 }));
        let again = send(&app, PATH, JSON, rows("no", 10)).await.ok();
        assert_eq!(again, json!({ "rows": 1, "new": 0 }), "the same again changes nothing");
        send(&app, PATH, JSON, rows("yes", 30)).await.ok();
        send(&app, PATH, JSON, rows("maybe", 20)).await.ok();

        let shown = app.get(&fettle(PATH), &[("correlation_id", "a")]).await.ok();
        let labels: Vec<(&Value, &Value)> = shown["labels"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|label| (&label["label"], &label["current"]))
            .collect();
        assert_eq!(labels, [(&json!("yes"), &json!(true)), (&json!("maybe"), &json!(false)), (&json!("no"), &json!(false))]);
    }

    async fn labels_without_a_time_are_known_when_they_count(db: Db) {
        let app = app(db).await;
        let upload = async |second: i64, label: &str| {
            app.clock.set(START_MS + second * 1000);
            let csv = format!("correlationid,row_index,label\na,0,{label}\na,1,no\n");
            send(&app, PATH, "text/csv", csv).await.ok()["new"].clone()
        };
        assert_eq!(upload(1, "yes").await, 2);
        assert_eq!(upload(2, "yes").await, 0, "the same again changes nothing");
        assert_eq!(upload(3, "no").await, 1);
        assert_eq!(upload(4, "yes").await, 1, "it has changed again");
        let shown = app.get(&fettle(PATH), &[("correlation_id", "a")]).await.ok();
        assert_eq!(shown["labels"].as_array().expect("a list").len(), 4);
    }

    async fn labels_come_in_every_form(db: Db) {
        let app = app(db).await;
        let csv = "correlation_id,row_index,label\na,0,1\na,1,0\n";
        assert_eq!(send(&app, PATH, "text/csv", csv).await.ok()["new"], 2);
        let lines = "{\"correlationid\": \"b\", \"label\": true}\n{\"correlationid\": \"c\", \"label\": 0.5}\n";
        assert_eq!(send(&app, PATH, "application/x-ndjson", lines).await.ok()["new"], 2);
        for (content_type, body, part) in [
            ("text/html", "<p>", "content type"),
            (JSON, "3", "not a table"),
            ("text/csv", "label\n1\n", "correlationid"),
            ("text/csv", "correlationid,label\na,\n", "Row 0"),
        ] {
            refused(&send(&app, PATH, content_type, body).await, 400, part);
        }
    }
}

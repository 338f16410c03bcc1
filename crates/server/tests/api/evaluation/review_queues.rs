//! `review-queues/...`

use super::{ABSENT, INVALID, TAKEN, v3};
use crate::support::TestApp;
use fettle_db::{Db, on_both_databases, params};
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

async fn create(app: &TestApp, mut body: Value) -> Value {
    body["experiment_id"] = json!("0");
    app.post(&v3("review-queues/create"), body).await.ok()["review_queue"].take()
}

async fn label_schema(app: &TestApp) -> Value {
    let body = json!({ "experiment_id": "0", "name": "q", "type": "FEEDBACK", "input": { "text": {} } });
    app.post(&v3("label-schemas/create"), body).await.ok()["label_schema"]["schema_id"].take()
}

/// Puts traces into the default experiment.
async fn traces(db: &Db, ids: &'static [&'static str]) {
    db.write(move |tx| {
        for id in ids {
            tx.execute(
                "INSERT INTO traces (workspace_id, experiment_id, trace_id, state, request_time) VALUES (1, 0, ?1, 'OK', 1)",
                params![*id],
            )?;
        }
        Ok::<_, fettle_db::Error>(())
    })
    .await
    .expect("traces");
}

async fn items(app: &TestApp, queue: &str, query: &[(&str, &str)]) -> Vec<(String, String)> {
    let query: Vec<(&str, &str)> = query.iter().copied().chain([("queue_id", queue)]).collect();
    let answer = app.get(&v3("review-queues/items/list"), &query).await.ok();
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    items
        .iter()
        .map(|item| (text(&item["item_id"]), text(&item["status"])))
        .collect()
}

on_both_databases! { MIGRATIONS;
    async fn queues_are_made_changed_and_listed(db: Db) {
        let app = TestApp::new(db).await;
        let schema = label_schema(&app).await;
        let queue = create(&app, json!({
            "name": " Q1 ", "queue_type": "CUSTOM", "users": [" Bob ", "ann", "bob"], "schema_ids": [schema], "created_by": "spoof",
        })).await;
        let id = queue["queue_id"].as_str().expect("an id");
        assert!(id.starts_with("rq-") && id.len() == 35, "{id}");
        assert_eq!((&queue["name"], &queue["users"], &queue["schema_ids"]), (&json!("Q1"), &json!(["ann", "bob"]), &json!([schema])));
        assert!(queue.get("created_by").is_none());

        let get_or_create = async |user: &str| {
            app.post(&v3("review-queues/get-or-create-user"), json!({ "experiment_id": "0", "user": user })).await
        };
        let own = get_or_create(" Carl ").await.ok();
        assert_eq!(get_or_create("CARL").await.ok(), own);
        assert_eq!((&own["review_queue"]["users"], &own["review_queue"]["created_by"]), (&json!(["carl"]), &json!("carl")));
        get_or_create("q1").await.refused(TAKEN, "non-user queue");

        let update = async |mut change: Value| {
            change["queue_id"] = json!(id);
            app.post(&v3("review-queues/update"), change).await
        };
        let changed = update(json!({ "name": "Q One", "new_owner": " Zed ", "users": ["z"], "update_users": true })).await.ok();
        let changed = &changed["review_queue"];
        assert_eq!((&changed["name"], &changed["created_by"], &changed["users"]), (&json!("Q One"), &json!("Zed"), &json!(["z"])));
        assert_eq!(update(json!({ "users": ["w"] })).await.ok()["review_queue"]["users"], json!(["z"]), "without its flag");
        update(json!({ "name": "carl" })).await.refused(TAKEN, "case-insensitive");
        update(json!({ "name": "Default" })).await.refused(INVALID, "reserved");
        update(json!({ "update_schema_ids": true, "schema_ids": ["nope"] })).await.refused(INVALID, "['nope']");
        let fixed = json!({ "queue_id": own["review_queue"]["queue_id"], "name": "x" });
        app.post(&v3("review-queues/update"), fixed).await.refused(INVALID, "fixed");

        let listed = app.get(&v3("review-queues/list"), &[("experiment_id", "0"), ("user", "Z")]).await.ok();
        assert_eq!(listed["review_queues"].as_array().map(Vec::len), Some(1));
        let by_name = [("experiment_id", "0"), ("name", "q one")];
        assert_eq!(app.get(&v3("review-queues/get-by-name"), &by_name).await.ok()["review_queue"]["queue_id"], id);
        app.post(&v3("review-queues/delete"), json!({ "queue_id": id })).await.ok();
        app.post(&v3("review-queues/delete"), json!({ "queue_id": id })).await.ok();
        app.get(&v3("review-queues/get"), &[("queue_id", id)]).await.refused(ABSENT, "not found");
    }

    async fn traces_wait_and_are_judged(db: Db) {
        let app = TestApp::new(db.clone()).await;
        traces(&db, &["tr-a", "tr-b"]).await;
        let schema = label_schema(&app).await;
        let queue = create(&app, json!({ "name": "q", "queue_type": 2 })).await;
        let id = queue["queue_id"].as_str().expect("an id");
        let add = async |ids: Value| {
            app.post(&v3("review-queues/items/add"), json!({ "queue_id": id, "item_ids": ids, "item_type": "TRACE" })).await
        };
        let added = add(json!(["tr-b", " tr-a", "tr-a"])).await.ok();
        assert_eq!(added["items"].as_array().map(Vec::len), Some(2));
        assert!(added.get("next_page_token").is_none());
        add(json!(["tr-a", "tr-c"])).await.refused(ABSENT, "['tr-c']");
        add(json!([])).await.refused(INVALID, "non-empty list");
        let locked = json!({ "queue_id": id, "update_schema_ids": true, "schema_ids": [schema] });
        app.post(&v3("review-queues/update"), locked).await.refused(INVALID, "locked");

        let set = async |mut body: Value| {
            body["queue_id"] = json!(id);
            app.post(&v3("review-queues/items/set-status"), body).await
        };
        let done = set(json!({ "item_id": "tr-a", "status": "COMPLETE", "completed_by": " Bob " })).await.ok();
        assert_eq!((&done["item"]["completed_by"], &done["item"]["completed_time_ms"]), (&json!("bob"), &json!(1000)));
        let again = set(json!({ "item_id": "tr-a", "status": "COMPLETE", "completed_by": "eve" })).await.ok();
        assert_eq!(again, done, "whoever was first stays named");
        add(json!(["tr-a"])).await.ok();
        let pair = |id: &str, status: &str| (id.to_owned(), status.to_owned());
        assert_eq!(items(&app, id, &[]).await, [pair("tr-a", "COMPLETE"), pair("tr-b", "PENDING")]);
        assert_eq!(items(&app, id, &[("status", "PENDING")]).await, [pair("tr-b", "PENDING")]);
        assert_eq!(items(&app, id, &[("status", "BOGUS")]).await.len(), 2);
        let list = v3("review-queues/items/list");
        let first = app.get(&list, &[("queue_id", id), ("max_results", "1")]).await.ok();
        let token = first["next_page_token"].as_str().expect("a token");
        assert_eq!(items(&app, id, &[("max_results", "1"), ("page_token", token)]).await, [pair("tr-b", "PENDING")]);
        set(json!({ "item_id": "tr-a", "status": "COMPLETE" })).await.refused(INVALID, "is required");
        set(json!({ "item_id": "tr-a", "status": "PENDING", "completed_by": "x" })).await.refused(INVALID, "must not be set");
        set(json!({ "item_id": "tr-a" })).await.refused(INVALID, "`status`");
        set(json!({ "item_id": "zz", "status": "PENDING" })).await.refused(ABSENT, "not attached");
        let open = set(json!({ "item_id": "tr-a", "status": "PENDING" })).await.ok();
        assert!(open["item"].get("completed_by").is_none());

        let holding = [("experiment_id", "0"), ("item_id", "tr-a")];
        let queues = app.get(&v3("review-queues/list"), &holding).await.ok();
        assert_eq!(queues["review_queues"][0]["queue_id"], id);
        app.post(&v3("review-queues/items/remove"), json!({ "queue_id": id, "item_ids": ["tr-a", "zz"] })).await.ok();
        assert_eq!(items(&app, id, &[]).await, [pair("tr-b", "PENDING")]);
        db.write(|tx| tx.execute("DELETE FROM traces WHERE trace_id = 'tr-b'", &[])).await.expect("a deleted trace");
        assert!(items(&app, id, &[]).await.is_empty(), "an item goes with its trace");
    }
}

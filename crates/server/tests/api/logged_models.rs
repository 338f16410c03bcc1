//! Logged models over HTTP, on both databases.

use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";

async fn create(app: &TestApp, body: Value) -> String {
    let answer = app.post("logged-models", body).await.ok();
    answer["model"]["info"]["model_id"].as_str().expect("an id").to_owned()
}

async fn get(app: &TestApp, id: &str) -> Value {
    app.get(&format!("logged-models/{id}"), &[]).await.ok()["model"].take()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

async fn create_run(app: &TestApp) -> String {
    let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
    run["run"]["info"]["run_id"].as_str().expect("an id").to_owned()
}

/// Names of the models found, in their order.
async fn search(app: &TestApp, mut body: Value) -> Vec<String> {
    body["experiment_ids"] = json!(["0"]);
    let answer = app.post("logged-models/search", body).await.ok();
    let models = answer["models"].as_array().cloned().unwrap_or_default();
    let name = |model: &Value| model["info"]["name"].as_str().expect("a name").to_owned();
    models.iter().map(name).collect()
}

/// Three models: `a` is better on the dataset `d`, `b` later and on `e`, `c` has no points.
async fn three_models(app: &TestApp) -> [String; 3] {
    let run_id = create_run(app).await;
    let mut ids = Vec::new();
    for (time, name) in [(1, "a"), (2, "b"), (3, "c")] {
        app.clock.set(time);
        let body = json!({
            "experiment_id": "0", "name": name, "source_run_id": run_id, "model_type": format!("type-{name}"),
            "params": [{ "key": "depth", "value": name }], "tags": [{ "key": "my tag", "value": name }],
        });
        ids.push(create(app, body).await);
    }
    let point = |model: usize, value: Value, step: i64, dataset: &str, digest: &str| {
        json!({
            "key": "acc", "value": value, "timestamp": 100 + step, "step": step, "model_id": ids[model],
            "dataset_name": dataset, "dataset_digest": digest,
        })
    };
    let metrics = json!([
        point(0, json!(0.9), 1, "d", "1"),
        point(0, json!(0.1), 2, "", ""),
        point(1, json!(0.3), 1, "d", "2"),
        point(1, json!(0.5), 2, "e", "1"),
    ]);
    app.post("runs/log-batch", json!({ "run_id": run_id, "metrics": metrics }))
        .await
        .ok();
    ids.try_into().expect("three models")
}

on_both_databases! { MIGRATIONS;
    async fn a_model_is_created_finalized_and_deleted(db: Db) {
        let app = TestApp::new(db).await;
        let params = json!([{ "key": "depth", "value": "3" }, { "key": "any key #!", "value": "" }]);
        let body = json!({
            "experiment_id": "0", "name": "forest", "model_type": "t", "source_run_id": "r", "params": params,
            "tags": [{ "key": "k", "value": "1" }, { "key": "k", "value": "2" }],
        });
        let created = app.post("logged-models", body).await.ok();
        let id = created["model"]["info"]["model_id"].as_str().expect("an id").to_owned();
        assert!(id.starts_with("m-") && id.len() == 34, "{id}");
        let mut info = json!({
            "model_id": id, "experiment_id": "0", "name": "forest", "creation_timestamp_ms": 1000, "last_updated_timestamp_ms": 1000,
            "artifact_uri": format!("mlflow-artifacts:/0/models/{id}/artifacts"), "status": "LOGGED_MODEL_PENDING",
            "model_type": "t", "source_run_id": "r", "tags": [{ "key": "k", "value": "2" }],
        });
        let data = json!({ "params": [{ "key": "any key #!", "value": "" }, { "key": "depth", "value": "3" }] });
        assert_eq!(created["model"], json!({ "info": info, "data": data }));
        assert_eq!(get(&app, &id).await, created["model"]);

        app.clock.set(2000);
        let path = format!("logged-models/{id}");
        let ready = app.patch(&path, json!({ "model_id": id, "status": "LOGGED_MODEL_READY" })).await.ok();
        info["status"] = json!("LOGGED_MODEL_READY");
        info["last_updated_timestamp_ms"] = json!(2000);
        assert_eq!(ready["model"]["info"], info);
        let failed = app.patch(&path, json!({ "status": 3 })).await.ok();
        assert_eq!(failed["model"]["info"]["status"], "LOGGED_MODEL_UPLOAD_FAILED");
        app.patch(&path, json!({ "status": "BOGUS" })).await.refused(INVALID, "'status'");
        app.patch(&path, json!({})).await.refused(INVALID, "'status'");
        app.patch(&path, json!({ "model_id": "m-other", "status": 2 })).await.refused(INVALID, "'model_id'");
        assert_eq!(get(&app, &id).await["info"]["status"], "LOGGED_MODEL_UPLOAD_FAILED");

        for _ in 0..2 {
            assert_eq!(app.delete(&path, json!({})).await.ok(), json!({}));
        }
        app.get(&path, &[]).await.refused(ABSENT, &id);
        app.patch(&path, json!({ "status": 2 })).await.refused(ABSENT, &id);
        let deleted = app.get(&path, &[("allow_deleted", "true")]).await.ok();
        assert_eq!(deleted["model"]["info"]["name"], "forest");
        assert_eq!(search(&app, json!({})).await, [] as [&str; 0]);
        app.get("logged-models/m-none", &[("allow_deleted", "true")]).await.refused(ABSENT, "m-none");
    }

    async fn a_model_without_a_name_gets_one(db: Db) {
        let app = TestApp::new(db).await;
        let id = create(&app, json!({ "experiment_id": "0" })).await;
        let model = get(&app, &id).await;
        assert!(!model["info"]["name"].as_str().expect("a name").is_empty());
        assert_eq!((&model["info"]["model_type"], &model["info"]["source_run_id"]), (&json!(""), &json!("")));
        assert_eq!(model["data"], json!({}));
    }

    async fn params_are_written_once_and_tags_over_and_over(db: Db) {
        let app = TestApp::new(db).await;
        let id = create(&app, json!({ "experiment_id": "0", "params": [{ "key": "a", "value": "1" }] })).await;
        let (params, tags) = (format!("logged-models/{id}/params"), format!("logged-models/{id}/tags"));
        app.post(&params, json!({ "model_id": id, "params": [{ "key": "b", "value": "2" }, { "key": "a", "value": "1" }] })).await.ok();
        app.post(&params, json!({ "params": [{ "key": "c", "value": "3" }, { "key": "a", "value": "9" }] })).await.refused(INVALID, "'params'");
        assert_eq!(get(&app, &id).await["data"]["params"], json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "2" }]));

        app.patch(&tags, json!({ "tags": [{ "key": "t", "value": "1" }, { "key": "t", "value": "2" }, { "key": "a/b c", "value": "" }] })).await.ok();
        app.patch(&tags, json!({ "tags": [{ "key": "t", "value": "3" }] })).await.ok();
        assert_eq!(get(&app, &id).await["info"]["tags"], json!([{ "key": "a/b c", "value": "" }, { "key": "t", "value": "3" }]));
        app.delete(&format!("{tags}/t"), json!({})).await.ok();
        app.delete(&format!("{tags}/t"), json!({})).await.refused(ABSENT, "'t'");
        app.delete(&format!("{tags}/a%2Fb%20c"), json!({})).await.ok();
        assert_eq!(get(&app, &id).await["info"].get("tags"), None);
    }

    async fn every_point_of_a_model_is_kept(db: Db) {
        let app = TestApp::new(db).await;
        let run_id = create_run(&app).await;
        let id = create(&app, json!({ "experiment_id": "0", "name": "m" })).await;
        let point = |value: Value, timestamp: i64, step: i64| json!({ "run_id": run_id, "key": "acc", "value": value, "timestamp": timestamp, "step": step, "model_id": id });
        for body in [point(json!(0.5), 2, 1), point(json!(0.25), 1, 0), point(json!(0.5), 2, 1), point(json!(0.75), 2, 1), point(json!("NaN"), 3, 2)] {
            app.post("runs/log-metric", body).await.ok();
        }
        let mut on_dataset = point(json!(1.0), 4, 3);
        on_dataset["dataset_name"] = json!("d");
        on_dataset["dataset_digest"] = json!("1");
        app.post("runs/log-metric", on_dataset).await.ok();
        let expected = |value: Value, timestamp: i64, step: i64| json!({ "key": "acc", "value": value, "timestamp": timestamp, "step": step, "model_id": id, "run_id": run_id });
        let mut last = expected(json!(1.0), 4, 3);
        last["dataset_name"] = json!("d");
        last["dataset_digest"] = json!("1");
        assert_eq!(
            get(&app, &id).await["data"]["metrics"],
            json!([expected(json!(0.25), 1, 0), expected(json!(0.5), 2, 1), expected(json!(0.75), 2, 1), expected(json!("NaN"), 3, 2), last])
        );
        let mut unknown = point(json!(1), 1, 1);
        unknown["model_id"] = json!("m-none");
        app.post("runs/log-metric", unknown).await.refused(ABSENT, "m-none");
        let mut unreadable = point(json!(1), 1, 1);
        unreadable["dataset_name"] = json!("a\u{0}");
        app.post("runs/log-metric", unreadable).await.refused(INVALID, "'dataset_name'");
    }

    async fn models_are_searched_by_every_kind_of_entity(db: Db) {
        let app = TestApp::new(db).await;
        let [a, _, _] = three_models(&app).await;
        let by_id = format!("model_id = '{a}'");
        for (filter, expected) in [
            ("", &["c", "b", "a"][..]),
            ("name = 'a'", &["a"]),
            ("attributes.name IN ('a', 'c')", &["c", "a"]),
            (&by_id, &["a"]),
            ("model_type LIKE 'type-%' AND name != 'b'", &["c", "a"]),
            ("status = 'PENDING'", &["c", "b", "a"]),
            ("status = 'READY'", &[]),
            ("creation_timestamp > 1", &["c", "b"]),
            ("params.depth = 'b'", &["b"]),
            ("tags.`my tag` ILIKE 'C'", &["c"]),
            ("metrics.acc > 0.4", &["b", "a"]),
            ("metrics.acc > 0.4 AND metrics.acc < 0.2", &["a"]),
            ("metrics.none > 0", &[]),
        ] {
            assert_eq!(search(&app, json!({ "filter": filter })).await, expected, "{filter}");
        }
    }

    async fn datasets_narrow_the_points_that_count(db: Db) {
        let app = TestApp::new(db).await;
        three_models(&app).await;
        for (datasets, filter, expected) in [
            (json!([{ "dataset_name": "d" }]), "", &["b", "a"][..]),
            (json!([{ "dataset_name": "d", "dataset_digest": "1" }]), "", &["a"]),
            (json!([{ "dataset_name": "d" }]), "metrics.acc > 0.4", &["a"]),
            (json!([{ "dataset_name": "d" }, { "dataset_name": "e" }]), "metrics.acc > 0.4", &["b", "a"]),
            (json!([{ "dataset_name": "none" }]), "", &[]),
        ] {
            let found = search(&app, json!({ "datasets": datasets, "filter": filter })).await;
            assert_eq!(found, expected, "{datasets} {filter}");
        }
        let body = json!({ "experiment_ids": ["0"], "datasets": [{ "dataset_digest": "1" }] });
        app.post("logged-models/search", body).await.refused(INVALID, "'datasets[0].dataset_name'");
    }

    async fn models_are_sorted_with_those_without_a_value_last(db: Db) {
        let app = TestApp::new(db).await;
        three_models(&app).await;
        for (order_by, expected) in [
            (json!({ "field_name": "name" }), ["a", "b", "c"]),
            (json!({ "field_name": "name", "ascending": false }), ["c", "b", "a"]),
            (json!({ "field_name": "creation_timestamp", "ascending": true }), ["a", "b", "c"]),
            (json!({ "field_name": "metrics.acc" }), ["a", "b", "c"]),
            (json!({ "field_name": "metrics.acc", "ascending": false }), ["b", "a", "c"]),
            (json!({ "field_name": "metrics.acc", "ascending": false, "dataset_name": "d" }), ["a", "b", "c"]),
            (json!({ "field_name": "metrics.acc", "dataset_name": "d", "dataset_digest": "2" }), ["b", "c", "a"]),
        ] {
            assert_eq!(search(&app, json!({ "order_by": [order_by] })).await, expected, "{order_by}");
        }
    }

    async fn pages_visit_every_model_once_and_belong_to_their_request(db: Db) {
        let app = TestApp::new(db).await;
        for index in 0..7 {
            create(&app, json!({ "experiment_id": "0", "name": format!("m{index}") })).await;
        }
        let request = json!({ "experiment_ids": ["0"], "filter": "name LIKE 'm%'", "order_by": [{ "field_name": "name" }], "max_results": 3 });
        let (mut body, mut seen) = (request.clone(), Vec::new());
        loop {
            let page = app.post("logged-models/search", body.clone()).await.ok();
            let models = page["models"].as_array().expect("models").clone();
            seen.extend(models.iter().map(|model| text(&model["info"]["name"])));
            match page.get("next_page_token") {
                Some(token) => body["page_token"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(seen, (0..7).map(|index| format!("m{index}")).collect::<Vec<_>>());
        for (field, other) in [("filter", json!("name LIKE 'x%'")), ("experiment_ids", json!(["0", "1"])), ("order_by", json!([])), ("datasets", json!([{ "dataset_name": "d" }]))] {
            let mut changed = body.clone();
            changed[field] = other;
            app.post("logged-models/search", changed).await.refused(INVALID, field);
        }
    }

    async fn pages_by_any_order_are_the_whole_list_cut_up(db: Db) {
        let app = TestApp::new(db).await;
        three_models(&app).await;
        for index in 0..4 {
            create(&app, json!({ "experiment_id": "0", "name": format!("m{}", index % 2) })).await;
        }
        for order_by in [
            json!([]),
            json!([{ "field_name": "metrics.acc" }]),
            json!([{ "field_name": "metrics.acc", "ascending": false }]),
            json!([{ "field_name": "name", "ascending": false }, { "field_name": "metrics.acc" }]),
            json!([{ "field_name": "status_message" }]),
            json!([{ "field_name": "last_updated_timestamp" }]),
        ] {
            let whole = search(&app, json!({ "order_by": order_by })).await;
            assert_eq!(whole.len(), 7);
            let (mut body, mut seen) = (json!({ "experiment_ids": ["0"], "order_by": order_by, "max_results": 2 }), Vec::new());
            loop {
                let page = app.post("logged-models/search", body.clone()).await.ok();
                seen.extend(page["models"].as_array().expect("models").iter().map(|model| text(&model["info"]["name"])));
                match page.get("next_page_token") {
                    Some(token) => body["page_token"] = token.clone(),
                    None => break,
                }
            }
            assert_eq!(seen, whole, "{order_by}");
        }
        // What MLflow gives out is understood, too.
        let token = json!({ "experiment_ids": ["0"], "filter_string": null, "order_by": null, "offset": 5 });
        let token = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, token.to_string());
        let rest = app.post("logged-models/search", json!({ "experiment_ids": ["0"], "page_token": token })).await.ok();
        assert_eq!(rest["models"].as_array().map(Vec::len), Some(2));
    }

    async fn bad_input_is_refused_by_field(db: Db) {
        let app = TestApp::new(db).await;
        let id = create(&app, json!({ "experiment_id": "0" })).await;
        let (params, tags) = (format!("logged-models/{id}/params"), format!("logged-models/{id}/tags"));
        for (path, body, field) in [
            ("logged-models", json!({}), "'experiment_id'"),
            ("logged-models", json!({ "experiment_id": "x" }), "experiment ID"),
            ("logged-models", json!({ "experiment_id": "0", "name": "a/b" }), "'name'"),
            ("logged-models", json!({ "experiment_id": "0", "name": "a\u{0}" }), "'name'"),
            ("logged-models", json!({ "experiment_id": "0", "model_type": "a\u{0}" }), "'model_type'"),
            ("logged-models", json!({ "experiment_id": "0", "source_run_id": "x".repeat(501) }), "'source_run_id'"),
            ("logged-models", json!({ "experiment_id": "0", "params": [{ "key": "a", "value": "1" }, { "key": "a", "value": "2" }] }), "'params'"),
            ("logged-models", json!({ "experiment_id": "0", "params": [{ "value": "1" }] }), "'params[0].key'"),
            ("logged-models", json!({ "experiment_id": "0", "tags": [{ "key": "a", "value": "x".repeat(100_001) }] }), "'tags[0].value'"),
            (params.as_str(), json!({ "params": [{ "key": "a\u{0}" }] }), "'params[0].key'"),
            (params.as_str(), json!({ "model_id": "other" }), "'model_id'"),
            ("logged-models/search", json!({}), "'experiment_ids'"),
            ("logged-models/search", json!({ "experiment_ids": ["x"] }), "experiment ID"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "max_results": -1 }), "'max_results'"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "filter": "bogus = 'x'" }), "bogus"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "filter": "name = 'a\u{0}'" }), "'filter'"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "order_by": [{}] }), "'order_by[0].field_name'"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "order_by": [{ "field_name": "params.x" }] }), "params.x"),
            ("logged-models/search", json!({ "experiment_ids": ["0"], "page_token": "x" }), "page token"),
        ] {
            app.post(path, body).await.refused(INVALID, field);
        }
        app.patch(&tags, json!({ "tags": [{}] })).await.refused(INVALID, "'tags[0].key'");
        app.post("logged-models", json!({ "experiment_id": "99" })).await.refused(ABSENT, "99");
        app.post("experiments/delete", json!({ "experiment_id": "0" })).await.ok();
        app.post("logged-models", json!({ "experiment_id": "0" })).await.refused(INVALID, "active");
    }
}

//! Traces' own records over HTTP, on both databases. What is expected is what MLflow 3.17.2 answers.

use crate::support::TestApp;
use axum::http::Method;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const V3: &str = "/api/3.0/mlflow/traces";
const V2: &str = "/api/2.0/mlflow/traces";

fn location(experiment_id: &str) -> Value {
    json!({ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": experiment_id } })
}

/// Starts a trace; `more` goes into its info.
async fn start(app: &TestApp, trace_id: &str, more: Value) -> Value {
    let mut info = json!({ "trace_id": trace_id, "trace_location": location("0") });
    for (key, value) in more.as_object().expect("an object") {
        info[key] = value.clone();
    }
    let answer = app.post(V3, json!({ "trace": { "trace_info": info } })).await.ok();
    answer["trace"]["trace_info"].clone()
}

async fn info(app: &TestApp, trace_id: &str) -> Value {
    app.get(&format!("{V3}/{trace_id}"), &[]).await.ok()["trace"]["trace_info"].take()
}

/// The ids of the traces found, in their order.
async fn search(app: &TestApp, filter: &str) -> Vec<String> {
    let body = json!({ "locations": [location("0")], "filter": filter });
    ids(&app.post(&format!("{V3}/search"), body).await.ok())
}

fn ids(answer: &Value) -> Vec<String> {
    let traces = answer["traces"].as_array().cloned().unwrap_or_default();
    traces
        .iter()
        .map(|trace| trace["trace_id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn create_run(app: &TestApp) -> String {
    let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
    run["run"]["info"]["run_id"].as_str().expect("an id").to_owned()
}

/// Four traces, one a second: `tr-1` is OK and took 1 s, `tr-2` failed, `tr-3` runs, `tr-4` has nothing.
async fn four_traces(app: &TestApp) {
    let usage = r#"{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}"#;
    start(app, "tr-1", json!({
        "request_time": "1970-01-01T00:00:01Z", "execution_duration": "1s", "state": "OK", "client_request_id": "c-1",
        "tags": { "mlflow.traceName": "chat", "color": "red" },
        "trace_metadata": { "mlflow.trace.session": "s", "model": "a", "mlflow.trace.tokenUsage": usage },
    })).await;
    start(app, "tr-2", json!({
        "request_time": "1970-01-01T00:00:02Z", "execution_duration": "0.250s", "state": "ERROR",
        "tags": { "mlflow.traceName": "Chat bot", "color": "blue" }, "trace_metadata": { "mlflow.trace.session": "s" },
    })).await;
    start(
        app,
        "tr-3",
        json!({ "request_time": "1970-01-01T00:00:03Z", "state": "IN_PROGRESS" }),
    )
    .await;
    start(app, "tr-4", json!({ "request_time": "1970-01-01T00:00:04Z" })).await;
}

on_both_databases! { MIGRATIONS;
    async fn a_trace_is_started_and_ended(db: Db) {
        let app = TestApp::new(db).await;
        let started = start(&app, "tr-1", json!({
            "request_time": "2025-04-15T08:49:18.699Z", "execution_duration": "1.5s", "state": "OK", "client_request_id": "c1",
            "request_preview": "q", "response_preview": "r", "tags": { "mlflow.traceName": "nm", "t": "1" },
            "trace_metadata": {
                "a": "b", "mlflow.trace.tokenUsage": r#"{"input_tokens": 1, "x": 1}"#, "mlflow.trace.cost": r#"{"total_cost": 0.5}"#,
            },
        })).await;
        let expected = json!({
            "trace_id": "tr-1", "client_request_id": "c1", "trace_location": location("0"), "request_time": "2025-04-15T08:49:18.699Z",
            "execution_duration": "1.500s", "state": "OK", "request_preview": "q", "response_preview": "r",
            "trace_metadata": {
                "a": "b", "mlflow.trace.infoFinalized": "true", "mlflow.trace.tokenUsage": r#"{"input_tokens": 1}"#,
                "mlflow.trace.cost": r#"{"total_cost": 0.5}"#,
            },
            "tags": { "mlflow.traceName": "nm", "t": "1", "mlflow.artifactLocation": "mlflow-artifacts:/0/traces/tr-1/artifacts" },
        });
        assert_eq!(started, expected);

        let again = start(&app, "tr-1", json!({
            "request_time": "2025-04-15T08:49:19Z", "state": "ERROR", "tags": { "u": "2" },
            "trace_metadata": { "mlflow.trace.tokenUsage": r#"{"output_tokens": 2}"# },
        })).await;
        let mut merged = expected;
        merged["request_time"] = json!("2025-04-15T08:49:19Z");
        merged["state"] = json!("ERROR");
        merged["tags"]["u"] = json!("2");
        merged["trace_metadata"]["mlflow.trace.tokenUsage"] = json!(r#"{"input_tokens": 1, "output_tokens": 2}"#);
        let fields = merged.as_object_mut().expect("an object");
        fields.remove("client_request_id");
        fields.remove("execution_duration");
        assert_eq!(again, merged);
        assert_eq!(info(&app, "tr-1").await, merged);
        app.get(&format!("{V3}/none"), &[]).await.refused(ABSENT, "Trace with ID 'none' not found.");
    }

    async fn a_bare_trace_has_little(db: Db) {
        let app = TestApp::new(db).await;
        let expected = json!({
            "trace_id": "tr-1", "trace_location": location("0"), "request_time": "1970-01-01T00:00:00Z", "state": "STATE_UNSPECIFIED",
            "trace_metadata": { "mlflow.trace.infoFinalized": "true" },
            "tags": { "mlflow.artifactLocation": "mlflow-artifacts:/0/traces/tr-1/artifacts" },
        });
        assert_eq!(start(&app, "tr-1", json!({})).await, expected);
    }

    async fn bad_traces_are_refused(db: Db) {
        let app = TestApp::new(db).await;
        let refused = async |info: Value, code: &str, part: &str| {
            app.post(V3, json!({ "trace": { "trace_info": info } })).await.refused(code, part);
        };
        app.post(V3, json!({})).await.refused(INVALID, "'trace'");
        app.post(V3, json!({ "trace": {} })).await.refused(INVALID, "'trace.trace_info'");
        refused(json!({ "trace_location": location("0") }), INVALID, "trace_id").await;
        refused(json!({ "trace_id": "t" }), INVALID, "experiment_id").await;
        refused(json!({ "trace_id": "t", "trace_location": location("77") }), ABSENT, "No Experiment with id=77 exists").await;
        refused(json!({ "trace_id": "t", "trace_location": location("abc") }), INVALID, "Invalid experiment ID 'abc'").await;
        for (field, value) in [
            ("trace_id", json!("../x")), ("trace_id", json!("x".repeat(251))), ("state", json!("BOGUS")), ("request_time", json!("garbage")),
            ("execution_duration", json!("1")), ("tags", json!({ "a": 1 })), ("tags", json!({ "k".repeat(251): "v" })),
            ("trace_metadata", json!({ "mlflow.trace.session": "s".repeat(251) })), ("request_preview", json!("a\u{0}b")),
        ] {
            let mut info = json!({ "trace_id": "t", "trace_location": location("0") });
            info[field] = value;
            refused(info, INVALID, "").await;
        }
        app.post("experiments/create", json!({ "name": "gone" })).await.ok();
        app.post("experiments/delete", json!({ "experiment_id": "1" })).await.ok();
        refused(json!({ "trace_id": "t", "trace_location": location("1") }), INVALID, "must be in the 'active' state").await;
        assert_eq!(search(&app, "").await, [""; 0]);
    }

    async fn old_clients_start_and_end_traces(db: Db) {
        let app = TestApp::new(db).await;
        let pair = |key: &str, value: &str| json!({ "key": key, "value": value });
        let body = json!({ "experiment_id": "0", "timestamp_ms": 2000, "request_metadata": [pair("m", "1")], "tags": [pair("mlflow.traceName", "n")] });
        let started = app.post("traces", body).await.ok()["trace_info"].take();
        let id = started["request_id"].as_str().expect("an id").to_owned();
        let artifacts = pair("mlflow.artifactLocation", &format!("mlflow-artifacts:/0/traces/{id}/artifacts"));
        let mut expected = json!({
            "request_id": id, "experiment_id": "0", "timestamp_ms": 2000, "execution_time_ms": 0, "status": "IN_PROGRESS",
            "request_metadata": [pair("m", "1")], "tags": [artifacts, pair("mlflow.traceName", "n")],
        });
        assert_eq!(started, expected);

        let path = format!("traces/{id}");
        let body = json!({ "timestamp_ms": "2500", "status": "OK", "request_metadata": [pair("m", "2")], "tags": [pair("k", "v")] });
        let ended = app.patch(&path, body).await.ok()["trace_info"].take();
        expected["execution_time_ms"] = json!(500);
        expected["status"] = json!("OK");
        expected["request_metadata"] = json!([pair("m", "2")]);
        expected["tags"] = json!([pair("k", "v"), expected["tags"][0], expected["tags"][1]]);
        assert_eq!(ended, expected);
        assert_eq!(app.get(&format!("{path}/info"), &[]).await.ok()["trace_info"], expected);
        assert_eq!(info(&app, &id).await["execution_duration"], "0.500s");
        let found = app.get("traces", &[("experiment_ids", "0"), ("max_results", "5"), ("filter", "name = 'n'")]).await.ok();
        assert_eq!(found, json!({ "traces": [expected] }));

        start(&app, "tr-1", json!({})).await;
        assert_eq!(app.get("traces/tr-1/info", &[]).await.ok()["trace_info"]["status"], "TRACE_STATUS_UNSPECIFIED");
        app.post("traces", json!({})).await.refused(INVALID, "'experiment_id'");
        app.post("traces", json!({ "experiment_id": "99", "timestamp_ms": 1 })).await.refused(ABSENT, "id=99");
        app.post("traces", json!({ "experiment_id": "0", "tags": [{ "value": "x" }] })).await.refused(INVALID, "tags[0].key");
        app.patch(&path, json!({ "timestamp_ms": 1 })).await.refused(INVALID, "'status'");
        app.patch(&path, json!({ "timestamp_ms": 1, "status": "BOGUS" })).await.refused(INVALID, "BOGUS");
        app.patch(&path, json!({ "status": "OK" })).await.refused(INVALID, "'timestamp_ms'");
        app.patch("traces/none", json!({ "timestamp_ms": 1, "status": "OK" })).await.refused(ABSENT, "'none'");
        app.get("traces/none/info", &[]).await.refused(ABSENT, "'none'");
        app.get("traces", &[]).await.refused(INVALID, "'experiment_ids'");
    }

    async fn tags_are_set_and_deleted(db: Db) {
        let app = TestApp::new(db).await;
        start(&app, "tr-1", json!({ "tags": { "mlflow.trace.spansLocation": "TRACKING_STORE" } })).await;
        for api in [V2, V3] {
            let path = format!("{api}/tr-1/tags");
            app.patch(&path, json!({ "key": "k", "value": "1" })).await.ok();
            app.patch(&path, json!({ "key": "k", "value": "v".repeat(9000) })).await.ok();
            assert_eq!(info(&app, "tr-1").await["tags"]["k"], "v".repeat(4096));
            app.patch(&path, json!({ "key": "k" })).await.ok();
            assert_eq!(info(&app, "tr-1").await["tags"]["k"], "");
            app.delete(&path, json!({ "key": "k" })).await.ok();
            app.delete(&path, json!({ "key": "k" })).await.refused(ABSENT, "No trace tag with key 'k' for trace with ID 'tr-1'");
            app.patch(&path, json!({ "value": "v" })).await.refused(INVALID, "'key'");
            app.delete(&path, json!({})).await.refused(INVALID, "'key'");
            app.patch(&path, json!({ "key": "a,b", "value": "v" })).await.refused(INVALID, "Names may only contain");
            app.patch(&path, json!({ "key": "mlflow.trace.spansLocation", "value": "v" })).await.refused(INVALID, "cannot be set on a trace");
            app.delete(&path, json!({ "key": "mlflow.trace.spansLocation" })).await.refused(INVALID, "cannot be deleted on a trace");
            app.delete(&path, json!({ "key": "mlflow.trace.archivalFailure" })).await.refused(ABSENT, "archivalFailure");
            app.patch(&format!("{api}/none/tags"), json!({ "key": "k", "value": "v" })).await.refused(ABSENT, "'none'");
            app.delete(&format!("{api}/none/tags"), json!({ "key": "k" })).await.refused(ABSENT, "'none'");
        }
        app.patch(&format!("{V3}/tr-1/tags"), json!({ "key": "mlflow.traceName", "value": "x".repeat(4097) })).await.refused(INVALID, "Trace name");
        assert_eq!(info(&app, "tr-1").await["tags"]["mlflow.trace.spansLocation"], "TRACKING_STORE");
    }

    async fn many_infos_come_in_the_order_asked_for(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let get = async |body: Value| {
            let answer = app.post(&format!("{V3}/batchGetInfos"), body).await.ok();
            ids(&json!({ "traces": answer["trace_infos"] }))
        };
        assert_eq!(get(json!({ "trace_ids": ["tr-3", "none", "tr-1", "tr-3"] })).await, ["tr-1", "tr-3"]);
        assert_eq!(get(json!({ "trace_ids": ["tr-3"], "experiment_ids": ["0", "5"] })).await, ["tr-3"]);
        assert_eq!(get(json!({ "trace_ids": ["tr-3"], "experiment_ids": [] })).await, [""; 0]);
        assert_eq!(get(json!({ "trace_ids": [] })).await, [""; 0]);
        app.post(&format!("{V3}/batchGetInfos"), json!({})).await.refused(INVALID, "'trace_ids'");
    }

    async fn filters_find_traces(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let check = async |filter: &str, expected: &[&str]| assert_eq!(search(&app, filter).await, expected, "{filter}");
        check("", &["tr-4", "tr-3", "tr-2", "tr-1"]).await;
        check("status = 'OK'", &["tr-1"]).await;
        check("status IN ('OK', 'ERROR')", &["tr-2", "tr-1"]).await;
        check("status NOT IN ('OK', 'ERROR') AND timestamp_ms < 4000", &["tr-3"]).await;
        check("timestamp > '2000'", &["tr-4", "tr-3"]).await;
        check("execution_time >= 250 and execution_time < 1000.5", &["tr-2", "tr-1"]).await;
        check("end_time_ms = 2000", &["tr-1"]).await;
        check("end_time = 3000", &["tr-3"]).await;
        check("request_id LIKE 'tr-%' AND trace.client_request_id = 'c-1'", &["tr-1"]).await;
        check("name = 'chat'", &["tr-1"]).await;
        check("name LIKE 'chat%'", &["tr-1"]).await;
        check("name ILIKE 'CHAT%'", &["tr-2", "tr-1"]).await;
        check("name RLIKE '^[Cc]hat.b.t$'", &["tr-2"]).await;
        check("name RLIKE 'hat'", &["tr-2", "tr-1"]).await;
        check("name IS NULL", &["tr-4", "tr-3"]).await;
        check("name != 'chat'", &["tr-2"]).await;
        check("tags.color != 'red'", &["tr-2"]).await;
        check("tags.color IS NOT NULL AND tags.`mlflow.traceName` = 'chat'", &["tr-1"]).await;
        check("metadata.model = 'a'", &["tr-1"]).await;
        check("metadata.`mlflow.trace.session` = 's' AND status = 'ERROR'", &["tr-2"]).await;
        check("metadata.`mlflow.trace.tokenUsage` IS NOT NULL", &["tr-1"]).await;
        for (filter, part) in [
            ("foo = 'x'", "Invalid attribute key 'foo'"), ("status = 5", "quoted string value"), ("name RLIKE '('", "Invalid regular expression"),
            ("a.b = 'x'", "Invalid entity type 'a'"), ("status = 'a' OR status = 'b'", "Invalid clause(s)"), ("span.foo = 'x'", "Invalid span attribute 'foo'"),
            ("prompt != 'a/1'", "Only '=' is supported"), ("prompt = 'a'", "Expected format"), ("issue.name = 'a'", "Invalid issue attribute"),
        ] {
            let body = json!({ "locations": [location("0")], "filter": filter });
            app.post(&format!("{V3}/search"), body).await.refused(INVALID, part);
        }
    }

    async fn traces_are_found_by_run_and_prompt(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let (run, other) = (create_run(&app).await, create_run(&app).await);
        start(&app, "tr-5", json!({ "request_time": "1970-01-01T00:00:05Z", "trace_metadata": { "mlflow.sourceRun": run } })).await;
        let link = format!("{V2}/link-to-run");
        for _ in 0..2 {
            app.post(&link, json!({ "trace_ids": ["tr-2", "tr-late"], "run_id": run })).await.ok();
        }
        let by_run = format!("run_id = '{run}'");
        assert_eq!(search(&app, &by_run).await, ["tr-5", "tr-2"]);
        start(&app, "tr-late", json!({})).await;
        assert_eq!(search(&app, &by_run).await, ["tr-5", "tr-2", "tr-late"]);
        assert_eq!(search(&app, &format!("run_id = '{other}'")).await, [""; 0]);
        app.post(&link, json!({ "trace_ids": [], "run_id": run })).await.ok();
        app.post(&link, json!({ "trace_ids": ["tr-1"], "run_id": "norun" })).await.refused(ABSENT, "norun");
        app.post(&link, json!({ "trace_ids": vec!["x"; 101], "run_id": run })).await.refused(INVALID, "more than 100 traces");
        app.post(&link, json!({ "run_id": run })).await.refused(INVALID, "'trace_ids'");
        app.post(&link, json!({ "trace_ids": ["tr-1"] })).await.refused(INVALID, "'run_id'");

        let link = format!("{V2}/link-prompts");
        let prompts = json!([{ "name": "p", "version": "1" }, { "name": "p", "version": "2" }]);
        for _ in 0..2 {
            app.post(&link, json!({ "trace_id": "tr-1", "prompt_versions": prompts })).await.ok();
        }
        assert_eq!(search(&app, "prompt = 'p/2'").await, ["tr-1"]);
        assert_eq!(search(&app, "prompt = 'p/3'").await, [""; 0]);
        app.post(&link, json!({ "trace_id": "tr-1", "prompt_versions": [] })).await.ok();
        app.post(&link, json!({ "trace_id": "none", "prompt_versions": prompts })).await.refused(ABSENT, "'none'");
        app.post(&link, json!({ "trace_id": "tr-1", "prompt_versions": [{ "name": "p", "version": "x" }] })).await.refused(INVALID, "version");
        app.post(&link, json!({ "trace_id": "tr-1", "prompt_versions": [{}] })).await.refused(INVALID, "prompt_versions[0].name");
        app.post(&link, json!({ "trace_id": "tr-1" })).await.refused(INVALID, "'prompt_versions'");
    }

    async fn traces_are_ordered_and_paged(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let order = async |by: Value| {
            let body = json!({ "locations": [location("0")], "order_by": by });
            ids(&app.post(&format!("{V3}/search"), body).await.ok())
        };
        assert_eq!(order(json!(["timestamp_ms ASC"])).await, ["tr-1", "tr-2", "tr-3", "tr-4"]);
        assert_eq!(order(json!(["execution_time"])).await, ["tr-2", "tr-1", "tr-4", "tr-3"]);
        assert_eq!(order(json!(["execution_time DESC"])).await, ["tr-1", "tr-2", "tr-4", "tr-3"]);
        assert_eq!(order(json!(["name"])).await, ["tr-2", "tr-1", "tr-4", "tr-3"]);
        assert_eq!(order(json!(["tags.color DESC", "status"])).await, ["tr-1", "tr-2", "tr-3", "tr-4"]);
        assert_eq!(order(json!(["metadata.model", "request_id"])).await, ["tr-1", "tr-2", "tr-3", "tr-4"]);
        assert_eq!(order(json!(["end_time DESC"])).await, ["tr-4", "tr-3", "tr-2", "tr-1"]);
        let page = async |token: Option<Value>| {
            let body = json!({ "locations": [location("0")], "max_results": 2, "page_token": token });
            app.post(&format!("{V3}/search"), body).await.ok()
        };
        let first = page(None).await;
        assert_eq!(ids(&first), ["tr-4", "tr-3"]);
        let second = page(Some(first["next_page_token"].clone())).await;
        assert_eq!(ids(&second), ["tr-2", "tr-1"]);
        // A full page always has a token, so the last page may be empty.
        assert_eq!(page(Some(second["next_page_token"].clone())).await, json!({}));
        // Every order can be walked in pages, whatever is equal or missing, and what comes meanwhile moves nothing.
        start(&app, "tr-5", json!({ "request_time": "1970-01-01T00:00:02Z" })).await;
        for by in [
            json!([]), json!(["timestamp_ms ASC"]), json!(["execution_time"]), json!(["execution_time DESC"]), json!(["name"]),
            json!(["tags.color DESC", "status"]), json!(["metadata.model", "request_id"]), json!(["status DESC", "end_time"]), json!(["run_id"]),
        ] {
            let mut walked = Vec::new();
            let mut token = Value::Null;
            loop {
                let body = json!({ "locations": [location("0")], "max_results": 1, "order_by": by, "page_token": token });
                let answer = app.post(&format!("{V3}/search"), body).await.ok();
                walked.extend(ids(&answer));
                token = answer["next_page_token"].clone();
                if token.is_null() {
                    break;
                }
            }
            assert_eq!(walked, order(by.clone()).await, "{by}");
        }
        let body = json!({ "locations": [location("0")], "order_by": ["name"], "page_token": first["next_page_token"] });
        app.post(&format!("{V3}/search"), body).await.refused(INVALID, "another order_by");

        let refused = async |body: Value, part: &str| app.post(&format!("{V3}/search"), body).await.refused(INVALID, part);
        refused(json!({}), "'locations'").await;
        assert_eq!(app.post(&format!("{V3}/search"), json!({ "locations": [] })).await.ok(), json!({}));
        for (field, value, part) in [
            ("max_results", json!(501), "max_results"), ("max_results", json!(0), "max_results"), ("page_token", json!("zz"), "page token"),
            ("order_by", json!(["timestamp_ms", "timestamp"]), "duplicate"), ("order_by", json!(["foo"]), "Invalid attribute key"),
            ("order_by", json!(["span.name"]), "Invalid identifier type"), ("locations", json!([location("x")]), "Invalid experiment ID 'x'"),
        ] {
            let mut body = json!({ "locations": [location("0")] });
            body[field] = value;
            refused(body, part).await;
        }
    }

    async fn traces_are_deleted_with_all_that_hangs_on_them(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let run = create_run(&app).await;
        app.post(&format!("{V2}/link-to-run"), json!({ "trace_ids": ["tr-1"], "run_id": run })).await.ok();
        app.post(&format!("{V2}/link-prompts"), json!({ "trace_id": "tr-1", "prompt_versions": [{ "name": "p", "version": "1" }] })).await.ok();
        app.post(&format!("{V3}/tr-1/assessments"), json!({ "assessment": { "assessment_name": "f", "feedback": { "value": 1 } } })).await.ok();
        let delete = async |path: &str, mut body: Value| {
            body["experiment_id"] = json!("0");
            app.post(&format!("{path}/delete-traces"), body).await
        };
        let deleted = |count: u64| json!({ "traces_deleted": count });
        assert_eq!(delete(V2, json!({ "max_timestamp_millis": 3000, "max_traces": 1 })).await.ok(), deleted(1));
        assert_eq!(search(&app, "").await, ["tr-4", "tr-3", "tr-2"]);
        assert_eq!(delete(V3, json!({ "request_ids": ["tr-4", "tr-4", "none"] })).await.ok(), deleted(1));
        assert_eq!(delete(V3, json!({ "max_timestamp_millis": 5000 })).await.ok(), deleted(2));
        assert_eq!(delete(V3, json!({ "max_timestamp_millis": 5000 })).await.ok(), deleted(0));
        // The id is free again, and nothing of the old trace is left.
        let again = start(&app, "tr-1", json!({})).await;
        assert_eq!((&again["assessments"], &again["tags"]["color"]), (&Value::Null, &Value::Null));
        assert_eq!(search(&app, &format!("run_id = '{run}'")).await, [""; 0]);
        for (body, part) in [
            (json!({}), "Either `max_timestamp_millis` or `trace_ids`"), (json!({ "max_timestamp_millis": 1, "request_ids": ["a"] }), "Only one of"),
            (json!({ "request_ids": ["a"], "max_traces": 1 }), "`max_traces` can't"), (json!({ "max_timestamp_millis": 1, "max_traces": 0 }), "received 0"),
        ] {
            delete(V2, body).await.refused(INVALID, part);
        }
        app.post(&format!("{V2}/delete-traces"), json!({ "max_timestamp_millis": 1 })).await.refused(INVALID, "'experiment_id'");
    }

    async fn files_of_a_trace_go_with_it(db: Db) {
        let app = TestApp::new(db).await;
        start(&app, "tr-1", json!({})).await;
        let folder = "/api/2.0/mlflow-artifacts/artifacts/0/traces";
        let file = async |trace: &str, method| app.raw(method, &format!("{folder}/{trace}/artifacts/attachments/a.png"), &[], "x").await.status().as_u16();
        assert_eq!((file("tr-1", Method::PUT).await, file("tr-10", Method::PUT).await), (200, 200));
        app.post(&format!("{V3}/delete-traces"), json!({ "experiment_id": "0", "request_ids": ["tr-1"] })).await.ok();
        assert_eq!((file("tr-1", Method::GET).await, file("tr-10", Method::GET).await), (404, 200));
    }

    async fn rules_hold_for_what_clients_send_of_a_trace(db: Db) {
        let app = TestApp::new(db).await;
        let rules = json!({ "redact_keys": ["*secret*"], "redact_patterns": ["[a-z]+@shop[.]org"] });
        app.send(Method::PUT, "/api/fettle/v1/experiments/0/trace-rules", Some(rules)).await.ok();
        let started = start(&app, "tr-1", json!({
            "request_preview": r#"{"secret": 1, "q": "a@shop.org"}"#, "response_preview": r#"{"my_secret": "cut he"#,
            "tags": { "secret_word": "x", "mlflow.traceName": "for a@shop.org", "mlflow.sourceSecret": "kept" },
            "trace_metadata": { "mlflow.traceInputs": r#"{"secret": 2}"#, "mail": "a@shop.org" },
        })).await;
        let tags = |answer: &Value| ["secret_word", "mlflow.traceName", "mlflow.sourceSecret"].map(|key| answer["tags"][key].as_str().unwrap_or_default().to_owned());
        assert_eq!(started["request_preview"], r#"{"secret": "[REDACTED]", "q": "[REDACTED]"}"#);
        assert_eq!(started["response_preview"], r#"{"my_secret": [REDACTED]"#);
        assert_eq!(tags(&started), ["[REDACTED]", "for [REDACTED]", "kept"]);
        assert_eq!(started["trace_metadata"]["mlflow.traceInputs"], r#"{"secret": "[REDACTED]"}"#);
        assert_eq!(started["trace_metadata"]["mail"], "[REDACTED]");
        app.patch(&format!("{V2}/tr-1/tags"), json!({ "key": "note", "value": "ask b@shop.org" })).await.ok();
        assert_eq!(info(&app, "tr-1").await["tags"]["note"], "ask [REDACTED]");
    }

    async fn filters_are_correlated(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let path = format!("{V3}/calculate-filter-correlation");
        let body = json!({ "experiment_ids": ["0"], "filter_string1": "metadata.`mlflow.trace.session` = 's'", "filter_string2": "status = 'OK'" });
        let answer = app.post(&path, body.clone()).await.ok();
        let counts = ["filter1_count", "filter2_count", "joint_count", "total_count"].map(|field| answer[field].as_u64());
        assert_eq!(counts, [Some(2), Some(1), Some(1), Some(4)]);
        assert!((answer["npmi"].as_f64().expect("a number") - 0.5).abs() < 1e-12, "{answer}");
        let mut none = body.clone();
        none["filter_string2"] = json!("name = 'zz'");
        assert_eq!(app.post(&path, none).await.ok(), json!({ "filter1_count": 2, "filter2_count": 0, "joint_count": 0, "total_count": 4 }));
        let mut on_base = body;
        on_base["base_filter"] = json!("timestamp_ms < 2500");
        assert_eq!(app.post(&path, on_base).await.ok()["total_count"], 2);
        app.post(&path, json!({ "experiment_ids": ["0"], "filter_string1": "status = 'OK'" })).await.refused(INVALID, "'filter_string2'");
    }

    async fn traces_are_measured(db: Db) {
        let app = TestApp::new(db).await;
        four_traces(&app).await;
        let query = async |more: Value| {
            let mut body = json!({
                "experiment_ids": ["0"], "view_type": "TRACES", "metric_name": "trace_count", "aggregations": [{ "aggregation_type": "COUNT" }],
            });
            for (key, value) in more.as_object().expect("an object") {
                body[key] = value.clone();
            }
            app.post(&format!("{V3}/metrics"), body).await
        };
        let points = async |more: Value| query(more).await.ok()["data_points"].take();
        let count = |number: f64| json!({ "COUNT": number });
        assert_eq!(points(json!({})).await, json!([{ "metric_name": "trace_count", "values": count(4.0) }]));
        assert_eq!(points(json!({ "experiment_ids": [] })).await, json!([{ "metric_name": "trace_count", "values": count(0.0) }]));
        let by_status = points(json!({ "dimensions": ["trace_status"], "max_results": 2 })).await;
        assert_eq!(by_status, json!([
            { "metric_name": "trace_count", "dimensions": { "trace_status": "ERROR" }, "values": count(1.0) },
            { "metric_name": "trace_count", "dimensions": { "trace_status": "IN_PROGRESS" }, "values": count(1.0) },
        ]));
        let latency = points(json!({
            "metric_name": "latency", "dimensions": ["trace_name"],
            "aggregations": [{ "aggregation_type": "AVG" }, { "aggregation_type": "PERCENTILE", "percentile_value": 50 }],
        })).await;
        assert_eq!(latency, json!([
            { "metric_name": "latency", "dimensions": { "trace_name": "Chat bot" }, "values": { "AVG": 250.0, "P50.0": 250.0 } },
            { "metric_name": "latency", "dimensions": { "trace_name": "chat" }, "values": { "AVG": 1000.0, "P50.0": 1000.0 } },
        ]));
        let buckets = points(json!({ "time_interval_seconds": 2, "start_time_ms": 1000, "end_time_ms": 3000 })).await;
        assert_eq!(buckets, json!([
            { "metric_name": "trace_count", "dimensions": { "time_bucket": "1970-01-01T00:00:00+00:00" }, "values": count(1.0) },
            { "metric_name": "trace_count", "dimensions": { "time_bucket": "1970-01-01T00:00:02+00:00" }, "values": count(2.0) },
        ]));
        assert_eq!(points(json!({ "metric_name": "session_count" })).await[0]["values"], count(1.0));
        let tokens = json!({ "metric_name": "input_tokens", "aggregations": [{ "aggregation_type": "SUM" }] });
        assert_eq!(points(tokens).await[0]["values"], json!({ "SUM": 10.0 }));
        for (filter, number) in [
            ("trace.status = 'OK'", 1.0), ("trace.tag.color = 'blue'", 1.0), ("trace.tag.`mlflow.traceName` = 'chat'", 1.0),
            ("trace.metadata.`mlflow.trace.session` = 's'", 2.0), ("trace.metadata.mlflow.sourceRun = 'none'", 0.0),
        ] {
            assert_eq!(points(json!({ "filters": [filter] })).await[0]["values"], count(number), "{filter}");
        }
        for value in [json!(true), json!("no"), json!(4), json!("text")] {
            let assessment = json!({ "assessment_name": "f", "feedback": { "value": value } });
            app.post(&format!("{V3}/tr-1/assessments"), json!({ "assessment": assessment })).await.ok();
        }
        let average = json!({ "view_type": "ASSESSMENTS", "metric_name": "assessment_value", "aggregations": [{ "aggregation_type": "AVG" }], "dimensions": ["assessment_name"] });
        let expected = json!([{ "metric_name": "assessment_value", "dimensions": { "assessment_name": "f" }, "values": { "AVG": 5.0 / 3.0 } }]);
        assert_eq!(points(average).await, expected);
        let texts = json!({
            "view_type": 3, "metric_name": "assessment_count", "dimensions": ["assessment_value"],
            "filters": ["assessment.name = 'f'", "assessment.type = 'feedback'", "trace.status = 'OK'"],
        });
        let texts: Vec<Value> = points(texts).await.as_array().expect("points").iter().map(|p| p["dimensions"]["assessment_value"].clone()).collect();
        assert_eq!(texts, ["\"no\"", "\"text\"", "4.0", "true"]);
        assert_eq!(points(json!({ "view_type": "SPANS", "metric_name": "span_count" })).await[0]["values"], count(0.0));

        for (more, part) in [
            (json!({ "metric_name": "bogus" }), "metric_name must be one of ['trace_count', 'session_count'"), (json!({ "view_type": "BOGUS" }), "view_type"),
            (json!({ "view_type": null }), "'view_type'"), (json!({ "aggregations": [] }), "aggregation"), (json!({ "experiment_ids": ["x"] }), "Invalid experiment ID"),
            (json!({ "aggregations": [{ "aggregation_type": "SUM" }] }), "['SUM']. Supported aggregation types: ['COUNT']"),
            (json!({ "dimensions": ["bogus"] }), "['bogus']. Supported dimensions: ['trace_name', 'trace_status']"),
            (json!({ "metric_name": "latency", "aggregations": [{ "aggregation_type": "PERCENTILE" }] }), "required for PERCENTILE"),
            (json!({ "metric_name": "latency", "aggregations": [{ "aggregation_type": "PERCENTILE", "percentile_value": 101 }] }), "between 0 and 100"),
            (json!({ "time_interval_seconds": 60 }), "start_time_ms and end_time_ms are required"), (json!({ "max_results": -1 }), "max_results"),
            (json!({ "filters": ["status = 'OK'"] }), "Invalid identifier 'status'"), (json!({ "filters": ["trace.status != 'OK'"] }), "Invalid comparator: '!='"),
            (json!({ "filters": ["span.name = 'x'"] }), "only supported for SPANS view type"), (json!({ "filters": ["trace.tag = 'x'"] }), "requires a key"),
            (json!({ "filters": [""] }), "Expected one filter clause"), (json!({ "filters": ["trace.foo = 'x'"] }), "Invalid entity 'foo'"),
        ] {
            query(more).await.refused(INVALID, part);
        }
    }

    async fn prompts_are_linked_by_a_tag_too(db: Db) {
        let app = TestApp::new(db).await;
        let prompts = r#"[{"name": "p", "version": "1"}, {"name": "q", "version": 2}, {"name": "broken"}]"#;
        start(&app, "tr-1", json!({ "tags": { "mlflow.linkedPrompts": prompts } })).await;
        start(&app, "tr-2", json!({})).await;
        app.patch(&format!("{V2}/tr-2/tags"), json!({ "key": "mlflow.linkedPrompts", "value": prompts })).await.ok();
        assert_eq!(search(&app, "prompt = 'p/1'").await, ["tr-1", "tr-2"]);
        assert_eq!(search(&app, "prompt = 'q/2'").await, ["tr-1", "tr-2"]);
        app.patch(&format!("{V2}/tr-2/tags"), json!({ "key": "mlflow.linkedPrompts", "value": "no JSON" })).await.ok();
    }
}

//! Spans from OpenTelemetry exporters over HTTP, on both databases: what is stored of them, found by them and cut out of
//! them. What is expected of MLflow's calls is what MLflow 3.17.2 answers to the same spans.

use crate::support::{Answer, TestApp};
use axum::{body::to_bytes, http::Method};
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use flate2::{Compression, write::GzEncoder};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, status::StatusCode},
};
use prost::Message;
use serde_json::{Value, json};
use std::{io::Write, time::Duration};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");
const GZIP: (&str, &str) = ("content-encoding", "gzip");
const EXPERIMENT: (&str, &str) = ("x-mlflow-experiment-id", "0");
const V3: &str = "/api/3.0/mlflow/traces";
const START_NS: u64 = 1_700_000_000_000_000_000;
const MS: u64 = 1_000_000;

fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    let text = |text: &str| any_value::Value::StringValue(text.to_owned());
    pairs
        .iter()
        .map(|(key, value)| KeyValue {
            key: (*key).to_owned(),
            value: Some(AnyValue {
                value: Some(text(value)),
            }),
            ..KeyValue::default()
        })
        .collect()
}

/// The span `id` of the trace whose id is `trace` sixteen times; it is the root without a parent.
fn span(trace: u8, id: u64, parent: Option<u64>, name: &str, pairs: &[(&str, &str)]) -> Span {
    Span {
        trace_id: vec![trace; 16],
        span_id: id.to_be_bytes().to_vec(),
        parent_span_id: parent.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
        name: name.to_owned(),
        start_time_unix_nano: START_NS + id * MS,
        end_time_unix_nano: START_NS + 1000 * MS,
        attributes: attributes(pairs),
        ..Span::default()
    }
}

fn ended(mut span: Span, code: StatusCode) -> Span {
    span.status = Some(Status {
        code: code.into(),
        message: String::new(),
    });
    span
}

fn body(spans: Vec<Span>) -> Vec<u8> {
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: attributes(&[("service.name", "shop")]),
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn trace_id(trace: u8) -> String {
    format!("tr-{}", format!("{trace:02x}").repeat(16))
}

async fn post(app: &TestApp, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    let response = app.raw(Method::POST, "/v1/traces", headers, body).await;
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("the body ends well");
    let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
    Answer {
        request: "POST /v1/traces".to_owned(),
        status,
        body,
    }
}

async fn send(app: &TestApp, spans: Vec<Span>) {
    assert_eq!(post(app, &[PROTOBUF, EXPERIMENT], body(spans)).await.ok(), "");
}

async fn get(app: &TestApp, trace_id: &str) -> Value {
    let answer = app.get(&format!("{V3}/get"), &[("trace_id", trace_id)]).await;
    answer.ok()["trace"].take()
}

async fn info(app: &TestApp, trace_id: &str) -> Value {
    app.get(&format!("{V3}/{trace_id}"), &[]).await.ok()["trace"]["trace_info"].take()
}

fn names(spans: &Value) -> Vec<&str> {
    let spans = spans.as_array().expect("spans");
    spans
        .iter()
        .map(|span| span["name"].as_str().expect("a name"))
        .collect()
}

/// Checks the refusal of one of Fettle's own calls, which answer problem details.
fn refused(answer: &Answer, code: &str, part: &str) {
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    let is_refusal = (400..500).contains(&answer.status) && answer.body["code"] == code;
    assert!(is_refusal && detail.contains(part), "{answer:?}");
}

/// What Fettle's own call answers of a trace's spans; the content as it is stored.
async fn stored(app: &TestApp, trace_id: &str) -> Value {
    let path = format!("/api/fettle/v1/traces/{trace_id}/spans");
    app.get(&path, &[]).await.ok()["spans"].take()
}

async fn search(app: &TestApp, filter: &str) -> Vec<String> {
    let location = json!({ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": "0" } });
    let request = json!({ "locations": [location], "filter": filter });
    let answer = app.post(&format!("{V3}/search"), request).await.ok();
    let traces = answer["traces"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = traces
        .iter()
        .map(|trace| trace["trace_id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort();
    ids
}

async fn start_trace(app: &TestApp, trace_id: &str, more: Value) {
    let mut info = json!({
        "trace_id": trace_id, "request_time": "2023-11-14T22:13:20Z", "state": "IN_PROGRESS",
        "trace_location": { "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": "0" } },
    });
    for (key, value) in more.as_object().expect("an object") {
        info[key] = value.clone();
    }
    app.post(V3, json!({ "trace": { "trace_info": info } })).await.ok();
}

fn chat(trace: u8, id: u64, tokens: &str) -> Span {
    let more = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.request.model", "gpt-4o"),
        ("gen_ai.usage.input_tokens", tokens),
        ("gen_ai.usage.output_tokens", "50"),
    ];
    span(trace, id, Some(1), "llm", &more)
}

on_both_databases! { MIGRATIONS;
    async fn protobuf_json_and_gzip_are_stored_alike(db: Db) {
        let app = TestApp::new(db).await;
        let root = |trace| ended(span(trace, 1, None, "root", &[("mlflow.spanInputs", r#"{"q": "\u00fc"}"#), ("user.id", "u1")]), StatusCode::Ok);
        let plain = body(vec![root(0x11)]);
        assert_eq!(post(&app, &[PROTOBUF, EXPERIMENT], &plain).await.ok(), "");
        assert_eq!(post(&app, &[PROTOBUF, EXPERIMENT, GZIP], gzip(&body(vec![root(0x22)]))).await.ok(), "");
        let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        let as_json = json!({ "resourceSpans": [{
            "resource": { "attributes": [text("service.name", "shop")] },
            "scopeSpans": [{ "spans": [{
                "traceId": "33".repeat(16), "spanId": "0000000000000001", "name": "root", "status": { "code": 1 },
                "startTimeUnixNano": (START_NS + MS).to_string(), "endTimeUnixNano": (START_NS + 1000 * MS).to_string(),
                "attributes": [text("mlflow.spanInputs", r#"{"q": "\u00fc"}"#), text("user.id", "u1")],
            }] }],
        }] }).to_string();
        assert_eq!(post(&app, &[JSON, EXPERIMENT], &as_json).await.ok(), "");
        let zipped = as_json.replace(&"33".repeat(16), &"44".repeat(16));
        assert_eq!(post(&app, &[JSON, EXPERIMENT, GZIP], gzip(zipped.as_bytes())).await.ok(), "");

        let attribute = |key: &str, value: Value| json!({ "key": key, "value": value });
        for trace in [0x11, 0x22, 0x33, 0x44] {
            let id = trace_id(trace);
            let expected = json!({
                "trace_info": {
                    "trace_id": id, "state": "OK", "request_time": "2023-11-14T22:13:20.001Z", "execution_duration": "0.999s",
                    "trace_location": { "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": "0" } },
                    "request_preview": r#"{"q": "\u00fc"}"#, "trace_metadata": { "mlflow.trace.user": "u1" },
                    "tags": {
                        "mlflow.artifactLocation": format!("mlflow-artifacts:/0/traces/{id}/artifacts"),
                        "mlflow.trace.spansLocation": "TRACKING_STORE", "service.name": "shop",
                    },
                },
                "spans": [{
                    "trace_id": match trace { 0x11 => "EREREREREREREREREREREQ==", 0x22 => "IiIiIiIiIiIiIiIiIiIiIg==", 0x33 => "MzMzMzMzMzMzMzMzMzMzMw==", _ => "RERERERERERERERERERERA==" },
                    "span_id": "AAAAAAAAAAE=", "name": "root", "status": { "code": "STATUS_CODE_OK" },
                    "start_time_unix_nano": START_NS + MS, "end_time_unix_nano": START_NS + 1000 * MS,
                    "attributes": [
                        attribute("mlflow.spanInputs", json!({ "kvlist_value": { "values": [attribute("q", json!({ "string_value": "ü" }))] } })),
                        attribute("user.id", json!({ "string_value": "u1" })),
                        attribute("mlflow.traceRequestId", json!({ "string_value": id })),
                    ],
                }],
            });
            assert_eq!(get(&app, &id).await, expected);
        }
    }

    async fn what_is_not_spans_is_refused(db: Db) {
        let app = TestApp::new(db).await;
        let good = body(vec![span(1, 1, None, "root", &[])]);
        let missing = post(&app, &[PROTOBUF], &good).await;
        assert_eq!(missing.status, 422);
        assert_eq!(missing.body["detail"][0]["loc"], json!(["header", "x-mlflow-experiment-id"]));
        let detail = async |headers: &[(&str, &str)], bytes: &[u8], status: u16, part: &str| {
            let answer = post(&app, headers, bytes).await;
            let text = answer.body["detail"].as_str().unwrap_or_default().to_owned();
            assert!(answer.status == status && text.contains(part), "{answer:?}");
        };
        detail(&[("content-type", "text/plain"), EXPERIMENT], &good, 400, "Invalid Content-Type: text/plain").await;
        detail(&[PROTOBUF, EXPERIMENT, ("content-encoding", "br")], &good, 400, "Unsupported Content-Encoding: br").await;
        detail(&[PROTOBUF, EXPERIMENT, GZIP], &good, 400, "Failed to decompress gzip payload").await;
        detail(&[PROTOBUF, EXPERIMENT], b"\xff\xff", 400, "Invalid OpenTelemetry format").await;
        detail(&[JSON, EXPERIMENT], &good, 400, "Invalid OpenTelemetry format").await;
        detail(&[PROTOBUF, EXPERIMENT], b"", 400, "no spans found").await;
        let mut nameless = span(1, 1, None, "root", &[]);
        nameless.trace_id.clear();
        let both = body(vec![span(2, 1, None, "good", &[]), nameless]);
        detail(&[PROTOBUF, EXPERIMENT], &both, 422, "Cannot convert OpenTelemetry span to MLflow span").await;
        let absent = post(&app, &[PROTOBUF, ("x-mlflow-experiment-id", "77")], &good).await;
        absent.refused("RESOURCE_DOES_NOT_EXIST", "No Experiment with id=77 exists");
        assert_eq!(search(&app, "").await, [""; 0], "nothing is stored of what was refused");
    }

    async fn both_orders_of_record_and_spans_end_alike(db: Db) {
        let app = TestApp::new(db).await;
        let spans = |trace| vec![ended(span(trace, 1, None, "root", &[("mlflow.spanOutputs", "\"out\"")]), StatusCode::Ok), chat(trace, 2, "100")];
        let said = json!({
            "tags": { "mlflow.traceName": "mine" }, "state": "OK", "request_time": "2023-11-14T22:13:20.001Z",
            "execution_duration": "0.999s", "request_preview": "asked",
        });
        start_trace(&app, &trace_id(1), said.clone()).await;
        send(&app, spans(1)).await;
        send(&app, spans(2)).await;
        start_trace(&app, &trace_id(2), said).await;
        let (mut first, mut second) = (info(&app, &trace_id(1)).await, info(&app, &trace_id(2)).await);
        assert_eq!(first["trace_metadata"]["mlflow.trace.tokenUsage"], r#"{"input_tokens": 100, "output_tokens": 50, "total_tokens": 150}"#);
        assert_eq!(first["tags"]["mlflow.traceName"], "mine");
        assert_eq!(first["request_preview"], "asked");
        assert_eq!(names(&get(&app, &trace_id(1)).await["spans"]), ["root", "llm"]);
        assert_eq!(names(&get(&app, &trace_id(2)).await["spans"]), ["root", "llm"]);
        for info in [&mut first, &mut second] {
            let fields = info.as_object_mut().expect("an object");
            fields.remove("trace_id");
            // What start_trace leaves out is empty afterwards, here as in MLflow.
            fields.remove("response_preview");
            info["tags"].as_object_mut().expect("tags").remove("mlflow.artifactLocation");
        }
        assert_eq!(first, second);
    }

    async fn later_spans_join_their_trace(db: Db) {
        let app = TestApp::new(db).await;
        let id = trace_id(1);
        send(&app, vec![chat(1, 3, "100")]).await;
        assert_eq!(info(&app, &id).await["state"], "IN_PROGRESS");
        let mut root = ended(span(1, 1, None, "root", &[("mlflow.spanInputs", "\"in\"")]), StatusCode::Error);
        root.end_time_unix_nano += 500 * MS;
        send(&app, vec![root, chat(1, 2, "11")]).await;
        let trace = get(&app, &id).await;
        assert_eq!(names(&trace["spans"]), ["root", "llm", "llm"]);
        let info = &trace["trace_info"];
        assert_eq!(info["state"], "ERROR");
        assert_eq!(info["request_time"], "2023-11-14T22:13:20.001Z");
        assert_eq!(info["execution_duration"], "1.499s");
        assert_eq!(info["request_preview"], "\"in\"");
        let usage = r#"{"input_tokens": 111, "output_tokens": 100, "total_tokens": 211}"#;
        assert_eq!(info["trace_metadata"]["mlflow.trace.tokenUsage"], usage);

        // An exporter that got no answer sends the same again.
        send(&app, vec![chat(1, 2, "11"), chat(1, 3, "100")]).await;
        let again = get(&app, &id).await;
        assert_eq!(again, trace);
    }

    async fn a_span_sent_again_replaces_the_first(db: Db) {
        let app = TestApp::new(db).await;
        let id = trace_id(1);
        send(&app, vec![span(1, 1, None, "before", &[("color", "red")]), span(1, 2, Some(1), "child", &[])]).await;
        send(&app, vec![span(1, 1, None, "after", &[("color", "blue")])]).await;
        assert_eq!(names(&get(&app, &id).await["spans"]), ["after", "child"]);
        assert_eq!(names(&stored(&app, &id).await), ["after", "child"]);
        assert_eq!(search(&app, "span.name = 'before'").await, [""; 0]);
        assert_eq!(search(&app, "span.attributes.color = 'red'").await, [""; 0]);
        assert_eq!(search(&app, "span.attributes.color = 'blue'").await, [&*id]);
        // Twice in one request: the later one counts.
        send(&app, vec![span(2, 1, None, "first", &[]), span(2, 1, None, "second", &[])]).await;
        assert_eq!(names(&get(&app, &trace_id(2)).await["spans"]), ["second"]);
    }

    async fn traces_are_read_together(db: Db) {
        let app = TestApp::new(db).await;
        let ids = [trace_id(1), trace_id(2), trace_id(3)];
        send(&app, vec![span(1, 1, None, "one", &[]), span(2, 1, None, "two", &[]), span(2, 2, Some(1), "child", &[])]).await;
        // The client says that there are two spans, and one has come: the trace is not complete.
        send(&app, vec![span(3, 1, None, "three", &[])]).await;
        start_trace(&app, &ids[2], json!({ "trace_metadata": { "mlflow.trace.sizeStats": r#"{"num_spans": 2}"# } })).await;
        let query: Vec<(&str, &str)> = [&*ids[1], &*ids[0], "tr-none", &*ids[2], &*ids[1]].map(|id| ("trace_ids", id)).to_vec();
        let answer = app.get(&format!("{V3}/batchGet"), &query).await.ok();
        let traces = answer["traces"].as_array().expect("traces");
        assert_eq!(traces.len(), 2);
        assert_eq!(names(&traces[0]["spans"]), ["two", "child"]);
        assert_eq!(traces[1], get(&app, &ids[0]).await);
        let partial = app.get(&format!("{V3}/get"), &[("trace_id", &*ids[2]), ("allow_partial", "true")]).await.ok();
        assert_eq!(names(&partial["trace"]["spans"]), ["three"]);
        app.get(&format!("{V3}/batchGet"), &[]).await.refused("INVALID_PARAMETER_VALUE", "trace_ids");
        app.get(&format!("{V3}/get"), &[("trace_id", "tr-none")]).await.refused("RESOURCE_DOES_NOT_EXIST", "tr-none");
    }

    async fn pages_read_spans_as_a_file(db: Db) {
        let app = TestApp::new(db).await;
        let id = trace_id(1);
        send(&app, vec![ended(span(1, 1, None, "root", &[("k", "v"), ("n", "[1, 2]")]), StatusCode::Ok), span(1, 2, Some(1), "child", &[])]).await;
        let expected = json!({ "spans": [
            {
                "trace_id": "AQEBAQEBAQEBAQEBAQEBAQ==", "span_id": "AAAAAAAAAAE=", "parent_span_id": null, "name": "root",
                "start_time_unix_nano": START_NS + MS, "end_time_unix_nano": START_NS + 1000 * MS, "events": [], "links": [],
                "status": { "code": "STATUS_CODE_OK", "message": "" },
                "attributes": { "k": "\"v\"", "n": "[1, 2]", "mlflow.traceRequestId": format!("\"{id}\"") },
            },
            {
                "trace_id": "AQEBAQEBAQEBAQEBAQEBAQ==", "span_id": "AAAAAAAAAAI=", "parent_span_id": "AAAAAAAAAAE=", "name": "child",
                "start_time_unix_nano": START_NS + 2 * MS, "end_time_unix_nano": START_NS + 1000 * MS, "events": [], "links": [],
                "status": { "code": "STATUS_CODE_UNSET", "message": "" },
                "attributes": { "mlflow.traceRequestId": format!("\"{id}\"") },
            },
        ] });
        for version in ["2.0", "3.0"] {
            let path = format!("/ajax-api/{version}/mlflow/get-trace-artifact");
            let uri = format!("{path}?request_id={id}");
            let response = app.raw(Method::GET, &uri, &[], "").await;
            assert_eq!(response.headers()["content-disposition"], "attachment; filename=traces.json");
            assert_eq!(app.get(&uri, &[]).await.ok(), expected);
            app.get(&path, &[("request_id", "tr-none")]).await.refused("RESOURCE_DOES_NOT_EXIST", "tr-none");
            app.get(&path, &[]).await.refused("BAD_REQUEST", "request_id");
            let up = [("request_id", &*id), ("path", "../../x")];
            app.get(&path, &up).await.refused("INVALID_PARAMETER_VALUE", "Invalid path");
        }
        assert_eq!(stored(&app, &id).await, expected["spans"]);
    }

    async fn a_large_trace_is_read_by_pages(db: Db) {
        let app = TestApp::new(db).await;
        let id = trace_id(1);
        let path = format!("/api/fettle/v1/traces/{id}/spans");
        // The root comes last, and the children in the wrong order.
        for batch in [800..1200, 400..800, 2..400] {
            send(&app, batch.rev().map(|n: u64| span(1, n, Some(1), &format!("s{n}"), &[("k", "v")])).collect()).await;
        }
        send(&app, vec![span(1, 1, None, "s1", &[])]).await;
        let (mut seen, mut token, mut sizes) = (Vec::new(), String::new(), Vec::new());
        loop {
            let query = [("max_results", "500"), ("page_token", &token)];
            let page = app.get(&path, &query).await.ok();
            assert_eq!(page["total"], 1199);
            seen.extend(names(&page["spans"]).into_iter().map(ToOwned::to_owned));
            sizes.push(page["spans"].as_array().expect("spans").len());
            match page["next_page_token"].as_str() {
                Some(next) => next.clone_into(&mut token),
                None => break,
            }
        }
        let expected: Vec<String> = (1..1200).map(|n| format!("s{n}")).collect();
        assert_eq!(seen, expected);
        assert_eq!(sizes, [500, 500, 199]);
        let bad = [("max_results", "0", "max_results"), ("max_results", "5001", "max_results"), ("page_token", "nonsense", "page token")];
        for (key, value, part) in bad {
            refused(&app.get(&path, &[(key, value)]).await, "INVALID_PARAMETER_VALUE", part);
        }
        let absent = app.get("/api/fettle/v1/traces/tr-none/spans", &[]).await;
        refused(&absent, "RESOURCE_DOES_NOT_EXIST", "tr-none");
    }

    async fn rules_redact_and_cut_before_anything_is_kept(db: Db) {
        let app = TestApp::new(db).await;
        let rules = "/api/fettle/v1/experiments/0/trace-rules";
        let set = json!({ "redact_keys": ["*secret*"], "redact_patterns": ["[a-z]+@[a-z.]+"], "attribute_bytes_max": 100 });
        assert_eq!(app.send(Method::PUT, rules, Some(set.clone())).await.ok(), set);
        assert_eq!(app.get(rules, &[]).await.ok(), set);
        let long = "x".repeat(500);
        let inputs = r#"{"mail": ["ann@shop.example"], "n": 1}"#;
        let pairs = [("my.Secret.key", "hunter2"), ("note", "to bob@shop.example now"), ("long", &*long), ("mlflow.spanInputs", inputs)];
        send(&app, vec![span(1, 1, None, "mail eve@shop.example", &pairs)]).await;
        let id = trace_id(1);
        let spans = stored(&app, &id).await;
        let attributes = &spans[0]["attributes"];
        assert_eq!(attributes["my.Secret.key"], "\"[REDACTED]\"");
        assert_eq!(attributes["note"], "\"to [REDACTED] now\"");
        assert_eq!(attributes["mlflow.spanInputs"], r#"{"mail": ["[REDACTED]"], "n": 1}"#);
        assert_eq!(spans[0]["name"], "mail [REDACTED]");
        let cut = attributes["long"].as_str().expect("a text");
        assert!(cut.len() <= 100 && cut.starts_with("\"xxxx") && cut.ends_with("... [CUT]\""), "{cut}");
        let everything = [
            get(&app, &id).await.to_string(),
            app.get("/ajax-api/3.0/mlflow/get-trace-artifact", &[("request_id", &id)]).await.ok().to_string(),
        ];
        for word in ["hunter2", "ann@", "bob@", "eve@"] {
            assert!(everything.iter().all(|text| !text.contains(word)), "{word} is still there");
            assert_eq!(search(&app, &format!("trace.text LIKE '%{word}%'")).await, [""; 0]);
        }
        assert_eq!(search(&app, "trace.text LIKE '%[REDACTED]%'").await, [&*id]);

        for (bad, part) in [
            (json!({ "redact_patterns": ["("] }), "redact_patterns"), (json!({ "attribute_bytes_max": 1 }), "attribute_bytes_max"),
            (json!({ "redact": [] }), "redact"),
        ] {
            refused(&app.send(Method::PUT, rules, Some(bad)).await, "INVALID_PARAMETER_VALUE", part);
        }
        app.delete(rules, json!({})).await.ok();
        send(&app, vec![span(2, 1, None, "free", &[("my.Secret.key", "hunter2")])]).await;
        assert_eq!(stored(&app, &trace_id(2)).await[0]["attributes"]["my.Secret.key"], "\"hunter2\"");
        refused(&app.delete(rules, json!({})).await, "RESOURCE_DOES_NOT_EXIST", "no trace rules");
    }

    async fn complete_traces_are_linked_to_their_run(db: Db) {
        let app = TestApp::new(db).await;
        let run = app.post("runs/create", json!({ "experiment_id": "0" })).await.ok();
        let run_id = run["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
        let headers = |run| [PROTOBUF, EXPERIMENT, ("x-mlflow-run-id", run)];
        let both = body(vec![span(1, 1, None, "root", &[]), span(2, 2, Some(1), "only a child", &[])]);
        post(&app, &headers(&run_id), both).await.ok();
        assert_eq!(search(&app, &format!("run_id = '{run_id}'")).await, [trace_id(1)]);
        post(&app, &headers(&run_id), body(vec![span(2, 1, None, "root", &[])])).await.ok();
        assert_eq!(search(&app, &format!("run_id = '{run_id}'")).await, [trace_id(1), trace_id(2)]);
        // A run that is not there is no reason to lose spans.
        post(&app, &headers("none"), body(vec![span(3, 1, None, "root", &[])])).await.ok();
        assert_eq!(names(&stored(&app, &trace_id(3)).await), ["root"]);
    }

    async fn the_index_is_folded_and_finds_the_same(db: Db) {
        let store = db.clone();
        let app = TestApp::new(db).await;
        let long_id = |number: u16| { let mut id = vec![0; 14]; id.extend(number.to_be_bytes()); id };
        let root = |number: u16| {
            let (user, text) = (format!("user-{}", number % 300), format!("word{number}word"));
            let mut root = span(0, 1, None, "root", &[("user", user.as_str()), ("note", text.as_str()), ("all", "yes")]);
            root.trace_id = long_id(number);
            root
        };
        let name = |number: u16| format!("tr-{number:032x}");
        let folded = async || store.read(|tx| tx.query_one("SELECT CAST(COUNT(*) AS BIGINT) FROM span_segments", &[], |row| row.get::<i64>(0))).await.expect("a count");
        send(&app, (1..=1100).map(root).collect()).await;
        for _ in 0..300 {
            if folded().await > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(folded().await, 1, "so many blocks are folded");
        // Half of what is found lies in the segment, half in the row that came after it.
        send(&app, (1101..=1200).map(root).collect()).await;
        let users = |number: u16| -> Vec<String> { (0..4).map(|i| number + i * 300).map(name).collect() };
        assert_eq!(search(&app, "span.attributes.user = 'user-299'").await, users(299));
        assert_eq!(search(&app, "span.attributes.user = 'user-299' AND span.attributes.note LIKE 'word%'").await, users(299));
        assert_eq!(search(&app, "span.content ILIKE '%WORD1042WORD%'").await, [name(1042)]);
        assert_eq!(search(&app, "span.attributes.user = 'user-300'").await, [""; 0]);
        assert_eq!(search(&app, "span.attributes.all = 'yes'").await.len(), 100, "a page of many");

        // Deleted traces are not found, nor do they come back under another trace's key.
        let ids: Vec<String> = users(299)[..2].to_vec();
        app.post(&format!("{V3}/delete-traces"), json!({ "experiment_id": "0", "request_ids": ids })).await.ok();
        assert_eq!(search(&app, "span.attributes.user = 'user-299'").await, users(299)[2..]);
        // A trace that is moved is found where it is.
        let moved = app.post("experiments/create", json!({ "name": "moved" })).await.ok()["experiment_id"].as_str().expect("an id").to_owned();
        let place = json!({ "type": "MLFLOW_EXPERIMENT", "mlflow_experiment": { "experiment_id": moved } });
        start_trace(&app, &name(7), json!({ "trace_location": place })).await;
        let answer = app.post(&format!("{V3}/search"), json!({ "locations": [place], "filter": "span.attributes.note = 'word7word'" })).await.ok();
        assert_eq!(answer["traces"][0]["trace_id"], name(7));
        assert_eq!(search(&app, "span.attributes.note = 'word7word'").await, [""; 0]);
        // With its last trace the segment goes.
        let all = json!({ "experiment_id": "0", "max_timestamp_millis": i64::MAX });
        assert_eq!(app.post(&format!("{V3}/delete-traces"), all).await.ok(), json!({ "traces_deleted": 1197 }));
        send(&app, vec![root(5)]).await;
        assert_eq!(search(&app, "span.attributes.all = 'yes'").await, [name(5)]);
    }

    async fn traces_are_found_by_their_spans_until_they_are_deleted(db: Db) {
        let app = TestApp::new(db).await;
        let kind = |kind| ("mlflow.spanType", kind);
        send(&app, vec![
            span(1, 1, None, "weather", &[kind("CHAIN"), ("city", "Bern")]), span(1, 2, Some(1), "lookup", &[kind("TOOL"), ("city", "Basel")]),
            span(2, 1, None, "weather", &[kind("TOOL"), ("city", "Bern")]),
        ]).await;
        send(&app, vec![ended(span(3, 1, None, "Sums", &[("openinference.span.kind", "TOOL"), ("note", "Grüezi mitenand")]), StatusCode::Error)]).await;
        let ids = [trace_id(1), trace_id(2), trace_id(3)];
        let expected: [(&str, &[usize]); 19] = [
            ("span.attributes.city = 'Bern'", &[0, 1]), ("span.attributes.city = 'Basel'", &[0]), ("span.attributes.city = 'bern'", &[]),
            ("span.attributes.city LIKE 'B%'", &[0, 1]), ("span.attributes.city LIKE '%sel'", &[0]), ("span.attributes.city ILIKE 'BERN'", &[0, 1]),
            ("span.attributes.city IN ('Basel', 'Genf')", &[0]), ("span.attributes.none = '1'", &[]),
            ("span.type = 'TOOL'", &[0, 1, 2]), ("span.type = 'CHAIN'", &[0]),
            ("span.name = 'weather'", &[0, 1]), ("span.name ILIKE 'sum%'", &[2]), ("span.status = 'ERROR'", &[2]),
            // One span must pass all tests.
            ("span.type = 'TOOL' AND span.attributes.city = 'Bern'", &[1]), ("span.name = 'lookup' AND span.type = 'CHAIN'", &[]),
            ("trace.text LIKE '%Grüezi%'", &[2]), ("trace.text ILIKE '%MITENAND%'", &[2]), ("trace.text LIKE '%nowhere%'", &[]),
            ("span.content LIKE '%Basel%'", &[0]),
        ];
        for (filter, wanted) in expected {
            let wanted: Vec<&String> = wanted.iter().map(|index| &ids[*index]).collect();
            assert_eq!(search(&app, filter).await.iter().collect::<Vec<_>>(), wanted, "{filter}");
        }
        let delete = json!({ "experiment_id": "0", "request_ids": [ids[0]] });
        assert_eq!(app.post("traces/delete-traces", delete).await.ok(), json!({ "traces_deleted": 1 }));
        assert_eq!(search(&app, "span.attributes.city = 'Bern'").await, [&*ids[1]]);
        assert_eq!(search(&app, "trace.text LIKE '%Basel%'").await, [""; 0]);
        let gone = app.get(&format!("/api/fettle/v1/traces/{}/spans", ids[0]), &[]).await;
        refused(&gone, "RESOURCE_DOES_NOT_EXIST", &ids[0]);
        // The same trace may come again, and nothing of the old one is in it.
        send(&app, vec![span(1, 9, None, "anew", &[])]).await;
        assert_eq!(names(&get(&app, &ids[0]).await["spans"]), ["anew"]);
    }
}

//! Assessments over HTTP, on both databases. What is expected is what MLflow 3.17.2 answers.

use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const INVALID: &str = "INVALID_PARAMETER_VALUE";
const ABSENT: &str = "RESOURCE_DOES_NOT_EXIST";
const TRACES: &str = "/api/3.0/mlflow/traces";
const OF_TR_1: &str = "/api/3.0/mlflow/traces/tr-1/assessments";

async fn app_with_trace(db: fettle_db::Db) -> TestApp {
    let app = TestApp::new(db).await;
    start(&app, "tr-1", json!({})).await;
    app
}

async fn start(app: &TestApp, trace_id: &str, more: Value) -> Value {
    let location = json!({ "mlflow_experiment": { "experiment_id": "0" } });
    let mut info = json!({ "trace_id": trace_id, "trace_location": location });
    for (key, value) in more.as_object().expect("an object") {
        info[key] = value.clone();
    }
    app.post(TRACES, json!({ "trace": { "trace_info": info } })).await.ok()["trace"]["trace_info"].take()
}

async fn create(app: &TestApp, assessment: Value) -> Value {
    app.post(OF_TR_1, json!({ "assessment": assessment })).await.ok()["assessment"].take()
}

fn path(assessment: &Value) -> String {
    format!("{OF_TR_1}/{}", assessment["assessment_id"].as_str().expect("an id"))
}

async fn get(app: &TestApp, assessment: &Value) -> Value {
    app.get(&path(assessment), &[]).await.ok()["assessment"].take()
}

async fn search(app: &TestApp, filter: &str) -> Vec<String> {
    let locations = json!([{ "mlflow_experiment": { "experiment_id": "0" } }]);
    let body = json!({ "locations": locations, "filter": filter, "order_by": ["request_id"] });
    let answer = app.post(&format!("{TRACES}/search"), body).await.ok();
    let traces = answer["traces"].as_array().cloned().unwrap_or_default();
    traces
        .iter()
        .map(|trace| trace["trace_id"].as_str().expect("an id").to_owned())
        .collect()
}

on_both_databases! { MIGRATIONS;
    async fn feedback_is_kept_whole(db: Db) {
        let app = app_with_trace(db).await;
        let mut expected = json!({
            "assessment_name": "f", "trace_id": "tr-1", "source": { "source_type": "HUMAN", "source_id": "me" },
            "feedback": { "value": { "a": [1.0, 2.5, null, true] }, "error": { "error_code": "E", "error_message": "m", "stack_trace": "s" } },
            "rationale": "why", "metadata": { "a": "1", "mlflow.assessment.sourceRunId": "r1" }, "span_id": "abc",
            "create_time": "2025-04-15T08:49:18.500Z", "last_update_time": "2025-04-15T08:49:18Z",
        });
        let mut sent = expected.clone();
        sent["feedback"]["value"]["a"][0] = json!(1);
        sent["valid"] = json!(false);
        let created = create(&app, sent).await;
        expected["assessment_id"] = created["assessment_id"].clone();
        expected["valid"] = json!(true);
        assert_eq!(created, expected);
        let id = created["assessment_id"].as_str().expect("an id");
        assert!(id.starts_with("a-") && id.len() == 34, "{id}");
        assert_eq!(get(&app, &created).await, expected);
        let info = app.get(&format!("{TRACES}/tr-1"), &[]).await.ok();
        assert_eq!(info["trace"]["trace_info"]["assessments"], json!([expected]));
    }

    async fn values_of_every_kind_come_back(db: Db) {
        let app = app_with_trace(db).await;
        let bare = create(&app, json!({ "feedback": {} })).await;
        let expected = json!({
            "assessment_id": bare["assessment_id"], "assessment_name": "", "trace_id": "tr-1", "valid": true, "feedback": { "value": null },
            "source": { "source_type": "SOURCE_TYPE_UNSPECIFIED" }, "create_time": "1970-01-01T00:00:01Z", "last_update_time": "1970-01-01T00:00:01Z",
        });
        assert_eq!(bare, expected);
        let serialized = |value: &str| json!({ "serialized_value": { "serialization_format": "JSON_FORMAT", "value": value } });
        for (sent, came_back) in [
            (json!({ "value": 1 }), json!({ "value": 1.0 })),
            (json!({ "value": "é" }), json!({ "value": "é" })),
            (json!({ "value": [1, "b"] }), serialized("[1.0, \"b\"]")),
            (serialized("{\"a\":[1,2]}"), serialized("{\"a\": [1, 2]}")),
        ] {
            let created = create(&app, json!({ "assessment_name": "e", "expectation": sent })).await;
            assert_eq!(created["expectation"], came_back);
            assert_eq!(get(&app, &created).await, created);
        }
        let issue = create(&app, json!({ "assessment_name": "iss-1", "issue": { "issue_name": "slow" }, "metadata": { "a": "b" } })).await;
        assert_eq!(issue["issue"], json!({ "issue_name": "slow" }));
        assert_eq!(search(&app, "issue.id = 'iss-1'").await, ["tr-1"]);
        assert_eq!(search(&app, "issue.id = 'iss-2'").await, [""; 0]);
    }

    async fn bad_assessments_are_refused(db: Db) {
        let app = app_with_trace(db).await;
        app.post(OF_TR_1, json!({})).await.refused(INVALID, "'assessment'");
        app.post(&format!("{TRACES}/none/assessments"), json!({ "assessment": { "feedback": {} } })).await.refused(ABSENT, "'none'");
        for (assessment, code, part) in [
            (json!({ "assessment_name": "n" }), INVALID, "Unknown assessment type: None"),
            (json!({ "feedback": {}, "expectation": { "value": 1 } }), INVALID, "Exactly one"),
            (json!({ "expectation": {} }), INVALID, "The `value` field must be specified."),
            (json!({ "expectation": { "value": null } }), INVALID, "The `value` field must be specified."),
            (json!({ "expectation": { "serialized_value": { "serialization_format": "XML", "value": "1" } } }), INVALID, "Only JSON_FORMAT"),
            (json!({ "expectation": { "serialized_value": { "serialization_format": "JSON_FORMAT", "value": "{" } } }), INVALID, "not JSON"),
            (json!({ "feedback": {}, "source": { "source_type": "BOGUS" } }), INVALID, "BOGUS"),
            (json!({ "feedback": {}, "overrides": "nope" }), ABSENT, "Assessment with ID 'nope' not found for trace 'tr-1'"),
            (json!({ "feedback": {}, "assessment_name": "n".repeat(251) }), INVALID, "250"),
            (json!({ "feedback": {}, "create_time": "never" }), INVALID, "create_time"),
        ] {
            app.post(OF_TR_1, json!({ "assessment": assessment })).await.refused(code, part);
        }
        create(&app, json!({ "assessment_id": "a-mine", "feedback": {} })).await;
        app.post(OF_TR_1, json!({ "assessment": { "assessment_id": "a-mine", "feedback": {} } })).await.refused("RESOURCE_ALREADY_EXISTS", "a-mine");
        app.get(&format!("{OF_TR_1}/nope"), &[]).await.refused(ABSENT, "Assessment with ID 'nope' not found for trace 'tr-1'");
        app.get(&format!("{TRACES}/none/assessments/a-mine"), &[]).await.refused(ABSENT, "Trace with request_id 'none' not found");
    }

    async fn the_mask_says_what_changes(db: Db) {
        let app = app_with_trace(db).await;
        let feedback = create(&app, json!({ "assessment_name": "f", "feedback": { "value": 1 }, "rationale": "why", "metadata": { "a": "1", "b": "1" } })).await;
        app.clock.set(5000);
        let update = async |assessment: Value, mask: Value| {
            app.patch(&path(&feedback), json!({ "assessment": assessment, "update_mask": mask })).await
        };
        let mut expected = feedback.clone();
        expected["last_update_time"] = json!("1970-01-01T00:00:05Z");
        expected["assessment_name"] = json!("g");
        assert_eq!(update(json!({ "assessment_name": "g", "rationale": "not this" }), json!("assessmentName")).await.ok()["assessment"], expected);
        expected["feedback"]["value"] = json!("x");
        expected["metadata"] = json!({ "a": "1", "b": "2", "c": "3" });
        let changed = update(json!({ "feedback": { "value": "x" }, "metadata": { "b": "2", "c": "3" } }), json!("feedback,metadata")).await.ok();
        assert_eq!(changed["assessment"], expected);
        for (mask, name) in [(json!("assessment_name"), "h"), (json!({ "paths": ["assessment_name"] }), "i"), (json!(["assessmentName"]), "j")] {
            assert_eq!(update(json!({ "assessment_name": name }), mask).await.ok()["assessment"]["assessment_name"], name);
        }
        assert_eq!(update(json!({}), json!("rationale,bogus")).await.ok()["assessment"]["rationale"], "");
        update(json!({ "expectation": { "value": 1 } }), json!("expectation")).await.refused(INVALID, "Cannot update expectation value on a Feedback assessment.");
        update(json!({ "valid": true }), json!("valid")).await.refused(INVALID, "`valid`");
        update(json!({ "rationale": "x" }), json!("")).await.refused(INVALID, "'update_mask'");
        update(json!({ "rationale": "x" }), Value::Null).await.refused(INVALID, "'update_mask'");
        app.patch(&path(&feedback), json!({ "update_mask": "rationale" })).await.refused(INVALID, "'assessment'");
        app.patch(&format!("{OF_TR_1}/nope"), json!({ "assessment": {}, "update_mask": "rationale" })).await.refused(ABSENT, "'nope'");

        let expectation = create(&app, json!({ "assessment_name": "e", "expectation": { "value": 1 } })).await;
        let body = json!({ "assessment": { "feedback": { "value": 1 } }, "update_mask": "feedback" });
        app.patch(&path(&expectation), body).await.refused(INVALID, "Cannot update feedback value on an Expectation assessment.");
        let body = json!({ "assessment": { "expectation": { "value": { "a": 1 } } }, "update_mask": "expectation" });
        assert_eq!(app.patch(&path(&expectation), body).await.ok()["assessment"]["expectation"]["serialized_value"]["value"], "{\"a\": 1.0}");
        let issue = create(&app, json!({ "assessment_name": "iss-1", "issue": { "issue_name": "slow" } })).await;
        let body = json!({ "assessment": { "rationale": "z" }, "update_mask": "rationale" });
        assert_eq!(app.patch(&path(&issue), body).await.ok()["assessment"]["rationale"], "z");
    }

    async fn an_override_is_taken_back_with_its_assessment(db: Db) {
        let app = app_with_trace(db).await;
        let first = create(&app, json!({ "assessment_name": "f", "feedback": { "value": "old" } })).await;
        let second = create(&app, json!({ "assessment_name": "f", "feedback": { "value": "new" }, "overrides": first["assessment_id"] })).await;
        assert_eq!((&get(&app, &first).await["valid"], &second["overrides"]), (&json!(false), &first["assessment_id"]));
        assert_eq!(search(&app, "feedback.f = 'old'").await, [""; 0]);
        assert_eq!(search(&app, "feedback.f = 'new'").await, ["tr-1"]);
        for _ in 0..2 {
            app.delete(&path(&second), json!({})).await.ok();
        }
        app.delete(&format!("{TRACES}/none/assessments/x"), json!({})).await.ok();
        assert_eq!(get(&app, &first).await["valid"], true);
        assert_eq!(search(&app, "feedback.f = 'old'").await, ["tr-1"]);
    }

    async fn assessments_come_with_their_trace(db: Db) {
        let app = TestApp::new(db).await;
        let assessments = json!([
            { "assessment_name": "a", "feedback": { "value": 1 } }, { "assessment_name": "b", "expectation": { "value": 2 }, "assessment_id": "a-b" },
        ]);
        for _ in 0..2 {
            let info = start(&app, "tr-1", json!({ "assessments": assessments })).await;
            let names: Vec<&Value> = info["assessments"].as_array().expect("assessments").iter().map(|a| &a["assessment_name"]).collect();
            assert_eq!(names, ["a", "b"], "sent again they are the same");
        }
    }

    async fn traces_are_found_by_their_assessments(db: Db) {
        let app = app_with_trace(db).await;
        start(&app, "tr-2", json!({})).await;
        for (name, value) in [("score", json!(5)), ("ok", json!(true)), ("text", json!("good")), ("low", json!(-0.5)), ("yes", json!("yes"))] {
            create(&app, json!({ "assessment_name": name, "feedback": { "value": value } })).await;
        }
        create(&app, json!({ "assessment_name": "text", "expectation": { "value": "better" } })).await;
        let check = async |filter: &str, found: bool| {
            let expected: &[&str] = if found { &["tr-1"] } else { &[] };
            assert_eq!(search(&app, filter).await, expected, "{filter}");
        };
        check("feedback.score > 4.5", true).await;
        check("feedback.score > 5", false).await;
        check("feedback.score = '5'", true).await;
        check("feedback.score = '5.0'", true).await;
        check("feedback.score != '5'", false).await;
        check("feedback.ok = 'true'", true).await;
        check("feedback.ok > 0", false).await;
        check("feedback.text = 'good'", true).await;
        check("feedback.text LIKE '%oo%'", true).await;
        check("feedback.text RLIKE '^.good'", true).await;
        check("feedback.text != 'good'", false).await;
        check("expectation.text = 'better'", true).await;
        check("expectation.score IS NOT NULL", false).await;
        check("feedback.low <= -0.5", true).await;
        check("feedback.yes > 0", false).await;
        check("feedback.text IS NOT NULL", true).await;
        assert_eq!(search(&app, "feedback.text IS NULL").await, ["tr-2"]);
    }

    async fn an_assessment_of_a_session_counts_for_all_its_traces(db: Db) {
        let app = TestApp::new(db).await;
        for (id, session) in [("tr-1", "s"), ("tr-2", "s"), ("tr-3", "t")] {
            start(&app, id, json!({ "trace_metadata": { "mlflow.trace.session": session } })).await;
        }
        create(&app, json!({ "assessment_name": "f", "feedback": { "value": 1 } })).await;
        assert_eq!(search(&app, "feedback.f > 0").await, ["tr-1"]);
        create(&app, json!({ "assessment_name": "g", "feedback": { "value": 1 }, "metadata": { "mlflow.trace.session": "s" } })).await;
        assert_eq!(search(&app, "feedback.g > 0").await, ["tr-1", "tr-2"]);
        assert_eq!(search(&app, "feedback.g IS NOT NULL").await, ["tr-1", "tr-2"]);
        assert_eq!(search(&app, "feedback.g IS NULL").await, ["tr-3"]);
        assert_eq!(search(&app, "feedback.g > 1").await, [""; 0]);
    }
}

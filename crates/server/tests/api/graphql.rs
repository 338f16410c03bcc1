//! GraphQL as MLflow's own pages use it, on both databases.

use crate::support::TestApp;
use fettle_db::on_both_databases;
use fettle_server::schema::MIGRATIONS;
use serde_json::{Value, json};

const GET_RUN: &str = r#"query GetRun($data: MlflowGetRunInput!) @component(name: "MLflow.ExperimentRunTracking") {
  mlflowGetRun(input: $data) {
    __typename
    apiError { helpUrl code message }
    run {
      info { runName status runUuid experimentId artifactUri endTime lifecycleStage startTime userId }
      experiment { experimentId name tags { key value } artifactLocation lifecycleStage lastUpdateTime effectiveTraceArchivalRetention }
      modelVersions { status version name source description deploymentJobState { jobId jobState } }
      data { metrics { key value step timestamp datasetName } params { key value } tags { key value } }
      inputs { datasetInputs { dataset { digest name profile schema source sourceType } tags { key value } } modelInputs { modelId } }
      outputs { modelOutputs { modelId step } }
    }
  }
}"#;

async fn query(app: &TestApp, query: &str, variables: Value) -> Value {
    app.post("/graphql", json!({ "query": query, "variables": variables }))
        .await
        .ok()
}

/// The data of an answer without errors.
async fn data(app: &TestApp, text: &str, variables: Value) -> Value {
    let mut answer = query(app, text, variables).await;
    assert_eq!(answer["errors"], Value::Null, "{text}");
    answer["data"].take()
}

async fn errors(app: &TestApp, text: &str, variables: Value) -> String {
    let answer = query(app, text, variables).await;
    answer["errors"][0].as_str().expect(text).to_owned()
}

/// A run with a metric of every kind and a model version.
async fn run_with_a_model(app: &TestApp, name: &str) -> String {
    let answer = app
        .post(
            "runs/create",
            json!({ "experiment_id": "0", "run_name": name, "user_id": "ana", "start_time": 9_007_199_254_740_993_i64 }),
        )
        .await
        .ok();
    let run_id = answer["run"]["info"]["run_id"].as_str().expect("an id").to_owned();
    app.post(
        "runs/log-batch",
        json!({
            "run_id": run_id,
            "metrics": [
                { "key": "auc", "value": 0.5, "timestamp": 5, "step": -1 },
                { "key": "broken", "value": "NaN", "timestamp": 5, "step": 0 },
            ],
            "params": [{ "key": "depth", "value": "3" }],
        }),
    )
    .await
    .ok();
    app.post("registered-models/create", json!({ "name": name })).await.ok();
    app.post(
        "model-versions/create",
        json!({ "name": name, "source": "s3://bucket/model", "run_id": run_id }),
    )
    .await
    .ok();
    run_id
}

on_both_databases! {
    MIGRATIONS;

    async fn a_run_is_read_with_its_experiment_and_model_versions(db: Db) {
        let app = TestApp::new(db).await;
        let run_id = run_with_a_model(&app, "forest").await;
        let mut answer = data(&app, GET_RUN, json!({ "data": { "runId": run_id } })).await["mlflowGetRun"].take();
        assert_eq!(answer["__typename"], "MlflowGetRunResponse");
        assert_eq!(answer["apiError"], Value::Null);
        let run = answer["run"].take();
        assert_eq!(
            run["info"],
            json!({
                "runName": "forest", "status": "RUNNING", "runUuid": run_id, "experimentId": "0",
                "artifactUri": format!("mlflow-artifacts:/0/{run_id}/artifacts"), "endTime": "0",
                "lifecycleStage": "active", "startTime": "9007199254740993", "userId": "ana",
            })
        );
        assert_eq!(
            run["experiment"],
            json!({
                "experimentId": "0", "name": "Default", "tags": [], "artifactLocation": "mlflow-artifacts:/0",
                "lifecycleStage": "active", "lastUpdateTime": "1000", "effectiveTraceArchivalRetention": "",
            })
        );
        assert_eq!(
            run["modelVersions"],
            json!([{
                "status": "READY", "version": "1", "name": "forest", "source": "s3://bucket/model", "description": "",
                "deploymentJobState": { "jobId": "", "jobState": null },
            }])
        );
        assert_eq!(
            run["data"],
            json!({
                "metrics": [
                    { "key": "auc", "value": 0.5, "step": "-1", "timestamp": "5", "datasetName": "" },
                    { "key": "broken", "value": null, "step": "0", "timestamp": "5", "datasetName": "" },
                ],
                "params": [{ "key": "depth", "value": "3" }],
                "tags": [{ "key": "mlflow.runName", "value": "forest" }],
            })
        );
        assert_eq!(run["inputs"], json!({ "datasetInputs": [], "modelInputs": [] }));
        assert_eq!(run["outputs"], json!({ "modelOutputs": [] }));
    }
    async fn runs_are_searched_and_each_has_what_is_its_own(db: Db) {
        let app = TestApp::new(db).await;
        for name in ["a", "b"] {
            run_with_a_model(&app, name).await;
        }
        let text = "query SearchRuns($data: MlflowSearchRunsInput!) { mlflowSearchRuns(input: $data) {
            runs { info { runName } other: experiment { name } modelVersions { name version } } nextPageToken } }";
        let input = json!({ "experimentIds": ["0"], "orderBy": ["run_name ASC"], "runViewType": "ALL", "maxResults": 1 });
        let first = data(&app, text, json!({ "data": input })).await["mlflowSearchRuns"].take();
        let run = |name: &str| json!([{ "info": { "runName": name }, "other": { "name": "Default" }, "modelVersions": [{ "name": name, "version": "1" }] }]);
        assert_eq!(first["runs"], run("a"));
        let mut input = input;
        input["pageToken"] = first["nextPageToken"].clone();
        let last = data(&app, text, json!({ "data": input })).await["mlflowSearchRuns"].take();
        assert_eq!(last, json!({ "runs": run("b"), "nextPageToken": "" }));
        let error = errors(
            &app,
            text,
            json!({ "data": { "experimentIds": ["0"], "filter": "nonsense" } }),
        )
        .await;
        assert!(error.contains("nonsense"), "{error}");
    }
    async fn experiments_points_and_artifacts_are_read(db: Db) {
        let app = TestApp::new(db).await;
        let run_id = run_with_a_model(&app, "forest").await;
        for step in 0..5 {
            let metric = json!({ "run_id": run_id, "key": "loss", "value": step, "timestamp": 7, "step": step });
            app.post("runs/log-metric", metric).await.ok();
        }
        let text = "query Q($i: MlflowGetMetricHistoryBulkIntervalInput!) {
            mlflowGetMetricHistoryBulkInterval(input: $i) { metrics { key value step timestamp runId } apiError { code } } }";
        let input = json!({ "runIds": [run_id], "metricKey": "loss", "startStep": 2, "endStep": 3 });
        assert_eq!(
            data(&app, text, json!({ "i": input })).await["mlflowGetMetricHistoryBulkInterval"],
            json!({ "apiError": null, "metrics": [
                { "key": "loss", "value": 2.0, "step": "2", "timestamp": "7", "runId": run_id },
                { "key": "loss", "value": 3.0, "step": "3", "timestamp": "7", "runId": run_id },
            ] })
        );
        let text = "query Q($i: MlflowGetExperimentInput!) { mlflowGetExperiment(input: $i) { experiment { name creationTime workspace } } }";
        assert_eq!(
            data(&app, text, json!({ "i": { "experimentId": "0" } })).await["mlflowGetExperiment"]["experiment"],
            json!({ "name": "Default", "creationTime": "1000", "workspace": "default" })
        );
        let text = "query Q($i: MlflowListArtifactsInput!) { mlflowListArtifacts(input: $i) { rootUri files { path isDir fileSize } } }";
        assert_eq!(
            data(&app, text, json!({ "i": { "runId": run_id } })).await["mlflowListArtifacts"],
            json!({ "rootUri": format!("mlflow-artifacts:/0/{run_id}/artifacts"), "files": [] })
        );
    }
    async fn what_goes_wrong_is_said_beside_the_data(db: Db) {
        let app = TestApp::new(db).await;
        let absent = json!({ "data": { "runId": "0".repeat(32) } });
        assert_eq!(
            query(&app, GET_RUN, absent).await,
            json!({ "data": { "mlflowGetRun": null }, "errors": [format!("Run with id={} not found", "0".repeat(32))] })
        );
        for (text, variables, part) in [
            ("{ mlflowGetRun(input: {runId: \"x\"}) { nope } }", json!({}), "nope"),
            (GET_RUN, json!({}), "data"),
            (GET_RUN, json!({ "data": { "runId": 5 } }), "String"),
            (GET_RUN, json!({ "data": { "runId": "a", "more": 5 } }), "more"),
            ("{ mlflowGetRun { apiError { code } } }", json!({}), "input"),
            (
                "{ mlflowSearchRuns(input: {maxResults: -1}) { nextPageToken } }",
                json!({}),
                "max_results",
            ),
            ("query A { __typename } query B { __typename }", json!({}), "peration"),
        ] {
            let error = errors(&app, text, variables).await;
            assert!(error.contains(part), "{text}: {error}");
        }
        app.post("/graphql", json!({}))
            .await
            .refused("INVALID_PARAMETER_VALUE", "'query'");
        app.post("/graphql", json!({ "query": "{" }))
            .await
            .refused("BAD_REQUEST", "GraphQL");
        app.post("/graphql", json!({ "query": "{__typename}", "variables": [1] }))
            .await
            .refused("INVALID_PARAMETER_VALUE", "'variables'");
        let deep = query(
            &app,
            &format!("{{ test {}{}", "{a ".repeat(11), "}".repeat(12)),
            json!({}),
        )
        .await;
        assert_eq!(
            deep,
            json!({ "data": null, "errors": ["Query exceeds maximum depth of 10"] })
        );
    }
    async fn a_query_may_stand_in_the_address(db: Db) {
        let app = TestApp::new(db).await;
        let arguments = [
            (
                "query",
                "query A { test(inputString: \"no\") { output } } query B($s: String) { test(inputString: $s) { output } }",
            ),
            ("operationName", "B"),
            ("variables", "{\"s\": \"yes\"}"),
        ];
        assert_eq!(
            app.get("/graphql", &arguments).await.ok(),
            json!({ "data": { "test": { "output": "yes" } }, "errors": null })
        );
    }
}

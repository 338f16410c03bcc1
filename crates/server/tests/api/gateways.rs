//! A gateway of its own against a control plane, on both databases.

use crate::support::TestApp;
use crate::support::model::{IRIS, ROW, files, without_python};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request},
};
use fettle_db::on_both_databases;
use fettle_server::{Clock, GatewaySecret, GatewaySettings, Settings, StandaloneGateway, schema::MIGRATIONS};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(20);

async fn open(port: u16, folder: &Path) -> StandaloneGateway {
    open_with(port, folder, None).await.expect("the gateway starts")
}

async fn open_with(port: u16, folder: &Path, secret: Option<GatewaySecret>) -> Result<StandaloneGateway, String> {
    let settings = GatewaySettings {
        control_plane: format!("http://127.0.0.1:{port}"),
        authorization: None,
        secret,
        folder: folder.to_owned(),
        scoring: without_python().scoring,
    };
    let opened = StandaloneGateway::open(settings, Clock::fixed(1000)).await;
    opened.map_err(|error| error.to_string())
}

async fn ask(router: &Router, method: Method, path: &str, id: &str) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-request-id", id)
        .body(Body::from(ROW))
        .expect("a request");
    let response = router.clone().oneshot(request).await.expect("routers do not fail");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Asks until the answer is `expected`.
async fn wait_for(router: &Router, expected: &Value) {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let (status, body) = ask(router, Method::POST, "/endpoints/iris/invocations", "waiting").await;
        if status == 200 && body["predictions"] == *expected {
            return;
        }
        assert!(std::time::Instant::now() < end, "{status} {body}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Probes come every few seconds: an `ApiError`, which is JSON, would be logged for each of them.
#[tokio::test]
async fn a_gateway_that_waits_for_its_orders_is_not_ready_and_that_is_no_failure() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("its address").port();
    drop(free);
    let folder = tempfile::tempdir().expect("a folder");
    let gateway = open(port, folder.path()).await;
    assert_eq!(
        ask(&gateway.router(), Method::GET, "/readyz", "").await,
        (503, Value::Null)
    );
    assert_eq!(ask(&gateway.router(), Method::GET, "/livez", "").await.0, 200);
}

on_both_databases! { MIGRATIONS;
    async fn a_gateway_follows_its_control_plane_and_does_without_it(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let (port, control_plane) = app.listen(0).await;
        let folder = tempfile::tempdir().expect("a folder");
        let gateway = open(port, folder.path()).await;
        let router = gateway.router();
        wait_for(&router, &json!([1.0])).await;
        assert_eq!(ask(&router, Method::GET, "/readyz", "").await.0, 200);
        assert_eq!(ask(&router, Method::POST, "/endpoints/rose/invocations", "").await.0, 404);
        assert_eq!(ask(&router, Method::GET, "/v2/models/iris/ready", "").await.0, 200);

        // Only what answers on the gateway too may be given traffic.
        app.wait_for_state("iris", "green", "ready").await;
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "green": 100 } })).await.ok();
        wait_for(&router, &json!([2.0])).await;

        // What it answered is in the log of the control plane.
        assert_eq!(ask(&router, Method::POST, "/endpoints/iris/invocations", "asked-of-the-gateway").await.0, 200);
        let query = "/api/fettle/v1/logs?endpoint=iris&correlation_id=asked-of-the-gateway";
        let found = app.wait_for(query, |found| found["requests"].as_array().is_some_and(|all| !all.is_empty())).await;
        assert_eq!(found["requests"][0]["deployment"], "green");

        // It goes on without the control plane, and the next one on the same folder too.
        control_plane.abort();
        let _ = control_plane.await;
        wait_for(&router, &json!([2.0])).await;
        drop((gateway, router));
        let gateway = open(port, folder.path()).await;
        let router = gateway.router();
        wait_for(&router, &json!([2.0])).await;
        assert_eq!(ask(&router, Method::GET, "/readyz", "").await.0, 200);

        // Changes are taken up when it is back, deletions too.
        let (_, control_plane) = app.listen(port).await;
        app.wait_for_state("iris", "blue", "ready").await;
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "blue": 100 } })).await.ok();
        wait_for(&router, &json!([1.0])).await;
        app.delete(IRIS, json!({})).await.ok();
        let end = std::time::Instant::now() + PATIENCE;
        while ask(&router, Method::POST, "/endpoints/iris/invocations", "").await.0 != 404 {
            assert!(std::time::Instant::now() < end, "the endpoint stays");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        gateway.close().await;
        control_plane.abort();
    }

    async fn replicas_of_gateways_count_until_they_leave(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let (port, control_plane) = app.listen(0).await;
        let query = "/api/fettle/v1/operational-metrics?endpoint=iris&deployment=blue&metric=Replicas&since=0&until=10000&interval=10s";
        let counts = |expected: f64| move |found: &Value| found["metrics"][0]["points"][0]["value"] == json!(expected);
        app.wait_for(query, counts(1.0)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let gateway = open(port, folder.path()).await;
        app.wait_for(query, counts(2.0)).await;
        gateway.close().await;
        app.wait_for(query, counts(1.0)).await;
        control_plane.abort();
    }

    async fn what_a_gateway_says_is_checked(db: Db) {
        let app = TestApp::with(db, without_python()).await;
        let path = "/api/fettle/v1/gateways";
        app.post(&format!("{path}/a%20b/exchange"), json!({})).await.refused("INVALID_PARAMETER_VALUE", "letters");
        app.post(&format!("{path}/g1/exchange"), json!({ "known": 7 })).await.refused("INVALID_PARAMETER_VALUE", "known");
        app.get(&format!("{path}/revisions/77/files"), &[]).await.refused("RESOURCE_DOES_NOT_EXIST", "revision 77");
        let orders = app.post(&format!("{path}/g1/exchange"), json!({ "known": { "iris": 3 } })).await.ok();
        assert_eq!((&orders["gone"], &orders["changed"]), (&json!(["iris"]), &json!([])));
        app.delete(&format!("{path}/g1"), json!({})).await.ok();
        let sent = json!({ "endpoint": "iris", "deployment": "d", "model_name": "m", "model_version": "1",
            "request_id": "r", "at_ms": 1, "latency_us": 5, "status": 200,
            "bodies": { "content_type": null, "request": "?", "response": "" } });
        let refused = app.post(&format!("{path}/g1/requests"), json!({ "requests": [sent] })).await;
        refused.refused("INVALID_PARAMETER_VALUE", "base64");
    }

    async fn only_those_who_know_the_secret_take_part(db: Db) {
        let secrets = GatewaySecret::parse_all("the-new-secret-of-today, the-old-secret-of-yesterday").expect("secrets");
        let settings = Settings { gateway_secrets: secrets.clone(), ..without_python() };
        let app = TestApp::with(db.clone(), settings).await;
        let path = "/api/fettle/v1/gateways";
        for (method, below) in [
            (Method::POST, "g1/exchange"),
            (Method::POST, "g1/requests"),
            (Method::DELETE, "g1"),
            (Method::GET, "revisions/1/files"),
            (Method::GET, "revisions/1/files/MLmodel"),
        ] {
            app.send(method, &format!("{path}/{below}"), Some(json!({}))).await.refused("PERMISSION_DENIED", "--gateway-secret-file");
        }
        let (port, control_plane) = app.listen(0).await;
        let folder = tempfile::tempdir().expect("a folder");
        for secret in secrets {
            let gateway = open_with(port, folder.path(), Some(secret)).await.expect("the gateway starts");
            assert_eq!(ask(&gateway.router(), Method::GET, "/readyz", "").await.0, 200);
            gateway.close().await;
        }
        // One that is refused has nothing to serve and says why; the next one on its folder would.
        let guess = GatewaySecret::parse_all("not-the-secret-of-today").expect("a secret").remove(0);
        for (secret, part) in [(Some(guess), "is not that of this control plane"), (None, "--gateway-secret-file")] {
            let empty = tempfile::tempdir().expect("a folder");
            let refused = open_with(port, empty.path(), secret).await.err().expect("a refusal");
            assert!(refused.contains("PERMISSION_DENIED") && refused.contains(part), "{refused}");
        }
        control_plane.abort();

        // Without a secret this machine takes part, and nobody behind a proxy.
        let open = app.beside(db, without_python()).await;
        let local = open.raw(Method::POST, &format!("{path}/g1/exchange"), &[("content-type", "application/json")], "{}").await;
        assert_eq!(local.status(), 200);
        let through = [("content-type", "application/json"), ("x-forwarded-for", "127.0.0.1")];
        let refused = open.raw(Method::POST, &format!("{path}/g1/exchange"), &through, "{}").await;
        assert_eq!(refused.status(), 403);
    }

    async fn values_of_environments_are_told_to_gateways_only(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        let blue = format!("{IRIS}/deployments/blue");
        app.patch(&blue, json!({ "environment": { "TOKEN": "hush" } })).await.ok();
        app.patch(&blue, json!({ "environment": { "TOKEN": null, "MORE": "1" } })).await.ok();
        let shown = app.get(IRIS, &[]).await.ok();
        assert_eq!(shown["deployments"][0]["environment"], json!({ "TOKEN": null, "MORE": null }));
        app.patch(&blue, json!({ "environment": { "OTHER": null } })).await.refused("INVALID_PARAMETER_VALUE", "OTHER");
        let orders = app.post("/api/fettle/v1/gateways/g1/exchange", json!({})).await.ok();
        let revision = &orders["changed"][0]["deployments"][0]["revision"];
        assert_eq!(revision["environment"], json!({ "TOKEN": "hush", "MORE": "1" }));
    }

    async fn a_deployment_that_a_gateway_cannot_start_gets_no_traffic(db: Db) {
        let app = TestApp::blue_and_green(db).await;
        // Nobody has told of `green` on this gateway yet.
        let body = json!({ "known": {}, "account": { "statuses": [], "good": [] } });
        app.post("/api/fettle/v1/gateways/g1/exchange", body).await.ok();
        let refused = app.put(&format!("{IRIS}/traffic"), json!({ "split": { "green": 100 } })).await;
        refused.refused("RESOURCE_CONFLICT", "green");
        app.delete("/api/fettle/v1/gateways/g1", json!({})).await.ok();
        app.put(&format!("{IRIS}/traffic"), json!({ "split": { "green": 100 } })).await.ok();
    }

    async fn parity_stays_with_the_version(db: Db) {
        let app = TestApp::with(db, without_python()).await;
        let version = app.register("iris", &files(1.0, 2.0)).await;
        let path = format!("/api/fettle/v1/models/parity?model_uri=models:/iris/{version}");
        let before = app.get(&path, &[]).await.ok();
        assert_eq!((&before["version"], &before["report"]), (&json!("1"), &Value::Null));
        let report = json!({ "passed": false, "verdict": "3 of 9 rows differ", "rows_differing": 3 });
        let comparison = json!({ "passed": false, "verdict": "3 of 9 rows differ", "gateway_version": "1.2.3", "report": report });
        let said = json!({ "comparisons": [{ "name": "iris", "version": 1, "comparison": comparison }] });
        for _ in 0..2 {
            app.post("/api/fettle/v1/gateways/g1/exchange", said.clone()).await.ok();
        }
        let after = app.get(&path, &[]).await.ok();
        assert_eq!((&after["report"], &after["gateway_version"]), (&report, &json!("1.2.3")));
        // What is known already is not written down again.
        let audit = app.get("/api/fettle/v1/audit", &[]).await.ok();
        let compared = audit["entries"].as_array().into_iter().flatten().filter(|entry| entry["action"] == "compare");
        assert_eq!(compared.count(), 1);
        app.get("/api/fettle/v1/models/parity?model_uri=models:/iris/9", &[]).await.refused("RESOURCE_DOES_NOT_EXIST", "9");
        app.get("/api/fettle/v1/models/parity?model_uri=iris", &[]).await.refused("INVALID_PARAMETER_VALUE", "iris");
    }
}

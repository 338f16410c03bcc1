//! Capture, request logs, ground truth, monitors and alerts over HTTP, on both databases.

mod alerts;
mod attribution;
mod baselines;
mod capture;
mod monitors;
mod truth;

use crate::support::{Answer, TestApp};
use axum::{body::to_bytes, http::Method};
use bytes::Bytes;
use fettle_db::Db;
use fettle_server::{Egress, Settings, WebhookSettings, secrets::SecretKeys};
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-01-01T00:00:00Z
const START_MS: i64 = 1_767_225_600_000;
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn fettle(path: &str) -> String {
    format!("/api/fettle/v1/{path}")
}

/// The server may send to the receivers of these tests, and to nobody else.
async fn app(db: Db) -> TestApp {
    let egress = Egress {
        allow_http: true,
        allowed_hosts: vec!["127.0.0.1".to_owned()],
        ..Egress::default()
    };
    let settings = Settings {
        webhooks: WebhookSettings {
            egress,
            ..WebhookSettings::default()
        },
        secret_keys: Arc::new(SecretKeys::new(KEY, None).expect("a valid key")),
        ..Settings::default()
    };
    TestApp::at(db, settings, START_MS).await
}

/// Checks that a call of our own was refused, in words that have `part` in them.
#[track_caller]
fn refused(answer: &Answer, status: u16, part: &str) {
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    assert!(
        answer.status == status && detail.contains(part),
        "{}: {} {}",
        answer.request,
        answer.status,
        answer.body
    );
}

async fn send(app: &TestApp, path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Answer {
    let response = app
        .raw(Method::POST, &fettle(path), &[("content-type", content_type)], body)
        .await;
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    Answer {
        request: path.to_owned(),
        status,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

async fn download(app: &TestApp, path: &str) -> Bytes {
    let response = app.raw(Method::GET, &fettle(path), &[], "").await;
    assert_eq!(response.status(), 200, "{path}");
    to_bytes(response.into_body(), usize::MAX).await.expect("a body")
}

/// A request and its answer, as a model served elsewhere tells of them.
fn exchange(id: &str, second: i64, status: u16, feature: f64, prediction: f64) -> String {
    let event = |kind: &str, more: Value| {
        let mut event = json!({
            "specversion": "1.0", "id": format!("{id}-{kind}"), "source": "/endpoints/churn/deployments/blue",
            "type": format!("fettle.inference.{kind}"), "correlationid": id, "modelname": "churn", "modelversion": "3",
            "time": format!("2025-12-31T23:{:02}:{:02}Z", 30 + second / 60, second % 60),
        });
        event
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        event.to_string()
    };
    let answer = if status == 200 {
        json!({ "predictions": [prediction] })
    } else {
        json!({ "message": format!("failure {id}") })
    };
    format!(
        "{}\n{}\n",
        event(
            "request",
            json!({ "data": { "dataframe_split": { "columns": ["age"], "data": [[feature]] } } })
        ),
        event(
            "response",
            json!({ "httpstatus": status, "latencyus": 1500, "data": answer })
        )
    )
}

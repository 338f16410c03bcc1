//! The HTTP face of a deployment.

use std::sync::Arc;

use crate::common::{deploy, json, model, options, together};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use fettle_gateway::{ExecutorChoice, Gateway, Invocation, Member, MemberState, Options, Running, scoring_router};
use serde_json::{Value, json};
use tower::ServiceExt;

struct Answer {
    status: StatusCode,
    content_type: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

async fn send(router: &Router, method: &str, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, content_type)
        .body(body.into())
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    Answer {
        status,
        content_type,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn get(router: &Router, path: &str) -> Answer {
    send(router, "GET", path, "text/plain", "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_endpoint_answers_as_documented() {
    let _turn = together().await;
    let options = Options {
        model_name: "taxi".into(),
        model_version: "7".into(),
        body_bytes_max: 2000,
        ..options(ExecutorChoice::Python)
    };
    let deployment = Arc::new(deploy("forest", options).await);
    let router = scoring_router(Arc::clone(&deployment));

    let example = model("forest").serving_example().unwrap();
    let scored = send(&router, "POST", "/invocations", "application/json", example.clone()).await;
    assert_eq!(
        (scored.status, scored.content_type.as_str()),
        (StatusCode::OK, "application/json")
    );
    assert_eq!(scored.json()["predictions"].as_array().unwrap().len(), 3);

    let csv = send(&router, "POST", "/invocations", "text/csv", "a,b,c,d\n1,2,3,4\n").await;
    let predicted = send(
        &router,
        "POST",
        "/predict",
        "application/json",
        r#"{"features": [1, 2, 3, 4]}"#,
    )
    .await;
    assert_eq!(predicted.json()["prediction"], csv.json()["predictions"]);
    assert_eq!(predicted.json()["model_version"], "7");
    assert_eq!(predicted.json()["status"], "success");
    let short = send(
        &router,
        "POST",
        "/predict",
        "application/json",
        r#"{"features": [1, 2]}"#,
    )
    .await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    assert!(
        short.json()["error"]
            .as_str()
            .unwrap()
            .contains("takes 4 values, 2 were sent"),
        "{}",
        short.body
    );
    let nonsense = send(&router, "POST", "/predict", "application/json", "{}").await;
    assert!(
        nonsense.json()["error"].as_str().unwrap().contains("features"),
        "{}",
        nonsense.body
    );

    let large = send(&router, "POST", "/invocations", "application/json", vec![b' '; 2001]).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(large.json()["message"].as_str().unwrap().contains("2000 bytes"));
    let xml = send(&router, "POST", "/invocations", "application/xml", "<a/>").await;
    assert_eq!(
        (xml.status, xml.content_type.as_str()),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "text/plain")
    );

    let ping = get(&router, "/ping").await;
    assert_eq!((ping.status, ping.body.as_str()), (StatusCode::OK, "\n"));
    let health = get(&router, "/health").await.json();
    assert_eq!(
        health,
        json!({"status": "healthy", "model_loaded": true, "model_version": "7"})
    );
    assert!(get(&router, "/version").await.body.starts_with(char::is_numeric));
    let info = get(&router, "/model-info").await.json();
    assert_eq!(info["model_name"], "taxi");
    assert_eq!(info["framework"], "sklearn");
    assert_eq!(info["status"], "active");
    assert_eq!(info["executor"], "python");

    let metrics = get(&router, "/metrics").await.body;
    for line in [
        "fettle_scoring_requests_total{model=\"taxi\",version=\"7\",code=\"200\"} 3",
        "fettle_scoring_requests_total{model=\"taxi\",version=\"7\",code=\"415\"} 1",
        "fettle_scoring_ready{model=\"taxi\",version=\"7\"} 1",
        "model_infer_request_success_total{model=\"taxi\",version=\"7\"} 3",
    ] {
        assert!(metrics.contains(line), "no `{line}` in\n{metrics}");
    }

    let gateway = Gateway::default();
    let running = Running {
        revision: 1,
        deployment: Arc::clone(&deployment),
    };
    let member = Member {
        revision: 1,
        state: MemberState::Ready,
        running: Some(running),
    };
    gateway.change("taxis", |endpoint| drop(endpoint.members.insert("blue".into(), member)));
    let found = gateway.endpoint("taxis").unwrap();
    let pinned = |deployment: &'static str| {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (
                HeaderName::from_static("x-fettle-deployment"),
                HeaderValue::from_static(deployment),
            ),
        ];
        Invocation::new("r1".into(), HeaderMap::from_iter(headers), example.clone().into())
    };
    let answer = gateway.invoke(Arc::clone(&found), pinned("blue")).await;
    assert!(json(&answer.response)["predictions"].is_array());
    let answer = gateway.invoke(found, pinned("green")).await;
    assert_eq!(answer.response.status, 404);
    assert!(
        gateway
            .metrics()
            .contains("endpoint=\"taxis\",deployment=\"blue\",model=\"taxi\"")
    );
    gateway.remove("taxis").unwrap();
    assert!(gateway.endpoint("taxis").is_none());
    deployment.drain(std::time::Duration::from_secs(1)).await;
    assert_eq!(get(&router, "/ping").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/health").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

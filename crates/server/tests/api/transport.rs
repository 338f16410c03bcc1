//! What happens to a request before and after its handler: prefix, hosts, origins, modes, compression.

use crate::support::TestApp;
use axum::{
    body::to_bytes,
    http::{Method, header},
    response::Response,
};
use fettle_db::on_both_databases;
use fettle_server::{Offer, Security, Settings, schema::MIGRATIONS};
use serde_json::json;

const EXPERIMENT: &str = "/api/2.0/mlflow/experiments/get?experiment_id=0";

async fn get(app: &TestApp, uri: &str, headers: &[(&str, &str)]) -> Response {
    app.raw(Method::GET, uri, headers, "").await
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("the body ends well");
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn head<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

on_both_databases! {
    MIGRATIONS;

    async fn hosts_that_are_not_named_are_refused_but_for_probes(db: Db) {
        let security = Security::new(Some("mlflow.company.com"), None, "deny").expect("well-formed");
        let app = TestApp::with(db, Settings { security, ..Settings::default() }).await;
        for (path, host, status) in [
            (EXPERIMENT, "mlflow.company.com:8443", 200),
            (EXPERIMENT, "evil.com", 403),
            (EXPERIMENT, "localhost", 403),
            ("/", "evil.com", 403),
            ("/health", "evil.com", 200),
            ("/version", "evil.com", 200),
            ("/readyz", "10.0.0.1:5000", 200),
        ] {
            let response = get(&app, path, &[("host", host)]).await;
            assert_eq!(response.status(), status, "{path} {host}");
            assert_eq!(head(&response, "x-frame-options"), "DENY");
            assert_eq!(head(&response, "x-content-type-options"), "nosniff");
        }
        let refused = text(get(&app, EXPERIMENT, &[("host", "evil.com")]).await).await;
        assert!(refused.contains("--allowed-hosts") && refused.contains("`evil.com`"), "{refused}");
    }

    async fn changes_from_foreign_pages_are_refused(db: Db) {
        let security = Security::new(None, Some("https://app.company.com"), "none").expect("well-formed");
        let app = TestApp::with(db, Settings { security, ..Settings::default() }).await;
        let create = async |origin: &str, name: &str| {
            let headers = [("host", "10.0.0.7:5000"), ("origin", origin), ("content-type", "application/json")];
            let body = json!({ "name": name }).to_string();
            app.raw(Method::POST, "/api/2.0/mlflow/experiments/create", &headers, &body).await
        };
        for (origin, status) in [
            ("https://app.company.com", 200),
            ("http://10.0.0.7:5000", 200),
            ("http://localhost:3000", 200),
            ("https://evil.com", 403),
            ("null", 403),
        ] {
            let response = create(origin, origin).await;
            assert_eq!(response.status(), status, "{origin}");
            assert_eq!(head(&response, "x-frame-options"), "");
            let allowed = if status == 200 { origin } else { "" };
            assert_eq!(head(&response, "access-control-allow-origin"), allowed);
        }
        let refused = text(create("https://evil.com", "x").await).await;
        assert!(refused.contains("--cors-allowed-origins"), "{refused}");
        // Reading is not refused here: without the header the browser keeps the answer from the page.
        let read = get(&app, EXPERIMENT, &[("origin", "https://evil.com")]).await;
        assert_eq!((read.status().as_u16(), head(&read, "access-control-allow-origin")), (200, ""));
        let preflight = [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
        for (origin, status, headers) in [("https://app.company.com", 204, "content-type"), ("https://evil.com", 400, "")] {
            let response = app
                .raw(Method::OPTIONS, EXPERIMENT, &[("origin", origin), preflight[0], preflight[1]], "")
                .await;
            assert_eq!(response.status(), status, "{origin}");
            assert_eq!(head(&response, "access-control-allow-headers"), headers);
        }
    }

    async fn everything_moves_below_the_prefix(db: Db) {
        let settings = Settings { static_prefix: "/ml/flow".to_owned(), ..Settings::default() };
        let app = TestApp::with(db, settings).await;
        for (path, status) in [
            ("/ml/flow/api/2.0/mlflow/experiments/get?experiment_id=0", 200),
            ("/ml/flow/ajax-api/2.0/mlflow/experiments/get?experiment_id=0", 200),
            ("/ml/flow/ajax-api/3.0/mlflow/server-info", 200),
            ("/ml/flow/graphql?query=%7B__typename%7D", 200),
            ("/ml/flow/health", 200),
            ("/ml/flow/", 200),
            ("/ml/flow", 308),
            ("/ml/flow/api/2.0/mlflow-artifacts/artifacts?path=", 200),
            ("/api/2.0/mlflow-artifacts/artifacts?path=", 200),
            ("/ajax-api/2.0/mlflow-artifacts/artifacts?path=", 200),
            ("/health", 200),
            (EXPERIMENT, 404),
            ("/", 404),
            ("/graphql?query=%7B__typename%7D", 404),
        ] {
            assert_eq!(get(&app, path, &[]).await.status(), status, "{path}");
        }
        let moved = get(&app, "/ml/flow", &[]).await;
        assert_eq!(head(&moved, "location"), "/ml/flow/");
        let problem = get(&app, "/ml/flow/api/fettle/v1/endpoints/none", &[]).await;
        assert_eq!((problem.status().as_u16(), head(&problem, "content-type")), (404, "application/problem+json"));
        let wrong_method = app.raw(Method::DELETE, "/ml/flow/health", &[], "").await;
        assert_eq!(wrong_method.status(), 405);
        assert!(text(wrong_method).await.contains("does not take DELETE"));
    }

    async fn a_half_that_is_not_offered_says_so(db: Db) {
        let proxy = "/api/2.0/mlflow-artifacts/artifacts?path=";
        for (offer, refused, served, part) in [
            (Offer::NoArtifacts, proxy, EXPERIMENT, "with `--no-serve-artifacts`. To enable artifacts server functionality"),
            (Offer::ArtifactsOnly, EXPERIMENT, proxy, "in `--artifacts-only` mode. To enable tracking server functionality"),
        ] {
            let app = TestApp::with(db.clone(), Settings { offer, ..Settings::default() }).await;
            assert_eq!(get(&app, served, &[]).await.status(), 200, "{served}");
            assert_eq!(get(&app, "/health", &[]).await.status(), 200);
            let response = get(&app, refused, &[]).await;
            assert_eq!(response.status(), 503, "{refused}");
            let said = text(response).await;
            let path = refused.split('?').next().unwrap_or_default();
            assert!(said.starts_with(&format!("Endpoint: {path} disabled due to the mlflow server running ")) && said.contains(part), "{said}");
        }
    }

    async fn large_json_is_compressed_for_those_who_ask(db: Db) {
        let app = TestApp::new(db).await;
        let tags: Vec<_> = (0..90).map(|n| json!({ "key": format!("tag{n}"), "value": "x".repeat(100) })).collect();
        app.post("runs/create", json!({ "experiment_id": "0", "tags": tags })).await.ok();
        let search = async |headers: &[(&str, &str)]| {
            let mut all = vec![("content-type", "application/json")];
            all.extend(headers);
            let body = json!({ "experiment_ids": ["0"] }).to_string();
            app.raw(Method::POST, "/api/2.0/mlflow/runs/search", &all, &body).await
        };
        let plain = search(&[]).await;
        assert_eq!(head(&plain, "content-encoding"), "");
        let gzip = search(&[("accept-encoding", "gzip, deflate")]).await;
        assert_eq!(head(&gzip, "content-encoding"), "gzip");
        let (plain, gzip) = (to_bytes(plain.into_body(), usize::MAX).await, to_bytes(gzip.into_body(), usize::MAX).await);
        assert!(gzip.expect("a body").len() * 4 < plain.expect("a body").len());
        let small = get(&app, EXPERIMENT, &[(header::ACCEPT_ENCODING.as_str(), "gzip")]).await;
        assert_eq!(head(&small, "content-encoding"), "");
    }
}

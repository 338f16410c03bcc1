//! The whole application behind its router, for tests that speak HTTP to it.

pub mod model;
pub mod receiver;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::connect_info::MockConnectInfo,
    http::{Method, Request, header},
    response::Response,
};
use fettle_blobs::Blobs;
use fettle_db::Db;
use fettle_server::{App, Clock, Settings, router};
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt;

/// A server without a socket, whose clock stands still until it is set.
pub struct TestApp {
    router: Router,
    pub clock: Clock,
    /// Goes with the test.
    pub artifacts: std::sync::Arc<tempfile::TempDir>,
    _spool: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    pub body: Value,
}

impl TestApp {
    /// An application over `db` at the time 1000.
    pub async fn new(db: Db) -> Self {
        Self::with(db, Settings::default()).await
    }

    pub async fn with(db: Db, settings: Settings) -> Self {
        Self::at(db, settings, 1000).await
    }

    pub async fn at(db: Db, settings: Settings, now_ms: i64) -> Self {
        let artifacts = tempfile::tempdir().expect("a temporary folder").into();
        Self::over(db, settings, now_ms, artifacts).await
    }

    /// A second server of the same store and artifacts.
    pub async fn beside(&self, db: Db, settings: Settings) -> Self {
        Self::over(db, settings, self.clock.now_ms(), self.artifacts.clone()).await
    }

    async fn over(db: Db, settings: Settings, now_ms: i64, artifacts: std::sync::Arc<tempfile::TempDir>) -> Self {
        let blobs = Blobs::folder(artifacts.path()).expect("an artifact folder");
        let clock = Clock::fixed(now_ms);
        let spool = tempfile::tempdir().expect("a temporary folder");
        let mut settings = settings;
        settings.capture.folder.get_or_insert_with(|| spool.path().to_owned());
        let app = App::open(db, blobs, clock.clone(), settings)
            .await
            .expect("the application starts");
        Self {
            // As if a process of this machine asked.
            router: router(app).layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)))),
            clock,
            artifacts,
            _spool: spool,
        }
    }

    /// Answers on a port of this machine until the task is aborted.
    pub async fn listen(&self, port: u16) -> (u16, tokio::task::JoinHandle<()>) {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let router = self.router.clone();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.expect("the server goes on") });
        (port, task)
    }

    /// `path` is below `/api/2.0/mlflow/`, unless it starts with a slash.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        let query = serde_html_form::to_string(query).expect("pairs of text");
        let path = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        self.send(Method::GET, &path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str, body: Value) -> Answer {
        self.send(Method::DELETE, path, Some(body)).await
    }

    /// Anything, with its headers; the response as it is.
    pub async fn raw(&self, method: Method, uri: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Response {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Body::from(body.as_ref().to_vec()))
            .expect("a well-formed request");
        self.router.clone().oneshot(request).await.expect("routers do not fail")
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let uri = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/api/2.0/mlflow/{path}")
        };
        let name = format!(
            "{method} {uri} {}",
            body.as_ref().map(Value::to_string).unwrap_or_default()
        );
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .expect("a well-formed request");
        let response = self.router.clone().oneshot(request).await.expect("routers do not fail");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("the body ends well");
        let body =
            serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned().into());
        Answer {
            request: name,
            status,
            body,
        }
    }
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}: {}", self.request, self.body);
        self.body
    }

    fn code(&self) -> &Value {
        if self.body["error_code"].is_null() {
            &self.body["code"]
        } else {
            &self.body["error_code"]
        }
    }

    /// Checks that the request was refused with this code, in words that have `part` in them.
    #[track_caller]
    pub fn refused(self, code: &str, part: &str) {
        let message = self.body["message"]
            .as_str()
            .or(self.body["detail"].as_str())
            .unwrap_or_default();
        assert!(
            (400..500).contains(&self.status) && self.code() == code && message.contains(part),
            "{}: {} {}",
            self.request,
            self.status,
            self.body
        );
    }
}

//! Another system: it answers webhooks as it is told to, and remembers what came.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    received: Vec<Received>,
    /// What to answer next; 200 when there is nothing left.
    answers: VecDeque<Reply>,
}

#[derive(Debug, Clone)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

#[derive(Debug, Clone)]
pub enum Reply {
    Status(u16),
    RetryAfter(u16, &'static str),
    Redirect(String),
    Hang,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver = Self {
            url,
            inner: Arc::default(),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("the receiver serves") });
        receiver
    }

    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.lock().expect("a lock").answers.extend(replies);
    }

    pub fn received(&self) -> Vec<Received> {
        self.inner.lock().expect("a lock").received.clone()
    }

    /// Waits until `count` messages have come, and gives them in the order of their coming.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let end = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            assert!(Instant::now() < end, "{count} messages were expected: {received:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no header {name}"));
        value.to_str().expect("a readable header")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("messages are JSON")
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let reply = {
        let mut inner = receiver.inner.lock().expect("a lock");
        let body = String::from_utf8(body.to_vec()).expect("messages are text");
        inner.received.push(Received { headers, body });
        inner.answers.pop_front().unwrap_or(Reply::Status(200))
    };
    let status = |status| StatusCode::from_u16(status).expect("a status");
    match reply {
        Reply::Status(code) => (status(code), "heard").into_response(),
        Reply::RetryAfter(code, after) => (status(code), [("retry-after", after)], "busy").into_response(),
        Reply::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Reply::Hang => std::future::pending().await,
    }
}

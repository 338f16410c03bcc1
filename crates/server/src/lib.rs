//! The control plane: an axum application over one store, one artifact root and one gateway.

mod app;
mod artifacts;
mod audit;
mod caller;
mod clock;
pub mod compatibility;
mod error;
mod evaluation;
mod extract;
mod graphql;
mod keyset;
mod logged_models;
mod monitoring;
mod off;
mod outbox;
mod page_token;
mod registry;
mod router;
pub mod schema;
mod search_sql;
pub mod secrets;
mod security;
mod serving;
mod system;
mod traces;
mod tracking;
mod ui;
mod webhooks;

pub use app::{App, Offer, Settings};
pub use artifacts::ArtifactAccess;
pub use clock::Clock;
pub use monitoring::{AlertSettings, CaptureSettings};
pub use router::router;
pub use security::Security;
pub use traces::serve_otlp_grpc;
pub use webhooks::{Egress, WebhookSettings};

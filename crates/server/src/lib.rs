//! The control plane: an axum application over one store, one artifact root and one gateway.

mod app;
mod artifacts;
mod audit;
mod caller;
mod clock;
mod error;
mod extract;
mod logged_models;
mod page_token;
mod registry;
mod router;
pub mod schema;
mod search_sql;

mod serving;
mod system;
mod tracking;
mod ui;

pub use app::{App, Settings};
pub use clock::Clock;
pub use router::router;

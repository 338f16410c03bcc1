//! The application behind its router, over HTTP and on both databases, a file for each part of the wire. It is one program:
//! each more would be linked anew, with all of the server in it.

mod support;

mod assessments;
mod compatibility;
mod endpoints;
mod evaluation;
mod gateways;
mod graphql;
mod logged_models;
mod monitoring;
mod otlp;
mod registry;
mod rollouts;
mod run_summaries;
mod search_pages;
mod traces;
mod tracking;
mod transport;
mod webhooks;

//! `fettle`: one binary for a model's whole life.

mod alert;
mod alert_rule;
mod baseline;
mod beside;
mod capture;
mod client;
mod deployment;
mod doctor;
mod drift;
mod endpoint;
mod gateway;
mod gateway_secret;
mod ground_truth;
mod logs;
mod metrics;
mod mlflow_flags;
mod model;
mod model_source;
mod monitor;
mod monitoring_args;
mod output;
mod predict;
mod printing;
mod request_log;
mod runtime;
mod security;
mod seed;
mod serve;
mod server;
mod shutdown;
mod size;
mod webhook;
mod webhook_args;
mod worker_args;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(
    name = "fettle",
    version,
    about = "Track, register, serve and watch machine-learning models",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the tracking server, the registry, the endpoints and the web page
    #[command(after_help = server::EXAMPLE, disable_help_flag = true)]
    Server(Box<server::Args>),
    /// Serve one model over HTTP, without a store
    #[command(after_help = serve::EXAMPLE, disable_help_flag = true)]
    Serve(Box<serve::Args>),
    /// Answer the endpoints of a server elsewhere, also while it is away: as many of these as the load needs
    #[command(after_help = gateway::EXAMPLE, disable_help_flag = true)]
    Gateway(Box<gateway::Args>),
    /// Look for what is wrong with a setup, and say how to mend it
    #[command(after_help = doctor::EXAMPLE)]
    Doctor(doctor::Args),
    /// Tell whether data have changed: two files, column by column, without a server
    #[command(subcommand)]
    Drift(drift::Command),
    /// Fill a store with made-up runs, to try Fettle at the size that a team will have
    #[command(after_help = seed::EXAMPLE)]
    Seed(seed::Args),
    /// Make endpoints, share out their traffic, roll out and roll back
    #[command(subcommand)]
    Endpoint(endpoint::Command),
    /// Put models behind an endpoint
    #[command(subcommand)]
    Deployment(deployment::Command),
    /// Show how registered models compare with what they are in Python
    #[command(subcommand)]
    Model(model::Command),
    /// Send rows through an endpoint
    #[command(after_help = predict::EXAMPLE)]
    Predict(predict::Args),
    /// Make, list and delete webhooks, and see what was sent to them
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// See and change what is recorded of endpoints' requests
    #[command(subcommand)]
    Capture(capture::Command),
    /// Show figures of operation over time
    #[command(subcommand)]
    Metrics(metrics::Command),
    /// Search the requests that endpoints have answered
    #[command(subcommand)]
    Logs(request_log::Command),
    /// Watch endpoints for drift, broken data and bad predictions
    #[command(subcommand)]
    Monitor(monitor::Command),
    /// Keep what monitors hold a model version's traffic against
    #[command(subcommand)]
    Baseline(baseline::Command),
    /// Tell what really happened
    #[command(subcommand)]
    GroundTruth(ground_truth::Command),
    /// Make, list and delete alert rules
    #[command(subcommand)]
    AlertRule(alert_rule::Command),
    /// See what fires, who is told, and keep quiet what is known
    #[command(subcommand)]
    Alert(alert::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nobody has installed a TLS provider before");
    let result = match cli.command {
        Command::Server(args) => server::run(*args),
        Command::Serve(args) => serve::run(*args),
        Command::Gateway(args) => gateway::run(*args),
        Command::Doctor(args) => doctor::run(args),
        Command::Drift(command) => drift::run(command),
        Command::Seed(args) => seed::run(args),
        Command::Endpoint(command) => client::block_on(endpoint::run(command)),
        Command::Deployment(command) => client::block_on(deployment::run(command)),
        Command::Model(command) => client::block_on(model::run(command)),
        Command::Predict(args) => client::block_on(predict::run(args)),
        Command::Webhook(command) => webhook::run(command),
        Command::Capture(command) => capture::run(command),
        Command::Metrics(command) => metrics::run(command),
        Command::Logs(command) => request_log::run(command),
        Command::Monitor(command) => monitor::run(command),
        Command::Baseline(command) => baseline::run(command),
        Command::GroundTruth(command) => ground_truth::run(command),
        Command::AlertRule(command) => alert_rule::run(command),
        Command::Alert(command) => alert::run(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}

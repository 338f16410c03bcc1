//! The tracking server: who answers, under which name, with which clock.

use super::Finding;
use fettle_server::Clock;
use reqwest::{Client, Response, StatusCode};
use std::time::Duration;

const SERVER: &str = "server";
const HOSTS: &str = "hosts";
const CLOCK: &str = "clock";

const TIMEOUT: Duration = Duration::from_secs(10);
/// Beyond it, tokens and signed addresses fail. In milliseconds, as the next.
const SKEW_PROBLEM_MS: i64 = 60_000;
/// Beyond it, times of runs and traces from several machines are out of order.
const SKEW_WARNING_MS: i64 = 3_000;

pub(super) async fn examine(tracking_uri: &str) -> Vec<Finding> {
    if !tracking_uri.starts_with("http://") && !tracking_uri.starts_with("https://") {
        return vec![Finding::problem(
            SERVER,
            format!(
                "`{tracking_uri}` is not a tracking server's address: clients write to a store of their own there."
            ),
            "Name the server:\n  export MLFLOW_TRACKING_URI=http://HOST:5000",
        )];
    }
    let address = tracking_uri.trim_end_matches('/');
    let client = match Client::builder().tls_backend_rustls().timeout(TIMEOUT).build() {
        Ok(client) => client,
        Err(error) => return vec![unreachable(address, &error)],
    };
    let health = match client.get(format!("{address}/health")).send().await {
        Ok(response) => response,
        Err(error) => return vec![unreachable(address, &error)],
    };
    let clock = clock(&health, Clock::system().now_ms());
    let mut findings = vec![who(&client, address, health.status()).await];
    findings.extend(name(&client, address).await);
    findings.extend(clock);
    findings
}

fn unreachable(address: &str, error: &dyn std::error::Error) -> Finding {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Finding::problem(
        SERVER,
        format!("{address} does not answer: {cause}."),
        "Start it with `fettle server`, or name the right address:\n  export MLFLOW_TRACKING_URI=http://HOST:5000",
    )
}

async fn who(client: &Client, address: &str, health: StatusCode) -> Finding {
    let text = async |path: &str| {
        let response = client.get(format!("{address}{path}")).send().await.ok()?;
        response.status().is_success().then_some(())?;
        response.text().await.ok()
    };
    let version = text("/version")
        .await
        .filter(|text| text.len() < 40 && text.starts_with(|c: char| c.is_ascii_digit()));
    let own = text("/api/fettle/v1/version").await;
    let own: Option<serde_json::Value> = own.and_then(|text| serde_json::from_str(&text).ok());
    match (own.as_ref().and_then(|own| own["version"].as_str()), version) {
        (Some(fettle), Some(mlflow)) => Finding::ok(
            SERVER,
            format!("Fettle {fettle} answers at {address}, as MLflow {mlflow} would."),
        ),
        (_, Some(mlflow)) => Finding::ok(
            SERVER,
            format!("MLflow {mlflow} answers at {address}; it is not Fettle."),
        ),
        (_, None) => Finding::problem(
            SERVER,
            format!("{address} answers, {health} to /health, but not as a tracking server does."),
            "Check the address, and whether a --static-prefix belongs to it, as in http://HOST:5000/mlflow",
        ),
    }
}

/// Health is answered under every name, the rest only under those that are allowed.
async fn name(client: &Client, address: &str) -> Option<Finding> {
    let url = format!("{address}/api/2.0/mlflow/experiments/get?experiment_id=0");
    let response = client.get(url).send().await.ok()?;
    match response.status() {
        StatusCode::UNAUTHORIZED => Some(Finding::warning(
            HOSTS,
            "The server asks for credentials.",
            "export MLFLOW_TRACKING_USERNAME=... MLFLOW_TRACKING_PASSWORD=...   or   export MLFLOW_TRACKING_TOKEN=...",
        )),
        StatusCode::FORBIDDEN => {
            let text = response.text().await.unwrap_or_default();
            let host = address.split("://").nth(1)?.split('/').next()?;
            text.contains("Host").then(|| {
                Finding::problem(
                    HOSTS,
                    format!("The server refuses requests for `{host}`: it protects itself from DNS rebinding."),
                    format!(
                        "Start the server with this name among its hosts:\n  \
                         fettle server --allowed-hosts {host},localhost\n\
                         or\n  export MLFLOW_SERVER_ALLOWED_HOSTS={host},localhost"
                    ),
                )
            })
        }
        status if status.is_success() => Some(Finding::ok(HOSTS, "The server answers under this name.")),
        _ => None,
    }
}

/// By the server's `Date`, which is exact to a second.
fn clock(response: &Response, now_ms: i64) -> Option<Finding> {
    let date = response.headers().get("date")?.to_str().ok()?;
    let server_ms = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_millisecond();
    Some(judge_clock(now_ms - server_ms))
}

fn judge_clock(ahead_ms: i64) -> Finding {
    let seconds = ahead_ms.abs() / 1000;
    let message = format!(
        "This machine's clock is {seconds} s {} the server's.",
        if ahead_ms > 0 { "ahead of" } else { "behind" }
    );
    let fix = "Let both follow a time server:\n  timedatectl set-ntp true";
    match ahead_ms.abs() {
        SKEW_PROBLEM_MS.. => Finding::problem(CLOCK, message, fix),
        SKEW_WARNING_MS.. => Finding::warning(CLOCK, message, fix),
        _ => Finding::ok(CLOCK, "This machine's clock agrees with the server's."),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn clocks_may_differ_by_little() {
        for (ahead_ms, expected) in [
            (0, State::Ok),
            (-2_999, State::Ok),
            (5_000, State::Warning),
            (-61_000, State::Problem),
        ] {
            assert_eq!(judge_clock(ahead_ms).state, expected, "{ahead_ms}");
        }
        assert!(judge_clock(-61_000).message.contains("61 s behind"));
    }
}

//! Variables that send a client's requests elsewhere.

use super::Finding;
use std::net::IpAddr;
use url::Url;

const TRACES: &str = "traces";
const PROXY: &str = "proxy";

/// Since MLflow 2.14 a client whose environment names an OpenTelemetry collector sends its traces there and not to the
/// tracking server. Platforms such as Azure Container Apps set the variable on their own.
pub(super) fn traces(tracking_uri: &str, variable: impl Fn(&str) -> Option<String>) -> Finding {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    let Some((name, endpoint)) = names.into_iter().find_map(|name| Some((name, variable(name)?))) else {
        return Finding::ok(
            TRACES,
            "No OpenTelemetry collector is named: traces go to the tracking server.",
        );
    };
    let is = |name: &str, value: &str| variable(name).is_some_and(|given| given.eq_ignore_ascii_case(value));
    if is("MLFLOW_ENABLE_OTLP_EXPORTER", "false") || is("MLFLOW_ENABLE_OTLP_EXPORTER", "0") {
        return Finding::ok(
            TRACES,
            format!(
                "{name} is set, and MLFLOW_ENABLE_OTLP_EXPORTER turns it off for MLflow: traces go to the tracking server."
            ),
        );
    }
    if is("MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT", "true") || is("MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT", "1") {
        return Finding::ok(
            TRACES,
            format!("{name} is set, and MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT sends traces to both."),
        );
    }
    if same_server(&endpoint, tracking_uri) {
        return Finding::warning(
            TRACES,
            format!(
                "{name} names the tracking server itself. Spans arrive as OpenTelemetry's, in the experiment that a header names."
            ),
            "Unset it to let MLflow send traces its own way, or name the experiment:\n  \
             export OTEL_EXPORTER_OTLP_TRACES_HEADERS=x-mlflow-experiment-id=EXPERIMENT_ID",
        );
    }
    Finding::problem(
        TRACES,
        format!(
            "{name} is `{endpoint}`. While it is set, MLflow's client sends traces to that collector and not to the \
             tracking server, so none of them shows up here. Container platforms set it unasked."
        ),
        format!(
            "To send traces to the tracking server (MLflow 3.6 and newer):\n  \
             export MLFLOW_ENABLE_OTLP_EXPORTER=false\n\
             To send them to both:\n  \
             export MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT=true\n\
             For older clients, in the program, before `import mlflow`:\n  \
             os.environ.pop(\"{name}\", None)"
        ),
    )
}

fn same_server(one: &str, other: &str) -> bool {
    let place = |text: &str| {
        let url = Url::parse(text).ok()?;
        Some((url.host_str()?.to_owned(), url.port_or_known_default()))
    };
    place(one).is_some_and(|one| Some(one) == place(other))
}

/// Python's requests and most tools go through the proxy that these variables name.
pub(super) fn proxy(tracking_uri: &str, variable: impl Fn(&str) -> Option<String>) -> Finding {
    let Some((scheme, host)) = Url::parse(tracking_uri)
        .ok()
        .and_then(|url| Some((url.scheme().to_owned(), url.host_str()?.to_owned())))
    else {
        return Finding::ok(PROXY, "The tracking address is not one that goes over a network.");
    };
    let either = |name: &str| {
        let small = name.to_ascii_lowercase();
        let value = variable(&small).map(|value| (small, value));
        value.or_else(|| variable(name).map(|value| (name.to_owned(), value)))
    };
    let of_scheme = format!("{}_PROXY", scheme.to_ascii_uppercase());
    let Some((name, proxy)) = either(&of_scheme).or_else(|| either("ALL_PROXY")) else {
        return Finding::ok(PROXY, "No proxy is named.");
    };
    let exempt = either("NO_PROXY").map(|(_, hosts)| hosts).unwrap_or_default();
    if is_exempt(&host, &exempt) {
        return Finding::ok(PROXY, format!("{name} is set, and NO_PROXY leaves `{host}` out."));
    }
    let message = format!(
        "Requests to `{host}` go through the proxy `{}` that {name} names.",
        without_password(&proxy)
    );
    let hosts = if exempt.is_empty() {
        host.clone()
    } else {
        format!("{exempt},{host}")
    };
    let fix = format!("If they should go straight:\n  export NO_PROXY={hosts}");
    if is_near(&host) {
        Finding::problem(
            PROXY,
            format!("{message} It is a name of a private network, which a proxy hardly knows."),
            fix,
        )
    } else {
        Finding::warning(PROXY, message, fix)
    }
}

/// `NO_PROXY`: names, which stand for what is below them too; addresses; `*`.
fn is_exempt(host: &str, hosts: &str) -> bool {
    hosts
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            let entry = entry.split(':').next().unwrap_or_default().trim_start_matches('.');
            entry == "*" || host == entry || host.ends_with(&format!(".{entry}"))
        })
}

/// This machine, a private address, or a name without a dot as containers have.
fn is_near(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback(),
        Err(_) => host
            .rsplit_once('.')
            .is_none_or(|(_, top)| ["local", "internal"].contains(&top)),
    }
}

fn without_password(proxy: &str) -> String {
    match Url::parse(proxy) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("***"));
            url.to_string()
        }
        _ => proxy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    fn environment(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    const SERVER: &str = "http://mlflow:5000";

    #[test]
    fn a_collector_is_told_from_none_and_from_this_server() {
        for (pairs, expected) in [
            (&[][..], State::Ok),
            (
                &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")],
                State::Problem,
            ),
            (
                &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")],
                State::Problem,
            ),
            (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://mlflow:5000")], State::Warning),
            (
                &[
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"),
                    ("MLFLOW_ENABLE_OTLP_EXPORTER", "False"),
                ],
                State::Ok,
            ),
            (
                &[
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1"),
                    ("MLFLOW_TRACE_ENABLE_OTLP_DUAL_EXPORT", "true"),
                ],
                State::Ok,
            ),
            (&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://c:1")], State::Ok),
        ] {
            assert_eq!(traces(SERVER, environment(pairs)).state, expected, "{pairs:?}");
        }
        let finding = traces(
            SERVER,
            environment(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318")]),
        );
        let fix = finding.fix.expect("a problem has a fix");
        assert!(
            fix.contains("os.environ.pop(\"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT\", None)"),
            "{fix}"
        );
    }

    #[test]
    fn a_proxy_in_the_way_is_noticed() {
        for (uri, pairs, expected) in [
            (SERVER, &[][..], State::Ok),
            (SERVER, &[("HTTP_PROXY", "http://proxy:3128")], State::Problem),
            (SERVER, &[("https_proxy", "http://proxy:3128")], State::Ok),
            (
                SERVER,
                &[("ALL_PROXY", "http://proxy:3128"), ("no_proxy", "localhost, mlflow")],
                State::Ok,
            ),
            (
                "https://mlflow.company.com",
                &[("HTTPS_PROXY", "http://p:1")],
                State::Warning,
            ),
            (
                "https://mlflow.company.com",
                &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", ".company.com")],
                State::Ok,
            ),
            (
                "https://mlflow.company.com",
                &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "pany.com")],
                State::Warning,
            ),
            (
                "http://10.0.0.7:5000",
                &[("HTTP_PROXY", "http://p:1"), ("NO_PROXY", "a,b")],
                State::Problem,
            ),
        ] {
            assert_eq!(proxy(uri, environment(pairs)).state, expected, "{uri} {pairs:?}");
        }
        let finding = proxy(
            SERVER,
            environment(&[("HTTP_PROXY", "http://me:secret@proxy:3128"), ("NO_PROXY", "a")]),
        );
        assert!(!finding.message.contains("secret"), "{}", finding.message);
        assert_eq!(
            finding.fix.as_deref(),
            Some("If they should go straight:\n  export NO_PROXY=a,mlflow")
        );
    }
}

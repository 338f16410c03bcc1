//! Who may talk to this server from a browser: which names it answers to, which pages of other origins may use it, and
//! who may frame it.
//!
//! A browser that was tricked into resolving a foreign name to this server (DNS rebinding) still sends that name as
//! `Host`, and a foreign page sends its own address as `Origin`. The defaults let in this machine and private networks
//! by address, and pages that the server itself or this machine served.

use crate::app::App;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::net::{IpAddr, Ipv6Addr};

/// Answered under every name: what probes and load balancers ask.
const OPEN_PATHS: [&str; 4] = ["/health", "/version", "/livez", "/readyz"];
const PREFLIGHT_MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What is let in; fixed when the server starts.
#[derive(Debug, Clone)]
pub struct Security {
    enabled: bool,
    /// None is the default: this machine and private networks.
    hosts: Option<Vec<Pattern>>,
    origins: Vec<Pattern>,
    frame_options: Option<HeaderValue>,
}

impl Default for Security {
    fn default() -> Self {
        Self {
            enabled: true,
            hosts: None,
            origins: Vec::new(),
            frame_options: Some(HeaderValue::from_static("SAMEORIGIN")),
        }
    }
}

impl Security {
    /// Without any check or header.
    pub fn disabled() -> Self {
        Self {
            enabled: false,
            ..Self::default()
        }
    }

    /// `hosts` and `origins` are lists with commas, in which `*` stands for any text; `frame_options` is the header's
    /// value, or `NONE`.
    pub fn new(hosts: Option<&str>, origins: Option<&str>, frame_options: &str) -> Result<Self, String> {
        let frame_options = frame_options.trim().to_ascii_uppercase();
        let frame_options = match frame_options.as_str() {
            "" | "NONE" => None,
            value => Some(HeaderValue::from_str(value).map_err(|_| format!("`{value}` cannot be a header's value"))?),
        };
        Ok(Self {
            enabled: true,
            hosts: hosts.map(Pattern::list).filter(|patterns| !patterns.is_empty()),
            origins: origins.map(Pattern::list).unwrap_or_default(),
            frame_options,
        })
    }

    fn host_allowed(&self, host: &str) -> bool {
        match &self.hosts {
            None => is_near(host),
            Some(patterns) => patterns.iter().any(|pattern| pattern.matches_host(host)),
        }
    }

    fn any_origin(&self) -> bool {
        self.origins.iter().any(|pattern| pattern.0 == "*")
    }

    fn origin_allowed(&self, origin: &str, host: &str) -> bool {
        let (_, authority) = origin.split_once("://").unwrap_or_default();
        authority == host
            || is_this_machine(without_port(authority))
            || self.origins.iter().any(|pattern| pattern.matches(origin))
    }
}

/// Text in which `*` stands for any text.
#[derive(Debug, Clone)]
struct Pattern(String);

impl Pattern {
    fn list(text: &str) -> Vec<Self> {
        let patterns = text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty());
        patterns.map(|pattern| Self(pattern.to_ascii_lowercase())).collect()
    }

    fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
            return false;
        };
        let Some(last) = self.0.rsplit_once('*').map(|(_, last)| last) else {
            return rest.is_empty();
        };
        let between = self.0.matches('*').count() - 1;
        for part in parts.take(between) {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    /// With its port or without. A pattern of digits, as `10.*`, is meant for addresses: a name such as
    /// `10.example.com` belongs to whoever registered it.
    fn matches_host(&self, host: &str) -> bool {
        let for_addresses = self.0.contains('*')
            && self.0.contains(|c: char| c.is_ascii_digit())
            && self.0.chars().all(|c| c.is_ascii_digit() || ".:*".contains(c));
        if for_addresses && address(without_port(host)).is_none() {
            return false;
        }
        self.matches(host) || self.matches(without_port(host))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|ip| ip.is_loopback())
}

/// This machine, or an address of a private network.
fn is_near(host: &str) -> bool {
    let host = without_port(host);
    is_this_machine(host)
        || address(host).is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_unspecified(),
            IpAddr::V6(ip) => is_unique_local(ip) || ip.is_unspecified(),
        })
}

fn is_unique_local(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xfe00 == 0xfc00
}

/// Lets a request in or refuses it, and writes the headers that browsers go by.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let security = &app.settings.security;
    if !security.enabled {
        return next.run(request).await;
    }
    let host = text(request.headers(), &header::HOST);
    let path = request.uri().path();
    let path = path.strip_prefix(app.settings.static_prefix.as_str()).unwrap_or(path);
    // Browsers always send a host; without one nobody was tricked.
    if !host.is_empty() && !OPEN_PATHS.contains(&path) && !security.host_allowed(&host) {
        return security.with_headers(host_refused(&host));
    }
    let origin = text(request.headers(), &header::ORIGIN);
    if origin.is_empty() {
        return security.with_headers(next.run(request).await);
    }
    let allowed = security.origin_allowed(&origin, &host);
    let preflight =
        *request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let changes = matches!(
        *request.method(),
        Method::POST | Method::PUT | Method::PATCH | Method::DELETE
    );
    let asked_headers = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = match (allowed, preflight) {
        (true, true) => preflight_allowed(asked_headers),
        (false, true) => origin_refused(StatusCode::BAD_REQUEST, &origin),
        (false, false) if changes => origin_refused(StatusCode::FORBIDDEN, &origin),
        _ => next.run(request).await,
    };
    if allowed {
        security.allow_origin(&mut response, &origin);
    }
    security.with_headers(response)
}

/// A header in lower case: hosts and origins do not depend on it.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim().to_ascii_lowercase()
}

fn host_refused(host: &str) -> Response {
    tracing::warn!(http.host = %shown(host), "Refused a request for a host that is not allowed");
    let message = format!(
        "Invalid Host header - possible DNS rebinding attack detected. This server does not answer to `{}`. \
         If it should, start it with --allowed-hosts or MLFLOW_SERVER_ALLOWED_HOSTS naming that host.",
        shown(host)
    );
    (StatusCode::FORBIDDEN, message).into_response()
}

fn origin_refused(status: StatusCode, origin: &str) -> Response {
    tracing::warn!(http.origin = %shown(origin), "Refused a request of a foreign page");
    let message = format!(
        "Cross-origin request blocked: `{}` is another origin. If its pages should use this server, start it with \
         --cors-allowed-origins or MLFLOW_SERVER_CORS_ALLOWED_ORIGINS naming that origin.",
        shown(origin)
    );
    (status, message).into_response()
}

/// As much as a message needs.
fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}

fn preflight_allowed(asked_headers: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, DELETE, OPTIONS, PATCH"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE);
    if let Some(asked) = asked_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    response
}

impl Security {
    /// With credentials, unless every origin is let in: then browsers should send none.
    fn allow_origin(&self, response: &mut Response, origin: &str) {
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        if self.any_origin() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else if let Ok(origin) = HeaderValue::from_str(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    fn with_headers(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(value) = &self.frame_options {
            headers.insert(header::X_FRAME_OPTIONS, value.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(hosts: Option<&str>, origins: Option<&str>) -> Security {
        Security::new(hosts, origins, "SAMEORIGIN").expect("well-formed")
    }

    #[test]
    fn this_machine_and_private_addresses_are_let_in_by_default() {
        let security = security(None, None);
        for host in [
            "localhost",
            "localhost:5000",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:5000",
            "0.0.0.0:5000",
            "10.1.2.3",
            "172.16.0.1:5000",
            "172.31.255.255",
            "192.168.1.7:5000",
            "[fd00::1]:5000",
        ] {
            assert!(security.host_allowed(host), "{host}");
        }
        for host in [
            "evil.com",
            "localhost.evil.com",
            "10.evil.com",
            "192.168.1.7.evil.com",
            "172.32.0.1",
            "8.8.8.8:5000",
            "[2001:db8::1]",
            "mlflow.company.com",
            "localhost:5000:x",
            ":",
            "[",
            "127.0.0.1:evil",
        ] {
            assert!(!security.host_allowed(host), "{host}");
        }
    }

    #[test]
    fn named_hosts_take_any_port_unless_they_name_one() {
        let security = security(
            Some("mlflow.company.com, 10.0.0.9:5000 ,app-*.internal.com,192.168.*,[::1]:*"),
            None,
        );
        for host in [
            "mlflow.company.com",
            "mlflow.company.com:8443",
            "10.0.0.9:5000",
            "app-1.internal.com:80",
            "192.168.7.7",
            "192.168.7.7:5000",
            "[::1]:9",
        ] {
            assert!(security.host_allowed(host), "{host}");
        }
        for host in [
            "localhost",
            "10.0.0.9",
            "10.0.0.9:80",
            "app-1.internal.com.evil.com",
            "192.168.evil.com",
            "xmlflow.company.com",
        ] {
            assert!(!security.host_allowed(host), "{host}");
        }
        assert!(
            super::Security::new(Some("*"), None, "none")
                .expect("well-formed")
                .host_allowed("any.host:1")
        );
    }

    #[test]
    fn origins_are_the_own_one_this_machine_and_those_that_are_named() {
        let security = security(None, Some("https://app.company.com,https://*.notebooks.io"));
        let host = "mlflow.company.com:5000";
        for origin in [
            "http://mlflow.company.com:5000",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:5173",
            "https://app.company.com",
            "https://a.notebooks.io",
        ] {
            assert!(security.origin_allowed(origin, host), "{origin}");
        }
        for origin in [
            "null",
            "http://mlflow.company.com",
            "http://app.company.com",
            "https://localhost.evil.com",
            "https://notebooks.io",
            "http://evil.com",
        ] {
            assert!(!security.origin_allowed(origin, host), "{origin}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Pattern(pattern.to_owned()).matches(text), expected, "{pattern} {text}");
        };
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("ab*ba", "aba", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "acb", false),
            ("*a*", "bab", true),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            ("*a", "aa", true),
            ("a*a", "a", false),
        ] {
            check(pattern, text, expected);
        }
    }
}

//! Who may take part in the exchange: gateways that know the control plane's secret. A control plane without one talks
//! to processes of its own machine only.

use crate::{
    app::App,
    caller::Caller,
    error::{ApiError, ErrorCode, Result},
};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use ring::hmac;
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// Not `Authorization`, which is for a proxy in front of the control plane.
pub(super) const SECRET: HeaderName = HeaderName::from_static("x-fettle-gateway-secret");
const LENGTH_MIN: usize = 16;
/// What proxies say of themselves: behind one, the address of every caller is the proxy's.
const FORWARDED: [HeaderName; 4] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// What gateways and their control plane both know.
#[derive(Clone)]
pub struct GatewaySecret(HeaderValue);

/// A text that is no secret, without the text itself.
#[derive(Debug, thiserror::Error)]
#[error(
    "a secret has at least {} letters, digits and other visible ASCII characters; `openssl rand -hex 32` makes one",
    LENGTH_MIN
)]
pub struct NoSecret;

impl GatewaySecret {
    /// Those of a text, between commas or on lines: while a secret is being changed there is more than one.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, NoSecret> {
        let texts = text.split([',', '\n']).map(str::trim).filter(|text| !text.is_empty());
        texts.map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self, NoSecret> {
        if text.len() < LENGTH_MIN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(NoSecret);
        }
        let mut value = HeaderValue::from_str(text).map_err(|_| NoSecret)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    pub(super) fn value(&self) -> &HeaderValue {
        &self.0
    }

    /// How long it takes says nothing about how much of a guess is right: what is compared are tags, in constant time.
    fn is(&self, guess: &HeaderValue) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"fettle gateway");
        let tag = hmac::sign(&key, self.0.as_bytes());
        hmac::verify(&key, guess.as_bytes(), tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for GatewaySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewaySecret")
    }
}

/// A gateway that was let in. No handler of the exchange has one without the check.
pub struct Admitted(pub Caller);

impl FromRequestParts<App> for Admitted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let peer = ConnectInfo::<SocketAddr>::from_request_parts(parts, app).await.ok();
        let peer = peer.map(|ConnectInfo(address)| address.ip());
        admit(&app.settings.gateway_secrets, &parts.headers, peer)?;
        Caller::from_request_parts(parts, app).await.map(Self)
    }
}

fn admit(secrets: &[GatewaySecret], headers: &HeaderMap, peer: Option<IpAddr>) -> Result<()> {
    let why = match headers.get(SECRET) {
        _ if secrets.is_empty() && is_local(headers, peer) => return Ok(()),
        _ if secrets.is_empty() => {
            "This control plane has no secret and exchanges with gateways of its own machine only: start it and its \
             gateways with the same --gateway-secret-file or FETTLE_GATEWAY_SECRET."
        }
        Some(guess) if secrets.iter().fold(false, |known, secret| known | secret.is(guess)) => return Ok(()),
        Some(_) => "The gateway's secret is not that of this control plane.",
        None => {
            "This control plane has a secret for its gateways: start the gateway with the same --gateway-secret-file or \
             FETTLE_GATEWAY_SECRET."
        }
    };
    Err(ApiError::new(ErrorCode::PermissionDenied, why))
}

/// Whether a process of this machine asks, with no proxy in between that says so.
fn is_local(headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
    peer.is_some_and(|ip| ip.to_canonical().is_loopback()) && !FORWARDED.iter().any(|name| headers.contains_key(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0123456789abcdef-old";
    const NEW: &str = "0123456789abcdef-new";

    fn check(secrets: &str, peer: &str, headers: &[(&'static str, &str)], expected: bool) {
        let secrets = GatewaySecret::parse_all(secrets).expect("secrets");
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).expect("a value");
            (HeaderName::from_static(name), value)
        });
        let headers: HeaderMap = headers.collect();
        let admitted = admit(&secrets, &headers, peer.parse().ok());
        assert_eq!(admitted.is_ok(), expected, "{secrets:?} {peer} {headers:?}");
    }

    #[test]
    fn without_a_secret_this_machine_is_let_in() {
        for (peer, expected) in [
            ("127.0.0.1", true),
            ("127.8.8.8", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.7", false),
            ("::ffff:10.0.0.7", false),
            ("2001:db8::1", false),
            ("unknown", false),
        ] {
            check("", peer, &[], expected);
        }
        check("", "127.0.0.1", &[("x-forwarded-for", "127.0.0.1")], false);
        check("", "127.0.0.1", &[("via", "1.1 proxy")], false);
        check("", "10.0.0.7", &[("x-fettle-gateway-secret", NEW)], false);
    }

    #[test]
    fn with_one_only_those_who_know_it() {
        let guess = |text| [("x-fettle-gateway-secret", text)];
        check(NEW, "10.0.0.7", &guess(NEW), true);
        check(NEW, "10.0.0.7", &guess(OLD), false);
        check(NEW, "127.0.0.1", &[], false);
        check(NEW, "127.0.0.1", &guess(""), false);
        check(NEW, "127.0.0.1", &guess(&NEW[..19]), false);
        // While it is being changed both are good.
        for secret in [OLD, NEW] {
            check(&format!("{NEW},{OLD}"), "10.0.0.7", &guess(secret), true);
            check(&format!("{NEW}\n{OLD}\n"), "10.0.0.7", &guess(secret), true);
        }
    }

    #[test]
    fn secrets_are_long_and_never_shown() {
        for text in ["short", "with a space in the middle", "0123456789abcdé0123456"] {
            assert!(GatewaySecret::parse_all(text).is_err(), "{text}");
        }
        assert!(GatewaySecret::parse_all(" \n,").expect("none").is_empty());
        let secrets = GatewaySecret::parse_all(NEW).expect("a secret");
        assert_eq!(format!("{secrets:?}"), "[GatewaySecret]");
    }
}

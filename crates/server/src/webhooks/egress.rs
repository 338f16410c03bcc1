//! Where webhooks may go. Whoever may create a webhook makes this server send requests, so by default they go by https
//! to public addresses only: never to this machine, its network or a cloud's metadata service.
//!
//! A name is checked when a webhook is made and again, by the resolver of the HTTP client, at every connection, as
//! names change their addresses.

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

const RESOLVE: Duration = Duration::from_secs(5);
const URL_LENGTH: usize = 2048;

/// Exceptions from the rules, for receivers on one's own network.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// Also `http`.
    pub allow_http: bool,
    /// Any address at all.
    pub allow_private: bool,
    /// Hosts whose addresses are not checked: `ci.internal`, `10.0.0.7`, or `*.internal` for all names below.
    pub allowed_hosts: Vec<String>,
}

/// Why a message may not go where it is addressed to.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Forbidden {
    #[error("{0}")]
    ByRule(String),
    /// Nothing is known against it; there is no address either.
    #[error("{0}")]
    Unresolved(String),
}

impl Forbidden {
    /// Whether it would be forbidden again.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::ByRule(_))
    }
}

impl Egress {
    /// Checks all that the address itself says.
    pub fn check(&self, address: &str) -> Result<Url, Forbidden> {
        if address.trim().is_empty() {
            return Err(Forbidden::ByRule(format!(
                "Webhook URL cannot be empty or just whitespace: '{address}'"
            )));
        }
        if address.chars().count() > URL_LENGTH {
            return Err(Forbidden::ByRule(format!(
                "'url' exceeds the maximum length of {URL_LENGTH} characters"
            )));
        }
        let scheme = address
            .split_once(':')
            .map_or("", |(scheme, _)| scheme)
            .to_ascii_lowercase();
        if !(scheme == "https" || scheme == "http" && self.allow_http) {
            let allowed = if self.allow_http { "https, http" } else { "https" };
            return Err(Forbidden::ByRule(format!(
                "Invalid webhook URL scheme: '{scheme}'. Allowed schemes are: {allowed}."
            )));
        }
        let no_host = || Forbidden::ByRule(format!("Webhook URL must include a hostname: '{address}'"));
        // What follows is lenient: it would find a host in `https:host`, `https:/host` and `https:///host`.
        if !address[scheme.len()..].starts_with("://") || address[scheme.len()..].starts_with(":///") {
            return Err(no_host());
        }
        let url = Url::parse(address).map_err(|error| match error.to_string() {
            text if text.contains("empty host") => no_host(),
            text => Forbidden::ByRule(format!("Invalid webhook URL '{address}': {text}")),
        })?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(no_host)?;
        if let Some(ip) = literal(host)
            && !self.exempts(host)
        {
            check_public(host, [ip])?;
        }
        Ok(url)
    }

    /// Checks the addresses that the host's name stands for now.
    pub async fn check_addresses(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        if literal(host).is_some() || self.exempts(host) {
            return Ok(());
        }
        self.resolve(host).await.map(|_| ())
    }

    async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, Forbidden> {
        let looked_up = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, 0)))
            .await
            .map_err(|_| {
                Forbidden::Unresolved(format!(
                    "Timed out resolving Webhook URL hostname '{host}' after {RESOLVE:?}"
                ))
            })?;
        let addresses: Vec<SocketAddr> = looked_up
            .map_err(|error| Forbidden::Unresolved(format!("Cannot resolve Webhook URL hostname '{host}': {error}")))?
            .collect();
        if !self.exempts(host) {
            check_public(host, addresses.iter().map(SocketAddr::ip))?;
        }
        Ok(addresses)
    }

    fn exempts(&self, host: &str) -> bool {
        let matches = |allowed: &String| {
            allowed.eq_ignore_ascii_case(host)
                || allowed.strip_prefix('*').is_some_and(|suffix| {
                    suffix.starts_with('.')
                        && host.len() > suffix.len()
                        && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
                })
        };
        self.allow_private || self.allowed_hosts.iter().any(matches)
    }
}

/// The resolver of the HTTP client. It is not asked for hosts that are addresses already: those [`Egress::check`] sees.
#[derive(Debug, Clone)]
pub struct Resolver(pub Arc<Egress>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = egress.resolve(name.as_str()).await?;
            Ok::<Addrs, _>(Box::new(addresses.into_iter()))
        })
    }
}

/// The address, if the host is one and not a name.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// One address that is not public is enough to refuse a host: which one is connected to is not ours to choose.
fn check_public(host: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), Forbidden> {
    match addresses.into_iter().find(|ip| !is_public(*ip)) {
        Some(ip) => Err(Forbidden::ByRule(format!(
            "Webhook URL must not resolve to a non-public IP address. '{host}' resolves to {ip}. The server's \
             --webhook-allowed-hosts can allow it."
        ))),
        None => Ok(()),
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => embedded_v4(ip).map_or_else(|| is_public_v6(ip), is_public_v4),
    }
}

/// By the registry of special addresses (RFC 6890 and its updates).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19))
        // Azure's machines are told their secrets from here.
        || ip == Ipv4Addr::new(168, 63, 129, 16);
    !special
}

/// Global unicast is all there is outside, less what is set aside within it.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let global = a & 0xe000 == 0x2000;
    let protocols = a == 0x2001 && b < 0x0200;
    let documentation = (a == 0x2001 && b == 0x0db8) || (a == 0x3fff && b < 0x1000);
    global && !protocols && !documentation
}

/// The IPv4 address that an IPv6 address only wraps: mapped, translated (NAT64) or tunnelled (6to4).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(from(high, low))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2002:808:808::1",
        ] {
            assert!(is_public(public.parse().expect(public)), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().expect(special)), "{special}");
        }
    }

    #[test]
    fn addresses_in_any_spelling_are_seen() {
        let egress = Egress {
            allow_http: true,
            ..Egress::default()
        };
        for bad in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]:8080/",
            "http://user:pass@169.254.169.254/latest/meta-data",
            "http://１２７.０.０.１/",
        ] {
            let error = egress.check(bad).expect_err(bad).to_string();
            assert!(error.contains("non-public"), "{bad}: {error}");
        }
        assert!(egress.check("http://93.184.215.14:8080/x").is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_in_mlflows_words() {
        for (bad, part) in [
            ("  ", "cannot be empty or just whitespace"),
            ("nope", "scheme: ''"),
            ("http://example.org/", "scheme: 'http'. Allowed schemes are: https."),
            ("ftp://example.org/", "scheme: 'ftp'"),
            ("https://", "must include a hostname"),
            ("https:example.org", "must include a hostname"),
            ("https:///x", "must include a hostname"),
            ("https://[::1", "Invalid webhook URL"),
            ("https://example.org:99999/", "Invalid webhook URL"),
        ] {
            let error = Egress::default().check(bad).expect_err(bad).to_string();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }

    #[tokio::test]
    async fn names_are_refused_for_their_addresses() {
        let url = Url::parse("https://localhost/").expect("an address");
        let error = Egress::default().check_addresses(&url).await.expect_err("loopback");
        assert!(error.to_string().contains("non-public"), "{error}");
    }

    #[test]
    fn hosts_can_be_allowed() {
        let egress = Egress {
            allowed_hosts: ["Hooks.internal", "*.corp.example", "10.0.0.7"]
                .map(str::to_owned)
                .to_vec(),
            ..Egress::default()
        };
        for host in ["hooks.internal", "a.corp.example", "a.b.CORP.example", "10.0.0.7"] {
            assert!(egress.exempts(host), "{host}");
        }
        for host in [
            "x.hooks.internal",
            "corp.example",
            "acorp.example",
            ".corp.example",
            "10.0.0.8",
        ] {
            assert!(!egress.exempts(host), "{host}");
        }
        assert!(egress.check("https://10.0.0.7/").is_ok());
        assert!(egress.check("https://10.0.0.8/").is_err());
    }
}

//! Who a request is from, worked out anew by the rules that Amazon and Google publish.

use axum::http::{HeaderMap, Method};
use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::{
    digest,
    hmac::{self, HMAC_SHA256},
    rsa, signature,
};
use std::collections::BTreeMap;

pub const ACCESS_KEY: &str = "AKIATEST";
pub const SECRET: &str = "the secret of the test";
/// Made for these tests, and good for nothing else.
pub const GOOGLE_KEY: &str = include_str!("google_key.pem");

/// The account that the key belongs to, as Google hands it out.
pub fn google_account() -> serde_json::Value {
    serde_json::json!({
        "type": "service_account",
        "private_key": GOOGLE_KEY,
        "private_key_id": "of-the-test",
        "client_email": "test@example.iam.gserviceaccount.com",
    })
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn sha256(text: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, text).as_ref())
}

pub fn query(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

pub fn check(
    method: &Method,
    path: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), String> {
    let value = |name: &str| query.get(name).map_or("", String::as_str);
    let request = Signed {
        method,
        path,
        query,
        headers,
    };
    if query.contains_key("X-Amz-Signature") {
        let text = request.canonical(
            "X-Amz-Signature",
            value("X-Amz-SignedHeaders"),
            "UNSIGNED-PAYLOAD",
            None,
        );
        let scope = value("X-Amz-Credential");
        return amazon(scope, value("X-Amz-Date"), &text, value("X-Amz-Signature"));
    }
    if query.contains_key("X-Goog-Signature") {
        let host = Some("storage.googleapis.com");
        let text = request.canonical(
            "X-Goog-Signature",
            value("X-Goog-SignedHeaders"),
            "UNSIGNED-PAYLOAD",
            host,
        );
        let (_, scope) = value("X-Goog-Credential").split_once('/').ok_or("no scope")?;
        let to_sign = format!(
            "GOOG4-RSA-SHA256\n{}\n{scope}\n{}",
            value("X-Goog-Date"),
            sha256(text.as_bytes())
        );
        return google(to_sign.as_bytes(), &unhex(value("X-Goog-Signature")));
    }
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let authorization = header("authorization");
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        let (claims, signature) = token.rsplit_once('.').ok_or("the token is none")?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|e| e.to_string())?;
        return google(claims.as_bytes(), &signature);
    }
    let fields: BTreeMap<&str, &str> = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or("no credentials")?
        .split(',')
        .filter_map(|field| field.trim().split_once('='))
        .collect();
    let hash = header("x-amz-content-sha256");
    if hash != "UNSIGNED-PAYLOAD" && hash != sha256(body) {
        return Err("the body is not what was signed".to_owned());
    }
    let text = request.canonical("", fields["SignedHeaders"], hash, None);
    amazon(fields["Credential"], header("x-amz-date"), &text, fields["Signature"])
}

struct Signed<'a> {
    method: &'a Method,
    path: &'a str,
    query: &'a BTreeMap<String, String>,
    headers: &'a HeaderMap,
}

impl Signed<'_> {
    fn canonical(&self, without: &str, signed: &str, payload: &str, host: Option<&str>) -> String {
        let encode = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let mut pairs: Vec<String> = self
            .query
            .iter()
            .filter(|(name, _)| *name != without)
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.sort();
        let decoded = percent_decode_str(self.path).decode_utf8_lossy();
        let path: Vec<String> = decoded.split('/').map(encode).collect();
        let headers: Vec<String> = signed
            .split(';')
            .map(|name| {
                let sent = self
                    .headers
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default();
                let value = host.filter(|_| name == "host").unwrap_or(sent);
                format!("{name}:{}\n", value.trim())
            })
            .collect();
        let headers = headers.concat();
        format!(
            "{}\n{}\n{}\n{headers}\n{signed}\n{payload}",
            self.method,
            path.join("/"),
            pairs.join("&")
        )
    }
}

fn amazon(credential: &str, date: &str, canonical: &str, signature: &str) -> Result<(), String> {
    let (access_key, scope) = credential.split_once('/').ok_or("no scope")?;
    if access_key != ACCESS_KEY {
        return Err(format!("`{access_key}` is nobody"));
    }
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in scope.split('/') {
        key = hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), part.as_bytes())
            .as_ref()
            .to_vec();
    }
    let expected = hex(hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), to_sign.as_bytes()).as_ref());
    if expected == signature {
        Ok(())
    } else {
        Err("the signature is another".to_owned())
    }
}

fn google(message: &[u8], signed: &[u8]) -> Result<(), String> {
    let lines: String = GOOGLE_KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let key = BASE64_STANDARD.decode(lines).expect("the key of the test");
    let key = rsa::KeyPair::from_pkcs8(&key).expect("the key of the test");
    signature::UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, key.public().as_ref())
        .verify(message, signed)
        .map_err(|_| "the signature is another".to_owned())
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok())
        .collect()
}

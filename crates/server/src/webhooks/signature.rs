//! The signature by which a receiver knows who sent a message, and when.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;

/// `v1,` and the HMAC-SHA256 of the delivery id, the time of the attempt in seconds and the body.
pub fn sign(secret: &str, delivery_id: &str, timestamp: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in [delivery_id, ".", timestamp, ".", body] {
        context.update(part.as_bytes());
    }
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_mlflow() {
        // As `mlflow.webhooks.delivery._generate_hmac_signature` of 3.17.2 computes it.
        assert_eq!(
            sign(
                "top",
                "6589bbac-9dbb-448f-a5d0-0208cc151f0b",
                "1795250358",
                r#"{"a": "d\u00e9"}"#
            ),
            "v1,fYmKwX11AI8IQcwB69zKbjNpCJvPOrhhsbkxfEuyJ6Q="
        );
    }
}

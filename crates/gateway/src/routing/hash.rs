//! From a request's key to its slot. Part of the interface: clients may compute it.

use ring::digest::{Context, SHA256};

use super::SLOTS;

/// `int.from_bytes(sha256(f"{endpoint}/{key}".encode()).digest()[:8], "big") % 100`, as Python says it. The endpoint's
/// name keeps the splits of two endpoints apart.
pub fn slot(endpoint: &str, key: &str) -> usize {
    hash(&[endpoint, "/", key])
}

/// Which requests are mirrored is decided apart from where they go, by the text `mirror/ENDPOINT/REQUEST_ID`.
pub fn mirror_slot(endpoint: &str, request_id: &str) -> usize {
    hash(&["mirror/", endpoint, "/", request_id])
}

fn hash(parts: &[&str]) -> usize {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.as_bytes());
    }
    let digest = context.finish();
    let first = digest.as_ref().first_chunk().expect("a digest has 32 bytes");
    (u64::from_be_bytes(*first) % SLOTS as u64) as usize
}

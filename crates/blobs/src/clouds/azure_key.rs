//! Signed addresses of Azure whose names need encoding. Azure verifies a name as it is; the library signs it as the
//! address spells it, so these are signed anew with the account's key.

use base64::{Engine, prelude::BASE64_STANDARD};
use object_store::signer::Url;
use percent_encoding::percent_decode_str;
use ring::hmac;
use std::collections::HashMap;

/// The key of a storage account.
pub(crate) struct AccountKey {
    account: String,
    key: hmac::Key,
}

impl AccountKey {
    /// None if the key is no key.
    pub(super) fn new(account: &str, key: &str) -> Option<Self> {
        let key = BASE64_STANDARD.decode(key).ok()?;
        Some(Self {
            account: account.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
        })
    }

    /// The address with the signature that its name needs.
    /// <https://learn.microsoft.com/en-us/rest/api/storageservices/create-service-sas#version-2020-12-06-and-later>
    pub(crate) fn sign_again(&self, url: &Url) -> Url {
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        let value = |name: &str| query.get(name).map_or("", String::as_str);
        let path = percent_decode_str(url.path()).decode_utf8_lossy();
        // The addresses of the emulator begin with the account.
        let own_host = url.host_str().is_some_and(|host| host.contains(&self.account));
        let resource = if own_host {
            format!("/blob/{}{path}", self.account)
        } else {
            format!("/blob{path}")
        };
        let signed = [
            value("sp"),
            value("st"),
            value("se"),
            &resource,
            "",
            "",
            "",
            value("sv"),
            value("sr"),
        ];
        // The rest is a snapshot, a scope of encryption and headers of the answer, of which there are none.
        let text = format!("{}{}", signed.join("\n"), "\n".repeat(7));
        let signature = BASE64_STANDARD.encode(hmac::sign(&self.key, text.as_bytes()));
        let mut again = url.clone();
        again.query_pairs_mut().clear();
        let others = query.iter().filter(|(name, _)| *name != "sig");
        again
            .query_pairs_mut()
            .extend_pairs(others)
            .append_pair("sig", &signature);
        again
    }
}

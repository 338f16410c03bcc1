//! Azure Blob Storage, which is also the way to the files of Data Lake Storage Gen2.

use super::{AccountKey, Opened, client_options, has_plain_http, retries};
use crate::{destination::AzureAccount, environment::Environment};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use std::{collections::BTreeMap, sync::Arc};

/// The variables that a key may stand in.
const ACCOUNT_KEYS: [&str; 3] = [
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_MASTER_KEY",
];

/// The account, its address and its key or signature.
#[derive(Debug, Default, PartialEq, Eq)]
struct Access {
    account: Option<String>,
    endpoint: Option<String>,
    key: Option<String>,
    signature: Option<String>,
}

pub(super) fn open(
    container: &str,
    account: Option<&AzureAccount>,
    environment: &Environment,
) -> Result<Opened, String> {
    let access = match environment.get("AZURE_STORAGE_CONNECTION_STRING") {
        Some(text) => connection_string(text)?,
        None => Access::default(),
    };
    let named = access
        .account
        .as_deref()
        .or_else(|| environment.get("AZURE_STORAGE_ACCOUNT_NAME"))
        .or_else(|| environment.get("AZURE_STORAGE_ACCOUNT"));
    let name = match (account, access.account.as_deref()) {
        (Some(account), Some(other)) if account.name != other => {
            return Err(format!(
                "the address names the account `{}`, AZURE_STORAGE_CONNECTION_STRING is for `{other}`",
                account.name
            ));
        }
        (Some(account), _) => account.name.as_str(),
        (None, _) => named.ok_or(
            "the address names no account: write wasbs://CONTAINER@ACCOUNT.blob.core.windows.net, \
             or set AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME",
        )?,
    };
    // An endpoint of the environment belongs to the account that the environment names, or to the only one there is.
    let endpoint = access
        .endpoint
        .as_deref()
        .or_else(|| environment.get("AZURE_STORAGE_ENDPOINT"))
        .map(|endpoint| endpoint.trim_end_matches('/').to_owned())
        .or_else(|| account.map(|account| format!("https://{}", account.host)));

    let addresses = [
        endpoint.as_deref(),
        environment.get("AZURE_AUTHORITY_HOST"),
        environment.get("IDENTITY_ENDPOINT"),
    ];
    let mut builder = MicrosoftAzureBuilder::new()
        .with_client_options(client_options().with_allow_http(has_plain_http(addresses)))
        .with_retry(retries());
    for (name, value) in environment.settings("AZURE_") {
        if let Ok(key) = name.parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = environment.get("IDENTITY_ENDPOINT") {
        builder = builder.with_msi_endpoint(endpoint);
    }
    let account_key = access
        .key
        .as_deref()
        .or_else(|| ACCOUNT_KEYS.iter().find_map(|name| environment.get(name)));
    let account_key = account_key.and_then(|key| AccountKey::new(name, key));
    if let Some(key) = access.key {
        builder = builder.with_config(AzureConfigKey::AccessKey, key);
    }
    if let Some(signature) = access.signature {
        builder = builder.with_config(AzureConfigKey::SasKey, signature);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let store = builder
        .with_account(name)
        .with_container_name(container)
        .build()
        .map_err(|e| e.to_string())?;
    Ok((Arc::new(store), account_key))
}

/// `Name=value;..` as the portal shows it.
fn connection_string(text: &str) -> Result<Access, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            "AZURE_STORAGE_CONNECTION_STRING must be NAME=VALUE pairs with `;` between them".to_owned()
        })?;
        values.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    if values.get("usedevelopmentstorage").map(String::as_str) == Some("true") {
        return Ok(Access {
            account: Some("devstoreaccount1".to_owned()),
            endpoint: Some("http://127.0.0.1:10000/devstoreaccount1".to_owned()),
            // The key that every emulator of the store has.
            key: Some(
                "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==".to_owned(),
            ),
            signature: None,
        });
    }
    let mut take = |name: &str| values.remove(name).filter(|value| !value.is_empty());
    let mut access = Access {
        account: take("accountname"),
        endpoint: take("blobendpoint"),
        key: take("accountkey"),
        signature: take("sharedaccesssignature"),
    };
    let protocol = take("defaultendpointsprotocol").unwrap_or_else(|| "https".to_owned());
    let suffix = take("endpointsuffix").unwrap_or_else(|| "core.windows.net".to_owned());
    if let (None, Some(account)) = (&access.endpoint, &access.account) {
        access.endpoint = Some(format!("{protocol}://{account}.blob.{suffix}"));
    }
    if let (None, Some(endpoint)) = (&access.account, &access.endpoint) {
        let host = endpoint.split("://").nth(1).unwrap_or_default();
        access.account = host.split('.').next().map(str::to_owned);
    }
    if access.endpoint.is_none() {
        return Err("AZURE_STORAGE_CONNECTION_STRING has neither AccountName nor BlobEndpoint".to_owned());
    }
    if access.key.is_none() && access.signature.is_none() {
        return Err("AZURE_STORAGE_CONNECTION_STRING has neither AccountKey nor SharedAccessSignature".to_owned());
    }
    Ok(access)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_read() {
        let access = |account: &str, endpoint: &str, key: Option<&str>, signature: Option<&str>| Access {
            account: Some(account.to_owned()),
            endpoint: Some(endpoint.to_owned()),
            key: key.map(str::to_owned),
            signature: signature.map(str::to_owned),
        };
        for (text, expected) in [
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5Cg==;EndpointSuffix=core.windows.net",
                access("a", "https://a.blob.core.windows.net", Some("a2V5Cg=="), None),
            ),
            (
                "AccountName=a;AccountKey=k;BlobEndpoint=http://127.0.0.1:1/a;",
                access("a", "http://127.0.0.1:1/a", Some("k"), None),
            ),
            (
                "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=2022&sig=x%3D",
                access("a", "https://a.blob.core.windows.net", None, Some("sv=2022&sig=x%3D")),
            ),
        ] {
            assert_eq!(connection_string(text), Ok(expected), "{text}");
        }
        for text in ["", "nonsense", "AccountName=a", "AccountKey=k"] {
            assert!(connection_string(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_account_must_be_known_and_be_one() {
        let connection = ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=a2V5Cg==");
        let environment: Environment = [connection].into_iter().collect();
        let account = |name: &str| AzureAccount {
            name: name.to_owned(),
            host: format!("{name}.blob.core.windows.net"),
        };
        assert!(open("c", Some(&account("a")), &environment).is_ok());
        assert!(open("c", None, &environment).is_ok());
        let refusal = open("c", Some(&account("b")), &environment).err();
        assert!(refusal.is_some_and(|text| text.contains("is for `a`")));
        assert!(open("c", None, &Environment::default()).is_err());
    }
}

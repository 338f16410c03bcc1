//! The object store of this crate's tests as a program, for tests that are not written in Rust: the XML protocol of S3
//! and Google Cloud Storage with every signature checked.
//!
//! `cloud_emulator PORT GOOGLE_KEY_FILE` serves the bucket `bucket`, and writes the key of a Google account that may use
//! it. The Amazon account is the one of `tests/support/signatures.rs`.
#![allow(dead_code, reason = "the modules are those of the tests, which use more of them")]

#[path = "../tests/support/server.rs"]
mod server;
#[path = "../tests/support/signatures.rs"]
mod signatures;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(key_file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: cloud_emulator PORT GOOGLE_KEY_FILE".into());
    };
    std::fs::write(key_file, signatures::google_account().to_string())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    Ok(axum::serve(listener, server::router(server::Shared::default())).await?)
}

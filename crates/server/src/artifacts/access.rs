//! Who moves the bytes: this server, or clients themselves by signed addresses.

use fettle_blobs::Blobs;
use std::{fmt, str::FromStr, time::Duration};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactAccess {
    /// All bytes go through this server.
    Proxy,
    /// Downloads are sent on to the cloud, and newer clients upload large files to it.
    Presign,
    /// Clients that ask for signed addresses get them; the others use this server.
    Auto,
}

/// How long the start of the server waits for a signature: some come from the cloud.
const PROBE_WAIT: Duration = Duration::from_secs(10);

impl ArtifactAccess {
    /// Whether signed addresses of this store are given out.
    pub(crate) async fn signs(self, blobs: &Blobs) -> bool {
        if self == Self::Proxy || blobs.is_folder_of_this_machine() {
            return false;
        }
        let signs = tokio::time::timeout(PROBE_WAIT, blobs.can_sign()).await == Ok(true);
        if !signs {
            tracing::warn!(
                "Addresses of the artifact store {} cannot be signed, so all bytes go through this server.",
                blobs.name()
            );
        }
        signs
    }
}

impl FromStr for ArtifactAccess {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "proxy" => Ok(Self::Proxy),
            "presign" => Ok(Self::Presign),
            "auto" => Ok(Self::Auto),
            other => Err(format!("`{other}` is none of proxy, presign, auto")),
        }
    }
}

impl fmt::Display for ArtifactAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proxy => "proxy",
            Self::Presign => "presign",
            Self::Auto => "auto",
        })
    }
}

//! Secrets at rest: AES-256-GCM under a key that is not in the store.
//!
//! A sealed secret names its key, so that a new key can come into use while old secrets stay readable, and is bound to
//! its place, so that a row's secret is of no use in another row.

use crate::error::{ApiError, ErrorCode, Result};
use base64::{
    Engine,
    engine::{GeneralPurpose, GeneralPurposeConfig},
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    digest,
    rand::{SecureRandom, SystemRandom},
};
use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The environment variable with the keys.
pub const VARIABLE: &str = "FETTLE_SECRET_KEY";
const FORMAT: u8 = 1;
const KEY: usize = 32;
const KEY_ID: usize = 8;
const NONCE: usize = 12;
const HEADER: usize = 1 + KEY_ID + NONCE;
/// Either alphabet, with or without padding: `openssl rand -base64 32` and MLflow's Fernet keys.
const BASE64: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT),
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT),
];
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);

/// The keys that this server has.
#[derive(Default)]
pub struct SecretKeys {
    /// The first one seals, all of them open.
    configured: Vec<Key>,
    /// Where a key is kept, and made when the first secret comes, if none is configured.
    file: Option<PathBuf>,
    from_file: OnceLock<Key>,
}

struct Key {
    id: [u8; KEY_ID],
    cipher: LessSafeKey,
}

/// A key that cannot be used, without the key itself.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(String);

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("it was encrypted with the key {0}, which this server does not have: add it to {VARIABLE}")]
    UnknownKey(String),
    #[error("it is damaged, or was copied from another row")]
    Damaged,
    #[error("the key file cannot be used: {0}")]
    File(#[source] io::Error),
}

impl SecretKeys {
    /// Keys from `configured`, which is base64 and, while keys are being changed, a list with commas; the first one is
    /// for new secrets. Without any, a key in `file` is used.
    pub fn new(configured: &str, file: Option<PathBuf>) -> Result<Self, InvalidKey> {
        let texts = configured.split(',').map(str::trim).filter(|text| !text.is_empty());
        Ok(Self {
            configured: texts.map(parse).collect::<Result<_, _>>()?,
            file,
            from_file: OnceLock::new(),
        })
    }

    /// Encrypts what is kept at `place`.
    pub fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>> {
        let key = self.sealing_key()?;
        let mut nonce = [0; NONCE];
        let failed = |_| ApiError::new(ErrorCode::InternalError, "The secret could not be encrypted.");
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut text = secret.as_bytes().to_vec();
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text)
            .map_err(failed)?;
        Ok([&[FORMAT][..], &key.id, &nonce, &text].concat())
    }

    /// What was sealed for `place`.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<String, OpenError> {
        if sealed.len() < HEADER || sealed[0] != FORMAT {
            return Err(OpenError::Damaged);
        }
        let (header, text) = sealed.split_at(HEADER);
        let (id, nonce) = header[1..].split_at(KEY_ID);
        let key = self.key(id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Damaged)?;
        let mut text = text.to_vec();
        let open = key
            .cipher
            .open_in_place(nonce, Aad::from(place), &mut text)
            .map_err(|_| OpenError::Damaged)?;
        String::from_utf8(open.to_vec()).map_err(|_| OpenError::Damaged)
    }

    fn sealing_key(&self) -> Result<&Key> {
        if let Some(key) = self.configured.first() {
            return Ok(key);
        }
        let Some(file) = &self.file else {
            return Err(ApiError::new(
                ErrorCode::InvalidParameterValue,
                format!(
                    "This server has no key to encrypt secrets with. Set {VARIABLE} to 32 random bytes in base64 (`openssl rand \
                     -base64 32`), the same for every replica, and start it again."
                ),
            ));
        };
        self.key_in(file, true).map_err(|error| {
            ApiError::new(
                ErrorCode::InternalError,
                "The key file for secrets cannot be used; the server's log says why.",
            )
            .because(format!("{}: {error}", file.display()))
        })
    }

    fn key(&self, id: &[u8]) -> Result<&Key, OpenError> {
        if let Some(key) = self.configured.iter().find(|key| key.id == id) {
            return Ok(key);
        }
        let unknown = || OpenError::UnknownKey(hex(id));
        let file = self.file.as_ref().ok_or_else(unknown)?;
        match self.key_in(file, false) {
            Ok(key) if key.id == id => Ok(key),
            Ok(_) => Err(unknown()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(unknown()),
            Err(error) => Err(OpenError::File(error)),
        }
    }

    fn key_in(&self, file: &Path, may_create: bool) -> io::Result<&Key> {
        if let Some(key) = self.from_file.get() {
            return Ok(key);
        }
        if may_create && !file.exists() {
            create(file)?;
        }
        let text = fs::read_to_string(file)?;
        if fs::metadata(file)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!("Others than its owner may read the key file {}", file.display());
        }
        let key = parse(text.trim()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(self.from_file.get_or_init(|| key))
    }
}

/// Puts a new key into a file that is there completely or not at all, whoever else is starting.
fn create(file: &Path) -> io::Result<()> {
    let mut bytes = [0; KEY];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("no random numbers"))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let draft = folder.join(format!(".secret-key-{}", uuid::Uuid::new_v4()));
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let written = writeln!(out, "{}", BASE64[0].encode(bytes)).and_then(|()| out.sync_all());
    let linked = written.and_then(|()| match fs::hard_link(&draft, file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    });
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}

fn parse(text: &str) -> Result<Key, InvalidKey> {
    let decoded = BASE64.iter().find_map(|base64| base64.decode(text).ok());
    let bytes = decoded.filter(|bytes| bytes.len() == KEY).ok_or_else(|| {
        InvalidKey(format!(
            "a key must be {KEY} bytes in base64: `openssl rand -base64 32` makes one"
        ))
    })?;
    let mut id = [0; KEY_ID];
    id.copy_from_slice(&digest::digest(&digest::SHA256, &bytes).as_ref()[..KEY_ID]);
    let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| InvalidKey("the key was refused".to_owned()))?;
    Ok(Key {
        id,
        cipher: LessSafeKey::new(key),
    })
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.configured.iter().map(|key| hex(&key.id)).collect();
        f.debug_struct("SecretKeys")
            .field("configured", &ids)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TWO: &str = "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA=";

    fn keys(configured: &str) -> SecretKeys {
        SecretKeys::new(configured, None).expect("valid keys")
    }

    #[test]
    fn a_secret_comes_back_from_its_place_only() {
        let keys = keys(ONE);
        let sealed = keys.seal("webhooks/1", "hunter2 ü").expect("a key is there");
        assert_eq!(keys.open("webhooks/1", &sealed).ok().as_deref(), Some("hunter2 ü"));
        assert!(matches!(keys.open("webhooks/2", &sealed), Err(OpenError::Damaged)));
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_ne!(sealed, keys.seal("webhooks/1", "hunter2 ü").expect("a key is there"));
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(keys.open("webhooks/1", &damaged).is_err(), "byte {index}");
            assert!(keys.open("webhooks/1", &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn keys_can_change() {
        let sealed = keys(ONE).seal("place", "s").expect("a key is there");
        assert!(matches!(
            keys(TWO).open("place", &sealed),
            Err(OpenError::UnknownKey(_))
        ));
        let both = keys(&format!("{TWO}, {ONE}"));
        assert_eq!(both.open("place", &sealed).ok().as_deref(), Some("s"));
        let newer = both.seal("place", "s").expect("a key is there");
        assert_eq!(keys(TWO).open("place", &newer).ok().as_deref(), Some("s"));
    }

    #[test]
    fn bad_keys_are_refused_without_being_shown() {
        for bad in ["x", "AAECAw==", "not base64 at all", &ONE[1..]] {
            let error = SecretKeys::new(bad, None).expect_err(bad).to_string();
            assert!(!error.contains(bad), "{error}");
        }
        assert!(!format!("{:?}", keys(ONE)).contains(ONE));
    }

    #[test]
    fn without_a_key_the_error_says_what_to_do() {
        let error = SecretKeys::default().seal("place", "s").expect_err("no key");
        assert!(error.message.contains(VARIABLE), "{}", error.message);
    }

    #[test]
    fn a_file_keeps_a_key_for_its_owner() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("secret.key");
        let first = SecretKeys::new("", Some(file.clone())).expect("no keys are fine");
        assert!(matches!(first.open("p", &[1; 40]), Err(OpenError::UnknownKey(_))));
        assert!(!file.exists(), "a key is made for a secret, not for a look");
        let sealed = first.seal("place", "s").expect("the file is made");
        let mode = fs::metadata(&file).expect("the file is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        // A later start, and one that has since been given a key of its own.
        for configured in ["", ONE] {
            let later = SecretKeys::new(configured, Some(file.clone())).expect("valid keys");
            assert_eq!(later.open("place", &sealed).ok().as_deref(), Some("s"));
        }
    }
}

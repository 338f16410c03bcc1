//! Paths of artifacts: relative, without `..`, one spelling each.

use object_store::path::Path;
use std::fmt;

/// Segments joined by `/`; none is empty, `.` or `..`, and no character is a control character. Empty is the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobPath(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid path: '{}' {reason}", path.escape_debug())]
pub struct InvalidPath {
    path: String,
    reason: &'static str,
}

/// Longest path, in bytes.
const LENGTH_MAX: usize = 4096;

impl BlobPath {
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Checks a path. Slashes at the end are dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidPath> {
        let refuse = |reason| {
            Err(InvalidPath {
                path: text.chars().take(200).collect(),
                reason,
            })
        };
        let trimmed = text.trim_end_matches('/');
        if text.starts_with('/') {
            return refuse("must be relative");
        }
        if trimmed.is_empty() {
            return Ok(Self::root());
        }
        if trimmed.len() > LENGTH_MAX {
            return refuse("is too long");
        }
        for segment in trimmed.split('/') {
            if matches!(segment, "." | "..") {
                return refuse("must not contain '.' or '..' as a segment");
            }
            if segment.is_empty() {
                return refuse("must not contain an empty segment");
            }
            if segment.chars().any(char::is_control) {
                return refuse("must not contain control characters");
            }
        }
        if Path::parse(trimmed).is_err() {
            return refuse("has characters that a path cannot have");
        }
        Ok(Self(trimmed.to_owned()))
    }

    /// This path with another below it.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        match (self.is_root(), below.is_root()) {
            (true, _) => below.clone(),
            (_, true) => self.clone(),
            _ => Self(format!("{}/{}", self.0, below.0)),
        }
    }

    /// Whether it is this folder, one directly below the root, or lies in it.
    pub fn is_in(&self, folder: &str) -> bool {
        self.0.split('/').next() == Some(folder)
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn object(&self) -> Result<Path, InvalidPath> {
        Path::parse(&self.0).map_err(|_| InvalidPath {
            path: self.0.clone(),
            reason: "has characters that a path cannot have",
        })
    }
}

impl fmt::Display for BlobPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (text, path) in [
            ("", ""),
            ("a", "a"),
            ("a/b/", "a/b"),
            ("a b/ü~#%41", "a b/ü~#%41"),
            (".hidden", ".hidden"),
        ] {
            assert_eq!(BlobPath::parse(text).expect(text).as_str(), path);
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for text in [
            "/",
            "/etc",
            "..",
            "a/../b",
            "a/..",
            "./a",
            "a//b",
            "a\0b",
            "a\nb",
            &"x".repeat(5000),
        ] {
            assert!(BlobPath::parse(text).is_err(), "{}", text.escape_debug());
        }
    }
}

//! `models:/...`: the ways to name a model.

/// What a model URI names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelUri {
    /// `models:/m-...`
    LoggedModel(String),
    /// `models:/name/3`
    Version { name: String, version: i64 },
    /// `models:/name/latest`
    Latest { name: String },
    /// `models:/name/Production`
    Stage { name: String, stage: String },
    /// `models:/name@champion`
    Alias { name: String, alias: String },
}

/// Why a text is no model URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "Not a proper models:/ URI: {0}. Models URIs must be of the form 'models:/name/suffix' or 'models:/name@alias' where suffix is a version, stage, or the string 'latest' and where alias is a registered model alias, or 'models:/model_id'."
)]
pub struct InvalidModelUri(String);

impl ModelUri {
    /// Reads what follows `models:`.
    fn parse_path(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        if path.starts_with('/') {
            return None;
        }
        match path.split_once('/') {
            Some((name, suffix)) => {
                if name.trim().is_empty() || suffix.trim().is_empty() || suffix.contains('/') {
                    return None;
                }
                let name = name.to_owned();
                if suffix.bytes().all(|byte| byte.is_ascii_digit()) {
                    let version = suffix.parse().ok()?;
                    Some(Self::Version { name, version })
                } else if suffix.eq_ignore_ascii_case("latest") {
                    Some(Self::Latest { name })
                } else {
                    let stage = suffix.to_owned();
                    Some(Self::Stage { name, stage })
                }
            }
            None => match path.rsplit_once('@') {
                Some((name, alias)) if !name.trim().is_empty() && !alias.trim().is_empty() => Some(Self::Alias {
                    name: name.to_owned(),
                    alias: alias.to_owned(),
                }),
                Some(_) => None,
                None if path.trim().is_empty() => None,
                None => Some(Self::LoggedModel(path.to_owned())),
            },
        }
    }
}

impl std::str::FromStr for ModelUri {
    type Err = InvalidModelUri;

    fn from_str(text: &str) -> Result<Self, InvalidModelUri> {
        text.split_once(':')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("models"))
            .and_then(|(_, path)| Self::parse_path(path))
            .ok_or_else(|| InvalidModelUri(text.chars().take(250).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let name = || "a b".to_owned();
        for (text, expected) in [
            ("models:/m-1f", ModelUri::LoggedModel("m-1f".to_owned())),
            (
                "models:/a b/3",
                ModelUri::Version {
                    name: name(),
                    version: 3,
                },
            ),
            ("models:/a b/Latest", ModelUri::Latest { name: name() }),
            (
                "models:/a b/staging",
                ModelUri::Stage {
                    name: name(),
                    stage: "staging".to_owned(),
                },
            ),
            (
                "models:/a b@best",
                ModelUri::Alias {
                    name: name(),
                    alias: "best".to_owned(),
                },
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for bad in [
            "",
            "models:",
            "models:/",
            "models:a/1",
            "models://host/a/1",
            "models:/a/",
            "models:/a/1/2",
            "models:/ /1",
            "models:/@x",
            "models:/a@",
            "models:/a/99999999999999999999",
            "runs:/a/b",
        ] {
            assert!(bad.parse::<ModelUri>().is_err(), "{bad}");
        }
    }
}

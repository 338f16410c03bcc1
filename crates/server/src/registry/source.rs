//! What `model-versions/create` may point at. A version is downloaded and served from its source, so a source that
//! reaches outside the run or logged model it claims would hand out any file the server can read.
//!
//! The rules are MLflow's (`_validate_source_run` and `_validate_source_model` in `mlflow/server/handlers.py`), and
//! tighter where MLflow leaves a way around: a `..` is refused in local paths too, in any percent encoding.

use super::model_uri::ModelUri;
use crate::error::{ApiError, Result, invalid};
use percent_encoding::percent_decode_str;
use std::path::{Path, PathBuf};

/// What a prompt's version has for a source; prompts have no files.
const PROMPT_SOURCES: [&str; 2] = ["dummy-source", "prompt-template"];

/// Schemes whose authority is a host that the server would have to connect to.
const HOST_SCHEMES: [&str; 9] = ["ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"];

/// More rounds of percent encoding than this are no honest path.
const DECODING_ROUNDS: usize = 16;

/// A source that is well formed. Whether it lies within its run or model is [`Source::is_within`]'s question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Prompt,
    /// An absolute path on the server's own disk.
    Local(PathBuf),
    /// `runs:/ID/path`; the path is empty for the run's root.
    Run {
        run_id: String,
        path: String,
    },
    Model(ModelUri),
    /// A path behind the artifact proxy.
    Proxied,
    /// Object storage that the client reads by itself.
    Remote,
}

/// The parts of a URI that the rules look at.
struct Parts<'a> {
    /// In lower case; empty for a plain path.
    scheme: String,
    authority: Option<&'a str>,
    path: &'a str,
}

impl Source {
    pub fn prompt(source: &str) -> Result<Self> {
        if PROMPT_SOURCES.contains(&source) {
            return Ok(Self::Prompt);
        }
        Err(invalid(format!(
            "Invalid prompt source: '{source}' for parameter 'source'. Prompt sources must use an MLflow placeholder."
        )))
    }

    pub fn parse(source: &str) -> Result<Self> {
        let decoded = decode(source).ok_or_else(|| has_relative_path(source))?;
        if decoded.chars().any(char::is_control) || decoded.split(['/', '\\']).any(|segment| segment == "..") {
            return Err(has_relative_path(source));
        }
        let parts = split(source);
        if parts.scheme.is_empty() || parts.scheme == "file" {
            return local(source, &parts).map(Self::Local);
        }
        let has_host = parts.authority.is_some_and(|authority| !authority.is_empty());
        if HOST_SCHEMES.contains(&parts.scheme.as_str()) || (parts.scheme == "mlflow-artifacts" && has_host) {
            return Err(invalid(format!(
                "Invalid model version source: 'source' cannot use the '{}' scheme with a host: the server would have to \
                 connect to it. Use a source within the server's own artifact storage.",
                parts.scheme
            )));
        }
        let decoded = split(&decoded);
        let segments = decoded.path.trim_end_matches('/').split('/').skip(1);
        if !decoded.path.starts_with('/') || segments.clone().next().is_none() || segments.into_iter().any(|s| s == ".")
        {
            return Err(has_relative_path(source));
        }
        match parts.scheme.as_str() {
            "runs" => run(source, &parts),
            "models" => source.parse().map(Self::Model).map_err(|_| outside(source, "model_id")),
            "mlflow-artifacts" => Ok(Self::Proxied),
            _ => Ok(Self::Remote),
        }
    }

    /// Checks that a source of files lies below `root`, the artifact folder of the run or model that `id_field` names.
    /// A source elsewhere than on this server is the client's to read.
    pub fn is_within(&self, source: &str, root: Option<&str>, id_field: &str) -> Result<()> {
        let inside = match self {
            Self::Local(path) => root.is_some_and(|root| is_path_within(path, root)),
            Self::Proxied => root.is_some_and(|root| is_uri_within(source, root)),
            Self::Prompt | Self::Run { .. } | Self::Model(_) | Self::Remote => return Ok(()),
        };
        match self {
            _ if inside => Ok(()),
            Self::Local(_) => Err(invalid(format!(
                "Invalid model version source: '{source}'. To use a local path as a model version source, the {id_field} \
                 request parameter has to be specified and the local path has to be contained within the artifact \
                 directory of the run or model that {id_field} specifies."
            ))),
            _ => Err(outside(source, id_field)),
        }
    }
}

pub fn outside(source: &str, id_field: &str) -> ApiError {
    invalid(format!(
        "Invalid model version source: '{source}'. The {id_field} request parameter must identify the resource that \
         contains the source."
    ))
}

fn has_relative_path(source: &str) -> ApiError {
    invalid(format!(
        "Invalid model version source: '{}'. The parameter 'source' must be an absolute path or URI without relative \
         path references.",
        source.escape_debug()
    ))
}

/// Percent-decodes until nothing changes; none if that does not end or is not text.
fn decode(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..DECODING_ROUNDS {
        let decoded = percent_decode_str(&text).decode_utf8().ok()?.into_owned();
        if decoded == text {
            return Some(text);
        }
        text = decoded;
    }
    None
}

fn split(source: &str) -> Parts<'_> {
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let (scheme, rest) = match source.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), source),
    };
    match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            Parts {
                scheme,
                authority: Some(authority),
                path,
            }
        }
        None => Parts {
            scheme,
            authority: None,
            path: rest,
        },
    }
}

fn local(source: &str, parts: &Parts<'_>) -> Result<PathBuf> {
    let host = parts.authority.unwrap_or_default();
    if !matches!(host, "" | "." | "localhost" | "127.0.0.1") {
        return Err(invalid(format!(
            "Invalid model version source: '{source}'. A file URI in 'source' must not name another host."
        )));
    }
    let path = percent_decode_str(parts.path)
        .decode_utf8()
        .map_err(|_| has_relative_path(source))?;
    let path = PathBuf::from(path.as_ref());
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(invalid(format!(
            "Invalid model version source: '{source}'. To use a local path as a model version source, 'source' has to be \
             an absolute path within the artifact directory of the run specified by run_id."
        )))
    }
}

fn run(source: &str, parts: &Parts<'_>) -> Result<Source> {
    if parts.authority.is_some() || source.contains(['?', '#']) {
        return Err(outside(source, "run_id"));
    }
    let path = parts.path.trim_start_matches('/');
    let (run_id, path) = path.split_once('/').unwrap_or((path, ""));
    Ok(Source::Run {
        run_id: run_id.to_owned(),
        path: path.trim_matches('/').to_owned(),
    })
}

fn is_path_within(path: &Path, root: &str) -> bool {
    let parts = split(root);
    if !matches!(parts.scheme.as_str(), "" | "file") {
        return false;
    }
    let Ok(root) = percent_decode_str(parts.path).decode_utf8() else {
        return false;
    };
    let root = Path::new(root.as_ref());
    // Compared where the links lead, so that a link inside the folder is no way out of it.
    root.is_absolute() && where_links_lead(path).starts_with(where_links_lead(root))
}

/// The path with the links of all of it that exists followed.
fn where_links_lead(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (existing.canonicalize(), path.strip_prefix(existing)) {
            return real.join(rest);
        }
    }
    path.to_owned()
}

fn is_uri_within(source: &str, root: &str) -> bool {
    let (source, root) = (split(source), split(root));
    let segments = |path: &str| -> Option<Vec<String>> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(decode).collect()
    };
    let authority = |parts: &Parts<'_>| parts.authority.unwrap_or_default().to_ascii_lowercase();
    source.scheme == root.scheme
        && authority(&source) == authority(&root)
        && match (segments(source.path), segments(root.path)) {
            (Some(source), Some(root)) => !root.is_empty() && source.starts_with(&root),
            _ => false,
        }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;

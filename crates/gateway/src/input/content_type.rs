//! The `Content-Type` header as MLflow's scoring server reads it: exact names, only `charset=utf-8` as parameter.

use crate::error::ScoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    Json,
    Csv,
    Parquet,
}

const NAMES: &str = "['text/csv', 'application/json', 'application/vnd.apache.parquet']";

impl ContentType {
    pub fn parse(header: &str) -> Result<Self, ScoreError> {
        let mut parts = header.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let parameters: Vec<(&str, &str)> = parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
        if parameters
            .iter()
            .any(|(key, value)| *key == "charset" && !value.eq_ignore_ascii_case("utf-8"))
        {
            return Err(ScoreError::ContentType("The scoring server only supports UTF-8".into()));
        }
        let unknown: Vec<&str> = parameters
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| *key != "charset")
            .collect();
        if !unknown.is_empty() {
            return Err(ScoreError::ContentType(format!(
                "Unrecognized content type parameters: {}. The only parameter understood is charset=utf-8.",
                unknown.join(", ")
            )));
        }
        match name {
            "application/json" => Ok(Self::Json),
            "text/csv" => Ok(Self::Csv),
            "application/vnd.apache.parquet" => Ok(Self::Parquet),
            _ => Err(ScoreError::ContentType(format!(
                "This predictor only supports the following content types: Types: {NAMES}. Got '{header}'."
            ))),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

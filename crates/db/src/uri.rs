//! `--backend-store-uri` as MLflow users write it.

use std::path::PathBuf;

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUri {
    Sqlite(PathBuf),
    Postgres(String),
}

impl StoreUri {
    /// Reads `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host:port/database`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:///") {
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() || path == ":memory:" {
                return Err("a SQLite store needs a file: sqlite:///fettle.db".to_owned());
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!(
                "`{text}` is not a store address: use sqlite:///FILE or postgresql://USER@HOST/DATABASE"
            ));
        };
        // SQLAlchemy's driver suffix (`postgresql+psycopg2`) names a Python library and means nothing here.
        match scheme.split('+').next().unwrap_or_default() {
            "postgresql" | "postgres" => Ok(Self::Postgres(format!("postgresql://{rest}"))),
            other => Err(format!(
                "stores of kind `{other}` are not supported: use sqlite:///FILE or postgresql://USER@HOST/DATABASE"
            )),
        }
    }
}

impl std::fmt::Display for StoreUri {
    /// The address without its password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:///{}", path.display()),
            Self::Postgres(address) => match (address.find("://"), address.rfind('@')) {
                (Some(scheme), Some(at)) => {
                    let user = address[scheme + 3..at].split(':').next().unwrap_or_default();
                    write!(f, "postgresql://{user}{}", &address[at..])
                }
                _ => f.write_str(address),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_mlflow_reads_them() {
        assert_eq!(
            StoreUri::parse("sqlite:///a/b.db"),
            Ok(StoreUri::Sqlite("a/b.db".into()))
        );
        assert_eq!(
            StoreUri::parse("sqlite:////a/b.db"),
            Ok(StoreUri::Sqlite("/a/b.db".into()))
        );
        assert_eq!(
            StoreUri::parse("postgresql+psycopg2://u:p@h/d"),
            Ok(StoreUri::Postgres("postgresql://u:p@h/d".to_owned()))
        );
        for bad in ["", "fettle.db", "sqlite://", "sqlite:///:memory:", "mysql://h/d"] {
            assert!(StoreUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_are_not_printed() {
        let uri = StoreUri::parse("postgresql://user:secret@host:5432/db").expect("a good address");
        assert_eq!(uri.to_string(), "postgresql://user@host:5432/db");
    }
}

//! A fresh database for each test, on both engines from one source.

use crate::{Db, Migration, StoreUri};
use std::sync::atomic::{AtomicU32, Ordering};

/// Environment variable with the address of a PostgreSQL server on which tests may create databases.
pub const POSTGRES: &str = "FETTLE_TEST_POSTGRES";

/// A store that lives as long as the test. What it holds on disk goes with it.
pub struct TestDb {
    pub db: Db,
    pub uri: StoreUri,
    _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    pub async fn sqlite(migrations: &'static [Migration]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let uri = StoreUri::Sqlite(folder.path().join("test.db"));
        let db = Db::open(&uri, migrations, 0).await.expect("a fresh SQLite store opens");
        Self {
            db,
            uri,
            _folder: Some(folder),
        }
    }

    pub async fn postgres(migrations: &'static [Migration]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var(POSTGRES).unwrap_or_else(|_| {
            panic!("{POSTGRES} is not set: run the tests with `cargo xtask test`, or give it a server's address")
        });
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls)
            .await
            .expect("the test server answers");
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
            .await
            .expect("an old test database can go");
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("the user may create databases");
        drop(client);
        let _ = connection.await;
        let base = server.rsplit_once('/').expect("the address names a database").0;
        let uri = StoreUri::Postgres(format!("{base}/{name}"));
        let db = Db::open(&uri, migrations, 0)
            .await
            .expect("a fresh PostgreSQL store opens");
        Self { db, uri, _folder: None }
    }
}

/// Declares tests that run once on SQLite and once on PostgreSQL.
///
/// ```text
/// on_both_databases! { MIGRATIONS;
///     async fn a_row_comes_back(db: Db) { .. }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($migrations:expr; $(async fn $name:ident($db:ident: Db) $body:block)*) => {
        $(mod $name {
            #[allow(unused_imports, reason = "tests share one list of imports")]
            use super::*;
            async fn check($db: $crate::Db) $body
            #[tokio::test]
            async fn sqlite() {
                let test = $crate::testing::TestDb::sqlite($migrations).await;
                check(test.db.clone()).await;
            }
            #[tokio::test]
            async fn postgres() {
                let test = $crate::testing::TestDb::postgres($migrations).await;
                check(test.db.clone()).await;
            }
        })*
    };
}

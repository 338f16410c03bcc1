//! The store's schema, as the list of steps that made it. What they come to on SQLite is written down now and then, for
//! new stores (`squashed`); steps that come later go on from there.

use fettle_db::Migration;

pub static MIGRATIONS: &[Migration] = &[
    Migration::new(1, "foundation", include_str!("../migrations/0001_foundation.sql")),
    Migration::new(2, "traces", include_str!("../migrations/0002_traces.sql")),
    Migration::new(3, "webhooks", include_str!("../migrations/0003_webhooks.sql")),
    Migration::new(4, "evaluation", include_str!("../migrations/0004_evaluation.sql")),
    Migration::new(5, "monitoring", include_str!("../migrations/0005_monitoring.sql")),
    Migration::new(6, "span_segments", include_str!("../migrations/0006_span_segments.sql")),
    Migration::new(7, "endpoints", include_str!("../migrations/0007_endpoints.sql")),
    Migration::new(8, "search_order", include_str!("../migrations/0008_search_order.sql")),
    Migration::new(9, "serving", include_str!("../migrations/0009_serving.sql")),
    Migration::new(
        10,
        "run_summaries",
        include_str!("../migrations/0010_run_summaries.sql"),
    ),
    Migration::new(
        11,
        "baseline_samples",
        include_str!("../migrations/0011_baseline_samples.sql"),
    ),
    Migration::new(
        12,
        "baseline_states",
        include_str!("../migrations/0012_baseline_states.sql"),
    )
    .squashed(include_str!("../migrations/squashed_0012_sqlite.sql")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use fettle_db::{Db, Result, StoreUri, Tx};
    use std::{fmt::Write, path::Path, sync::LazyLock};

    const SQUASHED: &str = "migrations/squashed_0012_sqlite.sql";
    const HEAD: &str =
        "-- What the steps up to this one make of an empty SQLite store; a test in src/schema.rs writes it.";
    static STEP_BY_STEP: LazyLock<Vec<Migration>> = LazyLock::new(|| {
        let steps = MIGRATIONS.iter();
        steps
            .map(|step| Migration::new(step.version, step.name, step.sql))
            .collect()
    });

    /// `FETTLE_UPDATE_SCHEMA=1 cargo test -p fettle-server squashed` writes it down anew.
    #[tokio::test]
    async fn the_squashed_schema_is_what_the_steps_make() {
        let made = schema(&STEP_BY_STEP).await;
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SQUASHED);
        if std::env::var_os("FETTLE_UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &made).expect("written");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), made);
        assert_eq!(schema(MIGRATIONS).await, made);
    }

    async fn schema(migrations: &'static [Migration]) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&StoreUri::Sqlite(folder.path().join("store.db")), migrations, 0)
            .await
            .expect("a store");
        db.read(dump).await.expect("a schema")
    }

    /// Tables and indexes in the order in which they were made, then what is in them.
    fn dump(tx: &Tx) -> Result<String> {
        let all =
            "FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND name <> 'schema_migrations'";
        let texts = |sql: String| tx.query(&sql, &[], |row| row.get::<String>(0));
        let mut out = format!("{HEAD}\n");
        for sql in texts(format!("SELECT sql {all} ORDER BY rowid"))? {
            let _ = writeln!(out, "{sql};");
        }
        for table in texts(format!("SELECT name {all} AND type = 'table' ORDER BY rowid"))? {
            let columns = texts(format!(
                "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"
            ))?;
            for row in texts(format!("SELECT {} FROM {table}", columns.join(" || ', ' || ")))? {
                let _ = writeln!(out, "INSERT INTO {table} VALUES ({row});");
            }
        }
        Ok(out)
    }
}

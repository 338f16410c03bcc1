//! The store's schema, as the list of steps that made it. New SQLite stores begin as a copy of one that was made that way
//! before (the template) and go on with the steps that came later.

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
    ),
    Migration::new(
        13,
        "value_beginnings",
        include_str!("../migrations/0013_value_beginnings.sql"),
    )
    .with_template(include_bytes!("../migrations/sqlite_0013.db.zst")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::ApiError, tracking::store::experiments};
    use fettle_db::{Db, Result, StoreUri, Tx, pack_template};
    use std::{
        path::{Path, PathBuf},
        sync::LazyLock,
    };

    const TEMPLATE: &str = "migrations/sqlite_0013.db.zst";
    static STEP_BY_STEP: LazyLock<Vec<Migration>> = LazyLock::new(|| {
        let steps = MIGRATIONS.iter();
        steps
            .map(|step| Migration::new(step.version, step.name, step.sql))
            .collect()
    });

    /// `FETTLE_UPDATE_SCHEMA=1 cargo test -p fettle-server template` makes the template anew; after that the test holds
    /// once more, when the new file is built in.
    #[tokio::test]
    async fn the_template_is_what_the_steps_make() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("steps.db");
        let made = content(path.clone(), &STEP_BY_STEP).await;
        if std::env::var_os("FETTLE_UPDATE_SCHEMA").is_some() {
            let template = Path::new(env!("CARGO_MANIFEST_DIR")).join(TEMPLATE);
            std::fs::write(template, pack_template(&path)).expect("written");
        }
        assert!(made.len() > 100, "{made:?}");
        assert_eq!(content(folder.path().join("template.db"), MIGRATIONS).await, made);
    }

    /// Rows that are there before a step that gives their tables another form.
    #[tokio::test]
    async fn values_get_their_beginnings() {
        let folder = tempfile::tempdir().expect("a folder");
        let uri = StoreUri::Sqlite(folder.path().join("store.db"));
        let before = Db::open(&uri, &STEP_BY_STEP[..12], 0).await.expect("a store");
        let value = "é".repeat(70);
        let written = value.clone();
        let insert = before.write(move |tx| {
            experiments::insert_default(tx, 1, "root", 0)?;
            let run = "INSERT INTO runs (id, workspace_id, experiment_id, run_uuid, name, user_id, status, start_time, artifact_uri, lifecycle_stage)
                 VALUES (1, 1, 0, 'r', 'r', 'u', 'RUNNING', 1, 'a', 'active')";
            tx.execute(run, &[])?;
            for table in ["params", "tags"] {
                let row = format!("INSERT INTO {table} (workspace_id, run_id, experiment_id, key, value) VALUES (1, 1, 0, 'k', ?1)");
                tx.execute(&row, fettle_db::params![&written])?;
            }
            Ok::<_, ApiError>(())
        });
        insert.await.expect("rows");
        drop(before);
        let db = Db::open(&uri, MIGRATIONS, 0).await.expect("the store, later");
        let beginnings = "SELECT value_start FROM params UNION ALL SELECT value_start FROM tags";
        let found: Vec<String> = db
            .read(move |tx| tx.query(beginnings, &[], |row| row.get(0)))
            .await
            .expect("beginnings");
        let beginning: String = value.chars().take(64).collect();
        assert_eq!(found, [beginning.clone(), beginning]);
    }

    async fn content(path: PathBuf, migrations: &'static [Migration]) -> Vec<String> {
        let db = Db::open(&StoreUri::Sqlite(path), migrations, 0).await.expect("a store");
        db.read(dump).await.expect("its content")
    }

    /// Tables, indexes and rows.
    fn dump(tx: &Tx) -> Result<Vec<String>> {
        let texts = |sql: String| tx.query(&sql, &[], |row| row.get::<String>(0));
        let mut all = texts("SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY name".to_owned())?;
        for table in texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name".to_owned())? {
            let columns = texts(format!(
                "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"
            ))?;
            let row = columns.join(" || ', ' || ");
            all.extend(texts(format!("SELECT '{table}: ' || {row} FROM {table} ORDER BY 1"))?);
        }
        Ok(all)
    }
}

//! Aliases: names that point at one version of a model each.

use crate::error::{ApiError, Result};
use fettle_db::{Tx, params};
use fettle_wire::registry::Alias;
use std::collections::HashMap;

/// Points the alias at the version, wherever it pointed before.
pub fn set(tx: &Tx, workspace_id: i64, model_id: i64, alias: &str, version: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO model_aliases (workspace_id, registered_model_id, alias, version) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (registered_model_id, alias) DO UPDATE SET version = excluded.version",
        params![workspace_id, model_id, alias, version],
    )?;
    Ok(())
}

pub fn find(tx: &Tx, model_id: i64, alias: &str) -> Result<Option<i64>> {
    Ok(tx.query_opt(
        "SELECT version FROM model_aliases WHERE registered_model_id = ?1 AND alias = ?2",
        params![model_id, alias],
        |row| row.get(0),
    )?)
}

/// False if there is no such alias.
pub fn delete(tx: &Tx, model_id: i64, alias: &str) -> Result<bool> {
    Ok(tx.execute(
        "DELETE FROM model_aliases WHERE registered_model_id = ?1 AND alias = ?2",
        params![model_id, alias],
    )? > 0)
}

pub fn of_models(tx: &Tx, model_ids: &[i64]) -> Result<HashMap<i64, Vec<Alias>>> {
    let mut aliases: HashMap<i64, Vec<Alias>> = HashMap::new();
    tx.for_each(
        "SELECT registered_model_id, alias, version FROM model_aliases WHERE registered_model_id IN_IDS(?1)
         ORDER BY registered_model_id, alias",
        params![model_ids],
        |row| {
            aliases.entry(row.get(0)?).or_default().push(Alias {
                alias: row.get(1)?,
                version: row.get::<i64>(2)?.to_string(),
            });
            Ok::<_, ApiError>(())
        },
    )?;
    Ok(aliases)
}

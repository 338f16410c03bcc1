//! How often scorers run on new traces.

use crate::error::Result;
use fettle_db::{Query, Row, Tx, params};
use fettle_wire::evaluation::scorers::OnlineScoringConfig;

fn read(row: &Row<'_>) -> fettle_db::Result<OnlineScoringConfig> {
    Ok(OnlineScoringConfig {
        online_scoring_config_id: row.get(0)?,
        scorer_id: row.get(1)?,
        sample_rate: row.get(2)?,
        experiment_id: row.get::<i64>(3)?.to_string(),
        filter_string: row.get(4)?,
    })
}

/// Sets the scorer's one configuration; a new one has a new id.
pub fn set(
    tx: &Tx,
    workspace_id: i64,
    scorer: i64,
    config_id: &str,
    sample_rate: f64,
    filter: Option<&str>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO online_scoring_configs (scorer_key, workspace_id, online_scoring_config_id, sample_rate, filter_string)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (scorer_key) DO UPDATE SET online_scoring_config_id = excluded.online_scoring_config_id,
             sample_rate = excluded.sample_rate, filter_string = excluded.filter_string",
        params![scorer, workspace_id, config_id, sample_rate, filter],
    )?;
    Ok(())
}

pub fn get(tx: &Tx, scorer: i64) -> Result<OnlineScoringConfig> {
    Ok(tx.query_one(
        "SELECT c.online_scoring_config_id, s.scorer_id, c.sample_rate, s.experiment_id, c.filter_string
         FROM online_scoring_configs c JOIN scorers s ON s.id = c.scorer_key WHERE s.id = ?1",
        params![scorer],
        read,
    )?)
}

pub fn list(tx: &Tx, workspace_id: i64, scorer_ids: &[String]) -> Result<Vec<OnlineScoringConfig>> {
    let mut query = Query::new(
        "SELECT c.online_scoring_config_id, s.scorer_id, c.sample_rate, s.experiment_id, c.filter_string
         FROM online_scoring_configs c JOIN scorers s ON s.id = c.scorer_key WHERE s.workspace_id = ",
    );
    query
        .bind(workspace_id)
        .push(" AND s.scorer_id IN ")
        .bind_list(scorer_ids.iter().cloned())
        .push(" ORDER BY s.id");
    Ok(query.run(tx, read)?)
}

//! What goes into a run and comes out of it: datasets and models.

use super::summaries;
use crate::error::Result;
use fettle_db::{Tx, params};
use fettle_wire::{runs::DatasetSummary, tags::KeyValue};

#[derive(Debug)]
pub struct NewDataset {
    pub name: String,
    pub digest: String,
    pub source_type: String,
    pub source: String,
    pub schema: Option<String>,
    pub profile: Option<String>,
    pub tags: Vec<KeyValue>,
}

/// Links a dataset, which is one per experiment, name and digest. A dataset that is linked already is left alone.
pub fn link_dataset(tx: &Tx, workspace_id: i64, experiment_id: i64, run_id: i64, new: &NewDataset) -> Result<()> {
    summaries::outdate(tx, run_id)?;
    tx.execute(
        "INSERT INTO datasets (workspace_id, experiment_id, name, digest, source_type, source, schema, profile)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (experiment_id, name, digest) DO NOTHING",
        params![
            workspace_id,
            experiment_id,
            &new.name,
            &new.digest,
            &new.source_type,
            &new.source,
            &new.schema,
            &new.profile,
        ],
    )?;
    let dataset_id: i64 = tx.query_one(
        "SELECT id FROM datasets WHERE experiment_id = ?1 AND name = ?2 AND digest = ?3",
        params![experiment_id, &new.name, &new.digest],
        |row| row.get(0),
    )?;
    let input: Option<i64> = tx.query_opt(
        "INSERT INTO run_dataset_inputs (workspace_id, run_id, dataset_id) VALUES (?1, ?2, ?3)
         ON CONFLICT (run_id, dataset_id) DO NOTHING RETURNING id",
        params![workspace_id, run_id, dataset_id],
        |row| row.get(0),
    )?;
    if let Some(input) = input {
        tx.execute_each(
            "INSERT INTO run_dataset_input_tags (workspace_id, input_id, key, value) VALUES (?1, ?2, ?3, ?4)",
            new.tags
                .iter()
                .map(|tag| params![workspace_id, input, &tag.key, &tag.value].to_vec()),
        )?;
    }
    Ok(())
}

pub fn link_model_input(tx: &Tx, workspace_id: i64, run_id: i64, model_id: &str) -> Result<()> {
    summaries::outdate(tx, run_id)?;
    tx.execute(
        "INSERT INTO run_model_inputs (workspace_id, run_id, model_id) VALUES (?1, ?2, ?3) ON CONFLICT (run_id, model_id) DO NOTHING",
        params![workspace_id, run_id, model_id],
    )?;
    Ok(())
}

pub fn link_model_output(tx: &Tx, workspace_id: i64, run_id: i64, model_id: &str, step: i64) -> Result<()> {
    summaries::outdate(tx, run_id)?;
    tx.execute(
        "INSERT INTO run_model_outputs (workspace_id, run_id, model_id, step) VALUES (?1, ?2, ?3, ?4)",
        params![workspace_id, run_id, model_id, step],
    )?;
    Ok(())
}

/// Most summaries in one answer.
const SUMMARIES_MAX: i64 = 1000;

/// The datasets that runs of these experiments used, each once per context it was used in.
pub fn summaries(tx: &Tx, workspace_id: i64, experiment_ids: &[i64]) -> Result<Vec<DatasetSummary>> {
    Ok(tx.query(
        "SELECT DISTINCT d.experiment_id, d.id, d.name, d.digest, t.value
         FROM datasets d JOIN run_dataset_inputs i ON i.dataset_id = d.id
         LEFT JOIN run_dataset_input_tags t ON t.input_id = i.id AND t.key = 'mlflow.data.context'
         WHERE d.workspace_id = ?1 AND d.experiment_id IN_IDS(?2)
         ORDER BY d.experiment_id, d.id, t.value LIMIT ?3",
        params![workspace_id, experiment_ids, SUMMARIES_MAX],
        |row| {
            Ok(DatasetSummary {
                experiment_id: row.get::<i64>(0)?.to_string(),
                name: row.get(2)?,
                digest: row.get(3)?,
                context: row.get(4)?,
            })
        },
    )?)
}

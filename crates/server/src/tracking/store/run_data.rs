//! All that hangs on a set of runs, one query per kind however many runs there are.

use super::{metrics::join_nan, runs::Run};
use crate::error::{ApiError, Result};
use fettle_db::{Param, Tx, params};
use fettle_wire::{
    Double,
    metrics::Metric,
    runs::{self as wire, Dataset, DatasetInput, ModelInput, ModelOutput},
    tags::KeyValue,
};
use std::collections::HashMap;

/// A statement twice: for one run, which is the fast path of `runs/get`, and for many.
macro_rules! for_runs {
    ($ids:expr, $head:literal, $tail:literal) => {
        match $ids {
            [id] => (concat!($head, " = ?1 ", $tail), [Param::from(*id)]),
            ids => (concat!($head, " IN_IDS(?1) ", $tail), [Param::from(ids)]),
        }
    };
}

/// Turns rows into the wire's runs, in their order. Model inputs are left out of lists, as MLflow does.
pub fn load(tx: &Tx, runs: Vec<Run>, with_model_inputs: bool) -> Result<Vec<wire::Run>> {
    let ids: Vec<i64> = runs.iter().map(|run| run.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut loader = Loader {
        parts: ids.iter().map(|&id| (id, Parts::default())).collect(),
    };
    loader.metrics(tx, &ids)?;
    loader.params(tx, &ids)?;
    loader.tags(tx, &ids)?;
    loader.datasets(tx, &ids)?;
    loader.model_outputs(tx, &ids)?;
    if with_model_inputs {
        loader.model_inputs(tx, &ids)?;
    }
    Ok(runs
        .into_iter()
        .map(|run| {
            let parts = loader.parts.remove(&run.id).unwrap_or_default();
            wire::Run {
                info: run.into_info(),
                data: parts.data,
                inputs: parts.inputs,
                outputs: Some(parts.outputs),
            }
        })
        .collect())
}

#[derive(Default)]
struct Parts {
    data: wire::RunData,
    inputs: wire::RunInputs,
    outputs: wire::RunOutputs,
}

struct Loader {
    parts: HashMap<i64, Parts>,
}

impl Loader {
    fn part(&mut self, run_id: i64) -> &mut Parts {
        self.parts.entry(run_id).or_default()
    }

    fn metrics(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT run_id, key, value, is_nan, timestamp, step FROM latest_metrics WHERE run_id",
            "ORDER BY run_id, key"
        );
        tx.for_each(sql, &params, |row| {
            let metric = Metric {
                key: row.get(1)?,
                value: Double(join_nan(row.get(2)?, row.get(3)?)),
                timestamp: row.get(4)?,
                step: row.get(5)?,
                dataset_name: None,
                dataset_digest: None,
                model_id: None,
                run_id: None,
            };
            self.part(row.get(0)?).data.metrics.push(metric);
            Ok(())
        })
    }

    fn params(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT run_id, key, value FROM params WHERE run_id",
            "ORDER BY run_id, key"
        );
        tx.for_each(sql, &params, |row| {
            self.part(row.get(0)?).data.params.push(KeyValue {
                key: row.get(1)?,
                value: row.get(2)?,
            });
            Ok(())
        })
    }

    fn tags(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT run_id, key, value FROM tags WHERE run_id",
            "ORDER BY run_id, key"
        );
        tx.for_each(sql, &params, |row| {
            self.part(row.get(0)?).data.tags.push(KeyValue {
                key: row.get(1)?,
                value: row.get(2)?,
            });
            Ok(())
        })
    }

    fn datasets(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT i.run_id, i.id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
             FROM run_dataset_inputs i JOIN datasets d ON d.id = i.dataset_id WHERE i.run_id",
            ""
        );
        let mut inputs: Vec<(i64, i64, Dataset)> = Vec::new();
        tx.for_each::<ApiError>(sql, &params, |row| {
            let dataset = Dataset {
                name: row.get(2)?,
                digest: row.get(3)?,
                source_type: row.get(4)?,
                source: row.get(5)?,
                schema: row.get(6)?,
                profile: row.get(7)?,
            };
            inputs.push((row.get(1)?, row.get(0)?, dataset));
            Ok(())
        })?;
        // Sorted here: to SQLite a sort costs more than all else that `runs/get` asks for, even one of no rows.
        inputs.sort_unstable_by_key(|(id, ..)| *id);
        // Where each input's tags go.
        let mut places: HashMap<i64, (i64, usize)> = HashMap::new();
        for (id, run_id, dataset) in inputs {
            let datasets = &mut self.part(run_id).inputs.dataset_inputs;
            places.insert(id, (run_id, datasets.len()));
            datasets.push(DatasetInput {
                tags: Vec::new(),
                dataset,
            });
        }
        if places.is_empty() {
            return Ok(());
        }
        let inputs: Vec<i64> = places.keys().copied().collect();
        tx.for_each(
            "SELECT input_id, key, value FROM run_dataset_input_tags WHERE input_id IN_IDS(?1) ORDER BY input_id, key",
            params![inputs],
            |row| {
                if let Some(&(run_id, index)) = places.get(&row.get(0)?) {
                    let tag = KeyValue {
                        key: row.get(1)?,
                        value: row.get(2)?,
                    };
                    self.part(run_id).inputs.dataset_inputs[index].tags.push(tag);
                }
                Ok(())
            },
        )
    }

    fn model_outputs(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT run_id, model_id, step FROM run_model_outputs WHERE run_id",
            "ORDER BY run_id, id"
        );
        tx.for_each(sql, &params, |row| {
            let output = ModelOutput {
                model_id: row.get(1)?,
                step: row.get(2)?,
            };
            self.part(row.get(0)?).outputs.model_outputs.push(output);
            Ok(())
        })
    }

    fn model_inputs(&mut self, tx: &Tx, ids: &[i64]) -> Result<()> {
        let (sql, params) = for_runs!(
            ids,
            "SELECT run_id, model_id FROM run_model_inputs WHERE run_id",
            "ORDER BY run_id, model_id"
        );
        tx.for_each(sql, &params, |row| {
            self.part(row.get(0)?)
                .inputs
                .model_inputs
                .push(ModelInput { model_id: row.get(1)? });
            Ok(())
        })
    }
}

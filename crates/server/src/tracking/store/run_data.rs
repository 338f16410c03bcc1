//! All that hangs on a set of runs, in one read however many runs there are.

use super::metrics::join_nan;
use crate::error::{ApiError, Result};
use fettle_db::{Param, Row, Tx};
use fettle_wire::{
    Double,
    metrics::Metric,
    runs::{self as wire, Dataset, DatasetInput, ModelInput, ModelOutput},
    tags::KeyValue,
};
use std::collections::HashMap;

/// Every kind of thing as rows of one shape: what it is, its run, three integers, a number and six texts. One statement
/// is one round trip to PostgreSQL, and to SQLite one walk through its machine.
macro_rules! everything {
    ($runs:literal) => {
        concat!(
            "SELECT CAST(0 AS BIGINT), run_id, step, timestamp, is_nan, value, key, CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT), CAST(NULL AS TEXT) FROM latest_metrics WHERE run_id ", $runs,
            " UNION ALL SELECT 1, run_id, NULL, NULL, NULL, NULL, key, value, NULL, NULL, NULL, NULL FROM params WHERE run_id ", $runs,
            " UNION ALL SELECT 2, run_id, NULL, NULL, NULL, NULL, key, value, NULL, NULL, NULL, NULL FROM tags WHERE run_id ", $runs,
            " UNION ALL SELECT 3, i.run_id, i.id, NULL, NULL, NULL, d.name, d.digest, d.source_type, d.source, d.schema, d.profile FROM run_dataset_inputs i JOIN datasets d ON d.id = i.dataset_id WHERE i.run_id ", $runs,
            " UNION ALL SELECT 4, i.run_id, i.id, NULL, NULL, NULL, t.key, t.value, NULL, NULL, NULL, NULL FROM run_dataset_inputs i JOIN run_dataset_input_tags t ON t.input_id = i.id WHERE i.run_id ", $runs,
            " UNION ALL SELECT 5, run_id, id, step, NULL, NULL, model_id, NULL, NULL, NULL, NULL, NULL FROM run_model_outputs WHERE run_id ", $runs,
            " UNION ALL SELECT 6, run_id, NULL, NULL, NULL, NULL, model_id, NULL, NULL, NULL, NULL, NULL FROM run_model_inputs WHERE run_id ", $runs,
        )
    };
}

/// Of one run, which is the fast path of `runs/get`.
const OF_ONE: &str = everything!("= ?1");
const OF_MANY: &str = everything!("IN_IDS(?1)");

/// What hangs on a run, as the wire has it.
pub type Rest = (wire::RunData, wire::RunInputs, wire::RunOutputs);

/// What hangs on each of these runs, if anything does.
pub fn parts(tx: &Tx, ids: &[i64]) -> Result<HashMap<i64, Parts>> {
    let (sql, params) = match ids {
        [] => return Ok(HashMap::new()),
        [id] => (OF_ONE, [Param::from(*id)]),
        ids => (OF_MANY, [Param::from(ids)]),
    };
    let mut parts: HashMap<i64, Parts> = ids.iter().map(|&id| (id, Parts::default())).collect();
    // Rows of one run come together.
    let mut current: Option<(i64, Parts)> = None;
    tx.for_each::<ApiError>(sql, &params, |row| {
        let run_id: i64 = row.get(1)?;
        if current.as_ref().is_none_or(|(id, _)| *id != run_id) {
            let next = parts.remove(&run_id).unwrap_or_default();
            if let Some((id, part)) = current.replace((run_id, next)) {
                parts.insert(id, part);
            }
        }
        if let Some((_, part)) = &mut current {
            part.add(row)?;
        }
        Ok(())
    })?;
    if let Some((id, part)) = current {
        parts.insert(id, part);
    }
    Ok(parts)
}

#[derive(Default)]
pub struct Parts {
    data: wire::RunData,
    /// With their ids, by which they are ordered and have their tags.
    datasets: Vec<(i64, Dataset)>,
    dataset_tags: Vec<(i64, KeyValue)>,
    outputs: Vec<(i64, ModelOutput)>,
    model_inputs: Vec<ModelInput>,
}

impl Parts {
    fn add(&mut self, row: &Row<'_>) -> Result<()> {
        match row.get::<i64>(0)? {
            0 => self.data.metrics.push(Metric {
                key: row.get(6)?,
                value: Double(join_nan(row.get(5)?, row.get(4)?)),
                timestamp: row.get(3)?,
                step: row.get(2)?,
                dataset_name: None,
                dataset_digest: None,
                model_id: None,
                run_id: None,
            }),
            1 => self.data.params.push(key_value(row)?),
            2 => self.data.tags.push(key_value(row)?),
            3 => {
                let dataset = Dataset {
                    name: row.get(6)?,
                    digest: row.get(7)?,
                    source_type: row.get(8)?,
                    source: row.get(9)?,
                    schema: row.get(10)?,
                    profile: row.get(11)?,
                };
                self.datasets.push((row.get(2)?, dataset));
            }
            4 => self.dataset_tags.push((row.get(2)?, key_value(row)?)),
            5 => {
                let output = ModelOutput {
                    model_id: row.get(6)?,
                    step: row.get(3)?,
                };
                self.outputs.push((row.get(2)?, output));
            }
            _ => self.model_inputs.push(ModelInput { model_id: row.get(6)? }),
        }
        Ok(())
    }

    /// Sorted here: SQLite reads along its keys and mostly gives them in order, and a sort of its own costs more than
    /// all else that `runs/get` asks for.
    pub fn into_rest(mut self, with_model_inputs: bool) -> Rest {
        sort_by_key(&mut self.data.metrics, |a, b| a.key.cmp(&b.key));
        sort_by_key(&mut self.data.params, |a, b| a.key.cmp(&b.key));
        sort_by_key(&mut self.data.tags, |a, b| a.key.cmp(&b.key));
        self.datasets.sort_by_key(|(id, _)| *id);
        self.dataset_tags.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
        self.outputs.sort_by_key(|(id, _)| *id);
        self.model_inputs.sort_by(|a, b| a.model_id.cmp(&b.model_id));
        let mut inputs = wire::RunInputs::default();
        for (id, dataset) in self.datasets {
            let tags = self.dataset_tags.iter().filter(|(input, _)| *input == id);
            inputs.dataset_inputs.push(DatasetInput {
                tags: tags.map(|(_, tag)| tag.clone()).collect(),
                dataset,
            });
        }
        if with_model_inputs {
            inputs.model_inputs = self.model_inputs;
        }
        let outputs = wire::RunOutputs {
            model_outputs: self.outputs.into_iter().map(|(_, output)| output).collect(),
        };
        (self.data, inputs, outputs)
    }
}

fn sort_by_key<T>(list: &mut [T], order: impl Fn(&T, &T) -> std::cmp::Ordering) {
    if !list.is_sorted_by(|a, b| order(a, b).is_le()) {
        list.sort_by(order);
    }
}

fn key_value(row: &Row<'_>) -> Result<KeyValue> {
    Ok(KeyValue {
        key: row.get(6)?,
        value: row.get(7)?,
    })
}

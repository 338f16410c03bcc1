//! The JSON body of every MLflow call: whatever comes is read or refused.

#![no_main]

use fettle_wire::{artifacts, experiments, logged_models, metrics, registry, runs};
use libfuzzer_sys::fuzz_target;
use serde::de::DeserializeOwned;

fn read<T: DeserializeOwned>(body: &[u8]) {
    let _ = serde_json::from_slice::<T>(body);
}

fuzz_target!(|body: &[u8]| {
    read::<artifacts::ListArtifacts>(body);
    read::<experiments::CreateExperiment>(body);
    read::<experiments::SearchExperiments>(body);
    read::<logged_models::CreateLoggedModel>(body);
    read::<logged_models::SearchLoggedModels>(body);
    read::<metrics::GetMetricHistoryBulkInterval>(body);
    read::<metrics::LogMetric>(body);
    read::<registry::CreateModelVersion>(body);
    read::<registry::TransitionStage>(body);
    read::<runs::CreateRun>(body);
    read::<runs::LogBatch<'static>>(body);
    if let Some(plain) = runs::LogBatch::read_plain(body) {
        assert_eq!(Some(plain), serde_json::from_slice(body).ok());
    }
    read::<runs::LogInputs>(body);
    read::<runs::SearchRuns>(body);
    read::<runs::UpdateRun>(body);
});

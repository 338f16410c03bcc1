//! What is known of an endpoint over a time, from all servers together.

use super::{
    figures::Sample,
    flush::{IDLE_MS, WIDTH_MS},
    store,
};
use crate::error::Result;
use fettle_db::Tx;
use std::collections::BTreeMap;

/// What a server said of its replicas holds for so long: it says it again within this time, however idle they are.
pub const STANDING_MS: i64 = IDLE_MS + 2 * WIDTH_MS;
/// A server has written down what it counted in ten seconds so long after they began, on a clock that is some seconds off.
const LATE_MS: i64 = WIDTH_MS + 5_000;

/// Samples from one time to before another, in the order of time; of one deployment, if one is named.
pub fn samples(
    tx: &Tx,
    workspace_id: i64,
    endpoint: &str,
    deployment: Option<&str>,
    (from_ms, to_ms): (i64, i64),
) -> Result<Vec<Sample>> {
    let mut samples = store::samples(tx, workspace_id, endpoint, from_ms - STANDING_MS, to_ms)?;
    samples.retain(|sample| deployment.is_none_or(|wanted| sample.deployment == wanted));
    let mut samples = with_standing_replicas(samples);
    samples.retain(|sample| sample.at_ms >= from_ms);
    Ok(samples)
}

/// The newest moment at which ten seconds may have begun that all servers have counted and written down. With ends like
/// this every ten seconds are in one window of several that follow each other, and whole.
pub fn settled_ms(tx: &Tx, workspace_id: i64, endpoint: &str, instance: &str, now_ms: i64) -> Result<i64> {
    let others = has_others(tx, workspace_id, endpoint, instance, now_ms)?;
    Ok(now_ms - if others { LATE_MS } else { WIDTH_MS })
}

/// Whether servers other than this one answer for an endpoint.
pub fn has_others(tx: &Tx, workspace_id: i64, endpoint: &str, instance: &str, now_ms: i64) -> Result<bool> {
    store::has_others_since(tx, workspace_id, endpoint, instance, now_ms - STANDING_MS)
}

/// Deployments write when something happens: at each moment at which any does, the others have the replicas that they
/// had before.
fn with_standing_replicas(samples: Vec<Sample>) -> Vec<Sample> {
    let mut known = BTreeMap::<(String, String), (i64, i64)>::new();
    let mut all = Vec::with_capacity(samples.len());
    for moment in samples.chunk_by(|a, b| a.at_ms == b.at_ms) {
        let at_ms = moment[0].at_ms;
        for sample in moment {
            let key = (sample.deployment.clone(), sample.instance.clone());
            known.insert(key, (at_ms, sample.replicas));
        }
        known.retain(|_, (said_ms, _)| at_ms - *said_ms <= STANDING_MS);
        all.extend_from_slice(moment);
        let silent = known.iter().filter(|(_, (said_ms, _))| *said_ms < at_ms);
        all.extend(silent.map(|((deployment, instance), (_, replicas))| Sample {
            at_ms,
            deployment: deployment.clone(),
            instance: instance.clone(),
            replicas: *replicas,
            ..Sample::default()
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitoring::operational::figures::{Aggregation, Metric};

    fn sample(second: i64, instance: &str, replicas: i64) -> Sample {
        Sample {
            at_ms: second * 1000,
            instance: instance.to_owned(),
            replicas,
            ..Sample::default()
        }
    }

    #[test]
    fn idle_servers_keep_their_replicas() {
        let samples = vec![
            sample(0, "a", 2),
            sample(10, "b", 1),
            sample(20, "b", 1),
            sample(30, "a", 0),
            sample(120, "b", 1),
        ];
        let filled = with_standing_replicas(samples);
        let at = |second: i64| -> i64 {
            let moment = filled.iter().filter(|sample| sample.at_ms == second * 1000);
            moment.map(|sample| sample.replicas).sum()
        };
        assert_eq!([0, 10, 20, 30, 120].map(at), [2, 3, 3, 1, 1]);
        let least = Metric::Replicas.over(Aggregation::Minimum, &filled[1..5], 60_000);
        assert_eq!(least, Some(3.0), "no server is forgotten");
        let gone = with_standing_replicas(vec![sample(0, "a", 2), sample(90, "b", 1)]);
        assert_eq!(gone.len(), 2, "what was said long ago does not hold");
    }
}

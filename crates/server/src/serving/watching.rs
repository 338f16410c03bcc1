//! What happens without a request: what other servers change is taken over, rollouts move on, deployments follow their
//! aliases, and this server says that it is there and what it has seen.

use super::{
    conductor,
    control::Control,
    following, mirror,
    policy::{Observation, Verdict},
    reconciler::{Inner, Reconciler},
    store::{self, Rollout},
};
use crate::{
    caller::DEFAULT_WORKSPACE_ID,
    error::{ApiError, Result},
};
use fettle_db::{Db, params};
use fettle_gateway::{Agreement, Tally};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A change of traffic is in force everywhere within this time.
const POLL: Duration = Duration::from_millis(500);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// While the store does not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// Watches for as long as the reconciler is there.
pub fn start(reconciler: &Reconciler) {
    tokio::spawn(watch(Arc::downgrade(reconciler.inner())));
}

/// What is remembered from one look to the next.
struct Watch {
    heartbeat: Instant,
    /// Why endpoints cannot follow their aliases, as it was last written to the log.
    told: BTreeMap<String, String>,
}

async fn watch(reconciler: Weak<Inner>) {
    let mut watch = Watch {
        heartbeat: Instant::now() + HEARTBEAT,
        told: BTreeMap::new(),
    };
    let mut pause = POLL;
    loop {
        sleep(pause).await;
        let Some(inner) = reconciler.upgrade() else { return };
        let looked = look(&inner, &mut watch).await;
        if let Err(error) = &looked
            && pause == POLL
        {
            let who = inner.control.name();
            tracing::warn!(%error, "The {who} does not tell what changed; endpoints go on as they are");
        }
        pause = if looked.is_ok() { POLL } else { PAUSE };
    }
}

async fn look(inner: &Arc<Inner>, watch: &mut Watch) -> Result<()> {
    let heartbeat = Instant::now() >= watch.heartbeat;
    match &inner.control {
        Control::Store { db, .. } => look_into_store(inner, db, heartbeat, &mut watch.told).await?,
        Control::Remote(remote) => remote.exchange(inner, heartbeat).await?,
    }
    if heartbeat {
        watch.heartbeat = Instant::now() + HEARTBEAT;
    }
    Ok(())
}

async fn look_into_store(
    inner: &Arc<Inner>,
    db: &Db,
    heartbeat: bool,
    told: &mut BTreeMap<String, String>,
) -> Result<()> {
    let stored: BTreeMap<String, i64> = db
        .peek(|tx| {
            Ok::<_, ApiError>(tx.query(
                "SELECT name, revision FROM endpoints WHERE workspace_id = ?1",
                params![DEFAULT_WORKSPACE_ID],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?)
        })
        .await?
        .into_iter()
        .collect();
    let applied = inner.gateway.snapshot();
    let changed = stored.iter().filter(|(name, revision)| {
        applied
            .get(name.as_str())
            .is_none_or(|endpoint| endpoint.revision != **revision)
    });
    let gone = applied
        .keys()
        .filter(|name| !stored.contains_key(&***name))
        .map(|name| &**name);
    for name in changed.map(|(name, _)| name.as_str()).chain(gone) {
        inner.sync(name).await?;
    }
    move_rollouts(inner, db).await?;
    follow_aliases(inner, db, told).await?;
    mirror::flush(inner, db).await?;
    if heartbeat && !stored.is_empty() {
        inner.report().await?;
    }
    Ok(())
}

/// Writes down what was seen of each rollout's step here, and makes the moves that are due.
async fn move_rollouts(inner: &Arc<Inner>, db: &Db) -> Result<()> {
    let now_ms = inner.clock.now_ms();
    let unfinished = db
        .peek(move |tx| store::all_unfinished_rollouts(tx, DEFAULT_WORKSPACE_ID))
        .await?;
    forget_finished(inner, &unfinished);
    for (name, rollout) in unfinished {
        if let Some(seen) = seen(inner, &name, &rollout) {
            let (server_id, of) = (inner.server_id.clone(), rollout.clone());
            db.write(move |tx| store::observe(tx, &of, &server_id, &seen)).await?;
        }
        let of = rollout.clone();
        let verdict = db.peek(move |tx| conductor::look(tx, &of, now_ms)).await?;
        if matches!(verdict, Verdict::Hold(_)) {
            continue;
        }
        let (endpoint, id) = (name.clone(), rollout.id);
        let moved = db
            .write(move |tx| {
                let endpoint = store::get(tx, DEFAULT_WORKSPACE_ID, &endpoint)?;
                conductor::make_move(tx, &endpoint, id, now_ms)
            })
            .await?;
        if moved {
            inner.sync(&name).await?;
        }
    }
    Ok(())
}

/// What rollouts' steps began with is of no use when they have ended.
pub(super) fn forget_finished(inner: &Inner, unfinished: &[(String, Rollout)]) {
    let ids: Vec<i64> = unfinished.iter().map(|(_, rollout)| rollout.id).collect();
    lock(&inner.step_began).retain(|(rollout, _), _| ids.contains(rollout));
}

/// What this server has seen of a step since it began here; None before, and when there is nothing new.
pub(super) fn seen(inner: &Inner, endpoint: &str, rollout: &Rollout) -> Option<Observation> {
    let endpoint = inner.gateway.endpoint(endpoint)?;
    let agreements = inner.gateway.agreements().into_iter();
    let of_target =
        agreements.filter(|(pair, _)| pair.endpoint == endpoint.name && *pair.mirrored_to == *rollout.deployment);
    let others = endpoint
        .traffic
        .routing
        .split
        .keys()
        .filter(|name| **name != rollout.deployment);
    let stable = others.filter_map(|name| Some(endpoint.running(name)?.tally()));
    let now = Observation {
        tally: endpoint.running(&rollout.deployment)?.tally(),
        stable: stable.fold(Tally::default(), |all, more| all.plus(&more)),
        agreement: of_target.fold(Agreement::default(), |all, (_, more)| all.plus(&more)),
    };
    let mut began = lock(&inner.step_began);
    began.retain(|(id, step), _| *id != rollout.id || *step == rollout.step);
    let key = (rollout.id, rollout.step);
    let Some(before) = began.get(&key) else {
        began.insert(key, now);
        return None;
    };
    let seen = Observation {
        tally: now.tally.since(&before.tally),
        stable: now.stable.since(&before.stable),
        agreement: now.agreement.since(&before.agreement),
    };
    (seen != Observation::default()).then_some(seen)
}

async fn follow_aliases(inner: &Arc<Inner>, db: &Db, told: &mut BTreeMap<String, String>) -> Result<()> {
    let moved = db.peek(|tx| following::moved(tx, DEFAULT_WORKSPACE_ID)).await?;
    let now_ms = inner.clock.now_ms();
    for name in moved {
        let endpoint = name.clone();
        let followed = db
            .write(move |tx| {
                let endpoint = store::get(tx, DEFAULT_WORKSPACE_ID, &endpoint)?;
                following::follow(tx, &endpoint, now_ms)
            })
            .await;
        match followed {
            Ok(true) => inner.sync(&name).await?,
            Ok(false) => {}
            Err(error) if error.code.status().is_client_error() => {
                // It is tried again with every look, and said once.
                let why = error.to_string();
                if told.get(&name) != Some(&why) {
                    tracing::warn!(%error, "Endpoint `{name}` cannot follow its alias");
                    told.insert(name, why);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

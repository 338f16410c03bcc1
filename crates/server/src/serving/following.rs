//! Deployments whose address has an alias move when the alias does: in place, or through the endpoint's rollout policy.

use super::{
    deployments::{self, NewDeployment},
    rollouts, source,
    store::{self, Deployment, Endpoint, Revision},
};
use crate::{
    caller::Caller,
    error::{ApiError, ErrorCode, Result},
};
use fettle_db::{Tx, params};

/// The endpoints with a deployment whose alias points elsewhere by now.
pub fn moved(tx: &Tx, workspace_id: i64) -> Result<Vec<String>> {
    let followers = tx.query(
        "SELECT endpoints.name, deployment_revisions.model_uri, deployment_revisions.model_version FROM deployments
         JOIN deployment_revisions ON deployment_revisions.id = deployments.revision_id
         JOIN endpoints ON endpoints.id = deployments.endpoint_id
         WHERE deployments.follows = 1 AND endpoints.workspace_id = ?1 ORDER BY deployments.id",
        params![workspace_id],
        |row| Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<Option<i64>>(2)?)),
    )?;
    let mut moved = Vec::new();
    for (endpoint, model_uri, version) in followers {
        // An alias that was deleted moves nothing.
        let now = pointed_at(tx, workspace_id, &model_uri)?;
        if now.is_some_and(|now| Some(now) != version) && !moved.contains(&endpoint) {
            moved.push(endpoint);
        }
    }
    Ok(moved)
}

fn pointed_at(tx: &Tx, workspace_id: i64, model_uri: &str) -> Result<Option<i64>> {
    match source::find(tx, workspace_id, model_uri) {
        Ok(source) => Ok(source.version.map(|(_, version)| version)),
        Err(error) if error.code.status().is_client_error() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Moves an endpoint's followers to where their aliases point. True if one moved.
pub fn follow(tx: &Tx, endpoint: &Endpoint, now_ms: i64) -> Result<bool> {
    // The next look finds what moved meanwhile.
    if store::unfinished_rollout(tx, endpoint.id)?.is_some() {
        return Ok(false);
    }
    let caller = Caller::fettle(endpoint.workspace_id);
    for deployment in store::list_deployments(tx, endpoint.id)? {
        if !deployment.follows {
            continue;
        }
        let version = pointed_at(tx, endpoint.workspace_id, &deployment.revision.model_uri)?;
        let Some(version) = version.filter(|version| Some(*version) != deployment.revision.model_version) else {
            continue;
        };
        match &endpoint.policy {
            None => {
                let revision = deployments::resolve(tx, &caller, deployment.revision.clone(), now_ms)?;
                deployments::revise(tx, &caller, endpoint, &deployment, revision, now_ms)?;
            }
            Some(policy) => roll_out(tx, &caller, endpoint, &deployment, version, policy, now_ms)?,
        }
        return Ok(true);
    }
    Ok(false)
}

/// Makes a deployment for the version beside the one that follows, has it follow from now on, and rolls it out.
fn roll_out(
    tx: &Tx,
    caller: &Caller,
    endpoint: &Endpoint,
    follower: &Deployment,
    version: i64,
    policy: &str,
    now_ms: i64,
) -> Result<()> {
    let policy = rollouts::parse_policy(policy)?;
    let name = name_for(&follower.name, version);
    deployments::set_follows(tx, follower.id, false)?;
    match store::find_deployment(tx, endpoint.id, &name)? {
        // The alias went back to a version that is still there.
        Some(earlier) if earlier.revision.model_version == Some(version) => {
            deployments::set_follows(tx, earlier.id, true)?;
        }
        Some(other) => {
            return Err(ApiError::new(
                ErrorCode::ResourceConflict,
                format!("Deployment `{}` is in the way of version {version}.", other.name),
            ));
        }
        None => {
            let new = NewDeployment {
                name: name.clone(),
                follow: Some(true),
                revision: Revision {
                    id: 0,
                    number: 0,
                    ..follower.revision.clone()
                },
            };
            deployments::insert(tx, caller, endpoint, &new, now_ms)?;
        }
    }
    let current = store::current(tx, endpoint)?;
    if current.is_some_and(|state| state.routing.split.get(&name) == Some(&100)) {
        return Ok(());
    }
    rollouts::start(tx, caller, endpoint, &name, &policy, now_ms).map(drop)
}

/// `champion` and version 5 make `champion-v5`, and `champion-v5` and version 6 `champion-v6`.
fn name_for(follower: &str, version: i64) -> String {
    let base = base(follower);
    let suffix = format!("-v{version}");
    let room = 63 - suffix.len();
    format!("{}{suffix}", &base[..base.len().min(room)])
}

/// A deployment's name without the version that following gave it.
pub fn base(name: &str) -> &str {
    match name.rsplit_once("-v") {
        Some((base, version)) if !base.is_empty() && version.parse::<u32>().is_ok() => base,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::name_for;

    #[test]
    fn names_carry_the_version() {
        for (follower, version, expected) in [
            ("champion", 5, "champion-v5"),
            ("champion-v5", 6, "champion-v6"),
            ("a-very", 1, "a-very-v1"),
            ("blue-vX", 2, "blue-vX-v2"),
        ] {
            assert_eq!(name_for(follower, version), expected);
        }
        assert_eq!(name_for(&"n".repeat(63), 12).len(), 63);
    }
}

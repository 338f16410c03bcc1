-- Endpoints with several deployments, numbered traffic states, and progressive rollouts.

-- Counts every change of an endpoint and of what is behind it, so that other servers notice.
ALTER TABLE endpoints ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
-- The traffic state in force; 0 before the first.
ALTER TABLE endpoints ADD COLUMN traffic_number BIGINT NOT NULL DEFAULT 0;
-- JSON: what answers while the endpoint is disabled; how new versions of a followed alias are rolled out.
ALTER TABLE endpoints ADD COLUMN fallback TEXT;
ALTER TABLE endpoints ADD COLUMN policy TEXT;
-- While the endpoint is disabled: why, by whom, since when.
ALTER TABLE endpoints ADD COLUMN disabled_reason TEXT;
ALTER TABLE endpoints ADD COLUMN disabled_by TEXT;
ALTER TABLE endpoints ADD COLUMN disabled_at BIGINT;

-- What a deployment is to run. Revisions never change: an update makes the next one.
CREATE TABLE deployment_revisions (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL,
    deployment_id BIGINT NOT NULL REFERENCES deployments (id),
    number BIGINT NOT NULL,
    -- As the user wrote it, and the version it stood for when the revision was made.
    model_uri TEXT NOT NULL,
    model_name TEXT,
    model_version BIGINT,
    artifact_uri TEXT NOT NULL,
    executor TEXT NOT NULL,
    replicas_min BIGINT NOT NULL,
    replicas_max BIGINT NOT NULL,
    -- Requests that one replica works on at once; NULL leaves it to the executor.
    concurrency BIGINT,
    -- JSON: variables of the worker's environment.
    environment TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    UNIQUE (deployment_id, number)
);
INSERT INTO deployment_revisions (workspace_id, deployment_id, number, model_uri, model_name, model_version,
    artifact_uri, executor, replicas_min, replicas_max, environment, created_at, created_by)
SELECT workspace_id, id, 1, model_uri, model_name, model_version, artifact_uri, executor, replicas, replicas, '{}',
    created_at, 'anonymous' FROM deployments;

-- The revision that is to run, and the last one that did: it answers while the other starts, or if it cannot.
ALTER TABLE deployments ADD COLUMN revision_id BIGINT;
ALTER TABLE deployments ADD COLUMN good_revision_id BIGINT;
-- Whether the deployment moves with the alias in its address.
ALTER TABLE deployments ADD COLUMN follows BIGINT NOT NULL DEFAULT 0;
UPDATE deployments SET revision_id = (SELECT id FROM deployment_revisions WHERE deployment_id = deployments.id);
ALTER TABLE deployments DROP COLUMN model_uri;
ALTER TABLE deployments DROP COLUMN model_name;
ALTER TABLE deployments DROP COLUMN model_version;
ALTER TABLE deployments DROP COLUMN artifact_uri;
ALTER TABLE deployments DROP COLUMN executor;
ALTER TABLE deployments DROP COLUMN replicas;
ALTER TABLE deployments DROP COLUMN traffic;

-- Never changed: a change of traffic, also back to an earlier state, makes the next one.
CREATE TABLE traffic_states (
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    number BIGINT NOT NULL,
    -- JSON: split, slots, rules, sticky key, mirror.
    routing TEXT NOT NULL,
    -- create, set, rollback, rollout
    cause TEXT NOT NULL,
    -- The earlier state that a rollback restored.
    restores BIGINT,
    rollout_id BIGINT,
    note TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, number)
) CLUSTERED;
INSERT INTO traffic_states (workspace_id, endpoint_id, number, routing, cause, created_at, created_by)
SELECT workspace_id, id, 1, '{"split":{"default":100},"slots":{"default":"0-99"}}', 'create', created_at, 'anonymous'
FROM endpoints;
UPDATE endpoints SET traffic_number = 1;

-- The servers that answer for endpoints, and how it goes with each deployment on each of them.
CREATE TABLE serving_servers (
    server_id TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);
CREATE TABLE deployment_statuses (
    server_id TEXT NOT NULL,
    deployment_id BIGINT NOT NULL,
    revision_id BIGINT NOT NULL,
    -- starting, ready or failed
    state TEXT NOT NULL,
    reason TEXT,
    -- Whether any revision of it answers there.
    answers BIGINT NOT NULL,
    PRIMARY KEY (deployment_id, server_id)
) CLUSTERED;

CREATE TABLE rollouts (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    deployment TEXT NOT NULL,
    policy TEXT NOT NULL,
    -- running, paused, succeeded, rolled_back or aborted
    state TEXT NOT NULL,
    -- The step in force, from 0; -1 while the deployment starts.
    step BIGINT NOT NULL,
    step_started_at BIGINT NOT NULL,
    -- The traffic state to go back to.
    from_number BIGINT NOT NULL,
    -- Why it ended, or waits.
    reason TEXT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX rollouts_unfinished ON rollouts (endpoint_id) WHERE finished_at IS NULL;
CREATE INDEX rollouts_by_endpoint ON rollouts (endpoint_id, id);

CREATE TABLE rollout_events (
    workspace_id BIGINT NOT NULL,
    rollout_id BIGINT NOT NULL REFERENCES rollouts (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (rollout_id, number)
) CLUSTERED;

-- What each server has seen of a step: its counters since the step began there.
CREATE TABLE rollout_observations (
    workspace_id BIGINT NOT NULL,
    rollout_id BIGINT NOT NULL REFERENCES rollouts (id),
    step BIGINT NOT NULL,
    server_id TEXT NOT NULL,
    observation TEXT NOT NULL,
    PRIMARY KEY (rollout_id, step, server_id)
) CLUSTERED;

-- Requests that two deployments answered differently; a bounded number of the newest.
CREATE TABLE mirror_samples (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    at BIGINT NOT NULL,
    sample TEXT NOT NULL
);
CREATE INDEX mirror_samples_by_endpoint ON mirror_samples (endpoint_id, id);
-- How often they agreed, by server, which counts for itself.
CREATE TABLE mirror_counts (
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    deployment TEXT NOT NULL,
    mirrored_to TEXT NOT NULL,
    server_id TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, deployment, mirrored_to, server_id)
) CLUSTERED;

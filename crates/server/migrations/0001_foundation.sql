-- Every table carries its workspace. Keys are integers inside; MLflow's ids (run_uuid, model_id) stand at the edge.
-- Times are milliseconds since the epoch. NaN is a flag beside a value of 0: SQLite has no NaN.

CREATE TABLE workspaces (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
INSERT INTO workspaces (id, name, created_at) VALUES (1, 'default', 0);

CREATE TABLE audit_entries (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX audit_entries_by_entity ON audit_entries (workspace_id, entity_type, entity_id, id);

-- Tracking

CREATE TABLE experiments (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    artifact_location TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE experiment_tags (
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (experiment_id, key)
) CLUSTERED;

CREATE TABLE runs (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    run_uuid TEXT NOT NULL UNIQUE,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT NOT NULL,
    start_time BIGINT NOT NULL,
    end_time BIGINT,
    artifact_uri TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL,
    deleted_time BIGINT
);
CREATE INDEX runs_by_start ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);

CREATE TABLE params (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) CLUSTERED;

CREATE TABLE tags (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, key)
) CLUSTERED;

-- The point with the greatest (step, timestamp, value) of each metric of a run: what `runs/get` and search look at.
CREATE TABLE latest_metrics (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL,
    PRIMARY KEY (run_id, key)
) CLUSTERED;

-- Metric history (docs/metric-storage.md): one row per request, folded in the background into sorted blocks. Rows of
-- one run lie together, so that reading and folding them is one scan; their ids are random, as points carry their order.
CREATE TABLE metric_batches (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    id BIGINT NOT NULL,
    points BIGINT NOT NULL,
    data BYTES NOT NULL,
    PRIMARY KEY (run_id, id)
) CLUSTERED;

CREATE TABLE metric_series (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    points BIGINT NOT NULL,
    UNIQUE (run_id, key)
);

-- One integer key holds the series and the number within it: `fettle_series::store::row_id`.
CREATE TABLE metric_blocks (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    data BYTES NOT NULL
);

CREATE TABLE metric_summaries (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    data BYTES NOT NULL
);

CREATE TABLE datasets (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment_id, name, digest)
);

CREATE TABLE run_dataset_inputs (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    dataset_id BIGINT NOT NULL REFERENCES datasets (id),
    UNIQUE (run_id, dataset_id)
);
CREATE INDEX run_dataset_inputs_by_dataset ON run_dataset_inputs (dataset_id);

CREATE TABLE run_dataset_input_tags (
    workspace_id BIGINT NOT NULL,
    input_id BIGINT NOT NULL REFERENCES run_dataset_inputs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (input_id, key)
) CLUSTERED;

CREATE TABLE run_model_inputs (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    model_id TEXT NOT NULL,
    PRIMARY KEY (run_id, model_id)
) CLUSTERED;

CREATE TABLE run_model_outputs (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    model_id TEXT NOT NULL,
    step BIGINT NOT NULL
);
CREATE INDEX run_model_outputs_by_run ON run_model_outputs (run_id, id);

-- Logged models

CREATE TABLE logged_models (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    model_id TEXT NOT NULL UNIQUE,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    artifact_location TEXT NOT NULL,
    creation_timestamp BIGINT NOT NULL,
    last_updated_timestamp BIGINT NOT NULL,
    status TEXT NOT NULL,
    status_message TEXT,
    -- Empty where there is none, as MLflow has it over REST.
    model_type TEXT NOT NULL,
    source_run_id TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL
);
CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, lifecycle_stage, creation_timestamp DESC, model_id);
CREATE INDEX logged_models_by_source_run ON logged_models (source_run_id, name);

CREATE TABLE logged_model_params (
    workspace_id BIGINT NOT NULL,
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (logged_model_id, key)
) CLUSTERED;

CREATE TABLE logged_model_tags (
    workspace_id BIGINT NOT NULL,
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (logged_model_id, key)
) CLUSTERED;

-- Every point that was logged for a model, in the order in which one looks for the latest.
CREATE TABLE logged_model_metrics (
    workspace_id BIGINT NOT NULL,
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    dataset_name TEXT NOT NULL,
    dataset_digest TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL,
    PRIMARY KEY (logged_model_id, key, timestamp, step, run_id, dataset_name, dataset_digest, value, is_nan)
) CLUSTERED;

-- Registry

CREATE TABLE registered_models (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    description TEXT,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL,
    -- Numbers of deleted versions are not given out again.
    next_version BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE INDEX registered_models_by_update ON registered_models (workspace_id, last_updated_time);

CREATE TABLE registered_model_tags (
    workspace_id BIGINT NOT NULL,
    registered_model_id BIGINT NOT NULL REFERENCES registered_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (registered_model_id, key)
) CLUSTERED;

CREATE TABLE model_versions (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    registered_model_id BIGINT NOT NULL REFERENCES registered_models (id),
    version BIGINT NOT NULL,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL,
    user_id TEXT,
    description TEXT,
    current_stage TEXT NOT NULL,
    -- As the client wrote it, and where the files really are.
    source TEXT NOT NULL,
    storage_location TEXT NOT NULL,
    -- Empty where there is none.
    run_uuid TEXT NOT NULL,
    run_link TEXT NOT NULL,
    logged_model_id TEXT,
    status TEXT NOT NULL,
    status_message TEXT,
    UNIQUE (registered_model_id, version)
);
CREATE INDEX model_versions_by_stage ON model_versions (registered_model_id, current_stage, version DESC);
CREATE INDEX model_versions_by_run ON model_versions (workspace_id, run_uuid);
CREATE INDEX model_versions_by_update ON model_versions (workspace_id, last_updated_time DESC);

CREATE TABLE model_version_tags (
    workspace_id BIGINT NOT NULL,
    model_version_id BIGINT NOT NULL REFERENCES model_versions (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_version_id, key)
) CLUSTERED;

CREATE TABLE model_aliases (
    workspace_id BIGINT NOT NULL,
    registered_model_id BIGINT NOT NULL REFERENCES registered_models (id),
    alias TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (registered_model_id, alias)
) CLUSTERED;

-- Serving: the desired state; what really runs is the gateway's business.

CREATE TABLE endpoints (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE deployments (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    name TEXT NOT NULL,
    -- As the user wrote it, and the version it stood for when the deployment was made.
    model_uri TEXT NOT NULL,
    model_name TEXT,
    model_version BIGINT,
    artifact_uri TEXT NOT NULL,
    executor TEXT NOT NULL,
    replicas BIGINT NOT NULL,
    traffic BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (endpoint_id, name)
);

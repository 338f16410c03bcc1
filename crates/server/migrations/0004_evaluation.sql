-- What evaluations are made with: datasets of cases, scorers, label schemas, review queues, issues. Rows join on
-- integer keys; the ids clients see (d-, dr-, ls-, rq-, iss- and hex, uuids for scorers) stand at the edge.

CREATE TABLE evaluation_datasets (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    dataset_id TEXT NOT NULL UNIQUE,
    -- Not unique: MLflow allows several datasets of one name.
    name TEXT NOT NULL,
    -- JSON objects as clients read them; none until records arrive.
    schema TEXT,
    profile TEXT,
    digest TEXT NOT NULL,
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by TEXT,
    last_updated_by TEXT
);
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets (workspace_id, created_time);

CREATE TABLE evaluation_dataset_tags (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (dataset_key, key)
);

CREATE TABLE evaluation_dataset_experiments (
    workspace_id BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    PRIMARY KEY (dataset_key, experiment_id)
) CLUSTERED;
CREATE INDEX evaluation_dataset_experiments_by_experiment ON evaluation_dataset_experiments (experiment_id, dataset_key);

-- One record per dataset and inputs. The JSON columns hold what the client sent, digit for digit.
CREATE TABLE evaluation_dataset_records (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    dataset_record_id TEXT NOT NULL UNIQUE,
    -- SHA-256 of the inputs with their keys in order.
    input_hash BYTES NOT NULL,
    inputs TEXT NOT NULL,
    outputs TEXT,
    expectations TEXT,
    tags TEXT NOT NULL,
    source TEXT,
    source_id TEXT,
    source_type TEXT,
    created_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL,
    created_by TEXT,
    last_updated_by TEXT,
    UNIQUE (dataset_key, input_hash)
);
CREATE INDEX evaluation_dataset_records_in_order ON evaluation_dataset_records (dataset_key, id);

CREATE TABLE scorers (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    scorer_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    UNIQUE (experiment_id, name)
);

CREATE TABLE scorer_versions (
    workspace_id BIGINT NOT NULL,
    scorer_key BIGINT NOT NULL REFERENCES scorers (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    serialized_scorer TEXT NOT NULL,
    creation_time BIGINT NOT NULL,
    PRIMARY KEY (scorer_key, version)
) CLUSTERED;

-- How often a scorer runs on new traces; at most one per scorer.
CREATE TABLE online_scoring_configs (
    scorer_key BIGINT PRIMARY KEY REFERENCES scorers (id) ON DELETE CASCADE,
    workspace_id BIGINT NOT NULL,
    online_scoring_config_id TEXT NOT NULL UNIQUE,
    sample_rate DOUBLE PRECISION NOT NULL,
    filter_string TEXT
);

CREATE TABLE label_schemas (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    schema_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- FEEDBACK or EXPECTATION
    type TEXT NOT NULL,
    -- The input as a JSON object with one key: pass_fail, categorical, numeric or text.
    input TEXT NOT NULL,
    instruction TEXT,
    enable_comment BIGINT NOT NULL,
    -- The question every experiment has from the start, which can neither be edited nor deleted.
    is_default BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_updated_at BIGINT NOT NULL,
    UNIQUE (experiment_id, name)
);

CREATE TABLE review_queues (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    queue_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- The name in lower case: names differ by more than case.
    name_key TEXT NOT NULL,
    -- USER or CUSTOM
    queue_type TEXT NOT NULL,
    created_by TEXT,
    creation_time_ms BIGINT NOT NULL,
    last_update_time_ms BIGINT NOT NULL,
    UNIQUE (experiment_id, name_key)
);

CREATE TABLE review_queue_users (
    workspace_id BIGINT NOT NULL,
    queue_key BIGINT NOT NULL REFERENCES review_queues (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (queue_key, user_id)
) CLUSTERED;

-- A deleted label schema stays named here, as in MLflow: what reviewers answered keeps its question.
CREATE TABLE review_queue_label_schemas (
    workspace_id BIGINT NOT NULL,
    queue_key BIGINT NOT NULL REFERENCES review_queues (id) ON DELETE CASCADE,
    schema_id TEXT NOT NULL,
    PRIMARY KEY (queue_key, schema_id)
) CLUSTERED;

-- Traces to review; an item goes with its trace.
CREATE TABLE review_queue_items (
    workspace_id BIGINT NOT NULL,
    queue_key BIGINT NOT NULL REFERENCES review_queues (id) ON DELETE CASCADE,
    trace_key BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    -- PENDING, COMPLETE or DECLINED
    status TEXT NOT NULL,
    completed_by TEXT,
    completed_time_ms BIGINT,
    creation_time_ms BIGINT NOT NULL,
    last_update_time_ms BIGINT NOT NULL,
    PRIMARY KEY (queue_key, trace_key)
) CLUSTERED;
CREATE INDEX review_queue_items_by_trace ON review_queue_items (trace_key);

CREATE TABLE issues (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    issue_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    -- pending, rejected or resolved
    status TEXT NOT NULL,
    -- not_an_issue, low, medium or high
    severity TEXT,
    -- JSON lists of texts.
    root_causes TEXT,
    categories TEXT,
    source_run_id TEXT,
    created_timestamp BIGINT NOT NULL,
    last_updated_timestamp BIGINT NOT NULL,
    created_by TEXT
);
CREATE INDEX issues_by_experiment ON issues (experiment_id, created_timestamp);

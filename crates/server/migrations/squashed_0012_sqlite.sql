-- What the steps up to this one make of an empty SQLite store; a test in src/schema.rs writes it.
CREATE TABLE workspaces (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE TABLE audit_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
) WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
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
, ranked BIGINT NOT NULL DEFAULT 1);
CREATE INDEX runs_by_start ON runs (experiment_id, lifecycle_stage, start_time DESC, run_uuid);
CREATE TABLE params (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL, experiment_id BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE TABLE tags (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL, experiment_id BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE TABLE latest_metrics (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    step BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan BIGINT NOT NULL, experiment_id BIGINT NOT NULL DEFAULT 0, ranked_nan BIGINT, ranked_value DOUBLE PRECISION,
    PRIMARY KEY (run_id, key)
) WITHOUT ROWID;
CREATE TABLE metric_batches (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    id BIGINT NOT NULL,
    points BIGINT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run_id, id)
) WITHOUT ROWID;
CREATE TABLE metric_series (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    key TEXT NOT NULL,
    points BIGINT NOT NULL,
    UNIQUE (run_id, key)
);
CREATE TABLE metric_blocks (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE metric_summaries (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE datasets (
    id INTEGER PRIMARY KEY,
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
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE TABLE run_model_inputs (
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    model_id TEXT NOT NULL,
    PRIMARY KEY (run_id, model_id)
) WITHOUT ROWID;
CREATE TABLE run_model_outputs (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    model_id TEXT NOT NULL,
    step BIGINT NOT NULL
);
CREATE INDEX run_model_outputs_by_run ON run_model_outputs (run_id, id);
CREATE TABLE logged_models (
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE TABLE logged_model_tags (
    workspace_id BIGINT NOT NULL,
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (logged_model_id, key)
) WITHOUT ROWID;
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
) WITHOUT ROWID;
CREATE TABLE registered_models (
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE TABLE model_versions (
    id INTEGER PRIMARY KEY,
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
    status_message TEXT, parity TEXT,
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
) WITHOUT ROWID;
CREATE TABLE model_aliases (
    workspace_id BIGINT NOT NULL,
    registered_model_id BIGINT NOT NULL REFERENCES registered_models (id),
    alias TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (registered_model_id, alias)
) WITHOUT ROWID;
CREATE TABLE endpoints (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL, revision BIGINT NOT NULL DEFAULT 1, traffic_number BIGINT NOT NULL DEFAULT 0, fallback TEXT, policy TEXT, disabled_reason TEXT, disabled_by TEXT, disabled_at BIGINT,
    UNIQUE (workspace_id, name)
);
CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    name TEXT NOT NULL,
    -- As the user wrote it, and the version it stood for when the deployment was made.
    created_at BIGINT NOT NULL, revision_id BIGINT, good_revision_id BIGINT, follows BIGINT NOT NULL DEFAULT 0,
    UNIQUE (endpoint_id, name)
);
CREATE TABLE traces (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    trace_id TEXT NOT NULL UNIQUE,
    client_request_id TEXT,
    -- IN_PROGRESS, OK, ERROR or STATE_UNSPECIFIED
    state TEXT NOT NULL,
    request_time BIGINT NOT NULL,
    -- In milliseconds; none while the trace runs.
    execution_duration BIGINT,
    request_preview TEXT,
    response_preview TEXT
);
CREATE INDEX traces_by_time ON traces (experiment_id, request_time DESC, trace_id);
CREATE TABLE trace_tags (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace_key, key)
) WITHOUT ROWID;
CREATE TABLE trace_metadata (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace_key, key)
) WITHOUT ROWID;
CREATE INDEX trace_metadata_by_run ON trace_metadata (value, trace_key) WHERE key = 'mlflow.sourceRun';
CREATE INDEX trace_metadata_by_session ON trace_metadata (value, trace_key) WHERE key = 'mlflow.trace.session';
CREATE TABLE trace_metrics (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    key TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (trace_key, key)
) WITHOUT ROWID;
CREATE TABLE trace_run_links (
    workspace_id BIGINT NOT NULL,
    trace_id TEXT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    PRIMARY KEY (trace_id, run_id)
) WITHOUT ROWID;
CREATE INDEX trace_run_links_by_run ON trace_run_links (run_id, trace_id);
CREATE TABLE trace_prompt_links (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    prompt_name TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    PRIMARY KEY (trace_key, prompt_name, prompt_version)
) WITHOUT ROWID;
CREATE INDEX trace_prompt_links_by_prompt ON trace_prompt_links (prompt_name, prompt_version, trace_key);
CREATE TABLE assessments (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    assessment_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- feedback, expectation or issue
    kind TEXT NOT NULL,
    -- Any JSON value, as Python writes it.
    value TEXT NOT NULL,
    -- What averages count: the number itself, 1 for true and yes, 0 for false and no.
    aggregate_value DOUBLE PRECISION,
    is_numeric BIGINT NOT NULL,
    error TEXT,
    source_type TEXT NOT NULL,
    source_id TEXT,
    span_id TEXT,
    run_uuid TEXT,
    rationale TEXT,
    -- A JSON object of texts.
    metadata TEXT,
    overrides TEXT,
    valid BIGINT NOT NULL,
    create_time BIGINT NOT NULL,
    last_update_time BIGINT NOT NULL
);
CREATE INDEX assessments_by_trace ON assessments (trace_key, id);
CREATE INDEX assessments_by_name ON assessments (workspace_id, name, trace_key);
CREATE TABLE span_blocks (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    id BIGINT NOT NULL,
    spans BIGINT NOT NULL,
    -- The row of span_index that says what the block is found by.
    index_id BIGINT NOT NULL,
    -- What lists, search and metrics need of each span, without its content.
    summary BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (trace_key, id)
) WITHOUT ROWID;
CREATE TABLE span_index (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    -- For each block its trace's key and hashes of names, types, statuses and attributes.
    terms BLOB NOT NULL,
    -- For each block its trace's key and a signature of its text.
    text BLOB NOT NULL
);
CREATE INDEX span_index_by_experiment ON span_index (experiment_id, id);
CREATE TABLE trace_rules (
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL PRIMARY KEY REFERENCES experiments (id),
    -- A JSON object.
    rules TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    webhook_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    url TEXT NOT NULL,
    -- ACTIVE or DISABLED
    status TEXT NOT NULL,
    -- Encrypted; NULL for none. Goes with the webhook.
    secret BLOB,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX webhooks_by_creation ON webhooks (workspace_id, creation_time DESC) WHERE deleted_at IS NULL;
CREATE TABLE webhook_events (
    workspace_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL REFERENCES webhooks (id),
    entity TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (workspace_id, action, entity, webhook_id)
) WITHOUT ROWID;
CREATE INDEX webhook_events_by_webhook ON webhook_events (webhook_id);
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    -- What the receiver sees; the same with every attempt.
    delivery_id TEXT NOT NULL UNIQUE,
    -- Who sends it ('webhook'), and the key of the receiver among that channel's own.
    channel TEXT NOT NULL,
    target_id BIGINT NOT NULL,
    -- What it is about: registered_model.created
    topic TEXT NOT NULL,
    -- The message, byte for byte.
    body TEXT NOT NULL,
    -- pending, succeeded or failed
    state TEXT NOT NULL,
    -- Counts every attempt, and tells one holder of a lease from the next.
    attempts BIGINT NOT NULL,
    -- The attempts before the last replay, which starts with all attempts again.
    attempts_before_replay BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When the next attempt is due or, during one, when its lease ends. NULL when there will be none.
    due_at BIGINT,
    finished_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (channel, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_finished ON deliveries (channel, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX deliveries_by_target ON deliveries (channel, target_id, id);
CREATE TABLE delivery_attempts (
    workspace_id BIGINT NOT NULL,
    delivery_id BIGINT NOT NULL REFERENCES deliveries (id),
    attempt BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    -- NULL if no answer came.
    response_status BIGINT,
    -- Its beginning.
    response_body TEXT,
    error TEXT,
    PRIMARY KEY (delivery_id, attempt)
) WITHOUT ROWID;
CREATE TABLE evaluation_datasets (
    id INTEGER PRIMARY KEY,
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
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE INDEX evaluation_dataset_experiments_by_experiment ON evaluation_dataset_experiments (experiment_id, dataset_key);
CREATE TABLE evaluation_dataset_records (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    dataset_key BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    dataset_record_id TEXT NOT NULL UNIQUE,
    -- SHA-256 of the inputs with their keys in order.
    input_hash BLOB NOT NULL,
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
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE TABLE online_scoring_configs (
    scorer_key BIGINT PRIMARY KEY REFERENCES scorers (id) ON DELETE CASCADE,
    workspace_id BIGINT NOT NULL,
    online_scoring_config_id TEXT NOT NULL UNIQUE,
    sample_rate DOUBLE PRECISION NOT NULL,
    filter_string TEXT
);
CREATE TABLE label_schemas (
    id INTEGER PRIMARY KEY,
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
    id INTEGER PRIMARY KEY,
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
) WITHOUT ROWID;
CREATE TABLE review_queue_label_schemas (
    workspace_id BIGINT NOT NULL,
    queue_key BIGINT NOT NULL REFERENCES review_queues (id) ON DELETE CASCADE,
    schema_id TEXT NOT NULL,
    PRIMARY KEY (queue_key, schema_id)
) WITHOUT ROWID;
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
) WITHOUT ROWID;
CREATE INDEX review_queue_items_by_trace ON review_queue_items (trace_key);
CREATE TABLE issues (
    id INTEGER PRIMARY KEY,
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
CREATE TABLE capture_settings (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    sampling_rate DOUBLE PRECISION NOT NULL,
    -- NULL keeps for ever.
    retention_ms BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint)
) WITHOUT ROWID;
CREATE TABLE capture_segments (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    deployment TEXT NOT NULL,
    -- Which file of which server it was.
    identity TEXT NOT NULL UNIQUE,
    log_path TEXT NOT NULL,
    rows_path TEXT,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    row_count BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX capture_segments_by_time ON capture_segments (workspace_id, endpoint, to_ms);
CREATE TABLE capture_gaps (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    instance TEXT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX capture_gaps_by_time ON capture_gaps (workspace_id, to_ms);
CREATE TABLE operational_points (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    deployment TEXT NOT NULL,
    instance TEXT NOT NULL,
    figures TEXT NOT NULL,
    replicas BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint, at_ms, deployment, instance)
) WITHOUT ROWID;
CREATE TABLE alert_receivers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Where to, sealed: addresses of Slack and of webhooks are secrets.
    address BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE TABLE alert_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    -- The monitor that made it, and goes with it.
    monitor TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- NULL while it is disabled.
    next_evaluation_at BIGINT,
    last_error TEXT,
    UNIQUE (workspace_id, name)
);
CREATE INDEX alert_rules_by_next ON alert_rules (next_evaluation_at);
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    rule_id BIGINT NOT NULL REFERENCES alert_rules (id),
    -- Of its labels: the same labels are the same alert.
    fingerprint TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    state TEXT NOT NULL,
    since BIGINT NOT NULL,
    value DOUBLE PRECISION,
    breached_at BIGINT,
    fired_at BIGINT,
    resolved_at BIGINT,
    -- What receivers were told last: nothing, firing or resolved.
    told TEXT NOT NULL,
    told_at BIGINT NOT NULL,
    silenced BIGINT NOT NULL,
    UNIQUE (rule_id, fingerprint)
);
CREATE INDEX alerts_by_state ON alerts (workspace_id, state, since);
CREATE TABLE alert_transitions (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    alert_id BIGINT NOT NULL REFERENCES alerts (id),
    at BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    value DOUBLE PRECISION
);
CREATE INDEX alert_transitions_by_alert ON alert_transitions (alert_id, id);
CREATE TABLE alert_silences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    spec TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL for a maintenance window that comes again.
    ends_at BIGINT
);
CREATE TABLE monitors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    spec TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- NULL if it runs only when it is told to.
    next_run_at BIGINT,
    -- Until when a server has it to itself.
    leased_until BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE INDEX monitors_by_next ON monitors (next_run_at);
CREATE TABLE monitor_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    monitor_id BIGINT NOT NULL REFERENCES monitors (id),
    cause TEXT NOT NULL,
    -- running, succeeded, failed, or superseded by a later run of the same window.
    state TEXT NOT NULL,
    window_from BIGINT NOT NULL,
    window_to BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    -- Labels that were received until then are in its results.
    labels_until BIGINT NOT NULL,
    finished_at BIGINT,
    row_count BIGINT,
    verdict TEXT,
    error TEXT
);
CREATE INDEX monitor_runs_by_window ON monitor_runs (monitor_id, window_to, id);
CREATE TABLE signal_results (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    run_id BIGINT NOT NULL REFERENCES monitor_runs (id),
    monitor_id BIGINT NOT NULL,
    signal TEXT NOT NULL,
    kind TEXT NOT NULL,
    metric TEXT NOT NULL,
    -- Empty for what is said of the whole signal.
    feature TEXT NOT NULL,
    window_to BIGINT NOT NULL,
    value DOUBLE PRECISION,
    threshold DOUBLE PRECISION,
    verdict TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX signal_results_by_run ON signal_results (run_id, signal);
CREATE INDEX signal_results_by_series ON signal_results (monitor_id, signal, metric, feature, window_to);
CREATE TABLE baselines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    source TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    -- A profile of its columns, in the format of the statistics.
    profile BLOB NOT NULL,
    created_at BIGINT NOT NULL
, sample BLOB, state TEXT NOT NULL DEFAULT 'ready', reason TEXT);
CREATE INDEX baselines_by_version ON baselines (workspace_id, model_name, model_version, id);
CREATE TABLE ground_truth (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    row_index BIGINT NOT NULL,
    -- The latest is the one that counts; the others are its history.
    label_time BIGINT NOT NULL,
    label TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint, correlation_id, row_index, label_time)
) WITHOUT ROWID;
CREATE INDEX ground_truth_by_receipt ON ground_truth (workspace_id, endpoint, received_at);
CREATE TABLE custom_metrics (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    monitor_id BIGINT NOT NULL REFERENCES monitors (id),
    metric TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (monitor_id, metric, at_ms)
) WITHOUT ROWID;
CREATE TABLE span_segments (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    blocks BIGINT NOT NULL,
    -- The least and the greatest key of its traces.
    trace_first BIGINT NOT NULL,
    trace_last BIGINT NOT NULL,
    -- The trace of each block; 0 when it was deleted.
    traces BLOB NOT NULL
);
CREATE INDEX span_segments_by_experiment ON span_segments (experiment_id, trace_last);
CREATE TABLE span_postings (
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL,
    part BIGINT NOT NULL,
    segment_id BIGINT NOT NULL REFERENCES span_segments (id),
    data BLOB NOT NULL,
    PRIMARY KEY (experiment_id, part, segment_id)
) WITHOUT ROWID;
CREATE TABLE deployment_revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
    created_by TEXT NOT NULL, limits TEXT NOT NULL DEFAULT '{}',
    UNIQUE (deployment_id, number)
);
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
) WITHOUT ROWID;
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
) WITHOUT ROWID;
CREATE TABLE rollouts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
) WITHOUT ROWID;
CREATE TABLE rollout_observations (
    workspace_id BIGINT NOT NULL,
    rollout_id BIGINT NOT NULL REFERENCES rollouts (id),
    step BIGINT NOT NULL,
    server_id TEXT NOT NULL,
    observation TEXT NOT NULL,
    PRIMARY KEY (rollout_id, step, server_id)
) WITHOUT ROWID;
CREATE TABLE mirror_samples (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    at BIGINT NOT NULL,
    sample TEXT NOT NULL
);
CREATE INDEX mirror_samples_by_endpoint ON mirror_samples (endpoint_id, id);
CREATE TABLE mirror_counts (
    workspace_id BIGINT NOT NULL,
    endpoint_id BIGINT NOT NULL REFERENCES endpoints (id),
    deployment TEXT NOT NULL,
    mirrored_to TEXT NOT NULL,
    server_id TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, deployment, mirrored_to, server_id)
) WITHOUT ROWID;
CREATE INDEX params_by_value ON params (experiment_id, key, substr(value, 1, 64), run_id);
CREATE INDEX tags_by_value ON tags (experiment_id, key, substr(value, 1, 64), run_id);
CREATE INDEX latest_metrics_by_rank ON latest_metrics (experiment_id, key, ranked_nan, ranked_value, run_id)
    WHERE ranked_nan IS NOT NULL;
CREATE INDEX runs_unranked ON runs (experiment_id, id) WHERE ranked = 0;
CREATE INDEX runs_by_end ON runs (experiment_id, lifecycle_stage, end_time);
CREATE INDEX runs_by_name ON runs (experiment_id, lifecycle_stage, name);
CREATE TABLE run_summaries (
    id INTEGER PRIMARY KEY,
    workspace_id BIGINT NOT NULL,
    data BLOB NOT NULL
);
INSERT INTO workspaces VALUES (1, 'default', 0);

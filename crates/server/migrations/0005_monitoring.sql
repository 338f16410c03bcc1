-- Watching what runs. Endpoints are named, not referred to: models that are served elsewhere are watched too, and what
-- was captured outlives its endpoint.

CREATE TABLE capture_settings (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    sampling_rate DOUBLE PRECISION NOT NULL,
    -- NULL keeps for ever.
    retention_ms BIGINT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint)
) CLUSTERED;

-- What was captured, as files of the artifact store.
CREATE TABLE capture_segments (
    id IDENTITY_KEY,
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

-- Times in which a server ended without closing its files.
CREATE TABLE capture_gaps (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    instance TEXT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX capture_gaps_by_time ON capture_gaps (workspace_id, to_ms);

-- Ten seconds of a deployment in one server, as JSON.
CREATE TABLE operational_points (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    endpoint TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    deployment TEXT NOT NULL,
    instance TEXT NOT NULL,
    figures TEXT NOT NULL,
    replicas BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, endpoint, at_ms, deployment, instance)
) CLUSTERED;

-- Alerts

CREATE TABLE alert_receivers (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Where to, sealed: addresses of Slack and of webhooks are secrets.
    address BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, name)
);

CREATE TABLE alert_rules (
    id IDENTITY_KEY_NEVER_REUSED,
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
    id IDENTITY_KEY_NEVER_REUSED,
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
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    alert_id BIGINT NOT NULL REFERENCES alerts (id),
    at BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    value DOUBLE PRECISION
);
CREATE INDEX alert_transitions_by_alert ON alert_transitions (alert_id, id);

CREATE TABLE alert_silences (
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    spec TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- NULL for a maintenance window that comes again.
    ends_at BIGINT
);

-- Monitors

CREATE TABLE monitors (
    id IDENTITY_KEY_NEVER_REUSED,
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
    id IDENTITY_KEY_NEVER_REUSED,
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
    id IDENTITY_KEY,
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
    id IDENTITY_KEY_NEVER_REUSED,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    model_name TEXT NOT NULL,
    model_version TEXT NOT NULL,
    source TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    -- A profile of its columns, in the format of the statistics.
    profile BYTES NOT NULL,
    created_at BIGINT NOT NULL
);
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
) CLUSTERED;
CREATE INDEX ground_truth_by_receipt ON ground_truth (workspace_id, endpoint, received_at);

CREATE TABLE custom_metrics (
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    monitor_id BIGINT NOT NULL REFERENCES monitors (id),
    metric TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (monitor_id, metric, at_ms)
) CLUSTERED;

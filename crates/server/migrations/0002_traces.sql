-- Traces: each trace's own record in rows, its spans in compact blocks. Rows join on `trace_key`; `trace_id`
-- ("tr-" and the OpenTelemetry id in hex) stands at the edge.

CREATE TABLE traces (
    id IDENTITY_KEY,
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
) CLUSTERED;

CREATE TABLE trace_metadata (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (trace_key, key)
) CLUSTERED;

-- What pages open traces by; both are short.
CREATE INDEX trace_metadata_by_run ON trace_metadata (value, trace_key) WHERE key = 'mlflow.sourceRun';
CREATE INDEX trace_metadata_by_session ON trace_metadata (value, trace_key) WHERE key = 'mlflow.trace.session';

-- Totals over the spans: tokens and cost, under MLflow's names (input_tokens, total_cost, ..).
CREATE TABLE trace_metrics (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    key TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (trace_key, key)
) CLUSTERED;

-- By the trace's id and not its key: clients link traces that are still on their way.
CREATE TABLE trace_run_links (
    workspace_id BIGINT NOT NULL,
    trace_id TEXT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id),
    PRIMARY KEY (trace_id, run_id)
) CLUSTERED;
CREATE INDEX trace_run_links_by_run ON trace_run_links (run_id, trace_id);

CREATE TABLE trace_prompt_links (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    prompt_name TEXT NOT NULL,
    prompt_version TEXT NOT NULL,
    PRIMARY KEY (trace_key, prompt_name, prompt_version)
) CLUSTERED;
CREATE INDEX trace_prompt_links_by_prompt ON trace_prompt_links (prompt_name, prompt_version, trace_key);

CREATE TABLE assessments (
    id IDENTITY_KEY,
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

-- Spans as they came, one block for each trace of a request; a span sent again replaces the one before it when read.
CREATE TABLE span_blocks (
    workspace_id BIGINT NOT NULL,
    trace_key BIGINT NOT NULL REFERENCES traces (id),
    id BIGINT NOT NULL,
    spans BIGINT NOT NULL,
    -- The row of span_index that says what the block is found by.
    index_id BIGINT NOT NULL,
    -- What lists, search and metrics need of each span, without its content.
    summary BYTES NOT NULL,
    data BYTES NOT NULL,
    PRIMARY KEY (trace_key, id)
) CLUSTERED;

-- What blocks of spans are found by: one row for the blocks of a request, read from end to end by a search.
CREATE TABLE span_index (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    -- For each block its trace's key and hashes of names, types, statuses and attributes.
    terms BYTES NOT NULL,
    -- For each block its trace's key and a signature of its text.
    text BYTES NOT NULL
);
CREATE INDEX span_index_by_experiment ON span_index (experiment_id, id);

-- What is taken out of spans of an experiment before they are stored.
CREATE TABLE trace_rules (
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL PRIMARY KEY REFERENCES experiments (id),
    -- A JSON object.
    rules TEXT NOT NULL
) CLUSTERED;

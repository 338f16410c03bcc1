-- Webhooks, and the outbox through which everything leaves that other systems are told.

CREATE TABLE webhooks (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL REFERENCES workspaces (id),
    webhook_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT,
    url TEXT NOT NULL,
    -- ACTIVE or DISABLED
    status TEXT NOT NULL,
    -- Encrypted; NULL for none. Goes with the webhook.
    secret BYTES,
    creation_time BIGINT NOT NULL,
    last_updated_time BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX webhooks_by_creation ON webhooks (workspace_id, creation_time DESC) WHERE deleted_at IS NULL;

-- What a webhook wants to hear of, in MLflow's words: registered_model, created.
CREATE TABLE webhook_events (
    workspace_id BIGINT NOT NULL,
    webhook_id BIGINT NOT NULL REFERENCES webhooks (id),
    entity TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (workspace_id, action, entity, webhook_id)
) CLUSTERED;
CREATE INDEX webhook_events_by_webhook ON webhook_events (webhook_id);

-- One row per message and receiver, written in the transaction of the change it tells of.
CREATE TABLE deliveries (
    id IDENTITY_KEY,
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
) CLUSTERED;

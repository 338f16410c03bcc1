-- What spans are found by, turned around: rows of `span_index` do not stay there for long. A background task folds them
-- into segments, of which a search reads the parts it needs.

CREATE TABLE span_segments (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiments (id),
    blocks BIGINT NOT NULL,
    -- The least and the greatest key of its traces.
    trace_first BIGINT NOT NULL,
    trace_last BIGINT NOT NULL,
    -- The trace of each block; 0 when it was deleted.
    traces BYTES NOT NULL
);
CREATE INDEX span_segments_by_experiment ON span_segments (experiment_id, trace_last);

-- In this order a search reads one part of all segments of an experiment from end to end.
CREATE TABLE span_postings (
    workspace_id BIGINT NOT NULL,
    experiment_id BIGINT NOT NULL,
    part BIGINT NOT NULL,
    segment_id BIGINT NOT NULL REFERENCES span_segments (id),
    data BYTES NOT NULL,
    PRIMARY KEY (experiment_id, part, segment_id)
) CLUSTERED;

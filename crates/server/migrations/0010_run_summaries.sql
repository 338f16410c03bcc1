-- All that hangs on a run, as the JSON that `runs/get` and a search answer with: a page of a search is then one read.
-- It is kept once the run has paused, and is right while `runs.ranked` says so.
CREATE TABLE run_summaries (
    id IDENTITY_KEY,
    workspace_id BIGINT NOT NULL,
    data BYTES NOT NULL
);

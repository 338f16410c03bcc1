-- Searching runs by what hangs on them, without looking at every run (docs/scaling.md).

-- The experiment stands beside each value, so that an index leads to the values of one experiment in their order. Only
-- the beginning of long values is in the index.
ALTER TABLE params ADD COLUMN experiment_id BIGINT NOT NULL DEFAULT 0;
UPDATE params SET experiment_id = (SELECT runs.experiment_id FROM runs WHERE runs.id = params.run_id);
CREATE INDEX params_by_value ON params (experiment_id, key, substr(value, 1, 64), run_id);

ALTER TABLE tags ADD COLUMN experiment_id BIGINT NOT NULL DEFAULT 0;
UPDATE tags SET experiment_id = (SELECT runs.experiment_id FROM runs WHERE runs.id = tags.run_id);
CREATE INDEX tags_by_value ON tags (experiment_id, key, substr(value, 1, 64), run_id);

-- A metric changes with every point. What the index orders by, `ranked_value`, follows in the background, run by run;
-- `runs.ranked` says whether all metrics of the run have, and a search looks at the few runs that have not one by one.
ALTER TABLE latest_metrics ADD COLUMN experiment_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE latest_metrics ADD COLUMN ranked_nan BIGINT;
ALTER TABLE latest_metrics ADD COLUMN ranked_value DOUBLE PRECISION;
UPDATE latest_metrics SET
    experiment_id = (SELECT runs.experiment_id FROM runs WHERE runs.id = latest_metrics.run_id),
    ranked_nan = is_nan, ranked_value = value;
CREATE INDEX latest_metrics_by_rank ON latest_metrics (experiment_id, key, ranked_nan, ranked_value, run_id)
    WHERE ranked_nan IS NOT NULL;

ALTER TABLE runs ADD COLUMN ranked BIGINT NOT NULL DEFAULT 1;
CREATE INDEX runs_unranked ON runs (experiment_id, id) WHERE ranked = 0;
CREATE INDEX runs_by_end ON runs (experiment_id, lifecycle_stage, end_time);
CREATE INDEX runs_by_name ON runs (experiment_id, lifecycle_stage, name);

-- How a version's native scoring compared with Python's when it was last compared: JSON.
ALTER TABLE model_versions ADD COLUMN parity TEXT;

-- JSON: how long a request may take, how many may wait, how they are batched, how replicas follow the load. What is
-- absent is as the server was started with.
ALTER TABLE deployment_revisions ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';

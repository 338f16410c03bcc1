-- Baselines of new model versions are ordered when the version is registered and made behind it.
-- pending, ready or failed.
ALTER TABLE baselines ADD COLUMN state TEXT NOT NULL DEFAULT 'ready';
-- Why it is not ready.
ALTER TABLE baselines ADD COLUMN reason TEXT;

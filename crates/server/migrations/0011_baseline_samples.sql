-- Some whole rows beside a baseline's profile, as Parquet: attributions are computed from rows, not from columns.
ALTER TABLE baselines ADD COLUMN sample BYTES;

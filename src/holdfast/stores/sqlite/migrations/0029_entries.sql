-- An entry check reads the visit itself for its key, and finds its times there. In the index they had another entry made,
-- and the old one taken out, for everybody who leaves.
DROP INDEX visit_entry;
CREATE INDEX visit_entry ON visit (identity, origin);

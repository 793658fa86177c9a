-- Campaigns that let in an audience: when each schedule comes next, and each occasion with how far it has come.
CREATE TABLE planned (
  origin TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  wall TEXT NOT NULL,
  next_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  run_key TEXT NOT NULL,
  state TEXT NOT NULL,
  wake_ms INTEGER,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX run_by_key ON run (origin, run_key);
CREATE INDEX run_by_origin ON run (origin, id);
CREATE INDEX run_due ON run (wake_ms) WHERE wake_ms IS NOT NULL;
CREATE INDEX run_open ON run (id) WHERE state IN ('preparing', 'held', 'running', 'paused');

-- The people of an audience, 4 bytes each, ten thousand to a row: a million of them are a hundred rows.
CREATE TABLE run_member (
  run INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  persons BLOB NOT NULL,
  PRIMARY KEY (run, chunk)
) STRICT, WITHOUT ROWID;

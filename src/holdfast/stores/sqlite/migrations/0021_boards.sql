-- Saved insights and boards. What was deleted stays, and can be brought back.
CREATE TABLE analysis (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  definition BLOB NOT NULL,
  version INTEGER NOT NULL,
  by_id TEXT NOT NULL,
  saved_ms INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

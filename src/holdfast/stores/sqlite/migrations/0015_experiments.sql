-- Experiments in versions, which never change and are never deleted. The newest version of each is what there is.
CREATE TABLE experiment_version (
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  saved_ms INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  definition BLOB NOT NULL,
  PRIMARY KEY (id, version)
) STRICT;

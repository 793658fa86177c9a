-- Saved segments in versions, which never change. `segment` says which version of each id is saved now; an id that was
-- deleted is not there, and its newest version says so.
CREATE TABLE segment_version (
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  definition BLOB NOT NULL,
  saved_ms INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;
INSERT INTO segment_version (id, version, name, description, definition, saved_ms, saved_by, deleted)
SELECT id, 1, name, '', definition, updated_ms, '', 0 FROM segment;
DROP TABLE segment;
CREATE TABLE segment (id TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO segment (id, version) SELECT id, version FROM segment_version;

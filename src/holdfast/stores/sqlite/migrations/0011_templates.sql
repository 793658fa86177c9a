-- Saved templates and blocks in versions, which never change. `template` says which version of each is saved now; what
-- was deleted is not there, and its newest version says so. What a version says stands in its row's last column, so that
-- headings are read without it.
CREATE TABLE template_version (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  medium TEXT NOT NULL,
  saved_ms INTEGER NOT NULL,
  saved_by TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  definition BLOB NOT NULL,
  PRIMARY KEY (kind, id, version)
) STRICT;
CREATE TABLE template (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

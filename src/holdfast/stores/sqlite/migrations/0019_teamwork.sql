-- What people who work together leave for each other. Only comments, drafts and presence are ever deleted.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  name TEXT NOT NULL,
  changes BLOB NOT NULL,
  source TEXT NOT NULL
) STRICT;
CREATE INDEX audit_about ON audit (kind, about, id);
CREATE INDEX audit_by ON audit (by_id, id);
CREATE TABLE approval (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  name TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  asked_ms INTEGER NOT NULL,
  request BLOB NOT NULL,
  before TEXT NOT NULL,
  changes BLOB NOT NULL,
  decided_by TEXT NOT NULL,
  decided_ms INTEGER,
  words TEXT NOT NULL
) STRICT;
CREATE INDEX approval_in ON approval (state, id);
CREATE TABLE comment (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  text TEXT NOT NULL,
  edited_ms INTEGER,
  resolved_ms INTEGER,
  resolved_by TEXT NOT NULL
) STRICT;
CREATE INDEX comment_about ON comment (kind, about, id);
CREATE TABLE draft (
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  definition BLOB NOT NULL,
  based_on INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, about)
) STRICT;
CREATE TABLE presence (
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, about, by_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX presence_seen ON presence (seen_ms);

-- Links that open a board or a saved insight to who has no account.
CREATE TABLE shared_link (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  by_id TEXT NOT NULL,
  made_ms INTEGER NOT NULL,
  expires_ms INTEGER,
  revoked_ms INTEGER
) STRICT;
CREATE INDEX shared_link_of ON shared_link (kind, about, made_ms);

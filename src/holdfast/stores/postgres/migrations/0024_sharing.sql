-- Links that open a board or a saved insight to who has no account.
CREATE TABLE shared_link (
  id text COLLATE "C" PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  by_id text NOT NULL,
  made_ms bigint NOT NULL,
  expires_ms bigint,
  revoked_ms bigint
);
CREATE INDEX shared_link_of ON shared_link (kind, about, made_ms);

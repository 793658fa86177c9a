-- Saved insights and boards. What was deleted stays, and can be brought back.
CREATE TABLE analysis (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  definition bytea NOT NULL,
  version bigint NOT NULL,
  by_id text NOT NULL,
  saved_ms bigint NOT NULL,
  deleted boolean NOT NULL,
  PRIMARY KEY (kind, id)
);

-- Campaigns that let in an audience: when each schedule comes next, and each occasion with how far it has come.
CREATE TABLE planned (
  origin text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  wall text COLLATE "C" NOT NULL,
  next_ms bigint
);

CREATE TABLE run (
  id bigint PRIMARY KEY,
  origin text COLLATE "C" NOT NULL,
  run_key text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  wake_ms bigint,
  body bytea NOT NULL
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX run_by_key ON run (origin, run_key);
CREATE INDEX run_by_origin ON run (origin, id);
CREATE INDEX run_due ON run (wake_ms) WHERE wake_ms IS NOT NULL;
CREATE INDEX run_open ON run (id) WHERE state IN ('preparing', 'held', 'running', 'paused');

-- The people of an audience, 4 bytes each, ten thousand to a row: a million of them are a hundred rows.
CREATE TABLE run_member (
  run bigint NOT NULL,
  chunk bigint NOT NULL,
  persons bytea NOT NULL,
  PRIMARY KEY (run, chunk)
);

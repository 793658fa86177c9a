-- The first schema. Times are whole milliseconds since 1970, UTC. Bodies are msgpack. Texts compare by their bytes
-- (COLLATE "C"): the same order everywhere, which no upgrade of the system's locales can alter under an index.
--
-- Rows that change often leave room on their page (fillfactor), so that a new version of a row finds place beside the old
-- one; and their tables are vacuumed early, since the due-date indexes grow with every step taken.

-- Who. Ids are dense from 1; nothing is ever deleted, so the largest id is also the count.
-- A name is kept as bytes, since a client's id may hold anything; it is found by its hash, which stays small when the
-- name is 4 KB. Two names may share a hash: the reader compares the names.
CREATE TABLE identity (
  id bigint PRIMARY KEY,
  hash bigint NOT NULL,
  person bigint NOT NULL,
  added_ms bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  value bytea NOT NULL
);
CREATE INDEX identity_by_hash ON identity (hash);
-- Most people have one identity, which is its own person and needs no entry here.
CREATE INDEX identity_joined ON identity (person) WHERE person <> id;

CREATE TABLE profile (
  identity bigint PRIMARY KEY,
  body bytea NOT NULL
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE link (
  id bigint PRIMARY KEY,
  first bigint NOT NULL,
  second bigint NOT NULL,
  at_ms bigint NOT NULL,
  undone_ms bigint,
  kind text COLLATE "C" NOT NULL,
  by text COLLATE "C" NOT NULL,
  undone_by text COLLATE "C" NOT NULL
);
CREATE INDEX link_by_first ON link (first);
CREATE INDEX link_by_second ON link (second);

-- Persons the history store has yet to be told of.
CREATE TABLE stale_person (
  person bigint PRIMARY KEY,
  sequence bigint NOT NULL
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX stale_person_by_sequence ON stale_person (sequence, person);

-- The last sequence number given to a change of a person. It outlives the marks in stale_person.
CREATE TABLE person_sequence (one integer PRIMARY KEY CHECK (one = 1), last bigint NOT NULL) WITH (fillfactor = 50);
INSERT INTO person_sequence (one, last) VALUES (1, 0);

-- The log.
CREATE TABLE reading (consumer text COLLATE "C" PRIMARY KEY, next bigint NOT NULL) WITH (fillfactor = 50);

CREATE TABLE seen (
  hash bigint PRIMARY KEY,
  position bigint NOT NULL,
  at_ms bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX seen_by_time ON seen (at_ms);

CREATE TABLE bad_record (
  id bigint PRIMARY KEY,
  at_ms bigint NOT NULL,
  replayed_ms bigint,
  source text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  message text COLLATE "C" NOT NULL,
  path text COLLATE "C" NOT NULL,
  hint text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX bad_record_by_origin ON bad_record (origin) WHERE origin <> '';
CREATE INDEX bad_record_open ON bad_record (id) WHERE replayed_ms IS NULL;
CREATE INDEX bad_record_open_by_code ON bad_record (code) WHERE replayed_ms IS NULL;

-- Own events on their way to the log. A sequence, which never goes back: "forget up to this id" must never mean a later
-- event.
CREATE TABLE emitted (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text COLLATE "C" NOT NULL UNIQUE,
  body bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Decisions and those on their way through them.
CREATE TABLE decision (
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  published_ms bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  definition bytea NOT NULL,
  PRIMARY KEY (id, version)
);

CREATE TABLE visit (
  id bigint PRIMARY KEY,
  version bigint NOT NULL,
  identity bigint NOT NULL,
  seq bigint NOT NULL,
  entered_ms bigint NOT NULL,
  arrived_ms bigint NOT NULL,
  due_ms bigint,
  left_ms bigint,
  origin text COLLATE "C" NOT NULL,
  entry_key text COLLATE "C" NOT NULL,
  arm text COLLATE "C" NOT NULL,
  step text COLLATE "C" NOT NULL,
  left_by text COLLATE "C" NOT NULL,
  body bytea NOT NULL
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX visit_open ON visit (identity) WHERE left_ms IS NULL;
CREATE INDEX visit_due ON visit (due_ms, id) WHERE left_ms IS NULL AND due_ms IS NOT NULL;
-- By identity first: an entry check asks about few people and many journeys, and wants to touch only those people's pages.
CREATE INDEX visit_entry ON visit (identity, origin, entered_ms, left_ms);

-- How many stand at each step now. Kept in step by triggers, once for each statement however many rows it changes: the
-- console asks every second, and counting a million takes a third of one.
-- `part` is 0. Counters are the only rows that everybody would write if several wrote at once; each could then have a part
-- of its own. Readers sum over them already.
CREATE TABLE standing (
  origin text COLLATE "C" NOT NULL,
  step text COLLATE "C" NOT NULL,
  part integer NOT NULL DEFAULT 0,
  count bigint NOT NULL,
  PRIMARY KEY (origin, step, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

CREATE FUNCTION count_visits_that_came() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO standing AS known (origin, step, count)
  SELECT origin, step, count(*) FROM after WHERE left_ms IS NULL GROUP BY origin, step
  ON CONFLICT (origin, step, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER visit_came AFTER INSERT ON visit REFERENCING NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_visits_that_came();

CREATE FUNCTION count_visits_that_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO standing AS known (origin, step, count)
  SELECT origin, step, sum(change) FROM (
    SELECT origin, step, -1 AS change FROM before WHERE left_ms IS NULL
    UNION ALL
    SELECT origin, step, 1 FROM after WHERE left_ms IS NULL
  ) AS moved GROUP BY origin, step HAVING sum(change) <> 0
  ON CONFLICT (origin, step, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER visit_moved AFTER UPDATE ON visit REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_visits_that_moved();

CREATE TABLE step_count (
  origin text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  step text COLLATE "C" NOT NULL,
  exit text COLLATE "C" NOT NULL,
  part integer NOT NULL DEFAULT 0,
  count bigint NOT NULL,
  PRIMARY KEY (origin, version, step, exit, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Sends.
CREATE TABLE send (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  identity bigint NOT NULL,
  version bigint NOT NULL,
  created_ms bigint NOT NULL,
  not_before_ms bigint NOT NULL,
  attempts bigint NOT NULL,
  claimed_ms bigint,
  settled_ms bigint,
  transactional boolean NOT NULL,
  key text COLLATE "C" NOT NULL UNIQUE,
  origin_kind text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL,
  step text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  template text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  body bytea NOT NULL
) WITH (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
-- Two lanes, so that what somebody is waiting for does not queue behind a broadcast.
CREATE INDEX send_due ON send (transactional, not_before_ms, id) WHERE state = 'pending';
CREATE INDEX send_claimed ON send (claimed_ms, id) WHERE state = 'claimed';
CREATE INDEX send_by_identity ON send (identity, created_ms);
CREATE INDEX send_by_origin ON send (origin, id);

-- Kept in step by triggers: the console asks every second, and counting a million sends takes a tenth of one.
CREATE TABLE send_total (
  origin text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  part integer NOT NULL DEFAULT 0,
  count bigint NOT NULL,
  PRIMARY KEY (origin, state, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

CREATE FUNCTION count_sends_that_came() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, state, count)
  SELECT origin, state, count(*) FROM after GROUP BY origin, state
  ON CONFLICT (origin, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER send_added AFTER INSERT ON send REFERENCING NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_sends_that_came();

CREATE FUNCTION count_sends_that_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, state, count)
  SELECT origin, state, sum(change) FROM (
    SELECT origin, state, -1 AS change FROM before
    UNION ALL
    SELECT origin, state, 1 FROM after
  ) AS moved GROUP BY origin, state HAVING sum(change) <> 0
  ON CONFLICT (origin, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER send_moved AFTER UPDATE ON send REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_sends_that_moved();

-- An address may be longer than an entry of an index may be: it is found by its SHA-256.
CREATE TABLE suppression (
  channel text COLLATE "C" NOT NULL,
  digest bytea NOT NULL,
  at_ms bigint NOT NULL,
  address text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  PRIMARY KEY (channel, digest)
);

-- Small things.
CREATE TABLE access_key (
  name text COLLATE "C" PRIMARY KEY,
  created_ms bigint NOT NULL,
  revoked_ms bigint,
  kind text COLLATE "C" NOT NULL,
  hash text COLLATE "C" NOT NULL,
  shown text COLLATE "C" NOT NULL
);

CREATE TABLE note (name text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL) WITH (fillfactor = 50);

-- Saved segments in versions, which never change. `segment` says which version of each id is saved now; an id that was
-- deleted is not there, and its newest version says so.
CREATE TABLE segment_version (
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  saved_ms bigint NOT NULL,
  deleted boolean NOT NULL,
  name text COLLATE "C" NOT NULL,
  description text COLLATE "C" NOT NULL,
  definition bytea NOT NULL,
  saved_by text COLLATE "C" NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE TABLE segment (id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL);

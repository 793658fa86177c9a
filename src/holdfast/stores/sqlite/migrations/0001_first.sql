-- The first schema. Times are whole milliseconds since 1970, UTC. Bodies are msgpack.

-- Who. Ids are dense from 1; nothing is ever deleted, so the largest id is also the count.
-- A name is kept as bytes, since a client's id may hold anything; it is found by its hash, which stays small when the
-- name is 4 KB. Two names may share a hash: the reader compares the names.
CREATE TABLE identity (
  id INTEGER PRIMARY KEY,
  hash INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value BLOB NOT NULL,
  person INTEGER NOT NULL,
  added_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_by_hash ON identity (hash);
-- Most people have one identity, which is its own person and needs no entry here.
CREATE INDEX identity_joined ON identity (person) WHERE person <> id;

CREATE TABLE profile (identity INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

CREATE TABLE link (
  id INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  second INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  undone_ms INTEGER,
  undone_by TEXT NOT NULL
) STRICT;
CREATE INDEX link_by_first ON link (first);
CREATE INDEX link_by_second ON link (second);

-- Persons the history store has yet to be told of.
CREATE TABLE stale_person (person INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
CREATE INDEX stale_person_by_sequence ON stale_person (sequence);

-- The log.
CREATE TABLE reading (consumer TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE seen (hash INTEGER PRIMARY KEY, position INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX seen_by_time ON seen (at_ms);

CREATE TABLE bad_record (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  source TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  path TEXT NOT NULL,
  hint TEXT NOT NULL,
  body TEXT NOT NULL,
  origin TEXT NOT NULL,
  replayed_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX bad_record_by_origin ON bad_record (origin) WHERE origin <> '';
CREATE INDEX bad_record_open ON bad_record (id) WHERE replayed_ms IS NULL;
CREATE INDEX bad_record_open_by_code ON bad_record (code) WHERE replayed_ms IS NULL;

-- Own events on their way to the log. AUTOINCREMENT: "forget up to this id" must never mean a later event.
CREATE TABLE emitted (id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;

-- Decisions and those on their way through them.
CREATE TABLE decision (
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  definition BLOB NOT NULL,
  published_ms INTEGER NOT NULL,
  PRIMARY KEY (id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
  id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL,
  version INTEGER NOT NULL,
  identity INTEGER NOT NULL,
  entry_key TEXT NOT NULL,
  arm TEXT NOT NULL,
  step TEXT NOT NULL,
  seq INTEGER NOT NULL,
  entered_ms INTEGER NOT NULL,
  arrived_ms INTEGER NOT NULL,
  due_ms INTEGER,
  left_ms INTEGER,
  left_by TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX visit_open ON visit (identity) WHERE left_ms IS NULL;
CREATE INDEX visit_due ON visit (due_ms) WHERE left_ms IS NULL AND due_ms IS NOT NULL;
-- By identity first: an entry check asks about few people and many journeys, and wants to touch only those people's pages.
CREATE INDEX visit_entry ON visit (identity, origin, entered_ms, left_ms);

-- How many stand at each step now. Kept in step by triggers: the console asks every second, and counting a million takes
-- a third of one.
CREATE TABLE standing (
  origin TEXT NOT NULL,
  step TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (origin, step)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER visit_came AFTER INSERT ON visit WHEN new.left_ms IS NULL BEGIN
  INSERT INTO standing (origin, step, count) VALUES (new.origin, new.step, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER visit_went AFTER UPDATE ON visit
WHEN old.left_ms IS NULL AND (new.left_ms IS NOT NULL OR old.step <> new.step OR old.origin <> new.origin) BEGIN
  UPDATE standing SET count = count - 1 WHERE origin = old.origin AND step = old.step;
END;
CREATE TRIGGER visit_moved AFTER UPDATE ON visit
WHEN new.left_ms IS NULL AND (old.left_ms IS NOT NULL OR old.step <> new.step OR old.origin <> new.origin) BEGIN
  INSERT INTO standing (origin, step, count) VALUES (new.origin, new.step, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TABLE step_count (
  origin TEXT NOT NULL,
  version INTEGER NOT NULL,
  step TEXT NOT NULL,
  exit TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (origin, version, step, exit)
) STRICT, WITHOUT ROWID;

-- Sends.
CREATE TABLE send (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  identity INTEGER NOT NULL,
  origin_kind TEXT NOT NULL,
  origin TEXT NOT NULL,
  version INTEGER NOT NULL,
  step TEXT NOT NULL,
  channel TEXT NOT NULL,
  template TEXT NOT NULL,
  topic TEXT NOT NULL,
  transactional INTEGER NOT NULL,
  address TEXT NOT NULL,
  state TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  claimed_ms INTEGER,
  settled_ms INTEGER,
  reason TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
-- Two lanes, so that what somebody is waiting for does not queue behind a broadcast.
CREATE INDEX send_due ON send (transactional, not_before_ms) WHERE state = 'pending';
CREATE INDEX send_claimed ON send (claimed_ms) WHERE state = 'claimed';
CREATE INDEX send_by_identity ON send (identity, created_ms);
CREATE INDEX send_by_origin ON send (origin);

-- Kept in step by triggers: the console asks every second, and counting a million sends takes a tenth of one.
CREATE TABLE send_total (
  origin TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (origin, state)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER send_added AFTER INSERT ON send BEGIN
  INSERT INTO send_total (origin, state, count) VALUES (new.origin, new.state, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER send_moved AFTER UPDATE OF state ON send WHEN old.state <> new.state BEGIN
  UPDATE send_total SET count = count - 1 WHERE origin = old.origin AND state = old.state;
  INSERT INTO send_total (origin, state, count) VALUES (new.origin, new.state, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

CREATE TABLE suppression (
  channel TEXT NOT NULL,
  address TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;

-- Small things.
CREATE TABLE access_key (
  name TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  shown TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  definition BLOB NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The last sequence number given to a change of a person. It outlives the marks in stale_person.
CREATE TABLE person_sequence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO person_sequence (one, last) VALUES (1, 0);

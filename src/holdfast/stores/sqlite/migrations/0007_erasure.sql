-- Forgetting people. The plan of an erasure is personal, and emptied when it is done; its record and the tombstones,
-- which are keyed hashes of names, say nothing of anybody to whoever lacks the key.
CREATE TABLE erasure (
  id TEXT PRIMARY KEY,
  requested_ms INTEGER NOT NULL,
  until INTEGER NOT NULL,
  done_ms INTEGER,
  plan BLOB NOT NULL,
  record BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_open ON erasure (requested_ms) WHERE done_ms IS NULL;

CREATE TABLE tombstone (
  name TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  erasure TEXT NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (name, erasure)
) STRICT, WITHOUT ROWID;

-- Numbers are never given twice, so the highest one is kept when its owner goes, and how many identities went is what
-- the highest number counts too much.
CREATE TABLE identities_forgotten (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  count INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
INSERT INTO identities_forgotten (one, count, last) VALUES (1, 0, 0);

CREATE INDEX suppression_by_address ON suppression (address);

-- Who is forgotten stands nowhere and is sent nothing more; what was sent was sent.
CREATE TRIGGER visit_forgotten AFTER DELETE ON visit WHEN old.left_ms IS NULL BEGIN
  UPDATE standing SET count = count - 1 WHERE origin = old.origin AND step = old.step;
END;
CREATE TRIGGER send_forgotten AFTER DELETE ON send WHEN old.state IN ('pending', 'claimed') BEGIN
  UPDATE send_total SET count = count - 1
  WHERE origin = old.origin AND channel = old.channel AND urgency = old.urgency AND state = old.state;
END;

-- Delivery in lanes: claims have an owner and a term, letters nobody delivers are kept to be looked at, and what became
-- of each attempt is remembered.

-- The claim a send is under: whose it is, and until when handing it over may begin.
ALTER TABLE send ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE send ADD COLUMN send_by_ms INTEGER;
ALTER TABLE send ADD COLUMN tried_ms INTEGER;
ALTER TABLE send ADD COLUMN dead INTEGER NOT NULL DEFAULT 0;
-- 0 is transactional, 1 of a journey, 2 to many at once.
ALTER TABLE send ADD COLUMN urgency INTEGER
  GENERATED ALWAYS AS (CASE WHEN transactional THEN 0 WHEN origin_kind = 'journey' THEN 1 ELSE 2 END) VIRTUAL;
DROP INDEX send_due;
CREATE INDEX send_lane ON send (channel, urgency, not_before_ms) WHERE state = 'pending';
CREATE INDEX send_dead ON send (settled_ms, key) WHERE dead = 1;

-- What came of attempts that did not end well; most sends have none.
CREATE TABLE send_answer (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  said TEXT NOT NULL
) STRICT;
CREATE INDEX send_answer_by_key ON send_answer (key);

-- The counters tell the lane as well.
DROP TRIGGER send_added;
DROP TRIGGER send_moved;
DROP TABLE send_total;
CREATE TABLE send_total (
  origin TEXT NOT NULL,
  channel TEXT NOT NULL,
  urgency INTEGER NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (origin, channel, urgency, state)
) STRICT, WITHOUT ROWID;
INSERT INTO send_total (origin, channel, urgency, state, count)
SELECT origin, channel, urgency, state, count(*) FROM send GROUP BY origin, channel, urgency, state;
CREATE TRIGGER send_added AFTER INSERT ON send BEGIN
  INSERT INTO send_total (origin, channel, urgency, state, count)
  VALUES (new.origin, new.channel, new.urgency, new.state, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER send_moved AFTER UPDATE OF state ON send WHEN old.state <> new.state BEGIN
  UPDATE send_total SET count = count - 1
  WHERE origin = old.origin AND channel = old.channel AND urgency = old.urgency AND state = old.state;
  INSERT INTO send_total (origin, channel, urgency, state, count)
  VALUES (new.origin, new.channel, new.urgency, new.state, 1)
  ON CONFLICT DO UPDATE SET count = count + 1;
END;

-- Live segments: who is in each, when that may change by time alone, and what is to be looked at anew.
ALTER TABLE segment_version ADD COLUMN live INTEGER NOT NULL DEFAULT 0;

-- How often anything was said of segments, so that the reactor need not read them all to see that none changed.
CREATE TABLE segment_change (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO segment_change (one, last) VALUES (1, 0);
CREATE TRIGGER segment_said AFTER INSERT ON segment_version BEGIN
  UPDATE segment_change SET last = last + 1;
END;

-- AUTOINCREMENT: what is kept of persons goes by the number, and is swept up later than the segment itself.
CREATE TABLE live_segment (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  segment TEXT NOT NULL,
  version INTEGER NOT NULL,
  fingerprint TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  filled_to INTEGER NOT NULL,
  filled_ms INTEGER,
  ended_ms INTEGER,
  size INTEGER NOT NULL
) STRICT;

CREATE TABLE segment_member (
  live INTEGER NOT NULL,
  person INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  PRIMARY KEY (live, person)
) STRICT, WITHOUT ROWID;
-- The console asks every second how many there are.
CREATE TRIGGER member_entered AFTER INSERT ON segment_member BEGIN
  UPDATE live_segment SET size = size + 1 WHERE number = new.live;
END;
CREATE TRIGGER member_left AFTER DELETE ON segment_member BEGIN
  UPDATE live_segment SET size = size - 1 WHERE number = old.live;
END;

-- What is known of each person, of all live segments together: read and written as one.
CREATE TABLE membership (person INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

CREATE TABLE member_timer (
  due_ms INTEGER NOT NULL,
  person INTEGER NOT NULL,
  PRIMARY KEY (due_ms, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE member_review (person INTEGER PRIMARY KEY, told INTEGER NOT NULL) STRICT;

-- Live segments: who is in each, when that may change by time alone, and what is to be looked at anew.
ALTER TABLE segment_version ADD COLUMN live boolean NOT NULL DEFAULT false;

-- How often anything was said of segments, so that the reactor need not read them all to see that none changed.
CREATE TABLE segment_change (one integer PRIMARY KEY CHECK (one = 1), last bigint NOT NULL);
INSERT INTO segment_change (one, last) VALUES (1, 0);
CREATE FUNCTION count_sayings_of_segments() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE segment_change SET last = last + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER segment_said AFTER INSERT ON segment_version
FOR EACH STATEMENT EXECUTE FUNCTION count_sayings_of_segments();

-- A sequence, which never goes back: what is kept of persons goes by the number, and is swept up later than the segment
-- itself.
CREATE TABLE live_segment (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version bigint NOT NULL,
  since_ms bigint NOT NULL,
  filled_to bigint NOT NULL,
  filled_ms bigint,
  ended_ms bigint,
  size bigint NOT NULL,
  segment text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE segment_member (
  live bigint NOT NULL,
  person bigint NOT NULL,
  since_ms bigint NOT NULL,
  PRIMARY KEY (live, person)
);
-- The console asks every second how many there are.
CREATE FUNCTION count_members_that_entered() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE live_segment SET size = size + came.count
  FROM (SELECT live, count(*) AS count FROM after GROUP BY live) AS came WHERE number = came.live;
  RETURN NULL;
END $$;
CREATE TRIGGER member_entered AFTER INSERT ON segment_member REFERENCING NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_members_that_entered();
CREATE FUNCTION count_members_that_left() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE live_segment SET size = size - went.count
  FROM (SELECT live, count(*) AS count FROM before GROUP BY live) AS went WHERE number = went.live;
  RETURN NULL;
END $$;
CREATE TRIGGER member_left AFTER DELETE ON segment_member REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION count_members_that_left();

-- What is known of each person, of all live segments together: read and written as one.
CREATE TABLE membership (person bigint PRIMARY KEY, body bytea NOT NULL) WITH (fillfactor = 70);

CREATE TABLE member_timer (
  due_ms bigint NOT NULL,
  person bigint NOT NULL,
  PRIMARY KEY (due_ms, person)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE member_review (person bigint PRIMARY KEY, told boolean NOT NULL)
WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

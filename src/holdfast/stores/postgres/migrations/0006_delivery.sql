-- Delivery in lanes: claims have an owner and a term, letters nobody delivers are kept to be looked at, and what became
-- of each attempt is remembered.

-- The claim a send is under: whose it is, and until when handing it over may begin.
ALTER TABLE send
  ADD COLUMN claimed_by text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN send_by_ms bigint,
  ADD COLUMN tried_ms bigint,
  ADD COLUMN dead boolean NOT NULL DEFAULT false;

-- 0 is transactional, 1 of a journey, 2 to many at once.
CREATE FUNCTION urgency(transactional boolean, origin_kind text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN transactional THEN 0 WHEN origin_kind = 'journey' THEN 1 ELSE 2 END
$$;
DROP INDEX send_due;
CREATE INDEX send_lane ON send (channel, (urgency(transactional, origin_kind)), not_before_ms, id)
WHERE state = 'pending';
CREATE INDEX send_dead ON send (settled_ms, key) WHERE dead;

-- What came of attempts that did not end well; most sends have none.
CREATE TABLE send_answer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at_ms bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  said text COLLATE "C" NOT NULL
);
CREATE INDEX send_answer_by_key ON send_answer (key, id);

-- The counters tell the lane as well.
DROP TRIGGER send_added ON send;
DROP TRIGGER send_moved ON send;
DROP TABLE send_total;
CREATE TABLE send_total (
  origin text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  urgency integer NOT NULL,
  part integer NOT NULL DEFAULT 0,
  count bigint NOT NULL,
  PRIMARY KEY (origin, channel, urgency, state, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
INSERT INTO send_total (origin, channel, urgency, state, count)
SELECT origin, channel, urgency(transactional, origin_kind), state, count(*) FROM send GROUP BY 1, 2, 3, 4;

CREATE OR REPLACE FUNCTION count_sends_that_came() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, channel, urgency, state, count)
  SELECT origin, channel, urgency(transactional, origin_kind), state, count(*) FROM after GROUP BY 1, 2, 3, 4
  ON CONFLICT (origin, channel, urgency, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER send_added AFTER INSERT ON send REFERENCING NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_sends_that_came();

CREATE OR REPLACE FUNCTION count_sends_that_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, channel, urgency, state, count)
  SELECT origin, channel, urgency(transactional, origin_kind), state, sum(change) FROM (
    SELECT origin, channel, transactional, origin_kind, state, -1 AS change FROM before
    UNION ALL
    SELECT origin, channel, transactional, origin_kind, state, 1 FROM after
  ) AS moved GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0
  ON CONFLICT (origin, channel, urgency, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;
CREATE TRIGGER send_moved AFTER UPDATE ON send REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION count_sends_that_moved();

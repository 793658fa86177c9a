-- Forgetting people. The plan of an erasure is personal, and emptied when it is done; its record and the tombstones,
-- which are keyed hashes of names, say nothing of anybody to whoever lacks the key.
CREATE TABLE erasure (
  id text COLLATE "C" PRIMARY KEY,
  requested_ms bigint NOT NULL,
  until bigint NOT NULL,
  done_ms bigint,
  plan bytea NOT NULL,
  record bytea NOT NULL
);
CREATE INDEX erasure_open ON erasure (requested_ms) WHERE done_ms IS NULL;

CREATE TABLE tombstone (
  name text COLLATE "C" NOT NULL,
  at_ms bigint NOT NULL,
  erasure text COLLATE "C" NOT NULL,
  until bigint NOT NULL,
  PRIMARY KEY (name, erasure)
);

-- Numbers are never given twice, so the highest one is kept when its owner goes, and how many identities went is what
-- the highest number counts too much.
CREATE TABLE identities_forgotten (count bigint NOT NULL, last bigint NOT NULL);
INSERT INTO identities_forgotten (count, last) VALUES (0, 0);

CREATE INDEX suppression_by_digest ON suppression (digest);

-- Who is forgotten stands nowhere and is sent nothing more; what was sent was sent.
CREATE FUNCTION count_visits_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE standing SET count = standing.count - went.count
  FROM (SELECT origin, step, count(*) AS count FROM before WHERE left_ms IS NULL GROUP BY origin, step) AS went
  WHERE standing.origin = went.origin AND standing.step = went.step AND standing.part = 0;
  RETURN NULL;
END $$;
CREATE TRIGGER visit_forgotten AFTER DELETE ON visit REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION count_visits_forgotten();
CREATE FUNCTION count_sends_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE send_total SET count = send_total.count - went.count
  FROM (
    SELECT origin, channel, urgency(transactional, origin_kind) AS urgency, state, count(*) AS count
    FROM before WHERE state IN ('pending', 'claimed') GROUP BY 1, 2, 3, 4
  ) AS went
  WHERE send_total.origin = went.origin AND send_total.channel = went.channel AND send_total.urgency = went.urgency
    AND send_total.state = went.state AND send_total.part = 0;
  RETURN NULL;
END $$;
CREATE TRIGGER send_forgotten AFTER DELETE ON send REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION count_sends_forgotten();

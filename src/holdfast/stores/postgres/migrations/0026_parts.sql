-- Several processes move people at once, those of different parts, and each counts in rows of its own: which they are is
-- a setting of its transaction, and 0 where nothing is said. Readers sum over them.
CREATE FUNCTION counted_in() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('holdfast.counted_in', true), ''), '0')::integer
$$;

CREATE OR REPLACE FUNCTION count_visits_that_came() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO standing AS known (origin, step, part, count)
  SELECT origin, step, counted_in(), count(*) FROM after WHERE left_ms IS NULL GROUP BY origin, step
  ON CONFLICT (origin, step, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_visits_that_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO standing AS known (origin, step, part, count)
  SELECT origin, step, counted_in(), sum(change) FROM (
    SELECT origin, step, -1 AS change FROM before WHERE left_ms IS NULL
    UNION ALL
    SELECT origin, step, 1 FROM after WHERE left_ms IS NULL
  ) AS moved GROUP BY origin, step HAVING sum(change) <> 0
  ON CONFLICT (origin, step, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

-- Who came may have been counted in another row than who goes: the row need not be there.
CREATE OR REPLACE FUNCTION count_visits_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO standing AS known (origin, step, part, count)
  SELECT origin, step, counted_in(), -count(*) FROM before WHERE left_ms IS NULL GROUP BY origin, step
  ON CONFLICT (origin, step, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_sends_that_came() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, channel, urgency, state, part, count)
  SELECT origin, channel, urgency(transactional, origin_kind), state, counted_in(), count(*) FROM after GROUP BY 1, 2, 3, 4
  ON CONFLICT (origin, channel, urgency, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_sends_that_moved() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, channel, urgency, state, part, count)
  SELECT origin, channel, urgency(transactional, origin_kind), state, counted_in(), sum(change) FROM (
    SELECT origin, channel, transactional, origin_kind, state, -1 AS change FROM before
    UNION ALL
    SELECT origin, channel, transactional, origin_kind, state, 1 FROM after
  ) AS moved GROUP BY 1, 2, 3, 4 HAVING sum(change) <> 0
  ON CONFLICT (origin, channel, urgency, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_sends_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO send_total AS known (origin, channel, urgency, state, part, count)
  SELECT origin, channel, urgency(transactional, origin_kind), state, counted_in(), -count(*)
  FROM before WHERE state IN ('pending', 'claimed') GROUP BY 1, 2, 3, 4
  ON CONFLICT (origin, channel, urgency, state, part) DO UPDATE SET count = known.count + excluded.count;
  RETURN NULL;
END $$;

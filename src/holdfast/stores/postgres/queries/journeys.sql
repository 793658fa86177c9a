-- Decisions (journeys and campaigns) and those on their way through them.

-- name: decisions
-- Reads every version of every decision.
SELECT id, kind, version, state, definition, published_ms FROM decision ORDER BY id, version

-- name: decisions_latest
-- Reads the newest version of every decision.
SELECT DISTINCT ON (id) id, kind, version, state, definition, published_ms FROM decision ORDER BY id, version DESC

-- name: decision_states
-- Reads which versions there are and how each stands, without what they say.
SELECT id, version, state FROM decision ORDER BY id, version

-- name: put_decision
-- Adds a version, or changes its state; what was published is never rewritten.
INSERT INTO decision (id, version, kind, state, definition, published_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id, version) DO UPDATE SET state = excluded.state

-- name: open_visits
-- Reads visits under way of some identities.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE identity = ANY ($1::bigint[]) AND left_ms IS NULL ORDER BY id

-- name: visits_of
-- Reads past and present visits of some identities, newest first.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE identity = ANY ($1::bigint[]) ORDER BY id DESC LIMIT $2

-- name: due_visits
-- Reads visits that are to be woken, soonest first, but for those of some origins.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= $1 AND origin <> ALL ($3::text[])
ORDER BY due_ms, id LIMIT $2

-- name: due_visits_of
-- Reads those of a part of the people.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= $1 AND origin <> ALL ($3::text[])
  AND (identity & 15) = $4::bigint
ORDER BY due_ms, id LIMIT $2

-- name: due_parts
-- Says in which parts of the people visits are to be woken.
SELECT part FROM generate_series(0, 15) AS part WHERE EXISTS (
  SELECT FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= $1 AND origin <> ALL ($2::text[])
    AND (identity & 15) = part::bigint
) ORDER BY part

-- name: next_due
-- Says when the soonest visit or pending send falls due, or the soonest timer of a live segment.
WITH RECURSIVE channels(name) AS (
  SELECT min(channel) FROM send WHERE state = 'pending'
  UNION ALL
  SELECT (SELECT min(channel) FROM send WHERE state = 'pending' AND channel > name) FROM channels
  WHERE name IS NOT NULL
)
SELECT least(
  (SELECT min(due_ms) FROM member_timer),
  (SELECT min(due_ms) FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL),
  (SELECT min(soonest.due_ms) FROM channels, generate_series(0, 2) AS lane (urgency), LATERAL (
     SELECT min(not_before_ms) AS due_ms FROM send
     WHERE state = 'pending' AND channel = channels.name AND urgency(transactional, origin_kind) = lane.urgency
   ) AS soonest)
)

-- name: entered
-- Sums up the entries of some identities into some journeys.
SELECT origin, identity, count(*), max(entered_ms), bool_or(left_ms IS NULL), array_agg(entry_key)
FROM visit WHERE identity = ANY ($1::bigint[]) AND origin = ANY ($2::text[]) GROUP BY identity, origin

-- name: waiting
-- Counts how many stand at each step.
SELECT step, sum(count)::bigint FROM standing WHERE origin = $1 GROUP BY step HAVING sum(count) > 0

-- name: under_way
-- Counts how many are under way on each version of a journey. It looks at every open visit.
SELECT version, count(*) FROM visit WHERE left_ms IS NULL AND origin = $1 GROUP BY version

-- name: standing
-- Counts how many stand at each step of each version of a journey. It looks at every open visit.
SELECT version, step, count(*) FROM visit WHERE left_ms IS NULL AND origin = $1 GROUP BY version, step

-- name: visits_at
-- Reads visits under way on a version that stand at a step, beginning after one.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND origin = $1 AND version = $2 AND step = $3 AND id > $4 ORDER BY id LIMIT $5

-- name: last_visit
-- Says the highest number given to a visit.
SELECT coalesce(max(id), 0) FROM visit

-- name: add_visits
-- Records entries.
INSERT INTO visit (id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms,
  left_by, body)
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM unnest(
  $1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
  $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::bytea[]
) AS given (id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by,
  body)

-- name: put_visits
-- Moves visits on.
UPDATE visit SET origin = given.origin, version = given.version, identity = given.identity,
  entry_key = given.entry_key, arm = given.arm, step = given.step, seq = given.seq, entered_ms = given.entered_ms,
  arrived_ms = given.arrived_ms, due_ms = given.due_ms, left_ms = given.left_ms, left_by = given.left_by,
  body = given.body
FROM unnest(
  $1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[],
  $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::bytea[]
) AS given (id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by,
  body)
WHERE visit.id = given.id

-- name: step_counts
-- Reads a journey's counters.
SELECT origin, version, step, exit, sum(count)::bigint FROM step_count WHERE origin = $1
GROUP BY origin, version, step, exit ORDER BY version, step, exit

-- name: count_steps
-- Adds to counters.
INSERT INTO step_count AS known (origin, version, step, exit, part, count)
SELECT origin, version, step, exit, counted_in(), sum(count)::bigint
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) AS given (origin, version, step, exit, count)
GROUP BY origin, version, step, exit
ON CONFLICT (origin, version, step, exit, part) DO UPDATE SET count = known.count + excluded.count

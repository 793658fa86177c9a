-- Decisions (journeys and campaigns) and those on their way through them.

-- name: decisions
-- Reads every version of every decision.
SELECT id, kind, version, state, definition, published_ms FROM decision ORDER BY id, version

-- name: decisions_latest
-- Reads the newest version of every decision.
SELECT id, kind, version, state, definition, published_ms FROM decision AS each
WHERE version = (SELECT max(version) FROM decision WHERE decision.id = each.id) ORDER BY id

-- name: decision_states
-- Reads which versions there are and how each stands, without what they say.
SELECT id, version, state FROM decision ORDER BY id, version

-- name: put_decision
-- Adds a version, or changes its state; what was published is never rewritten.
INSERT INTO decision (id, version, kind, state, definition, published_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET state = excluded.state

-- name: open_visits
-- Reads visits under way of some identities.
SELECT visit.id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by,
  body
FROM json_each(?) AS wanted CROSS JOIN visit ON identity = wanted.value AND left_ms IS NULL ORDER BY visit.id

-- name: visits_of
-- Reads past and present visits of some identities, newest first.
SELECT visit.id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by,
  body
FROM json_each(?1) AS wanted CROSS JOIN visit ON identity = wanted.value ORDER BY visit.id DESC LIMIT ?2

-- name: due_visits
-- Reads visits that are to be woken, soonest first, but for those of some origins.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= ?1
  AND origin NOT IN (SELECT value FROM json_each(?3)) ORDER BY due_ms, id LIMIT ?2

-- name: due_visits_of
-- Reads those of a part of the people. Nobody else fires timers here, so the part has no index of its own.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= ?1 AND identity % 16 = ?4
  AND origin NOT IN (SELECT value FROM json_each(?3)) ORDER BY due_ms, id LIMIT ?2

-- name: due_parts
-- Says in which parts of the people visits are to be woken.
SELECT DISTINCT identity % 16 FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= ?1
  AND origin NOT IN (SELECT value FROM json_each(?2)) ORDER BY 1

-- name: due_shares
-- Reads the ids of visits that are to be woken, soonest first, in shares by the person's number; some persons apart.
WITH due AS (
  SELECT id, identity, due_ms FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL AND due_ms <= ?1
    AND origin NOT IN (SELECT value FROM json_each(?4)) ORDER BY due_ms, id LIMIT ?2
)
SELECT CASE WHEN identity.person IN (SELECT value FROM json_each(?5)) THEN -1 ELSE identity.person % ?3 END AS share,
  json_group_array(due.id)
FROM due CROSS JOIN identity ON identity.id = due.identity GROUP BY share

-- name: visits_by_id
-- Reads visits by number, soonest due first.
SELECT visit.id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by,
  body
FROM json_each(?) AS wanted CROSS JOIN visit ON visit.id = wanted.value ORDER BY due_ms, visit.id

-- name: next_due
-- Says when the soonest visit or pending send falls due, or the soonest timer of a live segment.
WITH RECURSIVE channels(name) AS (
  SELECT min(channel) FROM send WHERE state = 'pending'
  UNION ALL
  SELECT (SELECT min(channel) FROM send WHERE state = 'pending' AND channel > name) FROM channels
  WHERE name IS NOT NULL
)
SELECT min(due) FROM (
  SELECT min(due_ms) AS due FROM member_timer
  UNION ALL
  SELECT min(due_ms) AS due FROM visit WHERE left_ms IS NULL AND due_ms IS NOT NULL
  UNION ALL
  SELECT (SELECT min(not_before_ms) FROM send WHERE state = 'pending' AND channel = channels.name AND urgency = value)
  FROM channels CROSS JOIN json_each('[0, 1, 2]') WHERE channels.name IS NOT NULL
)

-- name: entered
-- Sums up the entries of some identities into some journeys.
SELECT origin, identity, count(*), max(entered_ms), max(left_ms IS NULL), json_group_array(entry_key)
FROM json_each(?1) AS wanted CROSS JOIN visit ON identity = wanted.value
WHERE origin IN (SELECT value FROM json_each(?2)) GROUP BY identity, origin

-- name: waiting
-- Counts how many stand at each step.
SELECT step, count FROM standing WHERE origin = ? AND count > 0

-- name: under_way
-- Counts how many are under way on each version of a journey. It looks at every open visit.
SELECT version, count(*) FROM visit WHERE left_ms IS NULL AND origin = ? GROUP BY version

-- name: standing
-- Counts how many stand at each step of each version of a journey. It looks at every open visit.
SELECT version, step, count(*) FROM visit WHERE left_ms IS NULL AND origin = ? GROUP BY version, step

-- name: visits_at
-- Reads visits under way on a version that stand at a step, beginning after one.
SELECT id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms, left_by, body
FROM visit WHERE left_ms IS NULL AND origin = ?1 AND version = ?2 AND step = ?3 AND id > ?4 ORDER BY id LIMIT ?5

-- name: last_visit
-- Says the highest number given to a visit.
SELECT coalesce(max(id), 0) FROM visit

-- name: add_visit
-- Records an entry.
INSERT INTO visit (id, origin, version, identity, entry_key, arm, step, seq, entered_ms, arrived_ms, due_ms, left_ms,
  left_by, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)

-- name: count_new_visits
-- Counts those who stand where they entered, beginning with the visit of a number.
INSERT INTO standing (origin, step, count)
SELECT origin, step, count(*) FROM visit NOT INDEXED WHERE id >= ?1 AND left_ms IS NULL GROUP BY origin, step
ON CONFLICT DO UPDATE SET count = count + excluded.count

-- name: uncount_visits
-- Takes visits that are about to move off the counts of the steps where they stand.
UPDATE standing SET count = standing.count - gone.count FROM (
  SELECT origin, step, count(*) AS count FROM json_each(?1) AS wanted CROSS JOIN visit ON visit.id = wanted.value
  WHERE left_ms IS NULL GROUP BY origin, step
) AS gone WHERE standing.origin = gone.origin AND standing.step = gone.step

-- name: count_visits
-- Counts visits at the steps to which they have moved.
INSERT INTO standing (origin, step, count)
SELECT origin, step, count(*) FROM json_each(?1) AS wanted CROSS JOIN visit ON visit.id = wanted.value
WHERE left_ms IS NULL GROUP BY origin, step
ON CONFLICT DO UPDATE SET count = count + excluded.count

-- name: count_standing
-- Counts so many who have come to a step.
INSERT INTO standing (origin, step, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count

-- name: move_visit
-- Moves a visit on that is under way and stays so: one index of three has to be kept in step.
UPDATE visit SET version = ?2, step = ?3, seq = ?4, arrived_ms = ?5, due_ms = ?6, body = ?7
WHERE id = ?1 AND left_ms IS NULL

-- name: put_visit
-- Writes where a visit stands.
UPDATE visit SET version = ?2, step = ?3, seq = ?4, arrived_ms = ?5, due_ms = ?6, body = ?7, left_ms = ?8, left_by = ?9
WHERE id = ?1

-- name: step_counts
-- Reads a journey's counters.
SELECT origin, version, step, exit, count FROM step_count WHERE origin = ? ORDER BY version, step, exit

-- name: count_step
-- Adds to a counter.
INSERT INTO step_count (origin, version, step, exit, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count

-- Runs of campaigns, and when schedules come next.

-- name: planned
-- Reads when each schedule comes next.
SELECT origin, version, wall, next_ms FROM planned

-- name: plan
-- Keeps when a schedule comes next.
INSERT INTO planned (origin, version, wall, next_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (origin) DO UPDATE SET version = excluded.version, wall = excluded.wall, next_ms = excluded.next_ms

-- name: run
-- Reads one run.
SELECT id, origin, run_key, state, wake_ms, body FROM run WHERE id = ?1

-- name: run_of
-- Reads the run of one occasion.
SELECT id, origin, run_key, state, wake_ms, body FROM run WHERE origin = ?1 AND run_key = ?2

-- name: runs_of
-- Reads the runs of one journey or campaign, newest first, those numbered below one.
SELECT id, origin, run_key, state, wake_ms, body FROM run WHERE origin = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3

-- name: runs_in
-- Reads runs in some states that are not over, oldest first.
SELECT id, origin, run_key, state, wake_ms, body FROM run
WHERE state IN ('preparing', 'held', 'running', 'paused') AND state IN (SELECT value FROM json_each(?1))
ORDER BY id LIMIT ?2

-- name: runs_in_any
-- Reads runs in some states, oldest first, those that are over too: there may be many of them.
SELECT id, origin, run_key, state, wake_ms, body FROM run WHERE state IN (SELECT value FROM json_each(?1)) ORDER BY id LIMIT ?2

-- name: due_runs
-- Reads runs that are to go on, soonest first, but for those of some origins.
SELECT id, origin, run_key, state, wake_ms, body FROM run
WHERE wake_ms IS NOT NULL AND wake_ms <= ?1 AND origin NOT IN (SELECT value FROM json_each(?3))
ORDER BY wake_ms, id LIMIT ?2

-- name: next_run
-- Says when the soonest run or schedule falls due.
SELECT min(due) FROM (
  SELECT min(wake_ms) AS due FROM run WHERE wake_ms IS NOT NULL
  UNION ALL
  SELECT min(next_ms) FROM planned WHERE next_ms IS NOT NULL
)

-- name: run_states
-- Reads the states of some runs.
SELECT run.id, state FROM json_each(?1) AS wanted CROSS JOIN run ON run.id = wanted.value

-- name: add_run
-- Adds a run, unless its occasion has one.
INSERT INTO run (origin, run_key, state, wake_ms, body) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (origin, run_key) DO NOTHING RETURNING id

-- name: put_run
-- Puts a run in the place of the one of its number.
UPDATE run SET state = ?2, wake_ms = ?3, body = ?4 WHERE id = ?1

-- name: members
-- Reads some rows of a run's audience.
SELECT chunk, persons FROM run_member WHERE run = ?1 AND chunk BETWEEN ?2 AND ?3 ORDER BY chunk

-- name: add_members
-- Keeps one row of a run's audience.
INSERT INTO run_member (run, chunk, persons) VALUES (?1, ?2, ?3)

-- name: forget_members
-- Lets go of a run's audience.
DELETE FROM run_member WHERE run = ?1

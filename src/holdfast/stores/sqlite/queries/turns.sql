-- Turns: what the log does not say of how the state came to be.

-- name: turns
-- Reads turns in order, from one on.
SELECT id, kind, start, next, at_ms, body FROM turn WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: add_turn
-- Keeps what was done.
INSERT INTO turn (kind, start, next, at_ms, body) VALUES (?, ?, ?, ?, ?)

-- name: oldest_turns
-- Reads the first turns there are: their numbers and how far they came.
SELECT id, next FROM turn ORDER BY id LIMIT ?1

-- name: forget_turns
-- Lets go of the first turns, up to a number.
DELETE FROM turn WHERE id <= ?1

-- name: take_send
-- Takes a send that is to be settled, whatever it waits for.
UPDATE send SET state = 'claimed', claimed_ms = ?2, attempts = attempts + 1, claimed_by = '', send_by_ms = NULL,
  tried_ms = coalesce(tried_ms, ?2), dead = 0 WHERE key = ?1 AND state IN ('pending', 'failed', 'in_doubt')

-- name: notes
-- Reads every small named value.
SELECT name, value FROM note

-- name: every_tombstone
-- Reads what is kept of the names that were erased.
SELECT name, erasure, until, at_ms FROM tombstone ORDER BY name, erasure

-- name: every_suppression
-- Reads every address nobody may be written to at.
SELECT channel, address, reason FROM suppression ORDER BY channel, address

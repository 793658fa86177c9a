-- What is watched, and how far the past was gathered for it.

-- name: watches
-- Reads everything that is watched.
SELECT number, leaf, since_offset, filled_to, filled FROM watch ORDER BY number

-- name: add_watch
-- Watches one thing more; the number is given.
INSERT INTO watch (leaf, since_offset, filled_to, filled) VALUES (?, ?, ?, ?) RETURNING number

-- name: put_watch
-- Says how far one is filled.
UPDATE watch SET leaf = ?2, since_offset = ?3, filled_to = ?4, filled = ?5 WHERE number = ?1

-- name: drop_watch
-- Watches one no more.
DELETE FROM watch WHERE number = ?

-- What events, properties and traits mean.

-- name: every_meaning
-- Reads all of them: there are a few thousand at most.
SELECT event, name, said, by_id, saved_ms FROM meaning ORDER BY event, name

-- name: meanings
-- Reads those of an event and its properties.
SELECT event, name, said, by_id, saved_ms FROM meaning WHERE event = ?1 ORDER BY name

-- name: put_meaning
-- Writes one in the place of what stood there.
INSERT INTO meaning (event, name, said, by_id, saved_ms) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (event, name) DO UPDATE SET said = excluded.said, by_id = excluded.by_id, saved_ms = excluded.saved_ms

-- name: drop_meaning
-- Takes one out.
DELETE FROM meaning WHERE event = ?1 AND name = ?2

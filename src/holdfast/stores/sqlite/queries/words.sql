-- What messages said when they were first handed over.

-- name: kept_words
-- Finds what sends said.
SELECT kept_words.send, kept_words.body FROM json_each(?1) AS wanted CROSS JOIN kept_words ON kept_words.send = wanted.value

-- name: keep_words
-- Keeps what a send said; what is kept already stands.
INSERT INTO kept_words (send, at_ms, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING

-- name: drop_words
-- Lets go of what a send said.
DELETE FROM kept_words WHERE send = ?

-- name: forget_words
-- Lets go of what was kept long ago.
DELETE FROM kept_words WHERE send IN (SELECT send FROM kept_words WHERE at_ms < ?1 ORDER BY at_ms, send LIMIT ?2)

-- What messages said when they were first handed over.

-- name: kept_words
-- Finds what sends said.
SELECT send, body FROM kept_words WHERE send = ANY ($1::text[])

-- name: keep_words
-- Keeps what sends said; what is kept already stands.
INSERT INTO kept_words (send, at_ms, body) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[])
ON CONFLICT (send) DO NOTHING

-- name: drop_words
-- Lets go of what sends said.
DELETE FROM kept_words WHERE send = ANY ($1::text[])

-- name: forget_words
-- Lets go of what was kept long ago.
DELETE FROM kept_words WHERE send IN (SELECT send FROM kept_words WHERE at_ms < $1 ORDER BY at_ms, send LIMIT $2)
RETURNING send

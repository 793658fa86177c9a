-- Links that open a board or a saved insight to who has no account.

-- name: every_shared_link
-- Reads all of them.
SELECT id, kind, about, by_id, made_ms, expires_ms, revoked_ms FROM shared_link ORDER BY made_ms, id

-- name: shared_links
-- Reads those of one board or saved insight.
SELECT id, kind, about, by_id, made_ms, expires_ms, revoked_ms FROM shared_link
WHERE kind = $1 AND about = $2 ORDER BY made_ms, id

-- name: shared_link
-- Reads one by its id.
SELECT id, kind, about, by_id, made_ms, expires_ms, revoked_ms FROM shared_link WHERE id = $1

-- name: put_shared_link
-- Keeps one in the place of what is there.
INSERT INTO shared_link (id, kind, about, by_id, made_ms, expires_ms, revoked_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET expires_ms = excluded.expires_ms, revoked_ms = excluded.revoked_ms

-- Small things: keys and named notes.

-- name: keys
-- Reads every write and api key.
SELECT name, kind, hash, shown, created_ms, revoked_ms, scopes, used_ms FROM access_key ORDER BY created_ms, name

-- name: put_key
-- Keeps a key; one of the same name is replaced.
INSERT INTO access_key (name, kind, hash, shown, created_ms, revoked_ms, scopes, used_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, hash = excluded.hash, shown = excluded.shown,
  created_ms = excluded.created_ms, revoked_ms = excluded.revoked_ms,
  scopes = excluded.scopes, used_ms = excluded.used_ms

-- name: note_key_used
-- Keeps when a key was used last.
UPDATE access_key SET used_ms = $2 WHERE name = $1

-- name: revoke_key
-- Makes a key worthless from a moment on; the first revocation stays on record.
UPDATE access_key SET revoked_ms = $2 WHERE name = $1 AND revoked_ms IS NULL

-- name: note
-- Reads a named value.
SELECT value FROM note WHERE name = $1

-- name: set_note
-- Keeps a named value.
INSERT INTO note (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value

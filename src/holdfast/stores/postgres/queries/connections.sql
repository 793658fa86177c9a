-- Connections: the providers that are set up.

-- name: connections
-- Reads every connection.
SELECT name, provider, medium, settings, secrets, is_default, created_ms, changed_ms, by FROM connection ORDER BY name

-- name: put_connection
-- Keeps a connection, in the place of the one of its name.
INSERT INTO connection (name, provider, medium, settings, secrets, is_default, created_ms, changed_ms, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (name) DO UPDATE SET provider = excluded.provider, medium = excluded.medium, settings = excluded.settings,
  secrets = excluded.secrets, is_default = excluded.is_default, created_ms = excluded.created_ms,
  changed_ms = excluded.changed_ms, by = excluded.by

-- name: no_default
-- Makes no connection of a medium the default.
UPDATE connection SET is_default = false WHERE medium = $1 AND is_default

-- name: drop_connection
-- Forgets a connection.
DELETE FROM connection WHERE name = $1

-- name: connection_changes
-- Says how often any was changed.
SELECT count FROM connection_change

-- name: count_change
-- Counts one change more.
UPDATE connection_change SET count = count + 1

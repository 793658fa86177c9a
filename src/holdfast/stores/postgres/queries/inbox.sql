-- Inboxes: messages that are kept until the app or site of their person asks for them.

-- name: inbox
-- Reads what waits for some identities and has not expired, newest first.
SELECT key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM inbox WHERE identity = ANY ($1::bigint[]) AND expires_ms > $2 ORDER BY added_ms DESC, key LIMIT $3

-- name: inbox_items
-- Reads some items by their keys.
SELECT key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM inbox WHERE key = ANY ($1::text[])

-- name: inbox_after
-- Reads every item in order of key, after one.
SELECT key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM inbox WHERE key > $1 ORDER BY key LIMIT $2

-- name: add_items
-- Keeps items, unless they are kept already.
INSERT INTO inbox
  (key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms)
SELECT * FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
  $9::bigint[], $10::bigint[]
) ON CONFLICT (key) DO NOTHING

-- name: mark_items
-- Writes what happened to items.
UPDATE inbox SET delivered_ms = said.delivered_ms, opened_ms = said.opened_ms, clicked_ms = said.clicked_ms,
  dismissed_ms = said.dismissed_ms
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
  AS said (key, delivered_ms, opened_ms, clicked_ms, dismissed_ms)
WHERE inbox.key = said.key

-- name: trim_inbox
-- Deletes what some identities have beyond the newest so many.
DELETE FROM inbox WHERE key IN (
  SELECT key FROM inbox WHERE identity = ANY ($1::bigint[]) ORDER BY added_ms DESC, key OFFSET $2
)

-- name: expire_inbox
-- Deletes so many of those that have expired; returns their keys.
DELETE FROM inbox WHERE key IN (
  SELECT key FROM inbox WHERE expires_ms <= $1 ORDER BY expires_ms, key LIMIT $2
) RETURNING key

-- Inboxes: messages that are kept until the app or site of their person asks for them.

-- name: inbox
-- Reads what waits for some identities and has not expired, newest first.
SELECT inbox.key, inbox.identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM json_each(?1) AS wanted CROSS JOIN inbox ON inbox.identity = wanted.value
WHERE expires_ms > ?2 ORDER BY added_ms DESC, inbox.key LIMIT ?3

-- name: inbox_items
-- Reads some items by their keys.
SELECT inbox.key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM json_each(?1) AS wanted CROSS JOIN inbox ON inbox.key = wanted.value

-- name: inbox_after
-- Reads every item in order of key, after one.
SELECT key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms
FROM inbox WHERE key > ?1 ORDER BY key LIMIT ?2

-- name: add_item
-- Keeps an item, unless it is kept already.
INSERT INTO inbox
  (key, identity, medium, words, added_ms, expires_ms, delivered_ms, opened_ms, clicked_ms, dismissed_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: mark_item
-- Writes what happened to an item.
UPDATE inbox SET delivered_ms = ?2, opened_ms = ?3, clicked_ms = ?4, dismissed_ms = ?5 WHERE key = ?1

-- name: trim_inbox
-- Deletes what some identities have beyond the newest so many.
DELETE FROM inbox WHERE id IN (
  SELECT inbox.id FROM json_each(?1) AS wanted CROSS JOIN inbox ON inbox.identity = wanted.value
  ORDER BY added_ms DESC, inbox.key LIMIT -1 OFFSET ?2
)

-- name: expire_inbox
-- Deletes so many of those that have expired.
DELETE FROM inbox WHERE id IN (
  SELECT id FROM inbox WHERE expires_ms <= ?1 ORDER BY expires_ms, key LIMIT ?2
)

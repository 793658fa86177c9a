-- The outbox: what is to be sent, what became of it, and addresses nobody may write to.

-- name: send
-- Reads one send by its key.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE key = ?

-- name: sends
-- Lists sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send ORDER BY id DESC LIMIT ?

-- name: sends_of_origin
-- Lists a journey's or campaign's sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE origin = ? ORDER BY id DESC LIMIT ?

-- name: sends_of_identities
-- Lists the sends to some identities, newest first; from one origin, when one is given.
SELECT send.key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM json_each(?1) AS wanted CROSS JOIN send ON identity = wanted.value
WHERE ?2 IS NULL OR origin = ?2 ORDER BY send.id DESC LIMIT ?3

-- name: send_totals
-- Counts sends by what became of them.
SELECT state, sum(count) FROM send_total WHERE ?1 IS NULL OR origin = ?1 GROUP BY state HAVING sum(count) > 0

-- name: contacts
-- Lists the marketing contacts of some identities that were made since, or are about to be: each with the moment it was
-- meant for, and when it was handed over. The index goes by when they were asked for, so that is bounded as well.
SELECT identity, channel, topic, max(created_ms, not_before_ms) AS at_ms, send.key, claimed_ms
FROM json_each(?1) AS wanted CROSS JOIN send ON identity = wanted.value AND created_ms >= ?3
WHERE max(created_ms, not_before_ms, coalesce(claimed_ms, 0)) >= ?2 AND NOT transactional
  AND state IN ('pending', 'claimed', 'sent', 'in_doubt') ORDER BY identity, at_ms, send.key

-- name: add_send
-- Writes a send before it is done; one that is written already stays as it is.
INSERT INTO send (key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: due_sends
-- Reads pending sends of one lane that may go now, longest due first, but for those of some origins.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE state = 'pending' AND transactional = ?1 AND not_before_ms <= ?2
  AND origin NOT IN (SELECT value FROM json_each(?4)) ORDER BY not_before_ms, id LIMIT ?3

-- name: claim_send
-- Takes a send: from now on it may have reached the provider.
UPDATE send SET state = 'claimed', claimed_ms = ?2, attempts = attempts + 1 WHERE key = ?1

-- name: settle_send
-- Writes what became of a claimed send.
UPDATE send SET state = ?2, reason = ?3, settled_ms = ?4 WHERE key = ?1 AND state = 'claimed'

-- name: defer_send
-- Puts a claimed send back, for later; the attempt is taken off again when nobody tried.
UPDATE send SET state = 'pending', reason = ?2, not_before_ms = ?3, claimed_ms = NULL, attempts = attempts - ?4
WHERE key = ?1 AND state = 'claimed'

-- name: claimed_before
-- Lists sends that were claimed and never settled.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE state = 'claimed' AND claimed_ms < ? ORDER BY claimed_ms, id

-- name: suppression
-- Says why an address may not be written to, if so.
SELECT reason FROM suppression WHERE channel = ? AND address = ?

-- name: suppress
-- Forbids an address; the newest reason stands.
INSERT INTO suppression (channel, address, reason, at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms

-- Receipts: whose they are, what came back, and addresses nobody may write to.

-- name: send_by_provider_id
-- Finds the send a provider calls so.
SELECT provider_id, send FROM provider_message WHERE channel = ? AND provider_id = ?

-- name: reached
-- Finds the last message an address was sent.
SELECT channel, address, identity, send, at_ms FROM reached WHERE channel = ? AND address = ?

-- name: suppressed_addresses
-- Lists suppressed addresses, the newest first.
SELECT channel, address, reason, at_ms FROM suppression
WHERE at_ms <= ?1 AND (at_ms < ?1 OR (channel, address) > (?2, ?3)) AND (?4 IS NULL OR channel = ?4)
ORDER BY at_ms DESC, channel, address LIMIT ?5

-- name: soft_bounces
-- Counts what came back from an address.
SELECT count(*) FROM soft_bounce WHERE channel = ? AND address = ? AND at_ms >= ?

-- name: note_provider_message
-- Keeps what a provider calls a message.
INSERT INTO provider_message (channel, provider_id, send, identity, at_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: note_reached
-- Keeps the last message an address was sent.
INSERT INTO reached (channel, address, identity, send, at_ms) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET identity = excluded.identity, send = excluded.send, at_ms = excluded.at_ms
WHERE excluded.at_ms >= reached.at_ms

-- name: note_soft_bounce
-- Keeps that a message came back.
INSERT INTO soft_bounce (channel, address, send, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: lift_suppression
-- Lets an address be written to again.
DELETE FROM suppression WHERE channel = ? AND address = ? RETURNING reason

-- name: forget_provider_messages
-- Lets go of old numbers of providers.
DELETE FROM provider_message WHERE (channel, provider_id) IN (
  SELECT channel, provider_id FROM provider_message WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2
)

-- name: forget_soft_bounces
-- Lets go of what came back long ago.
DELETE FROM soft_bounce WHERE (channel, address, send) IN (
  SELECT channel, address, send FROM soft_bounce WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2
)

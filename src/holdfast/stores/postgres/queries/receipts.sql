-- Receipts: whose they are, what came back, and addresses nobody may write to.

-- name: sends_by_provider_id
-- Finds the sends a provider calls so.
SELECT provider_id, send FROM provider_message WHERE channel = $1 AND provider_id = ANY ($2::text[])

-- name: reached
-- Finds the last message addresses were sent.
SELECT channel, address, identity, send, at_ms FROM reached WHERE channel = $1 AND address = ANY ($2::text[])

-- name: suppressed_addresses
-- Lists suppressed addresses, the newest first.
SELECT channel, address, reason, at_ms FROM suppression
WHERE at_ms <= $1 AND (at_ms < $1 OR (channel, address) > ($2::text, $3::text)) AND ($4::text IS NULL OR channel = $4)
ORDER BY at_ms DESC, channel, address LIMIT $5

-- name: soft_bounces
-- Counts what came back from an address.
SELECT count(*) FROM soft_bounce WHERE channel = $1 AND address = $2 AND at_ms >= $3

-- name: note_provider_messages
-- Keeps what a provider calls messages.
INSERT INTO provider_message (channel, provider_id, send, identity, at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
ON CONFLICT (channel, provider_id) DO NOTHING

-- name: note_reached
-- Keeps the last message addresses were sent; each address once.
INSERT INTO reached (channel, address, identity, send, at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
ON CONFLICT (channel, address) DO UPDATE SET identity = excluded.identity, send = excluded.send, at_ms = excluded.at_ms
WHERE excluded.at_ms >= reached.at_ms

-- name: note_soft_bounce
-- Keeps that a message came back.
INSERT INTO soft_bounce (channel, address, send, at_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (channel, address, send) DO NOTHING

-- name: lift_suppression
-- Lets an address be written to again.
DELETE FROM suppression WHERE channel = $1 AND digest = $2 RETURNING reason

-- name: forget_provider_messages
-- Lets go of old numbers of providers.
DELETE FROM provider_message WHERE (channel, provider_id) IN (
  SELECT channel, provider_id FROM provider_message WHERE at_ms < $1 ORDER BY at_ms LIMIT $2
) RETURNING send

-- name: forget_soft_bounces
-- Lets go of what came back long ago.
DELETE FROM soft_bounce WHERE (channel, address, send) IN (
  SELECT channel, address, send FROM soft_bounce WHERE at_ms < $1 ORDER BY at_ms LIMIT $2
) RETURNING send

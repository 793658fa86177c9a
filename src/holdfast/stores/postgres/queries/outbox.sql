-- The outbox: what is to be sent, what became of it, and addresses nobody may write to.

-- name: sends_by_key
-- Reads sends by their keys.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE key = ANY ($1::text[])

-- name: sends
-- Lists sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send ORDER BY id DESC LIMIT $1

-- name: sends_of_origin
-- Lists a journey's or campaign's sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE origin = $1 ORDER BY id DESC LIMIT $2

-- name: sends_of_identities
-- Lists the sends to some identities, newest first; from one origin, when one is given.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE identity = ANY ($1::bigint[]) AND ($2::text IS NULL OR origin = $2) ORDER BY id DESC LIMIT $3

-- name: send_totals
-- Counts sends by what became of them.
SELECT state, sum(count)::bigint FROM send_total WHERE $1::text IS NULL OR origin = $1
GROUP BY state HAVING sum(count) > 0

-- name: contacts
-- Lists the marketing contacts of some identities that were made since, or are about to be: each with the moment it was
-- meant for, and when it was handed over. The index goes by when they were asked for, so that is bounded as well.
SELECT identity, channel, topic, greatest(created_ms, not_before_ms) AS at_ms, key, claimed_ms
FROM send WHERE identity = ANY ($1::bigint[]) AND created_ms >= $3
  AND greatest(created_ms, not_before_ms, claimed_ms) >= $2 AND NOT transactional
  AND state IN ('pending', 'claimed', 'sent', 'in_doubt') ORDER BY identity, at_ms, key

-- name: add_sends
-- Writes sends before they are done, in the order they are given; one that is written already stays as it is.
INSERT INTO send (key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body)
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::boolean[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
  $18::text[], $19::bytea[]
) WITH ORDINALITY AS given (key, identity, origin_kind, origin, version, step, channel, template, topic, transactional,
  address, state, created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body, place)
ORDER BY place ON CONFLICT (key) DO NOTHING

-- name: due_sends
-- Reads pending sends of one lane that may go now, longest due first, but for those of some origins.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE state = 'pending' AND transactional = $1 AND not_before_ms <= $2 AND origin <> ALL ($4::text[])
ORDER BY not_before_ms, id LIMIT $3

-- name: claim_sends
-- Takes sends: from now on they may have reached the provider.
UPDATE send SET state = 'claimed', claimed_ms = $2, attempts = attempts + 1 WHERE key = ANY ($1::text[])

-- name: settle_sends
-- Writes what became of claimed sends. They are found by their keys: `=` would let the planner compare each of them with
-- every send that is claimed.
UPDATE send SET state = settled.state, reason = settled.reason, settled_ms = $4
FROM unnest($1::text[], $2::text[], $3::text[]) AS settled (key, state, reason)
WHERE send.key = settled.key AND send.state IS NOT DISTINCT FROM 'claimed'

-- name: defer_sends
-- Puts claimed sends back, for later; the attempt is taken off again when nobody tried. As above, found by their keys.
UPDATE send SET state = 'pending', reason = deferred.reason, not_before_ms = deferred.not_before_ms, claimed_ms = NULL,
  attempts = attempts - deferred.untried::integer
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[]) AS deferred (key, reason, not_before_ms, untried)
WHERE send.key = deferred.key AND send.state IS NOT DISTINCT FROM 'claimed'

-- name: claimed_before
-- Lists sends that were claimed and never settled.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body
FROM send WHERE state = 'claimed' AND claimed_ms < $1 ORDER BY claimed_ms, id

-- name: suppressions
-- Says why addresses may not be written to, if so.
SELECT digest, reason FROM suppression WHERE channel = $1 AND digest = ANY ($2::bytea[])

-- name: suppress
-- Forbids an address; the newest reason stands.
INSERT INTO suppression (channel, digest, address, reason, at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel, digest) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms

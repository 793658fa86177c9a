-- The outbox: what is to be sent, what became of it, and addresses nobody may write to.

-- name: sends_by_key
-- Reads sends by their keys.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE key = ANY ($1::text[])

-- name: sends
-- Lists sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send ORDER BY id DESC LIMIT $1

-- name: sends_of_origin
-- Lists a journey's or campaign's sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE origin = $1 ORDER BY id DESC LIMIT $2

-- name: sends_of_identities
-- Lists the sends to some identities, newest first; from one origin, when one is given.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE identity = ANY ($1::bigint[]) AND ($2::text IS NULL OR origin = $2) ORDER BY id DESC LIMIT $3

-- name: send_totals
-- Counts sends by what became of them.
SELECT state, sum(count)::bigint FROM send_total WHERE $1::text IS NULL OR origin = $1
GROUP BY state HAVING sum(count) > 0

-- name: contacts
-- Lists the marketing contacts of some identities that were made since, or are about to be: each with the moment it was
-- meant for, and when it was handed over. The index goes by when they were asked for, so that is bounded as well.
SELECT identity, channel, topic, greatest(created_ms, not_before_ms) AS at_ms, key, claimed_ms, priority
FROM send WHERE identity = ANY ($1::bigint[]) AND created_ms >= $3
  AND greatest(created_ms, not_before_ms, claimed_ms) >= $2 AND NOT transactional
  AND state IN ('pending', 'claimed', 'sent', 'in_doubt') ORDER BY identity, at_ms, key

-- name: add_sends
-- Writes sends before they are done, in the order they are given; one that is written already stays as it is.
INSERT INTO send (key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost)
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM unnest(
  $1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::boolean[], $11::text[], $12::text[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[],
  $18::text[], $19::bytea[], $20::text[], $21::bigint[], $22::bigint[], $23::boolean[],
  $24::integer[], $25::bigint[]
) WITH ORDINALITY AS given (key, identity, origin_kind, origin, version, step, channel, template, topic, transactional,
  address, state, created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body, claimed_by,
  send_by_ms, tried_ms, dead, priority, cost, place)
ORDER BY place ON CONFLICT (key) DO NOTHING

-- name: due_sends
-- Reads pending sends of one lane that may go now, longest due first, but for those of some origins.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE state = 'pending' AND channel = $1 AND urgency(transactional, origin_kind) = $2 AND not_before_ms <= $3
  AND origin <> ALL ($5::text[])
ORDER BY not_before_ms, id LIMIT $4

-- name: claim_sends
-- Takes sends: from now on they may have reached the provider.
UPDATE send SET state = 'claimed', claimed_ms = $2, attempts = attempts + 1, claimed_by = $3, send_by_ms = $4,
  tried_ms = coalesce(tried_ms, $2) WHERE key = ANY ($1::text[])

-- name: settle_sends
-- Writes what became of claimed sends. They are found by their keys: `=` would let the planner compare each of them with
-- every send that is claimed.
UPDATE send SET state = settled.state, reason = settled.reason, settled_ms = $6, dead = settled.dead
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
  AS settled (key, state, reason, claimed_by, dead)
WHERE send.key = settled.key AND send.state IS NOT DISTINCT FROM 'claimed'
  AND (settled.claimed_by IS NULL OR settled.claimed_by = send.claimed_by)
RETURNING send.key

-- name: defer_sends
-- Puts claimed sends back, for later; the attempt is taken off again when nobody tried. As above, found by their keys.
UPDATE send SET state = 'pending', reason = deferred.reason, not_before_ms = deferred.not_before_ms, claimed_ms = NULL,
  send_by_ms = NULL, attempts = attempts - deferred.untried::integer,
  tried_ms = CASE WHEN attempts > deferred.untried::integer THEN tried_ms END
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::text[])
  AS deferred (key, reason, not_before_ms, untried, claimed_by)
WHERE send.key = deferred.key AND send.state IS NOT DISTINCT FROM 'claimed'
  AND (deferred.claimed_by IS NULL OR deferred.claimed_by = send.claimed_by)
RETURNING send.key

-- name: add_answers
-- Remembers what came of attempts, in the order they are given.
INSERT INTO send_answer (key, said, at_ms)
SELECT key, said, $3 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (key, said, place) ORDER BY place

-- name: answers
-- Reads what came of the attempts at some sends, oldest first.
SELECT key, at_ms, said FROM send_answer WHERE key = ANY ($1::text[]) ORDER BY key, id

-- name: claimed_before
-- Lists sends that were claimed and never settled.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE state = 'claimed' AND claimed_ms < $1 ORDER BY claimed_ms, id

-- name: overdue_claims
-- Lists claimed sends whose time to be handed over has run out.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE state = 'claimed' AND send_by_ms < $1 ORDER BY claimed_ms, id LIMIT $2

-- name: lane_totals
-- Counts what stands in each lane, by state, and says when the soonest that waits may go.
SELECT channel, urgency, state, sum(count)::bigint,
  (SELECT min(not_before_ms) FROM send
   WHERE send.state = 'pending' AND send.channel = send_total.channel
     AND urgency(send.transactional, send.origin_kind) = send_total.urgency)
FROM send_total WHERE state IN ('pending', 'claimed', 'in_doubt')
GROUP BY channel, urgency, state HAVING sum(count) > 0

-- name: dead_letters
-- Lists dead letters, newest first: after a place in that order, of one origin, of one channel, as is asked.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  claimed_by, send_by_ms, tried_ms, dead, priority, cost
FROM send WHERE dead AND (settled_ms, key) < ($1, $2) AND ($3::text IS NULL OR origin = $3)
  AND ($4::text IS NULL OR channel = $4) ORDER BY settled_ms DESC, key DESC LIMIT $5

-- name: count_dead_letters
-- Counts dead letters by channel.
SELECT channel, count(*) FROM send WHERE dead GROUP BY channel ORDER BY channel

-- name: replay_dead_letters
-- Makes dead letters pending again, as if nobody had tried.
UPDATE send SET state = 'pending', dead = false, attempts = 0, tried_ms = NULL, claimed_ms = NULL, send_by_ms = NULL,
  settled_ms = NULL, not_before_ms = $2 WHERE key = ANY ($1::text[]) AND dead RETURNING key

-- name: drop_dead_letters
-- Lets dead letters be plain failures.
UPDATE send SET dead = false WHERE key = ANY ($1::text[]) AND dead RETURNING key

-- name: withhold_sends
-- Calls off sends that wait. They are found by their keys, as above.
UPDATE send SET state = 'withheld', reason = $2, settled_ms = $3
WHERE key = ANY ($1::text[]) AND state IS NOT DISTINCT FROM 'pending'

-- name: spent
-- Says what the messages of some journeys cost on each day.
SELECT origin, day, cost FROM spending WHERE origin = ANY ($1::text[])

-- name: spend
-- Adds to what journeys spent on days.
INSERT INTO spending (origin, day, cost) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (origin, day) DO UPDATE SET cost = spending.cost + excluded.cost

-- name: suppressions
-- Says why addresses may not be written to, if so.
SELECT digest, reason FROM suppression WHERE channel = $1 AND digest = ANY ($2::bytea[])

-- name: suppress
-- Forbids an address; the newest reason stands.
INSERT INTO suppression (channel, digest, address, reason, at_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (channel, digest) DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms

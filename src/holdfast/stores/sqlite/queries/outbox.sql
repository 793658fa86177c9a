-- The outbox: what is to be sent, what became of it, and addresses nobody may write to.

-- name: send
-- Reads one send by its key.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE key = ?

-- name: sends
-- Lists sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send ORDER BY id DESC LIMIT ?

-- name: sends_of_origin
-- Lists a journey's or campaign's sends, newest first.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE origin = ? ORDER BY id DESC LIMIT ?

-- name: sends_of_identities
-- Lists the sends to some identities, newest first; from one origin, when one is given.
SELECT send.key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM json_each(?1) AS wanted CROSS JOIN send ON identity = wanted.value
WHERE ?2 IS NULL OR origin = ?2 ORDER BY send.id DESC LIMIT ?3

-- name: send_totals
-- Counts sends by what became of them.
SELECT state, sum(count) FROM send_total WHERE ?1 IS NULL OR origin = ?1 GROUP BY state HAVING sum(count) > 0

-- name: contacts
-- Lists the marketing contacts of some identities that were made since, or are about to be: each with the moment it was
-- meant for, and when it was handed over. The index goes by when they were asked for, so that is bounded as well.
SELECT identity, channel, topic, max(created_ms, not_before_ms) AS at_ms, send.key, claimed_ms,
  priority
FROM json_each(?1) AS wanted CROSS JOIN send ON identity = wanted.value AND created_ms >= ?3
WHERE max(created_ms, not_before_ms, coalesce(claimed_ms, 0)) >= ?2 AND NOT transactional
  AND state IN ('pending', 'claimed', 'sent', 'in_doubt') ORDER BY identity, at_ms, send.key

-- name: add_send
-- Writes a send before it is done; one that is written already stays as it is.
INSERT INTO send (key, identity, address, body, origin_kind, origin, version, step, channel, template, topic,
  transactional, state, created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, priority, cost, claimed_by,
  send_by_ms, tried_ms, dead)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: add_sixteen_sends
-- The same of sixteen that differ in nothing but their key, whose they are, their address and their body: in half of the
-- time, for most of that goes into handing over values.
INSERT INTO send (key, identity, address, body, origin_kind, origin, version, step, channel, template, topic,
  transactional, state, created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, priority, cost, claimed_by,
  send_by_ms, tried_ms, dead)
SELECT column1, column2, column3, column4, ?65, ?66, ?67, ?68, ?69, ?70, ?71, ?72, ?73, ?74, ?75, ?76, ?77, ?78, ?79,
  ?80, ?81, ?82, ?83, ?84, ?85
FROM (VALUES
  (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8), (?9, ?10, ?11, ?12), (?13, ?14, ?15, ?16),
  (?17, ?18, ?19, ?20), (?21, ?22, ?23, ?24), (?25, ?26, ?27, ?28), (?29, ?30, ?31, ?32),
  (?33, ?34, ?35, ?36), (?37, ?38, ?39, ?40), (?41, ?42, ?43, ?44), (?45, ?46, ?47, ?48),
  (?49, ?50, ?51, ?52), (?53, ?54, ?55, ?56), (?57, ?58, ?59, ?60), (?61, ?62, ?63, ?64)
) WHERE true ON CONFLICT DO NOTHING

-- name: due_lanes
-- Says in which lanes a send may go now: mostly in none, and each is looked up in the index of what waits.
WITH RECURSIVE channels(name) AS (
  SELECT min(channel) FROM send WHERE state = 'pending'
  UNION ALL
  SELECT (SELECT min(channel) FROM send WHERE state = 'pending' AND channel > name) FROM channels WHERE name IS NOT NULL
), urgencies(number) AS (VALUES (0), (1), (2))
SELECT name, number FROM channels CROSS JOIN urgencies WHERE EXISTS (
  SELECT 1 FROM send WHERE state = 'pending' AND channel = name AND urgency = number AND not_before_ms <= ?
)

-- name: last_send
-- Says the highest number given to a send.
SELECT coalesce(max(id), 0) FROM send

-- name: count_new_sends
-- Counts the sends that were written after the one of a number.
INSERT INTO send_total (origin, channel, urgency, state, count)
SELECT origin, channel, urgency, state, count(*) FROM send NOT INDEXED WHERE id > ?1
GROUP BY origin, channel, urgency, state
ON CONFLICT DO UPDATE SET count = count + excluded.count

-- name: count_sends
-- Counts so many more.
INSERT INTO send_total (origin, channel, urgency, state, count) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count

-- name: due_sends
-- Reads pending sends of one lane that may go now, longest due first, but for those of some origins.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE state = 'pending' AND channel = ?1 AND urgency = ?2 AND not_before_ms <= ?3
  AND origin NOT IN (SELECT value FROM json_each(?5)) ORDER BY not_before_ms, id LIMIT ?4

-- name: claim_send
-- Takes a send: from now on it may have reached the provider.
UPDATE send SET state = 'claimed', claimed_ms = ?2, attempts = attempts + 1, claimed_by = ?3, send_by_ms = ?4,
  tried_ms = coalesce(tried_ms, ?2) WHERE key = ?1

-- name: settle_send
-- Writes what became of a claimed send, unless it is under another claim by now.
UPDATE send SET state = ?2, reason = ?3, settled_ms = ?4, dead = ?6
WHERE key = ?1 AND state = 'claimed' AND (?5 IS NULL OR claimed_by = ?5)

-- name: defer_send
-- Puts a claimed send back, for later; the attempt is taken off again when nobody tried.
UPDATE send SET state = 'pending', reason = ?2, not_before_ms = ?3, claimed_ms = NULL, send_by_ms = NULL,
  attempts = attempts - ?4, tried_ms = CASE WHEN attempts > ?4 THEN tried_ms END
WHERE key = ?1 AND state = 'claimed' AND (?5 IS NULL OR claimed_by = ?5)

-- name: add_answer
-- Remembers what came of an attempt.
INSERT INTO send_answer (key, at_ms, said) VALUES (?, ?, ?)

-- name: answers
-- Reads what came of the attempts at a send, oldest first.
SELECT at_ms, said FROM send_answer WHERE key = ? ORDER BY id

-- name: claimed_before
-- Lists sends that were claimed and never settled.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE state = 'claimed' AND claimed_ms < ? ORDER BY claimed_ms, id

-- name: withhold_send
-- Calls off a send that waits.
UPDATE send SET state = 'withheld', reason = ?2, settled_ms = ?3 WHERE key = ?1 AND state = 'pending'

-- name: spent
-- Says what the messages of some journeys cost on each day.
SELECT origin, day, cost FROM json_each(?1) AS wanted CROSS JOIN spending ON origin = wanted.value

-- name: spend
-- Adds to what a journey spent on a day.
INSERT INTO spending (origin, day, cost) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cost = cost + excluded.cost

-- name: overdue_claims
-- Lists claimed sends whose time to be handed over has run out.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE state = 'claimed' AND send_by_ms < ?1 ORDER BY claimed_ms, id LIMIT ?2

-- name: lane_totals
-- Counts what stands in each lane, by state.
SELECT channel, urgency, state, sum(count) FROM send_total WHERE state IN ('pending', 'claimed', 'in_doubt')
GROUP BY channel, urgency, state HAVING sum(count) > 0

-- name: lane_next
-- Says when the soonest pending send of a lane may go.
SELECT min(not_before_ms) FROM send WHERE state = 'pending' AND channel = ?1 AND urgency = ?2

-- name: dead_letters
-- Lists dead letters, newest first: after a place in that order, of one origin, of one channel, as is asked.
SELECT key, identity, origin_kind, origin, version, step, channel, template, topic, transactional, address, state,
  created_ms, not_before_ms, attempts, claimed_ms, settled_ms, reason, body,
  priority, cost,
  claimed_by, send_by_ms, tried_ms, dead
FROM send WHERE dead = 1 AND (settled_ms, key) < (?1, ?2) AND (?3 IS NULL OR origin = ?3)
  AND (?4 IS NULL OR channel = ?4) ORDER BY settled_ms DESC, key DESC LIMIT ?5

-- name: count_dead_letters
-- Counts dead letters by channel.
SELECT channel, count(*) FROM send WHERE dead = 1 GROUP BY channel ORDER BY channel

-- name: replay_dead_letter
-- Makes a dead letter pending again, as if nobody had tried.
UPDATE send SET state = 'pending', dead = 0, attempts = 0, tried_ms = NULL, claimed_ms = NULL, send_by_ms = NULL,
  settled_ms = NULL, not_before_ms = ?2 WHERE key = ?1 AND dead = 1

-- name: drop_dead_letter
-- Lets a dead letter be a plain failure.
UPDATE send SET dead = 0 WHERE key = ?1 AND dead = 1

-- name: suppressions
-- Says which of some addresses may not be written to, and why.
SELECT address, reason FROM suppression WHERE channel = ?1 AND address IN (
  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
  ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33
)

-- name: suppress
-- Forbids an address; the newest reason stands.
INSERT INTO suppression (channel, address, reason, at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET reason = excluded.reason, at_ms = excluded.at_ms

-- Forgetting people: what was erased, and the deletion of all that hangs on an identity.

-- name: erasures
-- Lists erasures, the oldest first.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure ORDER BY requested_ms, id

-- name: erasures_open
-- Lists erasures under way, the oldest first.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure WHERE done_ms IS NULL ORDER BY requested_ms, id

-- name: erasure
-- Reads one erasure.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure WHERE id = ?

-- name: put_erasure
-- Keeps an erasure as it stands now.
INSERT INTO erasure (id, requested_ms, until, done_ms, plan, record) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET done_ms = excluded.done_ms, plan = excluded.plan, record = excluded.record

-- name: tombstones
-- Finds the tombstones of some hashed names, the oldest first.
SELECT tombstone.name, tombstone.erasure, tombstone.until, tombstone.at_ms
FROM json_each(?) AS wanted CROSS JOIN tombstone ON tombstone.name = wanted.value
ORDER BY tombstone.at_ms, tombstone.until

-- name: add_tombstone
-- Keeps a tombstone.
INSERT INTO tombstone (name, erasure, until, at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: last_identity
-- Says the highest number ever given to an identity.
SELECT max(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))

-- name: held
-- Counts what there is of some identities.
SELECT
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN identity ON identity.id = wanted.value),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN profile ON profile.identity = wanted.value),
  (SELECT count(*) FROM link WHERE first IN (SELECT value FROM json_each(?1))
    OR second IN (SELECT value FROM json_each(?1))),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN visit ON visit.identity = wanted.value),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN send ON send.identity = wanted.value),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN membership ON membership.person = wanted.value)
    + (SELECT count(*) FROM segment_member
      WHERE live IN (SELECT number FROM live_segment) AND person IN (SELECT value FROM json_each(?1))),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN inbox ON inbox.identity = wanted.value),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN reached ON reached.identity = wanted.value)
    + (SELECT count(*) FROM json_each(?1) AS wanted
      CROSS JOIN provider_message ON provider_message.identity = wanted.value),
  (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN device ON device.identity = wanted.value)

-- name: note_forgotten
-- Remembers, before they go, how many identities go and the highest number ever given.
UPDATE identities_forgotten SET
  last = max(last, coalesce((SELECT max(id) FROM identity), 0)),
  count = count + (SELECT count(*) FROM json_each(?1) AS wanted CROSS JOIN identity ON identity.id = wanted.value)

-- name: forget_identities
-- Deletes identities.
DELETE FROM identity WHERE id IN (SELECT value FROM json_each(?1))

-- name: forget_profiles
-- Deletes what is known of identities.
DELETE FROM profile WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_links
-- Deletes every link that touches identities.
DELETE FROM link WHERE first IN (SELECT value FROM json_each(?1)) OR second IN (SELECT value FROM json_each(?1))

-- name: forget_visits
-- Deletes the visits of identities.
DELETE FROM visit WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_answers
-- Deletes what providers said of the sends of identities: it may quote an address.
DELETE FROM send_answer WHERE key IN (
  SELECT send.key FROM json_each(?1) AS wanted CROSS JOIN send ON send.identity = wanted.value
)

-- name: forget_words
-- Deletes what the sends of identities said.
DELETE FROM kept_words WHERE send IN (
  SELECT send.key FROM json_each(?1) AS wanted CROSS JOIN send ON send.identity = wanted.value
)

-- name: forget_sends
-- Deletes the sends of identities.
DELETE FROM send WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_memberships
-- Deletes what is known of persons for live segments.
DELETE FROM membership WHERE person IN (SELECT value FROM json_each(?1))

-- name: forget_members
-- Takes persons out of live segments.
DELETE FROM segment_member WHERE live IN (SELECT number FROM live_segment) AND person IN (SELECT value FROM json_each(?1))

-- name: forget_reviews
-- Forgets that persons were to be looked at anew.
DELETE FROM member_review WHERE person IN (SELECT value FROM json_each(?1))

-- name: forget_inbox
-- Deletes what waits in the inboxes of identities.
DELETE FROM inbox WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_receipts
-- Forgets at which addresses identities were written to last.
DELETE FROM reached WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_devices
-- Forgets which devices are those of identities.
DELETE FROM device WHERE identity IN (SELECT value FROM json_each(?1))

-- name: forget_numbers
-- Forgets what providers call the messages to identities.
DELETE FROM provider_message WHERE identity IN (SELECT value FROM json_each(?1))

-- name: drop_emitted
-- Deletes own events that are on their way to the log.
DELETE FROM emitted WHERE id IN (SELECT value FROM json_each(?1))

-- name: drop_bad_records
-- Deletes bad records.
DELETE FROM bad_record WHERE id IN (SELECT value FROM json_each(?1))

-- name: suppressions
-- Lists what is said of an address, on every channel.
SELECT channel, address, reason FROM suppression WHERE address = ? ORDER BY channel

-- name: drop_suppressions
-- Forgets what is said of an address, on every channel.
DELETE FROM suppression WHERE address = ?

-- name: drop_bounces
-- Forgets what came back from an address.
DELETE FROM soft_bounce WHERE address = ?

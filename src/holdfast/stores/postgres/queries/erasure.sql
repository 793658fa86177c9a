-- Forgetting people: what was erased, and the deletion of all that hangs on an identity.

-- name: erasures
-- Lists erasures, the oldest first.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure ORDER BY requested_ms, id

-- name: erasures_open
-- Lists erasures under way, the oldest first.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure WHERE done_ms IS NULL ORDER BY requested_ms, id

-- name: erasure
-- Reads one erasure.
SELECT id, requested_ms, until, done_ms, plan, record FROM erasure WHERE id = $1

-- name: put_erasure
-- Keeps an erasure as it stands now.
INSERT INTO erasure (id, requested_ms, until, done_ms, plan, record) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET done_ms = excluded.done_ms, plan = excluded.plan, record = excluded.record

-- name: tombstones
-- Finds the tombstones of some hashed names, the oldest first.
SELECT name, erasure, until, at_ms FROM tombstone WHERE name = ANY ($1::text[]) ORDER BY at_ms, until

-- name: add_tombstones
-- Keeps tombstones.
INSERT INTO tombstone (name, erasure, until, at_ms)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) ON CONFLICT (name, erasure) DO NOTHING

-- name: last_identity
-- Says the highest number ever given to an identity.
SELECT greatest(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))

-- name: held
-- Counts what there is of some identities.
SELECT
  (SELECT count(*) FROM identity WHERE id = ANY ($1::bigint[])),
  (SELECT count(*) FROM profile WHERE identity = ANY ($1::bigint[])),
  (SELECT count(*) FROM link WHERE first = ANY ($1::bigint[]) OR second = ANY ($1::bigint[])),
  (SELECT count(*) FROM visit WHERE identity = ANY ($1::bigint[])),
  (SELECT count(*) FROM send WHERE identity = ANY ($1::bigint[])),
  (SELECT count(*) FROM membership WHERE person = ANY ($1::bigint[]))
    + (SELECT count(*) FROM segment_member
      WHERE live IN (SELECT number FROM live_segment) AND person = ANY ($1::bigint[])),
  (SELECT count(*) FROM inbox WHERE identity = ANY ($1::bigint[])),
  (SELECT count(*) FROM reached WHERE identity = ANY ($1::bigint[]))
    + (SELECT count(*) FROM provider_message WHERE identity = ANY ($1::bigint[])),
  (SELECT count(*) FROM device WHERE identity = ANY ($1::bigint[]))

-- name: note_forgotten
-- Remembers, before they go, how many identities go and the highest number ever given.
UPDATE identities_forgotten SET
  last = greatest(last, coalesce((SELECT max(id) FROM identity), 0)),
  count = count + (SELECT count(*) FROM identity WHERE id = ANY ($1::bigint[]))

-- name: forget_identities
-- Deletes identities.
DELETE FROM identity WHERE id = ANY ($1::bigint[])

-- name: forget_profiles
-- Deletes what is known of identities.
DELETE FROM profile WHERE identity = ANY ($1::bigint[])

-- name: forget_links
-- Deletes every link that touches identities.
DELETE FROM link WHERE first = ANY ($1::bigint[]) OR second = ANY ($1::bigint[])

-- name: forget_visits
-- Deletes the visits of identities.
DELETE FROM visit WHERE identity = ANY ($1::bigint[])

-- name: forget_answers
-- Deletes what providers said of the sends of identities: it may quote an address.
DELETE FROM send_answer WHERE key IN (SELECT key FROM send WHERE identity = ANY ($1::bigint[]))

-- name: forget_words
-- Deletes what the sends of identities said.
DELETE FROM kept_words WHERE send IN (SELECT key FROM send WHERE identity = ANY ($1::bigint[]))

-- name: forget_sends
-- Deletes the sends of identities.
DELETE FROM send WHERE identity = ANY ($1::bigint[])

-- name: forget_memberships
-- Deletes what is known of persons for live segments.
DELETE FROM membership WHERE person = ANY ($1::bigint[])

-- name: forget_members
-- Takes persons out of live segments.
DELETE FROM segment_member WHERE live IN (SELECT number FROM live_segment) AND person = ANY ($1::bigint[])

-- name: forget_reviews
-- Forgets that persons were to be looked at anew.
DELETE FROM member_review WHERE person = ANY ($1::bigint[])

-- name: forget_inbox
-- Deletes what waits in the inboxes of identities.
DELETE FROM inbox WHERE identity = ANY ($1::bigint[])

-- name: forget_receipts
-- Forgets at which addresses identities were written to last.
DELETE FROM reached WHERE identity = ANY ($1::bigint[])

-- name: forget_devices
-- Forgets which devices are those of identities.
DELETE FROM device WHERE identity = ANY ($1::bigint[])

-- name: forget_numbers
-- Forgets what providers call the messages to identities.
DELETE FROM provider_message WHERE identity = ANY ($1::bigint[])

-- name: drop_emitted
-- Deletes own events that are on their way to the log.
DELETE FROM emitted WHERE id = ANY ($1::bigint[])

-- name: drop_bad_records
-- Deletes bad records.
DELETE FROM bad_record WHERE id = ANY ($1::bigint[])

-- name: suppressions
-- Lists what is said of some addresses, on every channel.
SELECT channel, address, reason FROM suppression WHERE digest = ANY ($1::bytea[]) ORDER BY channel, address

-- name: drop_suppressions
-- Forgets what is said of some addresses, on every channel.
DELETE FROM suppression WHERE digest = ANY ($1::bytea[])

-- name: drop_bounces
-- Forgets what came back from some addresses.
DELETE FROM soft_bounce WHERE address = ANY ($1::text[])

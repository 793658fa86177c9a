-- What comes in: how far the log is read, which messages were seen, records that could not be events, and our own events
-- on their way to the log.

-- name: offset
-- Says where a group reads on.
SELECT next FROM reading WHERE consumer = $1

-- name: offsets
-- Says where every group reads on.
SELECT consumer, next FROM reading

-- name: set_offset
-- Keeps where a group reads on.
INSERT INTO reading (consumer, next) VALUES ($1, $2) ON CONFLICT (consumer) DO UPDATE SET next = excluded.next

-- name: seen
-- Finds those of many message hashes that were seen before.
SELECT hash, position FROM seen WHERE hash = ANY ($1::bigint[])

-- name: mark_seen
-- Remembers messages; the first position stays.
INSERT INTO seen (hash, position, at_ms)
SELECT given.hash, given.position, $3 FROM unnest($1::bigint[], $2::bigint[]) AS given (hash, position)
ON CONFLICT (hash) DO NOTHING

-- name: forget_seen
-- Forgets messages seen before a moment.
DELETE FROM seen WHERE at_ms < $1

-- name: skipped
-- Finds own events that were read and not taken in, between two positions.
SELECT position FROM skipped WHERE position BETWEEN $1 AND $2

-- name: mark_skipped
-- Remembers own events that were read and not taken in.
INSERT INTO skipped (position, at_ms) SELECT position, $2 FROM unnest($1::bigint[]) AS given (position)
ON CONFLICT (position) DO NOTHING

-- name: forget_skipped
-- Forgets those that were read before a moment.
DELETE FROM skipped WHERE at_ms < $1

-- name: bad_records
-- Lists bad records, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < $1 ORDER BY id DESC LIMIT $2

-- name: bad_records_open
-- Lists bad records that were not replayed, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < $1 AND replayed_ms IS NULL ORDER BY id DESC LIMIT $2

-- name: bad_records_replayed
-- Lists bad records that were replayed, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < $1 AND replayed_ms IS NOT NULL ORDER BY id DESC LIMIT $2

-- name: bad_records_by_id
-- Reads bad records by number, in order.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id = ANY ($1::bigint[]) ORDER BY id

-- name: count_bad_records
-- Counts bad records that were not replayed.
SELECT 'all', count(*) FROM bad_record WHERE replayed_ms IS NULL

-- name: count_bad_records_by_code
-- Counts bad records that were not replayed, by what is wrong with them.
SELECT code, count(*) FROM bad_record WHERE replayed_ms IS NULL GROUP BY code

-- name: known_origins
-- Finds those of many places of which a bad record is kept already.
SELECT origin FROM bad_record WHERE origin = ANY ($1::text[]) AND origin <> ''

-- name: last_bad_record
-- Says the highest number given to a bad record.
SELECT coalesce(max(id), 0) FROM bad_record

-- name: add_bad_records
-- Keeps bad records.
INSERT INTO bad_record (id, at_ms, source, code, message, path, hint, body, origin, replayed_ms)
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM unnest(
  $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::bigint[]
) AS given (id, at_ms, source, code, message, path, hint, body, origin, replayed_ms)

-- name: mark_replayed
-- Says when bad records were replayed.
UPDATE bad_record SET replayed_ms = $2 WHERE id = ANY ($1::bigint[])

-- name: emitted
-- Lists own events that are not in the log yet, oldest first.
SELECT id, body FROM emitted WHERE id > $1 ORDER BY id LIMIT $2

-- name: last_emitted
-- Tells the highest id among own events that are not in the log yet.
SELECT coalesce(max(id), 0) FROM emitted

-- name: emit
-- Keeps own events until they are in the log, in the order they are given.
INSERT INTO emitted (message_id, body)
SELECT message_id, body FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY AS given (message_id, body, place)
ORDER BY place ON CONFLICT (message_id) DO NOTHING

-- name: forget_emitted
-- Forgets own events that are in the log.
DELETE FROM emitted WHERE id <= $1

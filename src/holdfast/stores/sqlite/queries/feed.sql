-- What comes in: how far the log is read, which messages were seen, records that could not be events, and our own events
-- on their way to the log.

-- name: offset
-- Says where a group reads on.
SELECT next FROM reading WHERE consumer = ?

-- name: offsets
-- Says where every group reads on.
SELECT consumer, next FROM reading

-- name: set_offset
-- Keeps where a group reads on.
INSERT INTO reading (consumer, next) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET next = excluded.next

-- name: seen
-- Finds those of many message hashes that were seen before.
SELECT seen.hash, seen.position FROM json_each(?) AS wanted CROSS JOIN seen ON seen.hash = wanted.value

-- name: mark_seen
-- Remembers messages, each with its position; the first one stays.
INSERT INTO seen (hash, position, at_ms)
SELECT CAST(key AS INTEGER), value, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING

-- name: forget_seen
-- Forgets messages seen before a moment.
DELETE FROM seen WHERE at_ms < ?

-- name: skipped
-- Finds own events that were read and not taken in, between two positions.
SELECT position FROM skipped WHERE position BETWEEN ? AND ?

-- name: mark_skipped
-- Remembers an own event that was read and not taken in.
INSERT INTO skipped (position, at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING

-- name: forget_skipped
-- Forgets those that were read before a moment.
DELETE FROM skipped WHERE at_ms < ?

-- name: bad_records
-- Lists bad records, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < ?1 ORDER BY id DESC LIMIT ?2

-- name: bad_records_open
-- Lists bad records that were not replayed, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < ?1 AND replayed_ms IS NULL ORDER BY id DESC LIMIT ?2

-- name: bad_records_replayed
-- Lists bad records that were replayed, newest first.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id < ?1 AND replayed_ms IS NOT NULL ORDER BY id DESC LIMIT ?2

-- name: bad_records_by_id
-- Reads bad records by number, in order.
SELECT id, at_ms, source, code, message, path, hint, body, origin, replayed_ms
FROM bad_record WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id

-- name: count_bad_records
-- Counts bad records that were not replayed.
SELECT 'all', count(*) FROM bad_record WHERE replayed_ms IS NULL

-- name: count_bad_records_by_code
-- Counts bad records that were not replayed, by what is wrong with them.
SELECT code, count(*) FROM bad_record WHERE replayed_ms IS NULL GROUP BY code

-- name: add_bad_record
-- Keeps a bad record, unless one from the same place is kept already.
INSERT INTO bad_record (at_ms, source, code, message, path, hint, body, origin, replayed_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: mark_replayed
-- Says when bad records were replayed.
UPDATE bad_record SET replayed_ms = ?2 WHERE id IN (SELECT value FROM json_each(?1))

-- name: emitted
-- Lists own events that are not in the log yet, oldest first.
SELECT id, body FROM emitted WHERE id > ? ORDER BY id LIMIT ?

-- name: last_emitted
-- Tells the highest id among own events that are not in the log yet.
SELECT coalesce(max(id), 0) FROM emitted

-- name: emit
-- Keeps own events until they are in the log.
INSERT INTO emitted (body) SELECT substr(?2, (value >> 32) + 1, value & 0xFFFFFFFF) FROM json_each(?1)

-- name: forget_emitted
-- Forgets own events that are in the log.
DELETE FROM emitted WHERE id <= ?

-- name: forget_some_emitted
-- Forgets the oldest of them, up to so many.
DELETE FROM emitted WHERE id IN (SELECT id FROM emitted WHERE id <= ? ORDER BY id LIMIT ?)

-- Live segments, who is in them, and their timers.

-- name: segment_changes
-- Says how often anything was said of segments.
SELECT last FROM segment_change

-- name: live_segments
-- Reads every live segment.
SELECT number, segment, version, fingerprint, since_ms, filled_to, filled_ms, ended_ms, size
FROM live_segment ORDER BY number

-- name: add_live_segment
-- Adds a live segment that nobody is in; the number is given.
INSERT INTO live_segment (segment, version, fingerprint, since_ms, filled_to, filled_ms, ended_ms, size)
VALUES (?, ?, ?, ?, ?, ?, ?, 0) RETURNING number

-- name: put_live_segment
-- Changes a live segment, but for how many are in it.
UPDATE live_segment SET segment = ?2, version = ?3, fingerprint = ?4, since_ms = ?5, filled_to = ?6, filled_ms = ?7,
  ended_ms = ?8
WHERE number = ?1

-- name: drop_live_segment
-- Takes a live segment away.
DELETE FROM live_segment WHERE number = ?

-- name: memberships
-- Reads what is known of some persons.
SELECT person, body FROM json_each(?) AS wanted CROSS JOIN membership ON person = wanted.value

-- name: put_memberships
-- Writes what is known of persons.
INSERT INTO membership (person, body)
SELECT CAST(key AS INTEGER), substr(?2, (value >> 32) + 1, value & 0xFFFFFFFF) FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET body = excluded.body

-- name: forget_memberships
-- Forgets persons of whom nothing is known any more.
DELETE FROM membership WHERE person IN (SELECT value FROM json_each(?))

-- name: segment_members
-- Reads persons in a live segment, in order, beginning after one.
SELECT person, since_ms FROM segment_member WHERE live = ?1 AND person > ?2 ORDER BY person LIMIT ?3

-- name: enter_members
-- Puts persons into live segments; whoever is in already stays.
INSERT OR IGNORE INTO segment_member (live, person, since_ms)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)

-- name: leave_member
-- Takes a person out of a live segment.
DELETE FROM segment_member WHERE live = ? AND person = ?

-- name: clear_members
-- Takes the first persons out of a live segment.
DELETE FROM segment_member WHERE live = ?1
  AND person IN (SELECT person FROM segment_member WHERE live = ?1 ORDER BY person LIMIT ?2)

-- name: due_members
-- Reads the timers that have gone off, soonest first.
SELECT due_ms, person FROM member_timer WHERE due_ms <= ?1 ORDER BY due_ms, person LIMIT ?2

-- name: arm
-- Sets timers; one that is set already stays.
INSERT OR IGNORE INTO member_timer (due_ms, person)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)

-- name: disarm
-- Takes a timer away.
DELETE FROM member_timer WHERE due_ms = ? AND person = ?

-- name: member_reviews
-- Reads the persons to be looked at anew.
SELECT person, told FROM member_review ORDER BY person LIMIT ?

-- name: review_member
-- Asks for a person to be looked at anew; once it is to be told, it is.
INSERT INTO member_review (person, told) VALUES (?, ?)
ON CONFLICT DO UPDATE SET told = max(told, excluded.told)

-- name: reviewed
-- A person has been looked at.
DELETE FROM member_review WHERE person = ?

-- name: persons_after
-- Reads the persons above one, in order: an identity that is its own person.
SELECT id FROM identity WHERE id > ?1 AND person = id ORDER BY id LIMIT ?2

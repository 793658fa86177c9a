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
VALUES ($1, $2, $3, $4, $5, $6, $7, 0) RETURNING number

-- name: put_live_segment
-- Changes a live segment, but for how many are in it.
UPDATE live_segment SET segment = $2, version = $3, fingerprint = $4, since_ms = $5, filled_to = $6, filled_ms = $7,
  ended_ms = $8
WHERE number = $1

-- name: drop_live_segment
-- Takes a live segment away.
DELETE FROM live_segment WHERE number = $1

-- name: memberships
-- Reads what is known of some persons.
SELECT person, body FROM membership WHERE person = ANY ($1::bigint[])

-- name: put_memberships
-- Writes what is known of persons.
INSERT INTO membership (person, body)
SELECT given.person, given.body FROM unnest($1::bigint[], $2::bytea[]) AS given (person, body)
ON CONFLICT (person) DO UPDATE SET body = excluded.body

-- name: forget_memberships
-- Forgets persons of whom nothing is known any more.
DELETE FROM membership WHERE person = ANY ($1::bigint[])

-- name: segment_members
-- Reads persons in a live segment, in order, beginning after one.
SELECT person, since_ms FROM segment_member WHERE live = $1 AND person > $2 ORDER BY person LIMIT $3

-- name: enter_members
-- Puts persons into live segments; whoever is in already stays.
INSERT INTO segment_member (live, person, since_ms)
SELECT given.live, given.person, given.since_ms
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given (live, person, since_ms)
ON CONFLICT (live, person) DO NOTHING

-- name: leave_members
-- Takes persons out of live segments.
DELETE FROM segment_member USING unnest($1::bigint[], $2::bigint[]) AS given (live, person)
WHERE segment_member.live = given.live AND segment_member.person = given.person

-- name: clear_members
-- Takes the first persons out of a live segment.
WITH gone AS (
  DELETE FROM segment_member WHERE live = $1
    AND person IN (SELECT person FROM segment_member WHERE live = $1 ORDER BY person LIMIT $2)
  RETURNING person
)
SELECT count(*) FROM gone

-- name: due_members
-- Reads the timers that have gone off, soonest first.
SELECT due_ms, person FROM member_timer WHERE due_ms <= $1 ORDER BY due_ms, person LIMIT $2

-- name: arm
-- Sets timers; one that is set already stays.
INSERT INTO member_timer (due_ms, person)
SELECT given.due_ms, given.person FROM unnest($1::bigint[], $2::bigint[]) AS given (due_ms, person)
ON CONFLICT (due_ms, person) DO NOTHING

-- name: disarm
-- Takes timers away.
DELETE FROM member_timer USING unnest($1::bigint[], $2::bigint[]) AS given (due_ms, person)
WHERE member_timer.due_ms = given.due_ms AND member_timer.person = given.person

-- name: member_reviews
-- Reads the persons to be looked at anew.
SELECT person, told FROM member_review ORDER BY person LIMIT $1

-- name: review_members
-- Asks for persons to be looked at anew; once it is to be told, it is.
INSERT INTO member_review AS known (person, told)
SELECT given.person, given.told FROM unnest($1::bigint[], $2::boolean[]) AS given (person, told)
ON CONFLICT (person) DO UPDATE SET told = known.told OR excluded.told

-- name: reviewed
-- Persons have been looked at.
DELETE FROM member_review WHERE person = ANY ($1::bigint[])

-- name: persons_after
-- Reads the persons above one, in order: an identity that is its own person.
SELECT id FROM identity WHERE id > $1 AND person = id ORDER BY id LIMIT $2

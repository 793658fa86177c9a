-- Who people are: identities, profiles, links, and which persons the history store has yet to hear of.

-- name: identities_by_hash
-- Finds candidates for many names at once; the reader compares the names, since two may share a hash.
SELECT id, kind, value, person FROM identity WHERE hash = ANY ($1::bigint[])

-- name: identities_by_id
-- Reads identities by number.
SELECT id, kind, value, person FROM identity WHERE id = ANY ($1::bigint[])

-- name: members
-- Reads every identity of some persons: the one the person is numbered after, and those joined to it.
SELECT id, kind, value, person FROM identity WHERE id = ANY ($1::bigint[]) AND person = id
UNION ALL
SELECT id, kind, value, person FROM identity WHERE person = ANY ($1::bigint[]) AND person <> id
ORDER BY 1

-- name: last_identity
-- Says the highest number ever given to an identity: they are numbered densely from 1.
SELECT greatest(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))

-- name: count_people
-- Counts persons: every identity is one, but for those joined to another and those forgotten.
SELECT greatest(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))
  - (SELECT count FROM identities_forgotten) - (SELECT count(*) FROM identity WHERE person <> id)

-- name: add_identities
-- Numbers new identities; each starts as a person of its own.
INSERT INTO identity (id, hash, kind, value, person, added_ms)
SELECT given.id, given.hash, given.kind, given.value, given.id, $5
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[]) AS given (id, hash, kind, value)

-- name: assign
-- Moves identities to persons.
UPDATE identity SET person = moved.person
FROM unnest($1::bigint[], $2::bigint[]) AS moved (id, person) WHERE identity.id = moved.id

-- name: profiles
-- Reads what is known of some identities.
SELECT identity, body FROM profile WHERE identity = ANY ($1::bigint[])

-- name: sayings
-- Reads what is known of some persons, identity by identity: the one the person is numbered after, then those joined.
SELECT identity.person, profile.body
FROM identity JOIN profile ON profile.identity = identity.id
WHERE identity.id = ANY ($1::bigint[]) AND identity.person = identity.id
UNION ALL
SELECT identity.person, profile.body
FROM identity JOIN profile ON profile.identity = identity.id
WHERE identity.person = ANY ($1::bigint[]) AND identity.person <> identity.id

-- name: put_profiles
-- Keeps what is known of identities.
INSERT INTO profile (identity, body)
SELECT given.identity, given.body FROM unnest($1::bigint[], $2::bytea[]) AS given (identity, body)
ON CONFLICT (identity) DO UPDATE SET body = excluded.body

-- name: links
-- Reads every link that touches some identities, undone ones too.
SELECT id, first, second, kind, at_ms, by, undone_ms, undone_by FROM link WHERE first = ANY ($1::bigint[])
UNION
SELECT id, first, second, kind, at_ms, by, undone_ms, undone_by FROM link WHERE second = ANY ($1::bigint[])
ORDER BY 1

-- name: link
-- Reads one link.
SELECT id, first, second, kind, at_ms, by, undone_ms, undone_by FROM link WHERE id = $1

-- name: last_link
-- Says the highest number given to a link.
SELECT coalesce(max(id), 0) FROM link

-- name: add_links
-- Records links.
INSERT INTO link (id, first, second, kind, at_ms, by, undone_ms, undone_by)
SELECT id, first, second, kind, at_ms, by, undone_ms, undone_by
FROM unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[]
) AS given (id, first, second, kind, at_ms, by, undone_ms, undone_by)

-- name: undo_link
-- Undoes a link that stands; who undid it first stays on record.
UPDATE link SET undone_ms = $2, undone_by = $3 WHERE id = $1 AND undone_ms IS NULL

-- name: stale_people
-- Lists persons changed since the history store was told, longest waiting first.
SELECT person, sequence FROM stale_person ORDER BY sequence, person LIMIT $1

-- name: touch_people
-- Marks persons as changed, under the next sequence number, and says it.
WITH next AS (UPDATE person_sequence SET last = last + 1 RETURNING last),
marked AS (
  INSERT INTO stale_person (person, sequence)
  SELECT touched.person, next.last FROM next, unnest($1::bigint[]) AS touched (person)
  ON CONFLICT (person) DO UPDATE SET sequence = excluded.sequence
)
SELECT last FROM next

-- name: untouch_people
-- Forgets marks, but of those persons that changed again meanwhile.
DELETE FROM stale_person USING unnest($1::bigint[], $2::bigint[]) AS told (person, sequence)
WHERE stale_person.person = told.person AND stale_person.sequence = told.sequence

-- Who people are: identities, profiles, links, and which persons the history store has yet to hear of.

-- name: identities_by_hash
-- Finds candidates for many names at once; the reader compares the names, since two may share a hash.
SELECT identity.id, identity.kind, identity.value, identity.person
FROM json_each(?) AS wanted CROSS JOIN identity ON identity.hash = wanted.value

-- name: identities_by_id
-- Reads identities by number.
SELECT identity.id, identity.kind, identity.value, identity.person
FROM json_each(?) AS wanted CROSS JOIN identity ON identity.id = wanted.value

-- name: members
-- Reads every identity of some persons: the one the person is numbered after, and those joined to it.
SELECT identity.id, identity.kind, identity.value, identity.person
FROM json_each(?1) AS wanted CROSS JOIN identity ON identity.id = wanted.value AND identity.person = identity.id
UNION ALL
SELECT identity.id, identity.kind, identity.value, identity.person
FROM json_each(?1) AS wanted
  CROSS JOIN identity ON identity.person = wanted.value AND identity.person <> identity.id
ORDER BY 1

-- name: last_identity
-- Says the highest number ever given to an identity: they are numbered densely from 1.
SELECT max(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))

-- name: count_people
-- Counts persons: every identity is one, but for those joined to another and those forgotten.
SELECT max(coalesce((SELECT max(id) FROM identity), 0), (SELECT last FROM identities_forgotten))
  - (SELECT count FROM identities_forgotten) - (SELECT count(*) FROM identity WHERE person <> id)

-- name: add_identity
-- Numbers a new identity; it starts as a person of its own.
INSERT INTO identity (id, hash, kind, value, person, added_ms) VALUES (?1, ?2, ?3, ?4, ?1, ?5)

-- name: assign
-- Moves an identity to a person.
UPDATE identity SET person = ?2 WHERE id = ?1

-- name: profiles
-- Reads what is known of some identities.
SELECT profile.identity, profile.body
FROM json_each(?) AS wanted CROSS JOIN profile ON profile.identity = wanted.value

-- name: sayings
-- Reads what is known of some persons, identity by identity.
SELECT identity.person, profile.body
FROM json_each(?1) AS wanted
  CROSS JOIN identity ON identity.id = wanted.value AND identity.person = identity.id
  CROSS JOIN profile ON profile.identity = identity.id
UNION ALL
SELECT identity.person, profile.body
FROM json_each(?1) AS wanted
  CROSS JOIN identity ON identity.person = wanted.value AND identity.person <> identity.id
  CROSS JOIN profile ON profile.identity = identity.id

-- name: put_profiles
-- Keeps what is known of identities. `INSERT OR REPLACE` would do the same in twice the time.
INSERT INTO profile (identity, body)
SELECT CAST(key AS INTEGER), substr(?2, (value >> 32) + 1, value & 0xFFFFFFFF) FROM json_each(?1) WHERE true
ON CONFLICT DO UPDATE SET body = excluded.body

-- name: links
-- Reads every link that touches some identities, undone ones too.
SELECT link.id, link.first, link.second, link.kind, link.at_ms, link.by, link.undone_ms, link.undone_by
FROM json_each(?1) AS wanted CROSS JOIN link ON link.first = wanted.value
UNION
SELECT link.id, link.first, link.second, link.kind, link.at_ms, link.by, link.undone_ms, link.undone_by
FROM json_each(?1) AS wanted CROSS JOIN link ON link.second = wanted.value
ORDER BY 1

-- name: link
-- Reads one link.
SELECT id, first, second, kind, at_ms, by, undone_ms, undone_by FROM link WHERE id = ?

-- name: last_link
-- Says the highest number given to a link.
SELECT coalesce(max(id), 0) FROM link

-- name: add_link
-- Records a link.
INSERT INTO link (id, first, second, kind, at_ms, by, undone_ms, undone_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: undo_link
-- Undoes a link that stands; who undid it first stays on record.
UPDATE link SET undone_ms = ?2, undone_by = ?3 WHERE id = ?1 AND undone_ms IS NULL

-- name: stale_people
-- Lists persons changed since the history store was told, longest waiting first, each by the last change of those read.
-- In one row: of so many, each would be fetched on its own, and the interpreter changes hands each time.
SELECT json_group_array(json_array(person, sequence)) FROM (
  SELECT person, max(sequence) AS sequence
  FROM (SELECT person, sequence FROM stale_person ORDER BY sequence, person LIMIT ?)
  GROUP BY person ORDER BY 2, 1
)

-- name: next_sequence
-- Takes the next sequence number for changes of persons.
UPDATE person_sequence SET last = last + 1 RETURNING last

-- name: touch_people
-- Marks persons as changed.
INSERT INTO stale_person (sequence, person) SELECT ?2, value FROM json_each(?1)

-- name: untouch_people
-- Forgets the marks of some persons up to a change each, of which the last is named: whoever changed again stays marked.
DELETE FROM stale_person WHERE (sequence, person) IN (
  WITH told (person, sequence) AS MATERIALIZED (
    SELECT CAST(value ->> 0 AS INTEGER), CAST(value ->> 1 AS INTEGER) FROM json_each(?1)
  )
  SELECT marked.sequence, marked.person
  FROM stale_person AS marked CROSS JOIN told
  WHERE marked.sequence <= ?2 AND told.person = marked.person AND marked.sequence <= told.sequence
)

-- What people who work together leave for each other: the audit log, approvals, comments, drafts, presence.

-- name: audit
-- Reads entries, newest first.
SELECT id, at_ms, by_id, by_name, by_kind, action, kind, about, name, changes, source FROM audit
WHERE id < coalesce(?1, 9223372036854775807)
  AND at_ms >= coalesce(?2, 0) AND at_ms < coalesce(?3, 9223372036854775807)
ORDER BY id DESC LIMIT ?4

-- name: audit_of_kind
-- Reads entries about things of a kind, newest first: seldom asked, and a walk along the numbers.
SELECT id, at_ms, by_id, by_name, by_kind, action, kind, about, name, changes, source FROM audit
WHERE kind = ?1 AND id < coalesce(?2, 9223372036854775807)
  AND at_ms >= coalesce(?3, 0) AND at_ms < coalesce(?4, 9223372036854775807)
ORDER BY id DESC LIMIT ?5

-- name: audit_about
-- Reads entries about one thing, newest first.
SELECT id, at_ms, by_id, by_name, by_kind, action, kind, about, name, changes, source FROM audit
WHERE kind = ?1 AND about = ?2 AND id < coalesce(?3, 9223372036854775807)
  AND at_ms >= coalesce(?4, 0) AND at_ms < coalesce(?5, 9223372036854775807)
ORDER BY id DESC LIMIT ?6

-- name: audit_by
-- Reads entries of one who made changes, newest first; of a kind and about a thing where those are given.
SELECT id, at_ms, by_id, by_name, by_kind, action, kind, about, name, changes, source FROM audit
WHERE by_id = ?1 AND (?2 = '' OR kind = ?2) AND (?3 IS NULL OR about = ?3)
  AND id < coalesce(?4, 9223372036854775807)
  AND at_ms >= coalesce(?5, 0) AND at_ms < coalesce(?6, 9223372036854775807)
ORDER BY id DESC LIMIT ?7

-- name: add_audit
-- Keeps an entry, under the next number unless one is given.
INSERT INTO audit (id, at_ms, by_id, by_name, by_kind, action, kind, about, name, changes, source)
VALUES (
  CASE WHEN ?1 > 0 THEN ?1 ELSE (SELECT coalesce(max(id), 0) + 1 FROM audit) END,
  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
)
RETURNING id

-- name: blank_audit
-- Takes out of entries what they name and say.
UPDATE audit SET about = '', name = '', changes = ?3
WHERE kind = ?1 AND about = ?2 RETURNING id

-- name: approvals
-- Reads what was asked for, newest first.
SELECT id, state, action, kind, about, name, by_id, by_name, asked_ms, request, before, changes, decided_by,
decided_ms, words
FROM approval WHERE id < coalesce(?1, 9223372036854775807) ORDER BY id DESC LIMIT ?2

-- name: approvals_in
-- Reads what stands so, newest first.
SELECT id, state, action, kind, about, name, by_id, by_name, asked_ms, request, before, changes, decided_by,
decided_ms, words
FROM approval WHERE state = ?1 AND id < coalesce(?2, 9223372036854775807) ORDER BY id DESC LIMIT ?3

-- name: approval
-- Reads one by its number.
SELECT id, state, action, kind, about, name, by_id, by_name, asked_ms, request, before, changes, decided_by,
decided_ms, words
FROM approval WHERE id = ?1

-- name: count_waiting
-- Counts what waits and was asked for lately.
SELECT count(*) FROM approval WHERE state = 'waiting' AND asked_ms >= ?1

-- name: put_approval
-- Keeps one, under the next number unless one is given.
INSERT INTO approval (id, state, action, kind, about, name, by_id, by_name, asked_ms, request, before, changes,
decided_by, decided_ms, words)
VALUES (
  CASE WHEN ?1 > 0 THEN ?1 ELSE (SELECT coalesce(max(id), 0) + 1 FROM approval) END,
  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
)
ON CONFLICT (id) DO UPDATE SET
  state = excluded.state, decided_by = excluded.decided_by, decided_ms = excluded.decided_ms,
  words = excluded.words
RETURNING id

-- name: comments
-- Reads what was said of something, newest first.
SELECT id, kind, about, by_id, by_name, at_ms, text, edited_ms, resolved_ms, resolved_by FROM comment
WHERE kind = ?1 AND about = ?2 ORDER BY id DESC LIMIT ?3

-- name: comments_after
-- Reads every comment in order of number, after one.
SELECT id, kind, about, by_id, by_name, at_ms, text, edited_ms, resolved_ms, resolved_by FROM comment
WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: comment
-- Reads one by its number.
SELECT id, kind, about, by_id, by_name, at_ms, text, edited_ms, resolved_ms, resolved_by FROM comment
WHERE id = ?1

-- name: put_comment
-- Keeps one, under the next number unless one is given.
INSERT INTO comment (id, kind, about, by_id, by_name, at_ms, text, edited_ms, resolved_ms, resolved_by)
VALUES (
  CASE WHEN ?1 > 0 THEN ?1 ELSE (SELECT coalesce(max(id), 0) + 1 FROM comment) END,
  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
)
ON CONFLICT (id) DO UPDATE SET
  text = excluded.text, edited_ms = excluded.edited_ms, resolved_ms = excluded.resolved_ms,
  resolved_by = excluded.resolved_by
RETURNING id

-- name: drop_comment
-- Deletes one.
DELETE FROM comment WHERE id = ?1

-- name: mentions
-- Reads what turns to somebody, is not settled, and was not read by them: newest first.
SELECT c.id, c.kind, c.about, c.by_id, c.by_name, c.at_ms, c.text, c.edited_ms, c.resolved_ms, c.resolved_by
FROM mention m JOIN comment c ON c.id = m.comment
WHERE m.to_id = ?1 AND c.resolved_ms IS NULL ORDER BY m.comment DESC LIMIT ?2

-- name: count_mentions
-- Counts the same.
SELECT count(*) FROM mention m JOIN comment c ON c.id = m.comment WHERE m.to_id = ?1 AND c.resolved_ms IS NULL

-- name: mentions_in
-- Reads whom a comment turns to who have not read it.
SELECT to_id FROM mention WHERE comment = ?1 ORDER BY to_id

-- name: put_mention
-- Notes that a comment turns to somebody.
INSERT INTO mention (to_id, comment) VALUES (?1, ?2) ON CONFLICT DO NOTHING

-- name: drop_mention
-- They have read it, or it turns to them no more.
DELETE FROM mention WHERE to_id = ?1 AND comment = ?2

-- name: drop_mentions_in
-- Forgets whom a comment turned to.
DELETE FROM mention WHERE comment = ?1

-- name: draft
-- Reads the draft of something.
SELECT kind, about, definition, based_on, revision, by_id, by_name, updated_ms FROM draft
WHERE kind = ?1 AND about = ?2

-- name: drafts
-- Reads drafts, the one saved last first: there are few.
SELECT kind, about, definition, based_on, revision, by_id, by_name, updated_ms FROM draft
ORDER BY updated_ms DESC, kind, about LIMIT ?1

-- name: put_draft
-- Keeps the draft of something, in the place of the one there is.
INSERT INTO draft (kind, about, definition, based_on, revision, by_id, by_name, updated_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (kind, about) DO UPDATE SET
  definition = excluded.definition, based_on = excluded.based_on, revision = excluded.revision,
  by_id = excluded.by_id, by_name = excluded.by_name, updated_ms = excluded.updated_ms

-- name: drop_draft
-- Deletes the draft of something.
DELETE FROM draft WHERE kind = ?1 AND about = ?2

-- name: presences
-- Reads who was seen somewhere lately.
SELECT kind, about, by_id, by_name, since_ms, seen_ms FROM presence
WHERE kind = ?1 AND about = ?2 AND seen_ms >= ?3 ORDER BY since_ms, by_id

-- name: put_presence
-- Says that somebody is there.
INSERT INTO presence (kind, about, by_id, by_name, since_ms, seen_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (kind, about, by_id) DO UPDATE SET
  by_name = excluded.by_name, since_ms = excluded.since_ms, seen_ms = excluded.seen_ms

-- name: forget_presence
-- Forgets whoever was not seen lately.
DELETE FROM presence WHERE seen_ms < ?1

-- name: drop_presence
-- Forgets one who went away.
DELETE FROM presence WHERE kind = ?1 AND about = ?2 AND by_id = ?3

-- Saved templates and blocks, and their versions.

-- name: templates
-- Reads the heading of the newest version of everything of a kind that is saved now.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted
FROM template JOIN template_version USING (kind, id, version) WHERE kind = ?1 ORDER BY id

-- name: template_versions
-- Reads headings of one, newest first, below a number if one is given.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted
FROM template_version WHERE kind = ?1 AND id = ?2 AND version < coalesce(?4, 9223372036854775807)
ORDER BY version DESC LIMIT ?3

-- name: template_version
-- Reads one version with what it says.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted, definition
FROM template_version WHERE kind = ?1 AND id = ?2 AND version = ?3

-- name: newest_template
-- Reads the newest version of one, even where it says that it was deleted.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted, definition
FROM template_version WHERE kind = ?1 AND id = ?2 ORDER BY version DESC LIMIT 1

-- name: template_headings
-- Reads the headings of every version of some.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted
FROM template_version WHERE kind = ?1 AND id IN (SELECT value FROM json_each(?2))
ORDER BY id, version

-- name: every_template_heading
-- Reads the headings of every version of everything of a kind.
SELECT kind, id, version, name, medium, saved_ms, saved_by, deleted
FROM template_version WHERE kind = ?1 ORDER BY id, version

-- name: add_version
-- Keeps a version.
INSERT INTO template_version (kind, id, version, name, medium, saved_ms, saved_by, deleted, definition)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: point_at
-- Says which version is saved now.
INSERT INTO template (kind, id, version) VALUES (?1, ?2, ?3)
ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version

-- name: leave_out
-- Says that no version of it is saved now.
DELETE FROM template WHERE kind = ?1 AND id = ?2

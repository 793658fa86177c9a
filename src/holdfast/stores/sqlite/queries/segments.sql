-- Saved segments and their versions.

-- name: segments
-- Reads the newest version of every segment that is saved now.
SELECT id, version, name, description, definition, saved_ms, saved_by, deleted, live
FROM segment JOIN segment_version USING (id, version) ORDER BY id

-- name: deleted_segments
-- Reads the deletion of every segment that is not saved now.
SELECT id, max(version), name, description, definition, saved_ms, saved_by, deleted, live
FROM segment_version WHERE id NOT IN (SELECT id FROM segment) GROUP BY id ORDER BY id

-- name: segment_versions
-- Reads versions of a segment, newest first, below a number if one is given.
SELECT id, version, name, description, definition, saved_ms, saved_by, deleted, live
FROM segment_version WHERE id = ?1 AND version < coalesce(?3, 9223372036854775807) ORDER BY version DESC LIMIT ?2

-- name: segment_version
-- Reads one version of a segment.
SELECT id, version, name, description, definition, saved_ms, saved_by, deleted, live
FROM segment_version WHERE id = ?1 AND version = ?2

-- name: add_version
-- Keeps a version of a segment.
INSERT INTO segment_version (id, version, name, description, definition, saved_ms, saved_by, deleted, live)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: point_at
-- Says which version of a segment is saved now.
INSERT INTO segment (id, version) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET version = excluded.version

-- name: leave_out
-- Says that no version of a segment is saved now.
DELETE FROM segment WHERE id = ?1

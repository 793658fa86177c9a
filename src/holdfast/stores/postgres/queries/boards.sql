-- Saved insights and boards.

-- name: analyses
-- Reads those of a kind that are there, or that were deleted: there are few.
SELECT kind, id, name, description, definition, version, by_id, saved_ms, deleted FROM analysis
WHERE kind = $1 AND deleted = $2 ORDER BY id

-- name: analysis
-- Reads one by its id.
SELECT kind, id, name, description, definition, version, by_id, saved_ms, deleted FROM analysis
WHERE kind = $1 AND id = $2

-- name: put_analysis
-- Saves one in the place of what is there, under the next version unless one is given.
INSERT INTO analysis (kind, id, name, description, definition, version, by_id, saved_ms, deleted)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $6::bigint > 0 THEN $6::bigint ELSE 1 END, $7, $8, $9)
ON CONFLICT (kind, id) DO UPDATE SET
  name = excluded.name, description = excluded.description, definition = excluded.definition,
  version = CASE WHEN $6::bigint > 0 THEN $6::bigint ELSE analysis.version + 1 END,
  by_id = excluded.by_id, saved_ms = excluded.saved_ms, deleted = excluded.deleted
RETURNING version

-- Experiments and their versions.

-- name: experiments
-- Reads the newest version of each.
SELECT DISTINCT ON (id) id, version, saved_ms, saved_by, definition FROM experiment_version
ORDER BY id, version DESC

-- name: experiment_versions
-- Reads versions of one, newest first, below a number if one is given.
SELECT id, version, saved_ms, saved_by, definition FROM experiment_version
WHERE id = $1 AND version < coalesce($3::bigint, 9223372036854775807) ORDER BY version DESC LIMIT $2

-- name: experiment_changes
-- Counts versions: few, and each stays.
SELECT count(*) FROM experiment_version

-- name: add_experiment
-- Keeps a version.
INSERT INTO experiment_version (id, version, saved_ms, saved_by, definition) VALUES ($1, $2, $3, $4, $5)

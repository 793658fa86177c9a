-- Weighings of adaptive paths.

-- name: last_weighings
-- The last weighing of each step.
SELECT asked.experiment, last.said FROM unnest($1::text[]) AS asked (experiment)
CROSS JOIN LATERAL (
  SELECT said FROM weighing WHERE weighing.experiment = asked.experiment ORDER BY number DESC LIMIT 1
) AS last

-- name: weighing
-- One weighing by its number.
SELECT said FROM weighing WHERE experiment = $1 AND number = $2

-- name: weighings
-- The weighings of a step, newest first.
SELECT said FROM weighing WHERE experiment = $1 AND number < $2 ORDER BY number DESC LIMIT $3

-- name: weighed
-- Every step that was ever weighed.
SELECT experiment, max(number) FROM weighing GROUP BY experiment ORDER BY experiment

-- name: add_weighing
-- Keeps a weighing.
INSERT INTO weighing (experiment, number, said) VALUES ($1, $2, $3)
ON CONFLICT (experiment, number) DO NOTHING RETURNING number

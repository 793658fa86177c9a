-- Weighings of adaptive paths.

-- name: last_weighing
-- The last weighing of a step.
SELECT said FROM weighing WHERE experiment = ? ORDER BY number DESC LIMIT 1

-- name: weighing
-- One weighing by its number.
SELECT said FROM weighing WHERE experiment = ? AND number = ?

-- name: weighings
-- The weighings of a step, newest first.
SELECT said FROM weighing WHERE experiment = ? AND number < ? ORDER BY number DESC LIMIT ?

-- name: weighed
-- Every step that was ever weighed.
SELECT experiment, max(number) FROM weighing GROUP BY experiment ORDER BY experiment

-- name: add_weighing
-- Keeps a weighing.
INSERT INTO weighing (experiment, number, said) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING number

-- How the global holdout was drawn.

-- name: holdout_draws
-- Reads every draw, the oldest first: there are few.
SELECT since_ms, share, rotates, zone FROM holdout_draw ORDER BY since_ms

-- name: put_holdout_draw
-- Notes a draw, in the place of one since the same moment.
INSERT INTO holdout_draw (since_ms, share, rotates, zone) VALUES ($1, $2, $3, $4)
ON CONFLICT (since_ms) DO UPDATE SET share = excluded.share, rotates = excluded.rotates, zone = excluded.zone

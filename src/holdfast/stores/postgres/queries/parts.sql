-- Parts of the people, and what else those who move them at once hold: locks that go with their transactions.

-- name: try_lock
-- Takes a lock unless somebody else has it.
SELECT pg_try_advisory_xact_lock($1)

-- name: wait_lock
-- Takes a lock when it is free.
SELECT pg_advisory_xact_lock($1) IS NULL

-- name: count_apart
-- Says in which rows of counters this transaction counts.
SELECT set_config('holdfast.counted_in', $1, true)

-- Outside a transaction

-- What is due in a part of the people. `visit_due` stays beside it: one process that moves everybody wants the soonest.
DROP INDEX CONCURRENTLY IF EXISTS visit_due_of_part;

CREATE INDEX CONCURRENTLY visit_due_of_part ON visit ((identity & 15), due_ms, id)
WHERE left_ms IS NULL AND due_ms IS NOT NULL;

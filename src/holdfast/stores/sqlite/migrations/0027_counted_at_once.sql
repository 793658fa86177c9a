-- How many stand at each step, and how many messages wait in each lane, is counted once for all that a tick writes, and
-- not row by row: whoever writes visits and sends counts them (`count_...` in the queries). What is deleted, and a send
-- whose state changes, is still counted by triggers.
DROP TRIGGER visit_came;
DROP TRIGGER visit_went;
DROP TRIGGER visit_moved;
DROP TRIGGER send_added;

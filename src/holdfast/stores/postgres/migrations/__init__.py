"""Changes of the schema, in order; one that is released never changes.

Other processes work on while a change is made, and those of the version before work on after it. So a change only adds:
a table, a column that may be null or has a constant default, an index. What is no longer used is dropped one release
later. Queries name the columns they want, so that a new one disturbs none of them.

A change is made in one transaction, and waits a few seconds at most for a lock on a table: everybody else waits behind
it. An index on a table that may be large is made without holding anybody up, which PostgreSQL does outside
transactions only. Such a change begins with the line `-- Outside a transaction`, and its statements stand in paragraphs
of their own. It may be cut off in the middle, and is then made again from its start, so each statement must be fit to
be repeated:

    -- Outside a transaction

    DROP INDEX CONCURRENTLY IF EXISTS visit_by_arm;

    CREATE INDEX CONCURRENTLY visit_by_arm ON visit (arm);
"""

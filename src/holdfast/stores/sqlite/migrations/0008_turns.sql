-- What the log does not say of how the state came to be: in which portions events were taken in, up to when timers fired,
-- and what was done by hand. A tick has no body.
CREATE TABLE turn (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  start INTEGER NOT NULL,
  next INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  body BLOB
) STRICT;

-- How the global holdout was drawn, from when on: a row whenever that was changed.
CREATE TABLE holdout_draw (
  since_ms INTEGER PRIMARY KEY,
  share REAL NOT NULL,
  rotates TEXT NOT NULL,
  zone TEXT NOT NULL
) STRICT;

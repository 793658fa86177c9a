-- What is watched: the leaves of live conditions, and how far the past was gathered for each.
-- AUTOINCREMENT: what profiles keep goes by the number, and is swept up later than the row itself.
CREATE TABLE watch (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  leaf TEXT NOT NULL,
  since_offset INTEGER NOT NULL,
  filled_to INTEGER NOT NULL,
  filled INTEGER NOT NULL
) STRICT;

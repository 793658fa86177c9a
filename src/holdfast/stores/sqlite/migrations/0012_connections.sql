-- Connections: the providers that are set up. What is secret of them is sealed, with a key that is not kept here.
CREATE TABLE connection (
  name TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  medium TEXT NOT NULL,
  settings BLOB NOT NULL,
  secrets BLOB NOT NULL,
  is_default INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX connection_default ON connection (medium) WHERE is_default;

-- How often any was ever changed: so whoever sends notices, by one small row.
CREATE TABLE connection_change (count INTEGER NOT NULL) STRICT;
INSERT INTO connection_change (count) VALUES (0);

-- Connections: the providers that are set up. What is secret of them is sealed, with a key that is not kept here.
CREATE TABLE connection (
  name text COLLATE "C" PRIMARY KEY,
  provider text COLLATE "C" NOT NULL,
  medium text COLLATE "C" NOT NULL,
  settings bytea NOT NULL,
  secrets bytea NOT NULL,
  is_default boolean NOT NULL,
  created_ms bigint NOT NULL,
  changed_ms bigint NOT NULL,
  by text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX connection_default ON connection (medium) WHERE is_default;

-- How often any was ever changed: so whoever sends notices, by one small row.
CREATE TABLE connection_change (count bigint NOT NULL);
INSERT INTO connection_change (count) VALUES (0);

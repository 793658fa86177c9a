-- As whose each telephone and browser was heard of last.
CREATE TABLE device (
  id text COLLATE "C" PRIMARY KEY,
  identity bigint NOT NULL
);
CREATE INDEX device_of ON device (identity);

-- As whose each telephone and browser was heard of last.
CREATE TABLE device (
  id TEXT PRIMARY KEY,
  identity INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_of ON device (identity);

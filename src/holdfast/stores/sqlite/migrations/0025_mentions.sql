-- Comments that turn to somebody, until they have read them.
CREATE TABLE mention (
  to_id TEXT NOT NULL,
  comment INTEGER NOT NULL,
  PRIMARY KEY (to_id, comment)
) STRICT, WITHOUT ROWID;
CREATE INDEX mention_in ON mention (comment);

-- Comments that turn to somebody, until they have read them.
CREATE TABLE mention (
  to_id text COLLATE "C" NOT NULL,
  comment bigint NOT NULL,
  PRIMARY KEY (to_id, comment)
);
CREATE INDEX mention_in ON mention (comment);

-- What messages said that were handed over and may be again. Those that go through at once leave nothing here.
CREATE TABLE kept_words (
  send text COLLATE "C" PRIMARY KEY,
  at_ms bigint NOT NULL,
  body bytea NOT NULL
);
-- It is compressed when it comes.
ALTER TABLE kept_words ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX kept_words_old ON kept_words (at_ms, send);

-- What messages said that were handed over and may be again. Those that go through at once leave nothing here.
CREATE TABLE kept_words (
  send TEXT PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX kept_words_old ON kept_words (at_ms, send);

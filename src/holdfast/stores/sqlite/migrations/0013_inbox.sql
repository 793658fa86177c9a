-- Inboxes: messages that are kept until the app or site of their person asks for them.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  identity INTEGER NOT NULL,
  medium TEXT NOT NULL,
  words BLOB NOT NULL,
  added_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  delivered_ms INTEGER,
  opened_ms INTEGER,
  clicked_ms INTEGER,
  dismissed_ms INTEGER
) STRICT;
CREATE INDEX inbox_of ON inbox (identity, added_ms);
CREATE INDEX inbox_expiring ON inbox (expires_ms);

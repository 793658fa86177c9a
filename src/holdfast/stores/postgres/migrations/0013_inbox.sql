-- Inboxes: messages that are kept until the app or site of their person asks for them.
CREATE TABLE inbox (
  key text COLLATE "C" PRIMARY KEY,
  identity bigint NOT NULL,
  added_ms bigint NOT NULL,
  expires_ms bigint NOT NULL,
  delivered_ms bigint,
  opened_ms bigint,
  clicked_ms bigint,
  dismissed_ms bigint,
  medium text COLLATE "C" NOT NULL,
  words bytea NOT NULL
);
CREATE INDEX inbox_of ON inbox (identity, added_ms);
CREATE INDEX inbox_expiring ON inbox (expires_ms);

-- Who works here, the sessions of their browsers, links that work once, and failed attempts to get in.
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  state TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER,
  language TEXT NOT NULL,
  password TEXT NOT NULL,
  two_factor BLOB NOT NULL,
  subject TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX account_email ON account (email);
CREATE UNIQUE INDEX account_subject ON account (subject) WHERE subject <> '';

CREATE TABLE browser_session (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  account_id TEXT NOT NULL,
  key_name TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  seen_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  device TEXT NOT NULL,
  address TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX browser_session_hash ON browser_session (hash);
CREATE INDEX browser_session_of ON browser_session (account_id);
CREATE INDEX browser_session_until ON browser_session (until_ms);

CREATE TABLE once_link (
  hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL,
  account_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX once_link_of ON once_link (account_id);
CREATE INDEX once_link_until ON once_link (until_ms);

CREATE TABLE sign_in_attempts (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_attempts_until ON sign_in_attempts (until_ms);

-- What an api key may do, with commas between; NULL: what keys may where nothing is said. And when it was used last.
ALTER TABLE access_key ADD COLUMN scopes TEXT;
ALTER TABLE access_key ADD COLUMN used_ms INTEGER;

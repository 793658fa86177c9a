-- Who works here, the sessions of their browsers, links that work once, and failed attempts to get in.
CREATE TABLE account (
  id text COLLATE "C" PRIMARY KEY,
  email text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  seen_ms bigint,
  language text COLLATE "C" NOT NULL,
  password text COLLATE "C" NOT NULL,
  two_factor bytea NOT NULL,
  subject text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (email);
CREATE UNIQUE INDEX account_subject ON account (subject) WHERE subject <> '';

CREATE TABLE browser_session (
  id text COLLATE "C" PRIMARY KEY,
  hash text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  key_name text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  seen_ms bigint NOT NULL,
  until_ms bigint NOT NULL,
  device text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX browser_session_hash ON browser_session (hash);
CREATE INDEX browser_session_of ON browser_session (account_id);
CREATE INDEX browser_session_until ON browser_session (until_ms);

CREATE TABLE once_link (
  hash text COLLATE "C" PRIMARY KEY,
  purpose text COLLATE "C" NOT NULL,
  account_id text COLLATE "C" NOT NULL,
  created_ms bigint NOT NULL,
  until_ms bigint NOT NULL,
  by text COLLATE "C" NOT NULL
);
CREATE INDEX once_link_of ON once_link (account_id);
CREATE INDEX once_link_until ON once_link (until_ms);

CREATE TABLE sign_in_attempts (
  key text COLLATE "C" PRIMARY KEY,
  count bigint NOT NULL,
  until_ms bigint NOT NULL
);
CREATE INDEX sign_in_attempts_until ON sign_in_attempts (until_ms);

-- What an api key may do, with commas between; NULL: what keys may where nothing is said. And when it was used last.
ALTER TABLE access_key ADD COLUMN scopes text COLLATE "C";
ALTER TABLE access_key ADD COLUMN used_ms bigint;

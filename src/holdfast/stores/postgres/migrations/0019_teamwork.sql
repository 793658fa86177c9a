-- What people who work together leave for each other. Only comments, drafts and presence are ever deleted.
CREATE TABLE audit (
  id bigint PRIMARY KEY,
  at_ms bigint NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  by_name text COLLATE "C" NOT NULL,
  by_kind text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  changes bytea NOT NULL,
  source text COLLATE "C" NOT NULL
);
CREATE INDEX audit_about ON audit (kind, about, id);
CREATE INDEX audit_by ON audit (by_id, id);
CREATE TABLE approval (
  id bigint PRIMARY KEY,
  asked_ms bigint NOT NULL,
  decided_ms bigint,
  state text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  by_name text COLLATE "C" NOT NULL,
  request bytea NOT NULL,
  before text COLLATE "C" NOT NULL,
  changes bytea NOT NULL,
  decided_by text COLLATE "C" NOT NULL,
  words text COLLATE "C" NOT NULL
);
CREATE INDEX approval_in ON approval (state, id);
CREATE TABLE comment (
  id bigint PRIMARY KEY,
  at_ms bigint NOT NULL,
  edited_ms bigint,
  resolved_ms bigint,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  by_name text COLLATE "C" NOT NULL,
  text text COLLATE "C" NOT NULL,
  resolved_by text COLLATE "C" NOT NULL
);
CREATE INDEX comment_about ON comment (kind, about, id);
CREATE TABLE draft (
  based_on bigint NOT NULL,
  revision bigint NOT NULL,
  updated_ms bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  by_name text COLLATE "C" NOT NULL,
  definition bytea NOT NULL,
  PRIMARY KEY (kind, about)
);
CREATE TABLE presence (
  since_ms bigint NOT NULL,
  seen_ms bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  about text COLLATE "C" NOT NULL,
  by_id text COLLATE "C" NOT NULL,
  by_name text COLLATE "C" NOT NULL,
  PRIMARY KEY (kind, about, by_id)
);
CREATE INDEX presence_seen ON presence (seen_ms);

-- Saved templates and blocks in versions, which never change. `template` says which version of each is saved now; what
-- was deleted is not there, and its newest version says so.
CREATE TABLE template_version (
  version bigint NOT NULL,
  saved_ms bigint NOT NULL,
  deleted boolean NOT NULL,
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  medium text COLLATE "C" NOT NULL,
  saved_by text COLLATE "C" NOT NULL,
  definition bytea NOT NULL,
  PRIMARY KEY (kind, id, version)
);
CREATE TABLE template (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (kind, id)
) WITH (fillfactor = 50);

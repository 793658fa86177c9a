-- Experiments in versions, which never change and are never deleted. The newest version of each is what there is.
CREATE TABLE experiment_version (
  version bigint NOT NULL,
  saved_ms bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  saved_by text COLLATE "C" NOT NULL,
  definition bytea NOT NULL,
  PRIMARY KEY (id, version)
);

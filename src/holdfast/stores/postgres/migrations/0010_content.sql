-- Catalogues: what messages look up. Items stand in editions; the one a catalogue names is what readers see.
CREATE TABLE catalogue (
  name text COLLATE "C" PRIMARY KEY,
  edition bigint NOT NULL,
  ranked_by text COLLATE "C" NOT NULL,
  items bigint NOT NULL,
  changed_ms bigint NOT NULL,
  by text COLLATE "C" NOT NULL,
  fields bytea NOT NULL
);

CREATE TABLE catalogue_edition (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  catalogue text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  made_ms bigint NOT NULL
);

CREATE TABLE catalogue_item (
  edition bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  rank double precision,
  body bytea NOT NULL
);
CREATE UNIQUE INDEX catalogue_item_by_id ON catalogue_item (edition, id);
CREATE INDEX catalogue_item_by_rank ON catalogue_item (edition, rank DESC, id) WHERE rank IS NOT NULL;

-- Coupons: a code is in one pool, and is given to one send of one person. A given one is never deleted.
CREATE TABLE coupon_pool (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  codes bigint NOT NULL,
  given bigint NOT NULL,
  made_ms bigint NOT NULL
);
CREATE TABLE coupon (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pool bigint NOT NULL,
  code text COLLATE "C" NOT NULL UNIQUE,
  send text COLLATE "C",
  given_ms bigint
);
CREATE INDEX coupon_left ON coupon (pool, id) WHERE given_ms IS NULL;
CREATE UNIQUE INDEX coupon_by_send ON coupon (send, pool) WHERE send IS NOT NULL;

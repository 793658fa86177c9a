-- Catalogues: what messages look up. Items stand in editions; the one a catalogue names is what readers see.
CREATE TABLE catalogue (
  name TEXT PRIMARY KEY,
  edition INTEGER NOT NULL,
  ranked_by TEXT NOT NULL,
  items INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL,
  by TEXT NOT NULL,
  fields BLOB NOT NULL
) STRICT;

-- AUTOINCREMENT: items go by the number, and are swept up later than the row itself.
CREATE TABLE catalogue_edition (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  catalogue TEXT NOT NULL,
  state TEXT NOT NULL,
  made_ms INTEGER NOT NULL
) STRICT;

-- Rows in the order they came, and the ids in an index beside: a million of them come in any order.
CREATE TABLE catalogue_item (
  edition INTEGER NOT NULL,
  id TEXT NOT NULL,
  rank REAL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX catalogue_item_by_id ON catalogue_item (edition, id);
CREATE INDEX catalogue_item_by_rank ON catalogue_item (edition, rank DESC, id) WHERE rank IS NOT NULL;

-- Coupons: a code is in one pool, and is given to one send of one person. A given one is never deleted.
CREATE TABLE coupon_pool (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  codes INTEGER NOT NULL,
  given INTEGER NOT NULL,
  made_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE coupon (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pool INTEGER NOT NULL,
  code TEXT NOT NULL UNIQUE,
  send TEXT,
  given_ms INTEGER
) STRICT;
CREATE INDEX coupon_left ON coupon (pool, id) WHERE given_ms IS NULL;
CREATE UNIQUE INDEX coupon_by_send ON coupon (send, pool) WHERE send IS NOT NULL;

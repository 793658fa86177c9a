-- Catalogues and coupons.

-- name: catalogues
-- Reads every published catalogue.
SELECT name, edition, fields, ranked_by, items, changed_ms, by FROM catalogue ORDER BY name

-- name: catalogue_items
-- Looks published items up.
SELECT i.id, i.rank, i.body FROM catalogue AS c JOIN catalogue_item AS i ON i.edition = c.edition
WHERE c.name = $1 AND i.id = ANY ($2::text[])

-- name: top_items
-- Reads the published items of the highest rank.
SELECT id, rank, body FROM catalogue_item
WHERE edition = (SELECT edition FROM catalogue WHERE name = $1) AND rank IS NOT NULL ORDER BY rank DESC, id LIMIT $2

-- name: edition_items
-- Reads a page of an edition.
SELECT id, rank, body FROM catalogue_item WHERE edition = $1 AND id > $2 ORDER BY id LIMIT $3

-- name: count_items
-- Counts the items of an edition.
SELECT count(*) FROM catalogue_item WHERE edition = $1

-- name: editions
-- Reads every edition.
SELECT number, catalogue, state, made_ms FROM catalogue_edition ORDER BY number

-- name: retire_filling
-- Gives up what else of a catalogue is being filled.
UPDATE catalogue_edition SET state = 'retired' WHERE catalogue = $1 AND state = 'filling'

-- name: begin_edition
-- Begins an edition.
INSERT INTO catalogue_edition (catalogue, state, made_ms) VALUES ($1, 'filling', $2) RETURNING number

-- name: put_items
-- Puts items into an edition, in the place of those of their ids.
INSERT INTO catalogue_item (edition, id, rank, body)
SELECT $1, * FROM unnest($2::text[], $3::double precision[], $4::bytea[])
ON CONFLICT (edition, id) DO UPDATE SET rank = excluded.rank, body = excluded.body

-- name: add_items
-- Puts items into an edition, unless there are some of their ids.
INSERT INTO catalogue_item (edition, id, rank, body)
SELECT $1, * FROM unnest($2::text[], $3::double precision[], $4::bytea[]) ON CONFLICT (edition, id) DO NOTHING

-- name: retire_others
-- Retires every edition of a catalogue but one.
UPDATE catalogue_edition SET state = 'retired' WHERE catalogue = $1 AND number <> $2

-- name: publish_edition
-- Marks an edition as what readers see.
UPDATE catalogue_edition SET state = 'published' WHERE number = $1

-- name: publish_catalogue
-- Says what readers see of a catalogue.
INSERT INTO catalogue (name, edition, fields, ranked_by, items, changed_ms, by) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET edition = excluded.edition, fields = excluded.fields, ranked_by = excluded.ranked_by,
  items = excluded.items, changed_ms = excluded.changed_ms, by = excluded.by

-- name: drop_catalogue
-- Takes a catalogue from its readers.
DELETE FROM catalogue WHERE name = $1

-- name: clear_items
-- Deletes some items of a retired edition; answers how many.
WITH gone AS (
  DELETE FROM catalogue_item WHERE edition = $1 AND id = ANY (ARRAY(
    SELECT i.id FROM catalogue_item AS i
    WHERE i.edition = (SELECT number FROM catalogue_edition WHERE number = $1 AND state = 'retired') LIMIT $2))
  RETURNING 1)
SELECT count(*) FROM gone

-- name: clear_edition
-- Deletes a retired edition.
DELETE FROM catalogue_edition WHERE number = $1 AND state = 'retired'

-- name: coupon_pools
-- Reads every pool.
SELECT name, codes, given, made_ms FROM coupon_pool ORDER BY name

-- name: coupons_of
-- Reads the codes of sends.
SELECT c.id, p.name, c.code, c.send, c.given_ms FROM coupon AS c JOIN coupon_pool AS p ON p.number = c.pool
WHERE c.send = ANY ($1::text[]) ORDER BY c.id

-- name: known_codes
-- Finds those of some codes that any pool has.
SELECT code FROM coupon WHERE code = ANY ($1::text[])

-- name: coupons_after
-- Reads codes in the order in which they were added.
SELECT c.id, p.name, c.code, c.send, c.given_ms FROM coupon AS c JOIN coupon_pool AS p ON p.number = c.pool
WHERE c.id > $1 ORDER BY c.id LIMIT $2

-- name: make_pool
-- Makes a pool, unless there is one.
INSERT INTO coupon_pool (name, codes, given, made_ms) VALUES ($1, 0, 0, $2) ON CONFLICT (name) DO NOTHING

-- name: pool_number
-- Finds a pool.
SELECT number FROM coupon_pool WHERE name = $1

-- name: add_coupons
-- Adds codes in their order, but for those any pool has; answers how many, and how many of them are given.
WITH added AS (
  INSERT INTO coupon (pool, code, send, given_ms)
  SELECT $1, code, send, given_ms
  FROM unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS t (code, send, given_ms, place) ORDER BY place
  ON CONFLICT (code) DO NOTHING RETURNING given_ms)
SELECT count(*), count(given_ms) FROM added

-- name: count_pool
-- Adds to what a pool has, and to what was given of it.
UPDATE coupon_pool SET codes = codes + $2, given = given + $3 WHERE number = $1

-- name: held_coupon
-- Finds the code a send has of a pool.
SELECT code FROM coupon WHERE send = $2 AND pool = $1

-- name: claim_coupon
-- Gives the code that waits longest to a send.
UPDATE coupon SET send = $2, given_ms = $3
WHERE id = (SELECT id FROM coupon WHERE pool = $1 AND given_ms IS NULL ORDER BY id LIMIT 1) RETURNING code

-- name: return_coupon
-- Takes a code back that nobody has seen; answers how many.
WITH back AS (UPDATE coupon SET send = NULL, given_ms = NULL WHERE send = $2 AND pool = $1 RETURNING 1)
SELECT count(*) FROM back

-- name: forget_coupons
-- Forgets whose codes those of some sends were; answers how many.
WITH forgotten AS (UPDATE coupon SET send = NULL WHERE send = ANY ($1::text[]) RETURNING 1)
SELECT count(*) FROM forgotten

-- name: withdraw_coupons
-- Deletes the codes of a pool that nobody has; answers how many.
WITH gone AS (DELETE FROM coupon WHERE pool = $1 AND given_ms IS NULL RETURNING 1) SELECT count(*) FROM gone

-- name: drop_pool
-- Deletes a pool none of whose codes was ever given.
DELETE FROM coupon_pool WHERE number = $1 AND given = 0

-- Devices: as whose each was heard of last.

-- name: device_owners
-- Finds the owners of devices.
SELECT id, identity FROM device WHERE id = ANY ($1::text[])

-- name: put_device_owners
-- Keeps as whose devices were heard of.
INSERT INTO device (id, identity) SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (id) DO UPDATE SET identity = excluded.identity

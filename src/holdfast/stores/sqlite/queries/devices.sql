-- Devices: as whose each was heard of last.

-- name: device_owners
-- Finds the owners of devices.
SELECT device.id, device.identity FROM json_each(?1) AS wanted CROSS JOIN device ON device.id = wanted.value

-- name: put_device_owner
-- Keeps as whose a device was heard of.
INSERT INTO device (id, identity) VALUES (?, ?) ON CONFLICT DO UPDATE SET identity = excluded.identity
